// What can be said or done about a suggestion. What was typed stays until the server has it.
import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { explain } from '../../api/problem';
import { type Key, useT } from '../../i18n';
import { Fault } from '../../ui/Form';
import classes from './Desk.module.css';
import type { Verb } from './model';

const longest = 10_000;
/** These say something; the others need not. */
const worded: ReadonlySet<Verb> = new Set(['answer', 'follow']);
const order: readonly Verb[] = ['take', 'close', 'follow', 'answer'];
const names: Record<Verb, Key> = {
  take: 'desk.take',
  close: 'desk.close',
  follow: 'desk.follow',
  answer: 'desk.answer',
};

type Props = {
  actions: readonly string[];
  busy: boolean;
  error: unknown;
  onDo: (verb: Verb, text: string) => Promise<unknown>;
};

export function Reply({ actions, busy, error, onDo }: Props) {
  const t = useT();
  const [text, setText] = useState('');
  if (actions.length === 0) return null;
  const run = (verb: Verb) => {
    // A refusal is shown above; the text stays.
    void onDo(verb, text.trim()).then(
      () => verb !== 'take' && setText(''),
      () => undefined,
    );
  };
  const says = actions.includes('answer') ? 'desk.answerHint' : 'desk.followHint';
  return (
    <footer className={classes.reply}>
      {error ? <Fault text={explain(error, t)} /> : null}
      <Textarea
        aria-label={t(says)}
        placeholder={t(says)}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={longest}
      />
      <div>
        {order
          .filter((verb) => actions.includes(verb))
          .map((verb, i, shown) => (
            <Button
              key={verb}
              variant={i === shown.length - 1 ? 'filled' : 'default'}
              disabled={busy || (worded.has(verb) && text.trim() === '')}
              onClick={() => run(verb)}
            >
              {t(names[verb])}
            </Button>
          ))}
      </div>
    </footer>
  );
}
