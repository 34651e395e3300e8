// The frame: a rail on a desktop, tabs on a phone, the page between.

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { DirectoryPage } from '../features/directory/DirectoryPage';
import { personQuery } from '../features/directory/queries';
import { useT } from '../i18n';
import { Icon } from '../ui/Icon';
import { useOnline } from '../ui/media';
import { PersonAvatar } from '../ui/PersonAvatar';
import { Blank, SkeletonRows } from '../ui/states';
import { places, visibleTo } from './places';
import classes from './Shell.module.css';
import { Broken, useMe } from './session';

const MePage = lazy(() => import('../features/me/MePage'));
const AdminPage = lazy(() => import('../features/admin/AdminPage'));
const Palette = lazy(() => import('./Palette'));

export function Shell() {
  const t = useT();
  const online = useOnline();
  const [palette, setPalette] = useState(false);
  useShortcut(() => setPalette(true));
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        {t('shell.skip')}
      </a>
      <Navigation onSearch={() => setPalette(true)} />
      <main id="content" className={classes.content} tabIndex={-1}>
        {!online && (
          <p className={classes.offline} role="status">
            <Icon name="offline" size={16} /> {t('shell.offline')}
          </p>
        )}
        <Boundary>
          <Suspense fallback={<SkeletonRows />}>
            <Pages />
          </Suspense>
        </Boundary>
      </main>
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
        <Redirect to="/directory" replace />
      </Route>
      <Route path="/directory/:department?" component={DirectoryPage} />
      <Route path="/me/:section?" component={MePage} />
      <Route path="/admin/:section?/:part?">
        {me.administrator ? (
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
            <Button component={Link} href="/directory">
              {t('nav.directory')}
            </Button>
          }
        />
      </Route>
    </Switch>
  );
}

function Navigation({ onSearch }: { onSearch: () => void }) {
  const t = useT();
  const me = useMe();
  const [path] = useLocation();
  const { data: self } = useQuery(personQuery(me.personId));
  return (
    <nav className={classes.nav} aria-label={t('shell.places')}>
      <Link href="/directory" className={classes.mark} title={me.company} aria-label={me.company}>
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
      {places.filter(visibleTo(me.administrator)).map((place) => {
        const here = path === place.path || path.startsWith(`${place.path}/`);
        return (
          <Link
            key={place.path}
            href={place.path}
            className={classes.item}
            data-here={here || undefined}
            data-last={place.path === '/me' || undefined}
            aria-current={here ? 'page' : undefined}
          >
            <Icon name={place.icon} size={22} />
            <span>{t(place.label)}</span>
          </Link>
        );
      })}
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

/** Keeps the rail usable when a page breaks or its file cannot be loaded. */
class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken onRetry={() => location.reload()} /> : this.props.children;
  }
}
