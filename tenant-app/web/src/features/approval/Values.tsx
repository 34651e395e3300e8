// What was filled in, to be read.
import { useLanguage } from '../../i18n';
import { formatDate } from '../../i18n/format';
import { FileLine, Picture } from '../chat/Files';
import type { FileRef } from '../chat/model';
import { type Field, type Values as Given, idsOf, isHalf, isRows, money, said } from './model';
import classes from './Values.module.css';

type Props = {
  fields: Field[];
  values: Given;
  /** The files that values name. */
  files: FileRef[];
  /** They are on this device alone. */
  unsent?: boolean;
};

export function Values({ fields, values, files, unsent = false }: Props) {
  const { lang } = useLanguage();
  const shown = fields.filter((field) => values[field.key] !== undefined);
  return (
    <dl className={classes.values}>
      {shown.map((field) => (
        <div key={field.key} data-rows={field.kind === 'rows' || undefined}>
          <dt>{said(field.name, lang)}</dt>
          <dd>
            {field.kind === 'rows' && (
              <Rows field={field} rows={values[field.key]} files={files} unsent={unsent} />
            )}
            {field.kind === 'files' && <Files ids={idsOf(values[field.key])} files={files} unsent={unsent} />}
            {field.kind !== 'rows' && field.kind !== 'files' && (
              <Value field={field} value={values[field.key]} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

type FilesProps = { ids: string[]; files: FileRef[]; unsent: boolean };

function Files({ ids, files, unsent }: FilesProps) {
  const shown = files.filter((file) => ids.includes(file.id));
  return (
    <div className={classes.files}>
      {shown.map((file) =>
        file.preview && !unsent ? (
          <Picture key={file.id} file={file} />
        ) : (
          <FileLine key={file.id} file={file} busy={unsent} />
        ),
      )}
    </div>
  );
}

type RowsProps = { field: Field; rows: unknown; files: FileRef[]; unsent: boolean };

function Rows({ field, rows, files, unsent }: RowsProps) {
  const columns = field.columns ?? [];
  if (!isRows(rows)) return null;
  return (
    <ol className={classes.rows}>
      {rows.map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity besides their place
        <li key={i}>
          <Values fields={columns} values={row} files={files} unsent={unsent} />
        </li>
      ))}
    </ol>
  );
}

/** One value, as it is read. */
export function Value({ field, value }: { field: Field; value: unknown }) {
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
