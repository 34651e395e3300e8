// Four cards: what each place is for, in the words of the person's role. Shown once, and again from 帮助.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Place, places, visibleTo } from '../../app/places';
import { useMe } from '../../app/session';
import { type Key, useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';
import { guideQuery } from './queries';
import classes from './Tour.module.css';

type Role = 'clerk' | 'head' | 'administrator' | 'guest';

const words: Record<string, Partial<Record<Role, Key>> & { clerk: Key }> = {
  '/chat': {
    clerk: 'tour.chat',
    head: 'tour.chatHead',
    administrator: 'tour.chatAdministrator',
    guest: 'tour.chatGuest',
  },
  '/todo': { clerk: 'tour.todo', head: 'tour.todoHead' },
  '/work': { clerk: 'tour.work', head: 'tour.workHead' },
  '/me': { clerk: 'tour.me', administrator: 'tour.meAdministrator' },
};

function useRole(): Role {
  const me = useMe();
  const { data: guide } = useQuery(guideQuery);
  if (me.external) return 'guest';
  const has = (group: string) => guide?.steps.some((step) => step.group === group);
  if (has('administrator')) return 'administrator';
  return has('head') ? 'head' : 'clerk';
}

export default function Tour({ onClose }: { onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const role = useRole();
  const cards = places.filter(visibleTo(me.rights)).filter((place) => words[place.path]);
  const [at, setAt] = useState(0);
  const card = cards[at];
  const last = at === cards.length - 1;
  if (!card) return null;
  return (
    <Dialog title={t('tour.title', { company: me.company })} onClose={onClose} size="sm" full={false}>
      <Card place={card} text={t(words[card.path]?.[role] ?? words[card.path]?.clerk ?? 'tour.me')} />
      <p className={classes.dots} role="status" aria-label={t('tour.at', { at: at + 1, of: cards.length })}>
        {cards.map((c) => (
          <span key={c.path} data-here={c === card || undefined} />
        ))}
      </p>
      <div className={classes.actions}>
        <Button variant="subtle" color="gray" onClick={onClose} data-hidden={last || undefined}>
          {t('tour.skip')}
        </Button>
        <Button onClick={() => (last ? onClose() : setAt(at + 1))} data-autofocus>
          {t(last ? 'tour.begin' : 'tour.next')}
        </Button>
      </div>
    </Dialog>
  );
}

function Card({ place, text }: { place: Place; text: string }) {
  const t = useT();
  return (
    <section className={classes.card} aria-live="polite">
      <span className={classes.sign}>
        <Icon name={place.icon} size={34} />
      </span>
      <h3>{t(place.label)}</h3>
      <p>{text}</p>
    </section>
  );
}
