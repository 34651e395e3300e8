// An input for each kind of field. Values are as the server takes them.
import { Button, Input, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { FilesInput } from './FilesInput';
import classes from './Inputs.module.css';
import {
  centsOf,
  type Field,
  type Half,
  idsOf,
  isHalf,
  isRows,
  money,
  said,
  typedMoney,
  type Values,
} from './model';

type Props = {
  fields: Field[];
  values: Values;
  /** What the server computed; of the top only. */
  computed: Values;
  /** By path: reason, rows[0].amount. */
  faults: Record<string, string>;
  at?: string;
  onChange: (values: Values) => void;
};

export function Inputs({ fields, values, computed, faults, at = '', onChange }: Props) {
  return (
    <>
      {fields.map((field, i) =>
        field.compute ? (
          <Computed key={field.key} field={field} value={computed[field.key]} />
        ) : (
          <One
            key={field.key}
            field={field}
            ends={field.kind === 'half' && fields.slice(0, i).some((f) => f.kind === 'half')}
            value={values[field.key]}
            path={at + field.key}
            faults={faults}
            onChange={(value) => onChange({ ...values, [field.key]: value })}
          />
        ),
      )}
    </>
  );
}

/** What follows from the rest: days, sums, 大写. */
function Computed({ field, value }: { field: Field; value: unknown }) {
  const { lang } = useLanguage();
  if (value === undefined) return null;
  const text = field.kind === 'money' && typeof value === 'number' ? money(value) : String(value);
  return (
    <p className={classes.computed}>
      {said(field.name, lang)} <output>{text}</output>
    </p>
  );
}

type OneProps = {
  field: Field;
  /** The later one of two half days: it is the end of a day. */
  ends?: boolean;
  value: unknown;
  path: string;
  faults: Record<string, string>;
  onChange: (value: unknown) => void;
};

function One({ field, ends = false, value, path, faults, onChange }: OneProps) {
  const { t, lang } = useLanguage();
  const common = {
    label: said(field.name, lang),
    description: said(field.hint, lang) || undefined,
    withAsterisk: field.required ?? false,
    error: faults[path],
    'data-field': path,
  };
  const text = typeof value === 'string' ? value : '';
  switch (field.kind) {
    case 'note':
      return (
        <Textarea
          {...common}
          value={text}
          rows={4}
          maxLength={field.max || 2000}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          {...common}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
          data={[
            { value: '', label: t('approval.choose') },
            ...(field.options ?? []).map((o) => ({ value: o.key, label: said(o.name, lang) })),
          ]}
        />
      );
    case 'date':
      return (
        <TextInput
          {...common}
          type="date"
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'half':
      return <HalfDay {...common} first={ends ? 'pm' : 'am'} value={value} onChange={onChange} />;
    case 'money':
      return <Typed {...common} value={value} show={typedMoney} read={centsOf} onChange={onChange} />;
    case 'number':
      return <Typed {...common} value={value} show={showNumber} read={readNumber} onChange={onChange} />;
    case 'files':
      return <FilesInput {...common} ids={idsOf(value)} most={field.max || mostFiles} onChange={onChange} />;
    case 'rows':
      return <Rows field={field} value={value} path={path} faults={faults} onChange={onChange} />;
    default:
      return (
        <TextInput
          {...common}
          value={text}
          maxLength={field.max || 200}
          autoComplete="off"
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

const mostFiles = 20;

const showNumber = (value: unknown) => (typeof value === 'number' ? String(value) : '');
const readNumber = (text: string) =>
  /^-?\d{1,15}(\.\d{1,6})?$/.test(text.trim()) ? Number(text) : undefined;

type Common = {
  label: string;
  description: string | undefined;
  withAsterisk: boolean;
  error: string | undefined;
  'data-field': string;
};

type TypedProps = Common & {
  value: unknown;
  show: (value: unknown) => string;
  read: (text: string) => number | undefined;
  onChange: (value: unknown) => void;
};

/** A number that is typed: the text stays as it was typed, the value follows. */
function Typed({ value, show, read, onChange, error, ...common }: TypedProps) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState(show(value));
  const wrong = typed.trim() !== '' && read(typed) === undefined;
  return (
    <TextInput
      {...common}
      error={wrong ? t('approval.noNumber') : error}
      value={typed}
      inputMode="decimal"
      autoComplete="off"
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        onChange(read(event.currentTarget.value));
      }}
    />
  );
}

type HalfProps = Common & { first: Half['half']; value: unknown; onChange: (value: Half) => void };

function HalfDay({ first, value, onChange, label, error, description, withAsterisk, ...rest }: HalfProps) {
  const { t } = useLanguage();
  const half: Half = isHalf(value) ? value : { date: '', half: first };
  return (
    <Input.Wrapper
      label={label}
      labelElement="div"
      error={error}
      description={description}
      withAsterisk={withAsterisk}
    >
      <div className={classes.half} {...rest}>
        <TextInput
          type="date"
          aria-label={label}
          value={half.date}
          error={error !== undefined}
          onChange={(event) => onChange({ ...half, date: event.currentTarget.value })}
        />
        <NativeSelect
          aria-label={t('approval.halfOf', { name: label })}
          value={half.half}
          onChange={(event) => onChange({ ...half, half: event.currentTarget.value === 'pm' ? 'pm' : 'am' })}
          data={[
            { value: 'am', label: t('approval.am') },
            { value: 'pm', label: t('approval.pm') },
          ]}
        />
      </div>
    </Input.Wrapper>
  );
}

const mostRows = 100;
let made = 0;
/** Rows are typed into, and one of them may go: each keeps its inputs. */
const nextKey = () => `row${made++}`;

function Rows({ field, value, path, faults, onChange }: OneProps) {
  const { t, lang } = useLanguage();
  const rows = isRows(value) ? value : [];
  const [keys, setKeys] = useState(() => rows.map(nextKey));
  const add = () => {
    setKeys([...keys, nextKey()]);
    onChange([...rows, {}]);
  };
  const drop = (i: number) => {
    setKeys(keys.filter((_, j) => j !== i));
    onChange(rows.filter((_, j) => j !== i));
  };
  return (
    <fieldset className={classes.rows} data-field={path}>
      <legend>
        {said(field.name, lang)}
        {field.required && <span aria-hidden="true"> *</span>}
      </legend>
      {rows.map((row, i) => (
        <div key={keys[i]} className={classes.row}>
          <div className={classes.rowHead}>
            <b>{t('approval.row', { number: i + 1 })}</b>
            <Button
              variant="subtle"
              color="gray"
              leftSection={<Icon name="trash" size={16} />}
              aria-label={t('approval.dropRow', { number: i + 1 })}
              onClick={() => drop(i)}
            >
              {t('approval.drop')}
            </Button>
          </div>
          <Inputs
            fields={field.columns ?? []}
            values={row}
            computed={{}}
            faults={faults}
            at={`${path}[${i}].`}
            onChange={(changed) => onChange(rows.map((r, j) => (j === i ? changed : r)))}
          />
        </div>
      ))}
      {faults[path] && <Input.Error>{faults[path]}</Input.Error>}
      <Button
        variant="light"
        leftSection={<Icon name="plus" size={16} />}
        disabled={rows.length >= (field.max || mostRows)}
        onClick={add}
      >
        {t('approval.addRow')}
      </Button>
    </fieldset>
  );
}
