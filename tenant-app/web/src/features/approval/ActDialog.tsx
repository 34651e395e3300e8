// Says a word to what is done: a comment with phrases, and to whom it goes.
import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLanguage, useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { notify } from '../../ui/notices';
import { PeoplePicker, type Picked } from '../chat/PeoplePicker';
import classes from './ActDialog.module.css';
import { actNames, type Detail, said, type Verb } from './model';
import { act } from './outgoing';
import { phrasesQuery } from './queries';

/** These say why. */
const explained: readonly Verb[] = ['reject', 'return', 'cancel', 'comment'];
const toPeople: readonly Verb[] = ['transfer', 'cc'];
const longest = 2000;

type Props = { detail: Detail; verb: Verb; onClose: () => void };

export default function ActDialog({ detail, verb, onClose }: Props) {
  const t = useT();
  const [comment, setComment] = useState('');
  const [picked, setPicked] = useState<Picked[]>([]);
  const [node, setNode] = useState('');
  const [resume, setResume] = useState(true);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const asksWhom = toPeople.includes(verb);
  const run = async () => {
    setBusy(true);
    try {
      await act(
        {
          id: detail.id,
          verb,
          comment: comment.trim(),
          ...(verb === 'return' ? { resume, ...(node && { to: node }) } : {}),
          ...(verb === 'transfer' && picked[0] ? { to: picked[0].id } : {}),
          ...(verb === 'cc' ? { people: picked.map((p) => p.id) } : {}),
        },
        detail.revision,
      );
      notify({ tone: 'good', text: t('approval.done', { what: t(actNames[verb]) }) });
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const incomplete = (explained.includes(verb) && comment.trim() === '') || (asksWhom && picked.length === 0);
  return (
    <Dialog title={t(actNames[verb])} onClose={onClose} size="md" full={asksWhom}>
      <Form
        error={error}
        busy={busy}
        submit={t(actNames[verb])}
        onSubmit={() => void run()}
        onCancel={onClose}
        disabled={incomplete}
      >
        {verb === 'return' && (
          <Where detail={detail} node={node} onNode={setNode} resume={resume} onResume={setResume} />
        )}
        {asksWhom && (
          <PeoplePicker
            picked={picked}
            onChange={(people) => setPicked(verb === 'transfer' ? people.slice(-1) : people)}
          />
        )}
        {verb !== 'nudge' && (
          <Comment value={comment} onChange={setComment} required={explained.includes(verb)} />
        )}
        {verb === 'nudge' && <p className={classes.text}>{t('approval.nudgeText')}</p>}
      </Form>
    </Dialog>
  );
}

function Comment({
  value,
  onChange,
  required,
}: {
  value: string;
  onChange: (text: string) => void;
  required: boolean;
}) {
  const t = useT();
  const { data } = useQuery(phrasesQuery);
  return (
    <div>
      <Textarea
        label={t('approval.say')}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        rows={3}
        maxLength={longest}
        withAsterisk={required}
        data-autofocus
      />
      {data && data.phrases.length > 0 && (
        <ul className={classes.phrases} aria-label={t('approval.phrases')}>
          {data.phrases.map((phrase) => (
            <li key={phrase}>
              <Button variant="default" onClick={() => onChange(value ? `${value} ${phrase}` : phrase)}>
                {phrase}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

type WhereProps = {
  detail: Detail;
  node: string;
  onNode: (node: string) => void;
  resume: boolean;
  onResume: (resume: boolean) => void;
};

/** To whom it goes back, and where it goes on afterwards. */
function Where({ detail, node, onNode, resume, onResume }: WhereProps) {
  const { t, lang } = useLanguage();
  return (
    <>
      <NativeSelect
        label={t('approval.returnTo')}
        value={node}
        onChange={(event) => onNode(event.currentTarget.value)}
        data={[
          { value: '', label: t('approval.toSubmitter', { name: detail.submitter.name }) },
          ...detail.returnTo.map((n) => ({ value: n.id, label: said(n.name, lang) })),
        ]}
      />
      <NativeSelect
        label={t('approval.afterwards')}
        value={resume ? 'resume' : 'restart'}
        onChange={(event) => onResume(event.currentTarget.value === 'resume')}
        data={[
          { value: 'resume', label: t('approval.resume') },
          { value: 'restart', label: t('approval.restart') },
        ]}
      />
    </>
  );
}
