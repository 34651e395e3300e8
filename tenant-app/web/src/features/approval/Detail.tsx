// One approval: state and number, what was filled in, the time line; at the bottom what can be done.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ApiError, explain } from '../../api/problem';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { useCalmRate } from '../../live/client';
import { discard, type Entry, isParked, tryAgain } from '../../offline/outbox';
import { Icon } from '../../ui/Icon';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { Actions } from './Actions';
import classes from './Detail.module.css';
import { Frame } from './Frame';
import { type Detail as Shown, said } from './model';
import { type SubmitBody, useUnsentOf } from './outgoing';
import { approvalQuery, sheetQuery } from './queries';
import { Status } from './Status';
import { Timeline } from './Timeline';
import { Values } from './Values';

const calmMs = 15_000;

type Props = {
  id: string;
  back: string | undefined;
  /** Where the next one that waits is opened. */
  nextAt?: ((id: string) => string) | undefined;
};

export function Detail({ id, back, nextAt }: Props) {
  const t = useT();
  const unsent = useUnsentOf(id);
  const rate = useCalmRate(calmMs);
  const { data, error, isFetching, refetch } = useQuery({ ...approvalQuery(id), refetchInterval: rate });
  const first = unsent.find((e) => e.kind === 'approval.submit');
  if (!data && first) return <Unsubmitted entry={first} back={back} />;
  if (!data)
    return (
      <Frame back={back} title={t('approval.one')}>
        {error && !isFetching ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </Frame>
    );
  return <Loaded detail={data} back={back} unsent={unsent} nextAt={nextAt} />;
}

type LoadedProps = { detail: Shown; back: Props['back']; unsent: Entry[]; nextAt: Props['nextAt'] };

function Loaded({ detail, back, unsent, nextAt }: LoadedProps) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const { data: sheet } = useQuery(sheetQuery(detail.form.key, detail.form.version));
  const title = t('approval.of', { form: said(detail.form.name, lang), name: detail.submitter.name });
  const next = detail.next && nextAt?.(detail.next);
  return (
    <Frame
      back={back}
      title={title}
      above={
        <>
          <Status status={detail.status} />
          <Link href={`/work/print/${detail.id}`} className={classes.print} aria-label={t('approval.print')}>
            <Icon name="printer" />
          </Link>
        </>
      }
      foot={<Actions detail={detail} next={next} waits={unsent.length > 0} />}
    >
      <p className={classes.number}>
        {t('approval.number', { number: detail.number })} · {formatTime(lang, detail.submittedAt, timezone)}
        {detail.department && ` · ${detail.department.name}`}
      </p>
      {unsent.map((entry) => (
        <Unsent key={entry.opId} entry={entry} />
      ))}
      {sheet && <Values fields={sheet.fields} values={detail.values} files={detail.files} />}
      {detail.hidden.length > 0 && <p className={classes.number}>{t('approval.hidden')}</p>}
      <h2>{t('approval.timeline')}</h2>
      <Timeline detail={detail} />
      {detail.copies.length > 0 && (
        <p className={classes.number}>
          {t('approval.copies', { names: detail.copies.map((p) => p.name).join(' ') })}
        </p>
      )}
    </Frame>
  );
}

/** What this person did and the server does not know yet, or refused. */
function Unsent({ entry }: { entry: Entry }) {
  const t = useT();
  const parked = entry.fate?.parked;
  return (
    <div className={classes.unsent} data-refused={parked ? true : undefined} role="status">
      <Icon name={parked ? 'alert' : 'clock'} size={18} />
      <span>
        {parked
          ? explain(new ApiError(parked.status, parked.code, { params: parked.params }), t)
          : t('approval.waitsToBeSent')}
      </span>
      {parked && (
        <>
          <Button variant="light" onClick={() => void tryAgain(entry.opId)}>
            {t('outbox.again')}
          </Button>
          <Button variant="subtle" color="gray" onClick={() => void discard([entry.opId])}>
            {t('outbox.discard')}
          </Button>
        </>
      )}
    </div>
  );
}

/** A form that was filled in and has not reached the server. */
function Unsubmitted({ entry, back }: { entry: Entry; back: Props['back'] }) {
  const { t, lang } = useLanguage();
  const body = entry.body as SubmitBody;
  const { data: sheet } = useQuery(sheetQuery(body.form, body.version));
  return (
    <Frame back={back} title={said(sheet?.name, lang) || t('approval.one')}>
      <Unsent entry={entry} />
      {sheet && (
        <Values
          fields={sheet.fields}
          values={body.values}
          files={entry.blobs.map((b) => ({ id: b.id, name: b.name, size: b.data.size, type: b.type }))}
          unsent
        />
      )}
      {isParked(entry) && (
        <Blank
          icon="edit"
          title={t('approval.refused')}
          action={
            <Button component={Link} href={`/work/new/${body.form}?unsent=${entry.opId}`}>
              {t('outbox.mend')}
            </Button>
          }
        />
      )}
    </Frame>
  );
}
