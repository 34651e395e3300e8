// A list of people of any length; only those on screen exist.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';
import { useT } from '../../i18n';
import { PersonAvatar } from '../../ui/PersonAvatar';
import type { Author } from './model';
import classes from './PeopleRows.module.css';

const rowHeight = 52;

type Props<T> = {
  people: T[];
  personOf: (row: T) => Author;
  line?: (row: T) => string;
  extra?: (row: T) => ReactNode;
  /** Asked for when the end comes near. */
  more?: (() => void) | undefined;
};

export function PeopleRows<T>({ people, personOf, line, extra, more }: Props<T>) {
  const t = useT();
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: people.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    onChange: (v) => {
      if (more && (v.range?.endIndex ?? 0) > people.length - 10) more();
    },
  });
  if (people.length === 0) return <p className={classes.none}>{t('chat.nobody')}</p>;
  return (
    <div className={classes.scroll} ref={scroll}>
      <ul className={classes.rows} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = people[item.index];
          if (!row) return null;
          const person = personOf(row);
          return (
            <li key={person.id} className={classes.row} style={{ transform: `translateY(${item.start}px)` }}>
              <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={34} />
              <span className={classes.name}>
                {person.name}
                {person.external && <small>{t('chat.external')}</small>}
                {line && <span className={classes.line}>{line(row)}</span>}
              </span>
              {extra?.(row)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
