// Before anything is typed: what was looked for last, and what can be found at all.
import { Button } from '@mantine/core';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { Blank } from '../../ui/states';
import classes from './SearchPage.module.css';
import { forgetSearches, useSearches } from './searches';

export function Recent({ onPick }: { onPick: (q: string) => void }) {
  const t = useT();
  const { personId } = useMe();
  const searches = useSearches(personId);
  if (searches.length === 0)
    return <Blank icon="search" title={t('search.begin')} text={t('search.beginHint')} />;
  return (
    <div className={classes.results}>
      <h2>
        {t('search.recent')}
        <Button variant="subtle" color="gray" size="compact-sm" onClick={forgetSearches}>
          {t('search.forget')}
        </Button>
      </h2>
      <ul aria-label={t('search.recent')}>
        {searches.map((q) => (
          <li key={q}>
            <button type="button" className={classes.recent} onClick={() => onPick(q)}>
              <Icon name="clock" />
              <span>{q}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
