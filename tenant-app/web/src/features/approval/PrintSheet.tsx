// An approval as a sheet of A4: the browser prints it or keeps it as PDF. It shows what its reader may see, no more.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMe } from '../../app/session';
import { type Lang, type Translate, useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import { Failed, SkeletonRows } from '../../ui/states';
import { Frame } from './Frame';
import { type Detail, type Field, idsOf, isRows, said, statusNames, type Values } from './model';
import classes from './PrintSheet.module.css';
import { approvalQuery, sheetQuery } from './queries';
import { doingOf } from './Timeline';
import { Value } from './Values';

/** What the record on paper leaves out: it decides nothing. */
const passing: ReadonlySet<string> = new Set(['nudge', 'remind']);

/** The name under which a browser keeps the sheet: number and form in front. */
export const fileName = (detail: Detail, lang: Lang): string =>
  `${detail.number} ${said(detail.form.name, lang)} ${detail.submitter.name}`;

function print(name: string) {
  const before = document.title;
  document.title = name;
  addEventListener('afterprint', () => (document.title = before), { once: true });
  window.print();
}

export default function PrintSheet({ id }: { id: string }) {
  const { t, lang } = useLanguage();
  const { data, error, isFetching, refetch } = useQuery(approvalQuery(id));
  const { data: form } = useQuery({
    ...sheetQuery(data?.form.key ?? '', data?.form.version),
    enabled: data !== undefined,
  });
  const back = `/work/mine/${id}`;
  if (!data || !form)
    return (
      <Frame back={back} title={t('approval.print')}>
        {error && !isFetching ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </Frame>
    );
  return (
    <Frame
      back={back}
      title={t('approval.print')}
      above={
        <Button leftSection={<Icon name="printer" />} onClick={() => print(fileName(data, lang))}>
          {t('approval.printNow')}
        </Button>
      }
    >
      <Sheet detail={data} fields={form.fields} />
    </Frame>
  );
}

function Sheet({ detail, fields }: { detail: Detail; fields: Field[] }) {
  const { t, lang } = useLanguage();
  const { company, name, timezone } = useMe();
  const facts: [string, string | undefined][] = [
    [t('approval.printNumber'), detail.number],
    [t('approval.submitter'), detail.submitter.name],
    [t('approval.printDepartment'), detail.department?.name],
    [t('approval.printSubmitted'), formatTime(lang, detail.submittedAt, timezone)],
    [t('approval.printState'), t(statusNames[detail.status])],
  ];
  return (
    <article className={classes.sheet}>
      <header>
        <p>{company}</p>
        <h2>{said(detail.form.name, lang)}</h2>
      </header>
      <dl className={classes.facts}>
        {facts.map(
          ([label, value]) =>
            value && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <Filled fields={fields} detail={detail} />
      {detail.hidden.length > 0 && <p>{t('approval.hidden')}</p>}
      <h3>{t('approval.printRecord')}</h3>
      <Record detail={detail} />
      {detail.copies.length > 0 && (
        <p>{t('approval.copies', { names: detail.copies.map((p) => p.name).join(' ') })}</p>
      )}
      <footer>
        {t('approval.printedBy', { name, at: formatTime(lang, new Date().toISOString(), timezone) })}
      </footer>
    </article>
  );
}

function Filled({ fields, detail }: { fields: Field[]; detail: Detail }) {
  const { lang } = useLanguage();
  const shown = fields.filter((field) => detail.values[field.key] !== undefined);
  return (
    <table>
      <tbody>
        {shown.map((field) => (
          <tr key={field.key}>
            <th scope="row">{said(field.name, lang)}</th>
            <td>
              <Cell field={field} value={detail.values[field.key]} detail={detail} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ field, value, detail }: { field: Field; value: unknown; detail: Detail }) {
  if (field.kind === 'files') {
    const ids = idsOf(value);
    const names = detail.files.filter((file) => ids.includes(file.id)).map((file) => file.name);
    return <>{names.join('，')}</>;
  }
  if (field.kind === 'rows' && isRows(value))
    return <Rows columns={field.columns ?? []} rows={value} detail={detail} />;
  return <Value field={field} value={value} />;
}

function Rows({ columns, rows, detail }: { columns: Field[]; rows: Values[]; detail: Detail }) {
  const { lang } = useLanguage();
  return (
    <table>
      <thead>
        <tr>
          {columns.map((c) => (
            <th key={c.key} scope="col">
              {said(c.name, lang)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity besides their place
          <tr key={i}>
            {columns.map((c) => (
              <td key={c.key}>
                {row[c.key] !== undefined && <Cell field={c} value={row[c.key]} detail={detail} />}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Moment = Detail['timeline'][number];

const whoOf = (moment: Moment, t: Translate): string =>
  [moment.person?.name ?? t('approval.app'), moment.for && t('approval.for', { name: moment.for.name })]
    .filter(Boolean)
    .join(' ');

function Record({ detail }: { detail: Detail }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('approval.printNode')}</th>
          <th scope="col">{t('approval.printWho')}</th>
          <th scope="col">{t('approval.printWhat')}</th>
          <th scope="col">{t('approval.say')}</th>
          <th scope="col">{t('approval.printAt')}</th>
        </tr>
      </thead>
      <tbody>
        {detail.timeline.map((moment, i) =>
          passing.has(moment.verb) ? null : (
            // biome-ignore lint/suspicious/noArrayIndexKey: the log only grows at its end
            <tr key={i}>
              <td>{said(moment.node, lang)}</td>
              <td>{whoOf(moment, t)}</td>
              <td>{doingOf(moment, i > 0, t)}</td>
              <td className={classes.said}>{moment.comment}</td>
              <td>{formatTime(lang, moment.at, timezone)}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
