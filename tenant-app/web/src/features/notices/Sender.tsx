// One way out of the company: what it is, its settings, a test of what is kept, and its end.
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { explain } from '../../api/problem';
import { type Key, useT } from '../../i18n';
import { Confirm } from '../../ui/Confirm';
import { Form } from '../../ui/Form';
import { Icon } from '../../ui/Icon';
import { guardEnter } from '../../ui/ime';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { signs } from './ChannelRow';
import classes from './Notices.module.css';
import { type Kind, type Senders, sendersQuery, setSenders, trySender } from './queries';
import { explainTest } from './useWay';

type Props = {
  kind: Kind;
  on: boolean;
  /** All ways with this one as it is typed, and without it. */
  typed: () => Senders;
  without: () => Senders;
  ready: boolean;
  /** What is secret leaves the form once it is kept. */
  onSaved: () => void;
  children: ReactNode;
};

export function Sender({ kind, on, typed, without, ready, onSaved, children }: Props) {
  const t = useT();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [ending, setEnding] = useState(false);
  const name = t(`notices.kind.${kind}` as Key);
  const save = useMutation({
    mutationFn: setSenders,
    onSuccess: (kept) => {
      client.setQueryData(sendersQuery.queryKey, kept);
      onSaved();
      notify({ tone: 'good', text: t('senders.saved') });
    },
  });
  return (
    <section className={classes.sender} aria-label={name}>
      <h2>
        <Icon name={signs[kind]} size={22} />
        <span>{name}</span>
        {on && <span className={panel.tag}>{t('senders.on')}</span>}
        <Button variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? 'action.close' : on ? 'notices.change' : 'notices.setUp')}{' '}
          <span className="visually-hidden">{name}</span>
        </Button>
      </h2>
      {open && (
        <Form
          error={save.error}
          busy={save.isPending}
          submit={t('action.save')}
          onSubmit={() => save.mutate(typed())}
          disabled={!ready}
          besides={
            on && (
              <Button variant="subtle" color="red" onClick={() => setEnding(true)}>
                {t('senders.end')}
              </Button>
            )
          }
        >
          {children}
        </Form>
      )}
      {open && on && <Try kind={kind} />}
      {ending && (
        <Confirm
          title={t('senders.end')}
          text={t('senders.endText', { name })}
          confirm={t('senders.end')}
          danger
          busy={save.isPending}
          onConfirm={() => save.mutate(without(), { onSettled: () => setEnding(false) })}
          onClose={() => setEnding(false)}
        />
      )}
    </section>
  );
}

function Try({ kind }: { kind: Kind }) {
  const t = useT();
  const [to, setTo] = useState('');
  const attempt = useMutation({
    mutationFn: (address: string) => trySender(kind, address),
    onSuccess: () => notify({ tone: 'good', text: t('senders.sent') }),
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (to.trim() !== '' && !attempt.isPending) attempt.mutate(to.trim());
  };
  const said = attempt.error && (explainTest(attempt.error, t) || explain(attempt.error, t));
  return (
    <form onSubmit={send} onKeyDown={guardEnter} className={`${classes.form} ${classes.try}`}>
      <TextInput
        className={classes.grow ?? ''}
        label={t('senders.tryTo')}
        description={t(`notices.address.${kind}` as Key)}
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
        error={said || undefined}
        maxLength={254}
      />
      <Button type="submit" variant="default" loading={attempt.isPending} disabled={to.trim() === ''}>
        {t('senders.try')}
      </Button>
    </form>
  );
}
