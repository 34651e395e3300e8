// 为什么能看到: what a person may do and by which grants, and whether that reaches one object.
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { CatalogueRight, Explanation, Reason } from '../../../api/types';
import { useMay } from '../../../app/session';
import { useLanguage, useT } from '../../../i18n';
import { formatList } from '../../../i18n/format';
import { Choice } from '../../../ui/Choice';
import { Icon } from '../../../ui/Icon';
import panel from '../../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../../ui/states';
import { PersonPicker, type Picked } from '../../directory/manage/PersonPicker';
import { DepartmentChoice } from './GrantDialog';
import { useNames } from './names';
import {
  explainQuery,
  giveObject,
  holdingsQuery,
  type Question,
  rolesQuery,
  takeObject,
  useRightsChange,
} from './queries';
import classes from './Roles.module.css';

export default function Explain() {
  const t = useT();
  const [person, setPerson] = useState<Picked | null>(null);
  const { data: catalogue } = useQuery(rolesQuery);
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('explain.hint')}</p>
      <PersonPicker
        label={t('explain.who')}
        value={person}
        onPick={setPerson}
        placeholder={t('person.find')}
      />
      {person && catalogue && <Ask key={person.id} person={person} rights={catalogue.rights} />}
    </div>
  );
}

/** The id in an address or in what was pasted. */
const idIn = (text: string) =>
  text.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/)?.[0];

function Ask({ person, rights }: { person: Picked; rights: CatalogueRight[] }) {
  const t = useT();
  const names = useNames();
  const askable = rights.filter((right) => right.kinds.length > 0);
  const [choice, setChoice] = useState<string | null>(null);
  const [object, setObject] = useState<Picked | null>(null);
  const [right, kind] = (choice ?? ' ').split(' ');
  return (
    <>
      <div className={classes.ask}>
        <Choice
          label={t('explain.right')}
          clearable
          data={askable.flatMap((r) =>
            r.kinds.map((k) => ({
              value: `${r.right} ${k}`,
              label: `${names.module(r.right)} · ${names.right(r.right)} · ${names.kind(k)}`,
            })),
          )}
          value={choice}
          onChange={(value) => {
            setChoice(value);
            setObject(null);
          }}
        />
        {kind === 'person' && (
          <PersonPicker
            label={t('explain.object')}
            value={object}
            onPick={setObject}
            placeholder={t('person.find')}
          />
        )}
        {kind === 'department' && (
          <DepartmentChoice label={t('explain.object')} value={object} onPick={setObject} />
        )}
        {kind && kind !== 'person' && kind !== 'department' && (
          <TextInput
            label={t('explain.object')}
            placeholder={t('explain.paste')}
            onChange={(event) => {
              const id = idIn(event.currentTarget.value);
              setObject(id ? { id, name: id } : null);
            }}
          />
        )}
      </div>
      {right && kind && object ? (
        <Why question={{ person: person.id, right, kind, object: object.id }} person={person} />
      ) : (
        <Holdings person={person} />
      )}
    </>
  );
}

function Holdings({ person }: { person: Picked }) {
  const t = useT();
  const names = useNames();
  const { data, error, refetch } = useQuery(holdingsQuery(person.id));
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  if (data.items.length === 0) return <Blank icon="lock" title={t('explain.nothing')} />;
  return (
    <ul className={classes.chain}>
      {data.items.map((reason) => (
        <li key={`${reason.right} ${reason.grantId}`} className={classes.link}>
          <b>
            {names.module(reason.right)} · {names.right(reason.right)}
          </b>
          <Chain reason={reason} />
        </li>
      ))}
    </ul>
  );
}

function Why({ question, person }: { question: Question; person: Picked }) {
  const t = useT();
  const { data, error, refetch } = useQuery(explainQuery(question));
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  return (
    <>
      <p className={classes.verdict} data-allowed={data.allowed} role="status">
        <Icon name={data.allowed ? 'check' : 'lock'} />
        {t(data.allowed ? 'explain.yes' : 'explain.no', { name: person.name, object: data.object })}
      </p>
      <Reasons data={data} />
      <Give data={data} question={question} />
    </>
  );
}

function Reasons({ data }: { data: Explanation }) {
  const t = useT();
  const may = useMay();
  const back = useRightsChange((id: string) => takeObject(id), 'explain.taken');
  if (data.reasons.length === 0) return <p className={panel.hint}>{t('explain.noFunction')}</p>;
  return (
    <ul className={classes.chain}>
      {data.reasons.map((reason) => (
        <li key={reason.grantId} className={classes.link} data-reaches={reason.reaches}>
          <Chain reason={reason} />
          <span className={panel.sub}>{t(reason.reaches ? 'explain.reaches' : 'explain.reachesNot')}</span>
          {!reason.role && may('rights.manage') && (
            <Button
              variant="subtle"
              size="compact-md"
              loading={back.isPending}
              onClick={() => back.mutate(reason.grantId)}
            >
              {t('explain.take')}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Person ← grantee ← role ← scope, in the order in which one reads it. */
function Chain({ reason }: { reason: Reason }) {
  const { t, lang } = useLanguage();
  const names = useNames();
  const departments = reason.departments?.map((d) => d.name) ?? [];
  const scope = reason.scope && names.scope(reason.scope);
  return (
    <span className={classes.steps}>
      <span>
        {names.grantee({
          kind: reason.toKind as Parameters<typeof names.grantee>[0]['kind'],
          ...(reason.to ? { to: reason.to } : {}),
        })}
      </span>
      <Icon name="right" size={14} />
      {reason.role ? (
        <Link href={`/admin/roles/${reason.role.id}`} className={classes.named}>
          {names.role(reason.role)}
        </Link>
      ) : (
        <span>{t('explain.given')}</span>
      )}
      {scope && <Icon name="right" size={14} />}
      {scope && (
        <span>
          {departments.length > 0
            ? t('explain.scopeOf', { scope, departments: formatList(lang, departments) })
            : scope}
        </span>
      )}
      {reason.masks && reason.masks.length > 0 && (
        <span className={panel.sub}>
          {t('explain.masks', { fields: formatList(lang, reason.masks.map(names.field)) })}
        </span>
      )}
    </span>
  );
}

/** Gives the object itself, where the person holds the right and no scope reaches. */
function Give({ data, question }: { data: Explanation; question: Question }) {
  const t = useT();
  const may = useMay();
  const give = useRightsChange(
    () =>
      giveObject({
        id: crypto.randomUUID(),
        kind: question.kind,
        objectId: question.object,
        right: question.right,
        toKind: 'person',
        toId: question.person,
      }),
    'explain.gave',
  );
  if (data.allowed || data.reasons.length === 0 || !may('rights.manage')) return null;
  return (
    <div>
      <Button variant="light" loading={give.isPending} onClick={() => give.mutate(undefined)}>
        {t('explain.give', { object: data.object })}
      </Button>
    </div>
  );
}
