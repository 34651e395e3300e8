// A way that the company has: its address, whether it works, and how it is set up.
import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type Key, useT } from '../../i18n';
import { Icon, type IconName } from '../../ui/Icon';
import { guardEnter } from '../../ui/ime';
import panel from '../../ui/Panel.module.css';
import { CodeForm } from './CodeForm';
import classes from './Notices.module.css';
import type { Channel, Kind } from './queries';
import { State } from './State';
import { explainTest, useWay } from './useWay';

export const signs: Record<Kind, IconName> = {
  push: 'bell',
  wecom: 'chat',
  dingtalk: 'chat',
  feishu: 'chat',
  mail: 'mail',
  sms: 'mobile',
};

export function ChannelRow({ channel }: { channel: Channel }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const name = t(`notices.kind.${channel.kind}` as Key);
  return (
    <li className={classes.channel}>
      <div className={panel.row}>
        <Icon name={signs[channel.kind]} size={22} />
        <span className={panel.main}>
          {name}
          <span className={panel.sub}>{channel.address}</span>
          <State channel={channel} />
        </span>
        <Button variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? 'action.close' : channel.testedAt ? 'notices.change' : 'notices.setUp')}{' '}
          <span className="visually-hidden">{name}</span>
        </Button>
      </div>
      {open && <SetUp channel={channel} onDone={() => setOpen(false)} />}
    </li>
  );
}

const types: Partial<Record<Kind, 'email' | 'tel'>> = { mail: 'email', sms: 'tel' };

function SetUp({ channel, onDone }: { channel: Channel; onDone: () => void }) {
  const t = useT();
  const { test, confirm, leave } = useWay(channel.kind);
  const [address, setAddress] = useState(channel.address ?? '');
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (address.trim() !== '' && !test.isPending) test.mutate(address.trim());
  };
  return (
    <div className={classes.setUp}>
      <form onSubmit={send} onKeyDown={guardEnter} className={classes.form}>
        <TextInput
          className={classes.grow ?? ''}
          label={t(`notices.address.${channel.kind}` as Key)}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          error={test.error ? explainTest(test.error, t) : undefined}
          type={types[channel.kind] ?? 'text'}
          maxLength={254}
          autoComplete={channel.kind === 'mail' ? 'email' : channel.kind === 'sms' ? 'tel' : 'off'}
        />
        <Button
          type="submit"
          variant={test.isSuccess ? 'default' : 'filled'}
          loading={test.isPending}
          disabled={address.trim() === ''}
        >
          {t(test.isSuccess ? 'notices.sendAgain' : 'notices.send')}
        </Button>
      </form>
      {test.isSuccess && (
        <CodeForm
          hint={t('notices.codeHint')}
          busy={confirm.isPending}
          error={confirm.error ? explainTest(confirm.error, t) : undefined}
          onCode={(code) => confirm.mutate(code, { onSuccess: onDone })}
        />
      )}
      {channel.address && (
        <Button
          variant="subtle"
          color="red"
          className={classes.leave ?? ''}
          loading={leave.isPending}
          onClick={() => leave.mutate(undefined, { onSuccess: onDone })}
        >
          {t('notices.leave')}
        </Button>
      )}
    </div>
  );
}
