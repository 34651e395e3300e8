// Messages to this browser: asked for at a click, tried at once, and an honest word where it cannot be.
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useState } from 'react';
import { explain } from '../../api/problem';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Fault } from '../../ui/Form';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { CodeForm } from './CodeForm';
import classes from './Notices.module.css';
import { currentSubscription, subscribe, unsubscribe } from './push';
import type { Channel } from './queries';
import { State } from './State';
import { factsHere, supportOf } from './support';
import { explainTest, useWay } from './useWay';

const hereQuery = {
  queryKey: ['notices', 'here'],
  queryFn: async () => (await currentSubscription()) !== null,
};

export function ThisBrowser({ channel, pushKey }: { channel: Channel; pushKey: string }) {
  const t = useT();
  const client = useQueryClient();
  const { personId } = useMe();
  const { data: here = false } = useQuery(hereQuery);
  const [unreachable, setUnreachable] = useState(false);
  const { test, confirm } = useWay('push');
  useCode((code) => confirm.mutate(code));
  const again = () => client.invalidateQueries({ queryKey: ['notices'] });
  const bad = (error: unknown) => notify({ tone: 'bad', text: explain(error, t) });
  const turnOn = useMutation({
    mutationFn: () => subscribe(personId, pushKey),
    onSuccess: (outcome) => {
      setUnreachable(outcome === 'unreachable');
      if (outcome === 'on') test.mutate(undefined);
    },
    onError: bad,
    onSettled: again,
  });
  const turnOff = useMutation({ mutationFn: unsubscribe, onError: bad, onSettled: again });

  const support = supportOf(factsHere());
  if (pushKey === '')
    return <p className={panel.hint}>{t('notices.closed', { kinds: t('notices.kind.push') })}</p>;
  if (support === 'iphone') return <Cannot title={t('notices.iphone')} text={t('notices.iphoneHint')} />;
  if (support === 'none') return <Cannot title={t('notices.cannot')} text={t('notices.cannotHint')} />;
  if (support === 'denied') return <Cannot title={t('notices.denied')} text={t('notices.deniedHint')} />;
  const waits = here && test.isSuccess && !confirm.isSuccess;
  return (
    <>
      <div className={classes.device}>
        <Icon name="bell" size={22} />
        <span className={panel.main}>
          {t(here ? 'notices.here' : 'notices.notHere')}
          {here && <State channel={channel} />}
        </span>
        {here ? (
          <Button variant="default" loading={turnOff.isPending} onClick={() => turnOff.mutate()}>
            {t('notices.turnOff')}
          </Button>
        ) : (
          <Button loading={turnOn.isPending} onClick={() => turnOn.mutate()}>
            {t('notices.turnOn')}
          </Button>
        )}
      </div>
      {here && !waits && (
        <div>
          <Button variant="subtle" loading={test.isPending} onClick={() => test.mutate(undefined)}>
            {t('notices.try')}
          </Button>
        </div>
      )}
      {test.error && <Fault text={explainTest(test.error, t)} />}
      {unreachable && !here && (
        <Cannot title={t('notices.unreachable')} text={t('notices.unreachableHint')} />
      )}
      {waits && (
        <CodeForm
          hint={t('notices.pushHint')}
          busy={confirm.isPending}
          error={confirm.error ? explainTest(confirm.error, t) : undefined}
          onCode={(code) => confirm.mutate(code)}
        />
      )}
    </>
  );
}

/** The service worker hands over the code of a test that it got: it has come the way that was to be tried. */
function useCode(onCode: (code: string) => void) {
  const got = useEffectEvent(onCode);
  useEffect(() => {
    const worker = navigator.serviceWorker;
    const listen = (event: MessageEvent) => {
      if (event.data?.kind === 'code' && typeof event.data.code === 'string') got(event.data.code);
    };
    worker?.addEventListener('message', listen);
    return () => worker?.removeEventListener('message', listen);
  }, []);
}

function Cannot({ title, text }: { title: string; text: string }) {
  return (
    <div className={classes.cannot} role="status">
      <Icon name="info" />
      <span>
        <strong>{title}</strong>
        {text}
      </span>
    </div>
  );
}
