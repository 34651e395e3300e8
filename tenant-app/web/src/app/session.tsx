// Who is signed in, and where.
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useEffect, useState } from 'react';
import { api, take } from '../api/client';
import type { Me } from '../api/types';
import { forgetDrafts } from '../features/chat/drafts';
import { forgetSearches } from '../features/search/searches';
import { rememberedLang, useLanguage, useT } from '../i18n';
import { startLive } from '../live/client';
import { bindTo } from '../offline/keep';
import { clearOutbox, openOutbox } from '../offline/outbox';
import { Blank, Failed } from '../ui/states';
import { queryClient, toConsent, toSignIn } from './queries';
import classes from './session.module.css';

export const meQuery = {
  queryKey: ['me'],
  queryFn: ({ signal }: { signal: AbortSignal }) => take(api.GET('/api/v1/me', { signal })),
  meta: { keep: true },
};

const Context = createContext<Me | null>(null);

/** The person who is signed in. Only below SessionGate. */
export function useMe(): Me {
  const me = use(Context);
  if (!me) throw new Error('useMe outside SessionGate');
  return me;
}

/** Whether the person may do something at all; the server decides on which objects. */
export function useMay(): (right: string) => boolean {
  const { rights } = useMe();
  return (right) => rights.includes(right);
}

export function SessionGate({ children }: { children: ReactNode }) {
  const { lang, setLang } = useLanguage();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(meQuery);

  useEffect(() => {
    if (!data) return;
    if (data.consentNeeded) return toConsent();
    void bindTo(queryClient, data.personId, data.dataEpoch);
    void openOutbox(data.personId, data.dataEpoch);
    startLive();
    // What a push service renewed is no hurry of the first route.
    void import('../features/notices/push').then(({ renew }) => renew(data.personId)).catch(() => undefined);
  }, [data]);
  useEffect(() => {
    if (data && !rememberedLang() && data.locale !== lang) setLang(data.locale);
  }, [data, lang, setLang]);

  // What an older release of the page kept knows no rights: the answer is on its way.
  if (data?.rights && !data.consentNeeded) return <Context value={data}>{children}</Context>;
  if (!error) {
    const anew = () => client.cancelQueries(meQuery).then(() => refetch());
    return <Splash retry={() => void anew()} />;
  }
  return (
    <main className={classes.splash}>
      <Failed error={error} retry={() => void refetch()} />
    </main>
  );
}

// Nobody looks at a picture of the company's sign for longer.
const patienceMs = 8_000;

/** Until the server said who is signed in. */
function Splash({ retry }: { retry: () => void }) {
  const t = useT();
  const [asked, setAsked] = useState(0);
  const [late, setLate] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each question has its own patience
  useEffect(() => {
    setLate(false);
    const timer = setTimeout(setLate, patienceMs, true);
    return () => clearTimeout(timer);
  }, [asked]);
  if (!late) return <div className={classes.splash} role="status" aria-label={t('state.loading')} />;
  const again = () => {
    setAsked(asked + 1);
    retry();
  };
  return (
    <main className={classes.splash}>
      <Blank
        icon="clock"
        title={t('state.slow')}
        text={t('state.slowHint')}
        action={<Button onClick={again}>{t('action.retry')}</Button>}
      />
    </main>
  );
}

/** What is left of the page when a part of it broke. */
export function Broken({ onRetry }: { onRetry: () => void }) {
  const t = useT();
  return (
    <Blank
      icon="alert"
      title={t('state.broken')}
      text={t('state.brokenHint')}
      action={<Button onClick={onRetry}>{t('action.reload')}</Button>}
    />
  );
}

/** Ends the session; what was typed and not sent goes with it, which the person was asked about. */
export async function signOut(): Promise<void> {
  await take(api.POST('/api/v1/sign-out'));
  const { dropSubscription } = await import('../features/notices/push');
  await dropSubscription().catch(() => undefined);
  await clearOutbox();
  forgetDrafts();
  forgetSearches();
  await toSignIn();
}
