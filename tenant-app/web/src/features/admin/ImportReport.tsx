// What an import would do, row by row.
import { SegmentedControl } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import { useState } from 'react';
import type { ImportReport, ImportRow, RowProblem } from '../../api/types';
import { type Key, type Translate, useLanguage, useT } from '../../i18n';
import { formatList } from '../../i18n/format';
import { hasKey } from '../../i18n/keys';
import panel from '../../ui/Panel.module.css';
import classes from './Import.module.css';

const outcomes = ['failed', 'created', 'updated', 'unchanged'] as const;

/** The reason in the person's language: of a column, or the sentence that a form would show. */
function reasonText(problem: RowProblem, t: Translate): string {
  const own = `row.${problem.code}`;
  const column = columnName(problem.column, t);
  if (hasKey(own)) return t('import.problem', { column, reason: t(own, problem.params ?? {}) });
  const general = `error.${problem.code}`;
  return hasKey(general)
    ? t(general, problem.params ?? {})
    : t('import.problem', { column, reason: t('error.invalid') });
}

const columnName = (column: string, t: Translate): string => {
  const key = `column.${column}`;
  return hasKey(key) ? t(key) : column;
};

export function Report({ report }: { report: ImportReport }) {
  const { t, lang } = useLanguage();
  const [shown, setShown] = useState<string>('all');
  const rows = shown === 'all' ? report.rows : report.rows.filter((row) => row.outcome === shown);
  const tabs = [
    { value: 'all', label: t('import.all', { count: report.total }) },
    ...outcomes
      .filter((o) => report[o] > 0)
      .map((o) => ({ value: o, label: t(`import.${o}` as Key, { count: report[o] }) })),
  ];
  return (
    <>
      {report.departments.length > 0 && (
        <p className={classes.made}>
          {t('import.makesDepartments', { names: formatList(lang, report.departments) })}
        </p>
      )}
      {report.positions.length > 0 && (
        <p className={classes.made}>
          {t('import.makesPositions', { names: formatList(lang, report.positions) })}
        </p>
      )}
      <div className={classes.filter}>
        <SegmentedControl value={shown} onChange={setShown} data={tabs} aria-label={t('import.filter')} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.frame} tabIndex={0} aria-label={t('import.rows')}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th>{t('import.row')}</th>
              <th>{t('person.name')}</th>
              <th>{t('import.outcome')}</th>
              <th>{t('import.details')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Line key={row.row} row={row} />
            ))}
          </tbody>
        </table>
      </section>
      {report.truncated && <p className={panel.hint}>{t('import.truncated')}</p>}
    </>
  );
}

function Line({ row }: { row: ImportRow }) {
  const { t, lang } = useLanguage();
  return (
    <tr>
      <td className={classes.number}>{row.row}</td>
      <td className={classes.who}>{row.name}</td>
      <td>
        <Outcome outcome={row.outcome} />
      </td>
      <td>
        {row.problems.map((p) => (
          <div key={`${p.column} ${p.code}`} className={classes.problem}>
            {reasonText(p, t)}
          </div>
        ))}
        {row.outcome === 'updated' && (
          <span className={panel.hint}>
            {t('import.changes', {
              columns: formatList(
                lang,
                row.changed.map((c) => columnName(c, t)),
              ),
            })}
          </span>
        )}
      </td>
    </tr>
  );
}

function Outcome({ outcome }: { outcome: ImportRow['outcome'] }) {
  const t = useT();
  return (
    <span className={classes.outcome} data-outcome={outcome}>
      {t(`outcome.${outcome}`)}
    </span>
  );
}
