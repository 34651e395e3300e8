// A page of its own: the way back and the title at its top, what can be done at its bottom.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { useTitle } from '../../ui/title';
import classes from './Frame.module.css';

type Props = {
  /** Absent where the list stands beside it. */
  back: string | undefined;
  title: string;
  above?: ReactNode;
  foot?: ReactNode;
  children: ReactNode;
};

export function Frame({ back, title, above, foot, children }: Props) {
  const t = useT();
  useTitle(title);
  return (
    <section className={classes.page} aria-label={title}>
      <header className={classes.head}>
        {back && (
          <Link href={back} className={classes.back} aria-label={t('action.back')}>
            <Icon name="left" />
          </Link>
        )}
        <h1>{title}</h1>
        {above}
      </header>
      <div className={classes.body}>{children}</div>
      {foot}
    </section>
  );
}
