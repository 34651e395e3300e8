// What was filled in, to be read.
import { useLanguage } from '../../i18n';
import { formatDate } from '../../i18n/format';
import { type Field, type Values as Given, isHalf, isRows, money, said } from './model';
import classes from './Values.module.css';

export function Values({ fields, values }: { fields: Field[]; values: Given }) {
  const { lang } = useLanguage();
  const shown = fields.filter((field) => field.kind !== 'files' && values[field.key] !== undefined);
  return (
    <dl className={classes.values}>
      {shown.map((field) => (
        <div key={field.key} data-rows={field.kind === 'rows' || undefined}>
          <dt>{said(field.name, lang)}</dt>
          <dd>
            {field.kind === 'rows' ? (
              <Rows field={field} rows={values[field.key]} />
            ) : (
              <Value field={field} value={values[field.key]} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Rows({ field, rows }: { field: Field; rows: unknown }) {
  const columns = field.columns ?? [];
  if (!isRows(rows)) return null;
  return (
    <ol className={classes.rows}>
      {rows.map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity besides their place
        <li key={i}>
          <Values fields={columns} values={row} />
        </li>
      ))}
    </ol>
  );
}

function Value({ field, value }: { field: Field; value: unknown }) {
  const { t, lang } = useLanguage();
  if (field.kind === 'choice')
    return <>{said(field.options?.find((o) => o.key === value)?.name, lang) || String(value)}</>;
  if (field.kind === 'money' && typeof value === 'number')
    return <span className={classes.number}>{money(value)}</span>;
  if (field.kind === 'half' && isHalf(value))
    return (
      <>
        {formatDate(lang, value.date)} {t(value.half === 'am' ? 'approval.am' : 'approval.pm')}
      </>
    );
  if (field.kind === 'date' && typeof value === 'string') return <>{formatDate(lang, value)}</>;
  return <span className={classes.text}>{String(value)}</span>;
}
