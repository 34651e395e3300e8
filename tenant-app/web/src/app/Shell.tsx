// The frame: a rail on a desktop, tabs on a phone, the page between.

import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Component, Fragment, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { ChatPage, useChat } from '../features/chat/ChatPage';
import { UrgentBar } from '../features/chat/UrgentBar';
import { personQuery } from '../features/directory/queries';
import { watchTodo } from '../features/todo/queries';
import { useT } from '../i18n';
import { Icon } from '../ui/Icon';
import { usePhone } from '../ui/media';
import { PersonAvatar } from '../ui/PersonAvatar';
import { Blank, SkeletonRows } from '../ui/states';
import { useBadge, useCounts } from './counts';
import { pages } from './pages';
import { type Place, places, tabsFor, visibleTo } from './places';
import classes from './Shell.module.css';
import { StateBar } from './StateBar';
import { Broken, useMe } from './session';

const TodoPage = lazy(pages.todo);
const WorkPage = lazy(pages.work);
const DirectoryPage = lazy(pages.directory);
const Begin = lazy(() => import('./Begin'));
const SearchPage = lazy(pages.search);
const MePage = lazy(pages.me);
const AdminPage = lazy(pages.admin);
const First = lazy(() => import('../features/guide/First'));
const Palette = lazy(() => import('./Palette'));

export function Shell() {
  const t = useT();
  const [path] = useLocation();
  const [palette, setPalette] = useState(false);
  useShortcut(() => setPalette(true));
  useNotified();
  useChat();
  const client = useQueryClient();
  useEffect(() => watchTodo(client), [client]);
  return (
    <div className={classes.shell} data-inside={insideOf(path) || undefined}>
      <a className={classes.skip} href="#content">
        {t('shell.skip')}
      </a>
      <Navigation onSearch={() => setPalette(true)} />
      <main id="content" className={classes.content} tabIndex={-1}>
        <StateBar />
        <UrgentBar />
        <Boundary>
          <Suspense fallback={<SkeletonRows />}>
            <Pages />
          </Suspense>
        </Boundary>
      </main>
      <Suspense fallback={null}>
        <First />
      </Suspense>
      {palette && (
        <Suspense fallback={null}>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Pages() {
  const t = useT();
  const me = useMe();
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/chat" replace />
      </Route>
      <Route path="/chat/:room?" component={ChatPage} />
      <Route path="/todo/:item?" component={TodoPage} />
      <Route path="/work/:section?/:item?" component={WorkPage} />
      <Route path="/directory/:department?" component={DirectoryPage} />
      <Route path="/search" component={SearchPage} />
      <Route path="/me/:section?" component={MePage} />
      <Route path="/admin/:section?/:part?">
        {places.some((p) => p.path === '/admin' && visibleTo(me.rights)(p)) ? (
          <AdminPage />
        ) : (
          <Blank icon="lock" title={t('state.forbidden')} text={t('state.forbiddenHint')} />
        )}
      </Route>
      <Route>
        <Blank
          icon="search"
          title={t('state.noPage')}
          action={
            <Button component={Link} href="/chat">
              {t('nav.chat')}
            </Button>
          }
        />
      </Route>
    </Switch>
  );
}

/** On a phone a room, a form and an approval take the whole screen: the way back is at their top. */
const insideOf = (path: string): boolean => /^\/(chat|todo|work\/\w+)\/./.test(path);

function Navigation({ onSearch }: { onSearch: () => void }) {
  const t = useT();
  const me = useMe();
  const { data: self } = useQuery(personQuery(me.personId));
  useBadge();
  const phone = usePhone();
  const tabs = tabsFor(me.rights, phone);
  // The button to begin something stands in the middle of a phone's tabs.
  const middle = Math.ceil(tabs.length / 2);
  return (
    <nav className={classes.nav} aria-label={t('shell.places')}>
      <Link href="/chat" className={classes.mark} title={me.company} aria-label={me.company}>
        <img src="/icons/icon.svg" alt="" width="36" height="36" />
      </Link>
      <button
        type="button"
        className={classes.item}
        data-desktop
        onClick={onSearch}
        aria-keyshortcuts="Control+K"
        title={t('shell.searchHint')}
      >
        <Icon name="search" size={22} />
        <span>{t('shell.search')}</span>
      </button>
      {tabs.map((place, i) => (
        <Fragment key={place.path}>
          {i === middle && <BeginButton />}
          <Tab place={place} />
        </Fragment>
      ))}
      <Link href="/me/help" className={`${classes.item} ${classes.help}`} data-desktop title={t('me.help')}>
        <Icon name="help" size={22} />
        <span>{t('me.help')}</span>
      </Link>
      <Link href="/me" className={classes.self} title={me.name}>
        <span className="visually-hidden">{t('nav.self', { name: me.name })}</span>
        <PersonAvatar
          id={me.personId}
          text={self?.avatarText ?? me.name.slice(-2)}
          src={self?.avatar}
          size={36}
        />
      </Link>
    </nav>
  );
}

function Tab({ place }: { place: Place }) {
  const t = useT();
  const [path] = useLocation();
  const counts = useCounts();
  const here = path === place.path || path.startsWith(`${place.path}/`);
  const count = counts[place.path] ?? 0;
  return (
    <Link
      href={place.path}
      className={classes.item}
      data-here={here || undefined}
      data-last={place.path === '/me' || undefined}
      aria-current={here ? 'page' : undefined}
    >
      <span className={classes.icon}>
        <Icon name={place.icon} size={22} />
        {count > 0 && (
          <span className={classes.count}>
            <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
            <span className="visually-hidden">{t('chat.unread', { count })}</span>
          </span>
        )}
      </span>
      <span>{t(place.label)}</span>
    </Link>
  );
}

function BeginButton() {
  const t = useT();
  const phone = usePhone();
  const [open, setOpen] = useState(false);
  if (!phone) return null;
  return (
    <>
      <button
        type="button"
        className={classes.item}
        aria-haspopup="menu"
        aria-label={t('shell.begin')}
        onClick={() => setOpen(true)}
      >
        <span className={classes.plus}>
          <Icon name="plus" size={22} />
        </span>
      </button>
      {open && (
        <Suspense fallback={null}>
          <Begin onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

function useShortcut(open: () => void) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [open]);
}

/** A notice of the system that was clicked leads here. */
function useNotified() {
  const [, navigate] = useLocation();
  useEffect(() => {
    const listen = ({ data }: MessageEvent) => {
      if (data?.kind === 'open' && typeof data.path === 'string') navigate(data.path);
    };
    navigator.serviceWorker?.addEventListener('message', listen);
    return () => navigator.serviceWorker?.removeEventListener('message', listen);
  }, [navigate]);
}

/** Says that a part of the page broke, or that its file cannot be loaded; what is around it stays. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken onRetry={() => location.reload()} /> : this.props.children;
  }
}
