// What happened, who is to decide, and who is expected afterwards.
import { useMe } from '../../app/session';
import { type Key, type Lang, type Translate, useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { useMinute } from '../../ui/minute';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { type Detail, type Moment, type Step, said } from './model';
import classes from './Timeline.module.css';

const doings: Record<string, Key> = {
  submit: 'approval.did.submit',
  approve: 'approval.did.approve',
  reject: 'approval.did.reject',
  return: 'approval.did.return',
  transfer: 'approval.did.transfer',
  withdraw: 'approval.did.withdraw',
  nudge: 'approval.did.nudge',
  comment: 'approval.did.comment',
  cc: 'approval.did.cc',
  cancel: 'approval.did.cancel',
  remind: 'approval.did.remind',
  policy: 'approval.did.policy',
};

/** What somebody did, in a word. */
export function doingOf(moment: Moment, again: boolean, t: Translate): string {
  const doing = moment.verb === 'submit' && again ? 'approval.did.resubmit' : doings[moment.verb];
  return doing ? t(doing) : moment.verb;
}

const reasons: Record<'nobody' | 'self' | 'repeat', Key> = {
  nobody: 'approval.reason.nobody',
  self: 'approval.reason.self',
  repeat: 'approval.reason.repeat',
};

const names = (people: { name: string }[]) => people.map((p) => p.name).join(' ');

/** 3 分钟, 2 小时, 4 天 */
export function waited(seconds: number, t: Translate): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return t('approval.minutes', { count: minutes });
  const hours = Math.round(minutes / 60);
  if (hours < 48) return t('approval.hours', { count: hours });
  return t('approval.days', { count: Math.round(hours / 24) });
}

export function Timeline({ detail }: { detail: Detail }) {
  const { t } = useLanguage();
  return (
    <ol className={classes.line} aria-label={t('approval.timeline')}>
      {detail.timeline.map((moment, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the log only grows at its end
        <Past key={i} moment={moment} again={i > 0} />
      ))}
      {detail.now.map((w) => (
        <Now key={w.person.id} waiting={w} />
      ))}
      {detail.future.map((step) => (
        <Coming key={step.node} step={step} />
      ))}
    </ol>
  );
}

function more(moment: Moment, t: Translate, lang: Lang): string {
  return [
    said(moment.node, lang),
    moment.to && moment.to.length > 0 && t('approval.to', { names: names(moment.to) }),
    moment.verb === 'return' &&
      t('approval.to', { names: said(moment.target, lang) || t('approval.submitter') }),
    moment.resume && t('approval.resumes'),
    moment.reason && t(reasons[moment.reason]),
    moment.waited !== undefined && t('approval.waited', { time: waited(moment.waited, t) }),
  ]
    .filter(Boolean)
    .join(' · ');
}

function Past({ moment, again }: { moment: Moment; again: boolean }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  return (
    <li data-verb={moment.verb}>
      <Face person={moment.person} />
      <div>
        <p className={classes.who}>
          <b>{moment.person?.name ?? t('approval.app')}</b>{' '}
          {moment.for && `${t('approval.for', { name: moment.for.name })} `}
          {doingOf(moment, again, t)}
          <time dateTime={moment.at}>{formatTime(lang, moment.at, timezone)}</time>
        </p>
        <p className={classes.more}>{more(moment, t, lang)}</p>
        {moment.comment && <p className={classes.comment}>{moment.comment}</p>}
      </div>
    </li>
  );
}

function Now({ waiting }: { waiting: Detail['now'][number] }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const since = waiting.since && (now - new Date(waiting.since).getTime()) / 1000;
  const late = waiting.due !== undefined && new Date(waiting.due).getTime() < now;
  return (
    <li data-now>
      <Face person={waiting.person} />
      <div>
        <p className={classes.who}>
          <b>{waiting.person.name}</b> {waiting.for && `${t('approval.for', { name: waiting.for.name })} `}
          {t(waiting.since ? 'approval.decides' : 'approval.later')}
        </p>
        <p className={classes.more}>
          {[
            said(waiting.node, lang),
            since !== undefined && since !== '' && t('approval.waits', { time: waited(since, t) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        {waiting.due && (
          <p className={classes.more} data-late={late || undefined}>
            {t(late ? 'approval.late' : 'approval.due', { time: formatTime(lang, waiting.due, timezone) })}
          </p>
        )}
      </div>
    </li>
  );
}

/** A node to come: grey, with the people expected. */
export function Coming({ step }: { step: Step }) {
  const { t, lang } = useLanguage();
  const people = step.people.length > 0 ? names(step.people) : undefined;
  return (
    <li data-future>
      <Face person={step.people[0]} />
      <div>
        <p className={classes.who}>
          <b>{said(step.name, lang)}</b> {t(step.kind === 'cc' ? 'approval.isTold' : 'approval.willDecide')}
        </p>
        <p className={classes.more}>
          {people ?? t(step.reason ? reasons[step.reason] : 'approval.nobodyYet')}
          {step.mode && step.people.length > 1 && ` · ${t(modes[step.mode])}`}
        </p>
      </div>
    </li>
  );
}

const modes: Record<NonNullable<Step['mode']>, Key> = {
  one: 'approval.mode.any',
  any: 'approval.mode.any',
  all: 'approval.mode.all',
  order: 'approval.mode.order',
};

type Seen = { id: string; avatarText: string; avatar?: string };

function Face({ person }: { person: Seen | undefined }) {
  return (
    <span className={classes.face}>
      {person ? (
        <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={32} />
      ) : (
        <span className={classes.dot} />
      )}
    </span>
  );
}
