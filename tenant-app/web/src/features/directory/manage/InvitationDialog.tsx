// A link, a code and a QR code for a person's first sign-in or a new password.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Invitation } from '../../../api/types';
import { useMe } from '../../../app/session';
import { useLanguage } from '../../../i18n';
import { formatTime } from '../../../i18n/format';
import { useCopy } from '../../../ui/copy';
import { Dialog } from '../../../ui/Dialog';
import { Icon } from '../../../ui/Icon';
import { Qr } from '../../../ui/Qr';
import { accountQuery, useChange } from '../queries';
import { invite, withdrawInvitation } from './changes';
import classes from './InvitationDialog.module.css';

type Invited = { id: string; name: string };

type Props = {
  person: Invited;
  onClose: () => void;
  /** How the link is made for an outsider; absent: for who works here. */
  make?: () => Promise<Invitation>;
};

export default function InvitationDialog({ person, onClose, make: makeFor }: Props) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const { data: account } = useQuery({ ...accountQuery(person.id), enabled: !makeFor });
  const [made, setMade] = useState<Invitation>();
  const make = useChange(makeFor ?? (() => invite(person.id)));
  const withdraw = useChange(() => withdrawInvitation(person.id), 'invite.withdrawn');
  const reset = account?.state === 'active';
  const create = () => make.mutate(undefined, { onSuccess: setMade });

  return (
    <Dialog title={t(reset ? 'manage.reset' : 'manage.invite')} onClose={onClose} full={false}>
      {made ? (
        <Made made={made} person={person} />
      ) : (
        <>
          <p className={classes.text}>
            {t(reset ? 'invite.resetText' : 'invite.text', { name: person.name })}
          </p>
          {account?.invitationUntil && (
            <p className={classes.text}>
              {t('invite.open', { until: formatTime(lang, account.invitationUntil, timezone) })}
            </p>
          )}
          <div className={classes.actions}>
            {account?.invitationUntil && (
              <Button
                variant="default"
                loading={withdraw.isPending}
                onClick={() => withdraw.mutate(undefined, { onSuccess: onClose })}
              >
                {t('invite.withdraw')}
              </Button>
            )}
            <Button loading={make.isPending} onClick={create} data-autofocus>
              {t('invite.make')}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function Made({ made, person }: { made: Invitation; person: Invited }) {
  const { t, lang } = useLanguage();
  const { company, timezone } = useMe();
  const copy = useCopy();
  const until = formatTime(lang, made.expiresAt, timezone);
  const message = t(made.reset ? 'invite.resetMessage' : 'invite.message', {
    name: person.name,
    company,
    url: made.url,
    code: made.code,
    until,
  });
  return (
    <div className={classes.made}>
      <Qr text={made.url} label={t('invite.qr')} size={208} />
      <p className={classes.code}>{made.code}</p>
      <p className={classes.url}>{made.url}</p>
      <p className={classes.text}>{t('invite.valid', { until })}</p>
      <div className={classes.actions}>
        <Button
          variant="default"
          leftSection={<Icon name="link" size={16} />}
          onClick={() => void copy(made.url)}
        >
          {t('invite.copyLink')}
        </Button>
        <Button leftSection={<Icon name="copy" size={16} />} onClick={() => void copy(message)}>
          {t('invite.copyMessage')}
        </Button>
      </div>
    </div>
  );
}
