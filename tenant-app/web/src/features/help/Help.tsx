// 我 › 帮助: questions and answers that can be searched, shortcuts, whom to ask.
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearch } from 'wouter';
import { useMe } from '../../app/session';
import { type Key, type Lang, useLanguage, useT } from '../../i18n';
import type { Question } from '../../i18n/faq/model';
import { Icon } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import panel from '../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { leadsTo } from '../guide/queries';
import { find } from './find';
import classes from './Help.module.css';

const load = async (lang: Lang): Promise<Question[]> =>
  (await (lang === 'en' ? import('../../i18n/faq/en') : import('../../i18n/faq/zh-CN'))).default;

export default function Help() {
  const { t, lang } = useLanguage();
  const asked = new URLSearchParams(useSearch()).get('ask');
  const [typed, setTyped] = useState('');
  const { data, error, refetch } = useQuery({
    queryKey: ['faq', lang],
    queryFn: () => load(lang),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const found = data && find(data, typed);
  return (
    <div className={panel.panel}>
      <TextInput
        type="search"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        placeholder={t('help.search')}
        aria-label={t('help.search')}
        leftSection={<Icon name="search" size={16} />}
      />
      {!found && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />)}
      {found && typed.trim() !== '' && found.length > 0 && (
        <p className={panel.hint} role="status">
          {t('help.found', { count: found.length })}
        </p>
      )}
      {found?.length === 0 && <Blank icon="help" title={t('help.none')} text={t('help.noneHint')} />}
      {found && found.length > 0 && (
        <div className={classes.questions}>
          {found.map((q, i) => (
            <One key={q.id} question={q} open={q.id === asked || (typed.trim() !== '' && i === 0)} />
          ))}
        </div>
      )}
      <Contact />
      <Keys />
    </div>
  );
}

function One({ question: q, open }: { question: Question; open: boolean }) {
  const t = useT();
  const { rights } = useMe();
  return (
    <details className={classes.question} open={open}>
      <summary>{q.ask}</summary>
      {q.answer.map((text) => (
        <p key={text}>{text}</p>
      ))}
      {q.to && leadsTo(q.to, rights) && (
        <Button
          component={Link}
          href={q.to}
          variant="light"
          rightSection={<Icon name="right" size={14} />}
          aria-label={`${t('help.go')} ${q.ask}`}
        >
          {t('help.go')}
        </Button>
      )}
    </details>
  );
}

function Contact() {
  const t = useT();
  const { contact, release } = useMe();
  const ways: [string, string | undefined][] = [
    ['tel', contact?.phone],
    ['mailto', contact?.mail],
  ];
  const some = contact?.name || contact?.phone || contact?.mail;
  return (
    <section className={classes.contact}>
      <h2>{t('help.contact')}</h2>
      {!some && <p>{t('help.contactNobody')}</p>}
      {contact?.name && <p>{contact.name}</p>}
      <div className={panel.tools}>
        {ways.map(
          ([scheme, way]) =>
            way && (
              <Button
                key={scheme}
                component="a"
                href={`${scheme}:${way}`}
                variant="default"
                leftSection={<Icon name={scheme === 'tel' ? 'phone' : 'mail'} size={16} />}
              >
                {way}
              </Button>
            ),
        )}
      </div>
      <p className={panel.hint}>{t('help.version', { release })}</p>
    </section>
  );
}

const keys: [keys: string[], name: Key][] = [
  [['Ctrl', 'K'], 'help.keySearch'],
  [['Enter'], 'help.keySend'],
  [['Shift', 'Enter'], 'help.keyLine'],
  [['↑', '↓'], 'help.keyArrows'],
  [['Esc'], 'help.keyClose'],
];

function Keys() {
  const t = useT();
  const phone = usePhone();
  if (phone) return null;
  return (
    <section className={classes.keys}>
      <h2>{t('help.keys')}</h2>
      <dl>
        {keys.map(([pressed, name]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>
              {pressed.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
