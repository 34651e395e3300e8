// 委派: who decides instead of this person, from when to when; and for whom this person decides.
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { explain, fieldMessages } from '../../api/problem';
import type { Schemas } from '../../api/types';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { formatDate } from '../../i18n/format';
import { Form } from '../../ui/Form';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Failed, SkeletonRows } from '../../ui/states';
import { PersonPicker, type Picked } from '../directory/manage/PersonPicker';
import { inDays } from '../guests/until';
import classes from './Delegation.module.css';
import { delegationQuery, setDelegation } from './queries';

type Kept = Schemas['Delegation'];

export default function Delegation() {
  const t = useT();
  const { data, error, refetch } = useQuery(delegationQuery);
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={3} />;
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('delegation.hint')}</p>
      {data.delegate ? <Present kept={data} /> : <Choose />}
      {data.others.length > 0 && (
        <section aria-label={t('delegation.others')}>
          <h2 className={classes.title}>{t('delegation.others')}</h2>
          <ul className={panel.rows}>
            {data.others.map((other) => (
              <Row key={other.person.id} person={other.person} from={other.from} to={other.to} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function useSet(said: 'delegation.set' | 'delegation.ended') {
  const t = useT();
  const client = useQueryClient();
  return useMutation({
    mutationFn: setDelegation,
    onSuccess: (kept) => {
      client.setQueryData(delegationQuery.queryKey, kept);
      notify({ tone: 'good', text: t(said) });
    },
  });
}

function Row({ person, from, to }: { person: Schemas['PersonRef']; from: string; to: string }) {
  const { t, lang } = useLanguage();
  return (
    <li className={panel.row}>
      <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={36} />
      <span className={panel.main}>
        {person.name}
        <span className={panel.sub}>
          {t('delegation.span', { from: formatDate(lang, from), to: formatDate(lang, to) })}
        </span>
      </span>
    </li>
  );
}

/** Who stands in, and the way to end it. */
function Present({ kept }: { kept: Kept }) {
  const t = useT();
  const end = useSet('delegation.ended');
  if (!kept.delegate) return null;
  return (
    <>
      <ul className={panel.rows} aria-label={t('delegation.present')}>
        <Row person={kept.delegate} from={kept.from ?? ''} to={kept.to ?? ''} />
      </ul>
      {end.error && <p role="alert">{explain(end.error, t)}</p>}
      <div>
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate({})}>
          {t('delegation.end')}
        </Button>
      </div>
    </>
  );
}

const usualDays = 7;
const mostDays = 366;

function Choose() {
  const t = useT();
  const me = useMe();
  const [who, setWho] = useState<Picked | null>(null);
  const [from, setFrom] = useState(inDays(0));
  const [to, setTo] = useState(inDays(usualDays));
  const set = useSet('delegation.set');
  const faults = fieldMessages(set.error, t);
  return (
    <div className={classes.narrow}>
      <Form
        error={set.error}
        busy={set.isPending}
        submit={t('delegation.begin')}
        disabled={!who || from === '' || to === '' || to < from}
        onSubmit={() => who && set.mutate({ delegateId: who.id, from, to })}
      >
        <PersonPicker
          label={t('delegation.who')}
          placeholder={t('directory.searchHint')}
          value={who}
          onPick={setWho}
          except={[me.personId]}
          error={faults.delegateId}
        />
        <div className={classes.days}>
          <TextInput
            type="date"
            label={t('delegation.from')}
            value={from}
            max={inDays(mostDays)}
            onChange={(event) => setFrom(event.currentTarget.value)}
            error={faults.from}
          />
          <TextInput
            type="date"
            label={t('delegation.to')}
            value={to}
            min={from}
            max={inDays(mostDays)}
            onChange={(event) => setTo(event.currentTarget.value)}
            error={faults.to}
          />
        </div>
      </Form>
    </div>
  );
}
