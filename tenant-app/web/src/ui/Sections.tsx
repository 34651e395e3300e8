// A page of sections: beside their list on a desktop, one after the other on a phone.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Place } from '../app/places';
import { useT } from '../i18n';
import { Icon } from './Icon';
import { usePhone } from './media';
import classes from './Sections.module.css';
import { useTitle } from './title';

type Props = {
  title: string;
  base: string;
  places: Place[];
  /** Path of the section shown; on a phone none shows the list. */
  current: string | undefined;
  above?: ReactNode;
  below?: ReactNode;
  children: ReactNode;
};

export function Sections({ title, base, places, current, above, below, children }: Props) {
  const t = useT();
  const phone = usePhone();
  const place = places.find((p) => p.path === current) ?? (phone ? undefined : places[0]);
  const heading = place ? t(place.label) : title;
  useTitle(heading);
  return (
    <div className={classes.page}>
      {(!phone || !place) && (
        <aside className={classes.list}>
          {phone && <h1 className={classes.pageTitle}>{title}</h1>}
          {above}
          <nav aria-label={title}>
            {places.map((p) => (
              <Link
                key={p.path}
                href={p.path}
                className={classes.item}
                aria-current={p === place ? 'page' : undefined}
              >
                <Icon name={p.icon} />
                <span>{t(p.label)}</span>
                <Icon name="right" size={14} />
              </Link>
            ))}
          </nav>
          {below}
        </aside>
      )}
      {place && (
        <div className={classes.body}>
          <header className={classes.head}>
            {phone && (
              <Link href={base} className={classes.back} aria-label={t('action.back')}>
                <Icon name="left" />
              </Link>
            )}
            <h1>{heading}</h1>
          </header>
          {children}
        </div>
      )}
    </div>
  );
}
