// When this person is called for urgent messages alone.
import { Button, Checkbox, TextInput } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/CheckboxIndicator.layer.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { explain } from '../../api/problem';
import { useT } from '../../i18n';
import { notify } from '../../ui/notices';
import classes from './Notices.module.css';
import { channelsQuery, setQuiet } from './queries';

const usual = { from: '22:00', to: '08:00' };

/** From and to alike: never quiet. */
export function QuietHours(kept: { from: string; to: string }) {
  const t = useT();
  const client = useQueryClient();
  const [on, setOn] = useState(kept.from !== kept.to);
  const [hours, setHours] = useState(on ? kept : usual);
  const save = useMutation({
    mutationFn: () =>
      setQuiet(on ? { quietFrom: hours.from, quietTo: hours.to } : { quietFrom: '00:00', quietTo: '00:00' }),
    onSuccess: () => notify({ tone: 'good', text: t('notices.quietSaved') }),
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
    onSettled: () => client.invalidateQueries(channelsQuery),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const same = on
    ? kept.from !== kept.to && hours.from === kept.from && hours.to === kept.to
    : kept.from === kept.to;
  const time = (name: 'from' | 'to') => ({
    type: 'time',
    value: hours[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      setHours({ ...hours, [name]: event.currentTarget.value }),
  });
  return (
    <section className={classes.block}>
      <h2>{t('notices.quiet')}</h2>
      <form onSubmit={submit} className={classes.quiet}>
        <Checkbox
          label={t('notices.quietOn')}
          checked={on}
          onChange={(event) => setOn(event.currentTarget.checked)}
        />
        {on && (
          <div className={classes.form}>
            <TextInput label={t('notices.quietFrom')} {...time('from')} />
            <TextInput label={t('notices.quietTo')} {...time('to')} />
          </div>
        )}
        <div>
          <Button
            type="submit"
            variant="default"
            loading={save.isPending}
            disabled={same || (on && (!hours.from || !hours.to || hours.from === hours.to))}
          >
            {t('action.save')}
          </Button>
        </div>
      </form>
    </section>
  );
}
