// Everything about one person, with the ways to reach them.
import { ActionIcon, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { PersonDetail, PersonRef, Post, Tree } from '../../api/types';
import { useMay, useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { formatDate, formatPhone } from '../../i18n/format';
import { CopyIcon, useCopy } from '../../ui/copy';
import { Icon } from '../../ui/Icon';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Failed, SkeletonRows } from '../../ui/states';
import { useDirect } from '../chat/useDirect';
import { personAddress } from './address';
import classes from './PersonCard.module.css';
import { personQuery, treeQuery } from './queries';
import { pathText } from './tree';

const PersonActions = lazy(() => import('./manage/PersonActions'));

type Props = { id: string; place: string; onClose: () => void };

export function PersonCard({ id, place, onClose }: Props) {
  const t = useT();
  const may = useMay();
  const { data: person, error, refetch } = useQuery(personQuery(id));
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus({ preventScroll: true }), []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the panel from anywhere inside
    <div className={classes.card} onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <div className={classes.top}>
        <ActionIcon
          ref={close}
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('action.close')}
          onClick={onClose}
        >
          <Icon name="close" />
        </ActionIcon>
        {(may('directory.manage') || may('account.manage')) && person && (
          <Suspense fallback={null}>
            <PersonActions person={person} onGone={onClose} />
          </Suspense>
        )}
      </div>
      {person && <Content person={person} place={place} />}
      {!person && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={5} />)}
    </div>
  );
}

function Content({ person, place }: { person: PersonDetail; place: string }) {
  const { t, lang } = useLanguage();
  const { data: tree } = useQuery(treeQuery);
  return (
    <>
      <Head person={person} />
      <Contacts person={person} />
      <Section title={t('person.posts')}>
        {person.posts.length === 0 && <p className={classes.none}>{t('directory.unassigned')}</p>}
        {person.posts.map((post) => (
          <PostLine
            key={post.department.id}
            post={post}
            tree={tree}
            head={person.headOf.some((d) => d.id === post.department.id)}
          />
        ))}
      </Section>
      {person.manager && (
        <Section title={t('person.manager')}>
          <People people={[person.manager]} place={place} />
        </Section>
      )}
      {person.reports.length > 0 && (
        <Section title={t('person.reports', { count: person.reports.length })}>
          <People people={person.reports} place={place} />
        </Section>
      )}
      {person.hiredOn && (
        <Section title={t('person.hiredOn')}>
          <p className={classes.plain}>{formatDate(lang, person.hiredOn)}</p>
        </Section>
      )}
      {person.history.length > 0 && <History posts={person.history} />}
    </>
  );
}

function Head({ person }: { person: PersonDetail }) {
  const t = useT();
  const left = person.status === 'deactivated';
  return (
    <div className={classes.head}>
      <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={72} muted={left} />
      <div>
        <h2 className={classes.name}>{person.name}</h2>
        <p className={classes.pinyin}>{person.pinyin}</p>
        {left && <span className={classes.left}>{t('directory.left')}</span>}
      </div>
    </div>
  );
}

/** The card as text, to paste into a chat. */
function asText(person: PersonDetail): string {
  const post = person.posts[0];
  const lines = [
    person.name,
    [post?.department.name, post?.position?.name].filter(Boolean).join(' · '),
    person.phone,
    person.mail,
  ];
  return lines.filter(Boolean).join('\n');
}

function Contacts({ person }: { person: PersonDetail }) {
  const t = useT();
  const me = useMe();
  const copy = useCopy();
  const direct = useDirect();
  return (
    <>
      <div className={classes.reach}>
        {person.status === 'active' && (
          <Button onClick={() => void direct(person.id)} leftSection={<Icon name="chat" size={16} />}>
            {t(person.id === me.personId ? 'chat.selfTitle' : 'chat.write')}
          </Button>
        )}
        {person.phone && (
          <Button
            component="a"
            href={`tel:${person.phone}`}
            variant="light"
            leftSection={<Icon name="phone" size={16} />}
          >
            {t('person.call')}
          </Button>
        )}
        {person.mail && (
          <Button
            component="a"
            href={`mailto:${person.mail}`}
            variant="light"
            leftSection={<Icon name="mail" size={16} />}
          >
            {t('person.write')}
          </Button>
        )}
        <Button
          variant="default"
          onClick={() => void copy(asText(person))}
          leftSection={<Icon name="copy" size={16} />}
        >
          {t('person.copyCard')}
        </Button>
      </div>
      <dl className={classes.facts}>
        {person.phone && (
          <Fact label={t('person.phone')} copied={person.phone}>
            <a href={`tel:${person.phone}`}>{formatPhone(person.phone)}</a>
          </Fact>
        )}
        {person.mail && (
          <Fact label={t('person.mail')} copied={person.mail}>
            <a href={`mailto:${person.mail}`}>{person.mail}</a>
          </Fact>
        )}
        {person.staffNo && (
          <Fact label={t('person.staffNo')} copied={person.staffNo}>
            {person.staffNo}
          </Fact>
        )}
      </dl>
    </>
  );
}

function Fact({ label, copied, children }: { label: string; copied: string; children: ReactNode }) {
  const t = useT();
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
      <dd className={classes.copy}>
        <CopyIcon text={copied} label={t('person.copy', { what: label })} />
      </dd>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function PostLine({ post, tree, head }: { post: Post; tree: Tree | undefined; head: boolean }) {
  const t = useT();
  const path = tree ? pathText(tree.departments, post.department.id) : '';
  return (
    <Link href={`/directory/${post.department.id}`} className={classes.post}>
      <span>
        {path || post.department.name}
        {post.position && <span className={classes.position}>{post.position.name}</span>}
      </span>
      <span className={classes.tags}>
        {post.primary && <span className={classes.tag}>{t('person.primary')}</span>}
        {head && <span className={classes.tag}>{t('directory.head')}</span>}
      </span>
    </Link>
  );
}

function People({ people, place }: { people: PersonRef[]; place: string }) {
  return (
    <div className={classes.people}>
      {people.map((p) => (
        <Link key={p.id} href={personAddress(place, p.id)} className={classes.other}>
          <PersonAvatar id={p.id} text={p.avatarText} src={p.avatar} size={28} />
          {p.name}
        </Link>
      ))}
    </div>
  );
}

function History({ posts }: { posts: Post[] }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  return (
    <Section title={t('person.history')}>
      <ul className={classes.history}>
        {posts.map((post) => (
          <li key={`${post.department.id} ${post.from}`}>
            {[post.department.name, post.position?.name].filter(Boolean).join(' · ')}
            <span>
              {t('person.period', {
                from: formatDate(lang, post.from, timezone),
                to: post.to ? formatDate(lang, post.to, timezone) : '',
              })}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
