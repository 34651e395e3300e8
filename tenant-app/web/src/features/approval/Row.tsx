// One line of a list of approvals or to-dos: what, whose, the fields that matter, and since when.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { PersonRef, Schemas } from '../../api/types';
import { useLanguage } from '../../i18n';
import { Icon, type IconName } from '../../ui/Icon';
import { PersonAvatar } from '../../ui/PersonAvatar';
import list from './List.module.css';
import { said } from './model';

type Props = {
  href: string;
  title: string;
  person?: PersonRef | undefined;
  /** Where there is no person. */
  icon?: IconName;
  summary?: Schemas['Line'][];
  at?: string;
  when?: string;
  sign?: ReactNode;
  here?: boolean;
  /** Before the line: to choose it among several. */
  pick?: ReactNode;
};

export function Row({
  href,
  title,
  person,
  icon = 'clock',
  summary = [],
  at,
  when,
  sign,
  here = false,
  pick,
}: Props) {
  const { lang } = useLanguage();
  return (
    <li className={pick ? list.picked : undefined}>
      {pick}
      <Link
        href={href}
        className={list.row}
        data-here={here || undefined}
        aria-current={here ? 'page' : undefined}
      >
        {person ? (
          <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={40} />
        ) : (
          <Icon name={icon} size={22} />
        )}
        <span className={list.texts}>
          <span className={list.first}>
            <b>{title}</b>
            {sign}
            {at && <time dateTime={at}>{when}</time>}
          </span>
          <span className={list.second}>
            {summary.map((line) => `${said(line.name, lang)} ${said(line.text, lang)}`).join(' · ')}
          </span>
        </span>
      </Link>
    </li>
  );
}
