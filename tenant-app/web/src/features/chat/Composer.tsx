// Where a message is written: Enter sends, Shift+Enter makes a line; files by button, paste and drop; @ calls people.
import { type KeyboardEvent, lazy, Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { blobOf, type OutboxBlob } from '../../offline/outbox';
import { Icon } from '../../ui/Icon';
import { isComposing } from '../../ui/ime';
import { usePhone } from '../../ui/media';
import { notify } from '../../ui/notices';
import { Attachments } from './Attachments';
import { quoteOf } from './api';
import classes from './Composer.module.css';
import { type OptionState, Options } from './ComposerOptions';
import { useConversation } from './conversation';
import { draftOf, keepDraft } from './drafts';
import { mentionAt, mentionsIn, putMention } from './mention';
import type { Message, MessageKind } from './model';
import { emptyDraft, post } from './outgoing';
import { everyone } from './pieces';
import { saidOf } from './rows';
import { lineOf } from './sentences';

const MentionPicker = lazy(() => import('./MentionPicker'));
const Recorder = lazy(() => import('./Recorder'));

const maxFiles = 9;
const maxText = 10_000;
const noOptions: OptionState = { receipt: false, urgent: false };

type Props = {
  quote: Message | undefined;
  onQuote: (quote: Message | undefined) => void;
  /** A text that somebody else puts in: what was recalled, or could not be sent. */
  given: string | undefined;
  onGiven: () => void;
};

export function Composer({ quote, onQuote, given, onGiven }: Props) {
  const t = useT();
  const phone = usePhone();
  const { room, place } = useConversation();
  const key = place.thread ?? place.room;
  const [text, setText] = useState(() => draftOf(key));
  const [caret, setCaret] = useState(0);
  const [files, setFiles] = useState<OutboxBlob[]>([]);
  const [called, setCalled] = useState<Map<string, string>>(new Map());
  const [options, setOptions] = useState(noOptions);
  const [recording, setRecording] = useState(false);
  const [sent, setSent] = useState(0);
  const area = useRef<HTMLTextAreaElement>(null);
  const calling = mentionAt(text, caret);
  const many = room.kind === 'group' || room.kind === 'department';

  useGrowing(area, text);
  useEffect(() => keepDraft(key, text), [key, text]);
  useEffect(() => {
    if (given === undefined) return;
    setText((now) => (now.trim() ? `${now}\n${given}` : given));
    onGiven();
    area.current?.focus();
  }, [given, onGiven]);
  useEffect(() => {
    if (quote || !phone) area.current?.focus({ preventScroll: true });
  }, [quote, phone]);

  const add = (added: readonly File[]) => {
    const blobs = added.filter((f) => f.size > 0).map(blobOf);
    if (files.length + blobs.length > maxFiles)
      notify({ tone: 'bad', text: t('chat.tooManyFiles', { max: maxFiles }) });
    setFiles([...files, ...blobs].slice(0, maxFiles));
  };
  const send = (kind: MessageKind, said: string, blobs: OutboxBlob[]) => {
    const mentions = mentionsIn(said, called);
    const all = many && room.mayMentionAll && everyone.some((name) => said.includes(`@${name}`));
    void post(
      place.room,
      {
        ...emptyDraft(),
        kind,
        text: said,
        mentions,
        all,
        ...options,
        ...(quote ? { quote: quoteOf(quote) } : {}),
        ...(place.thread ? { thread: place.thread } : {}),
      },
      blobs,
    );
    onQuote(undefined);
    setOptions(noOptions);
  };
  const submit = () => {
    const said = text.trim();
    if (!said && files.length === 0) return;
    for (const group of byKind(files)) send(group.kind, group.last ? said : '', group.blobs);
    if (files.length === 0) send('text', said, []);
    setText('');
    setFiles([]);
    setCalled(new Map());
    setSent(sent + 1);
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || isComposing(event.nativeEvent)) return;
    if (event.key === 'Escape' && quote) onQuote(undefined);
    // On a phone Enter is a new line: its keyboard has no Shift at hand.
    if (event.key !== 'Enter' || event.shiftKey || phone) return;
    event.preventDefault();
    submit();
  };
  const pick = (person: { id: string; name: string }) => {
    if (!calling) return;
    const put = putMention(text, calling, person.name);
    setText(put.text);
    setCaret(put.caret);
    setCalled(new Map(called).set(person.name, person.id));
    requestAnimationFrame(() => area.current?.setSelectionRange(put.caret, put.caret));
    area.current?.focus();
  };

  if (room.kind === 'assistant') return null;
  if (!room.maySpeak) return <p className={classes.silent}>{t('chat.maySpeakNot')}</p>;
  return (
    <div className={classes.composer} {...dropping(add)}>
      {calling && many && (
        <Suspense fallback={null}>
          <MentionPicker
            room={room.id}
            q={calling.q}
            all={room.mayMentionAll}
            input={area}
            onPick={pick}
            onClose={() => setCaret(0)}
          />
        </Suspense>
      )}
      {quote && (
        <p className={classes.quote}>
          <span>
            <b>{quote.author?.name}</b> {lineOf(saidOf(quote), t)}
          </span>
          <button type="button" onClick={() => onQuote(undefined)} aria-label={t('chat.quoteRemove')}>
            <Icon name="close" size={16} />
          </button>
        </p>
      )}
      <Attachments files={files} onChange={setFiles} />
      {recording ? (
        <Suspense fallback={null}>
          <Recorder
            onClose={() => setRecording(false)}
            onDone={(blob, length) => {
              setRecording(false);
              send('voice', length, [blob]);
            }}
          />
        </Suspense>
      ) : (
        <div className={classes.bar}>
          <textarea
            ref={area}
            value={text}
            rows={1}
            maxLength={maxText}
            className={classes.input}
            placeholder={t(place.thread ? 'chat.replyHint' : 'chat.writeHint')}
            aria-label={t('chat.text')}
            enterKeyHint={phone ? 'enter' : 'send'}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setCaret(event.currentTarget.selectionStart);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const pasted = [...event.clipboardData.files];
              if (pasted.length === 0) return;
              event.preventDefault();
              add(pasted);
            }}
          />
          <Options
            key={sent}
            value={options}
            onChange={setOptions}
            onFiles={add}
            onRecord={() => setRecording(true)}
            onText={(piece) => {
              setText(text.slice(0, caret || text.length) + piece + text.slice(caret || text.length));
              area.current?.focus();
            }}
            plain={room.kind === 'self' || place.thread !== undefined}
            many={many}
          />
          <button
            type="button"
            className={classes.send}
            onClick={submit}
            disabled={!text.trim() && files.length === 0}
            aria-label={t('chat.send')}
            title={t('chat.send')}
          >
            <Icon name="send" />
          </button>
        </div>
      )}
    </div>
  );
}

const isPicture = (blob: OutboxBlob) => /^image\/(png|jpe?g|gif|webp)$/.test(blob.type);

/** Pictures go together, each other file by itself; the text goes with the last of them. */
function byKind(files: OutboxBlob[]) {
  const pictures = files.filter(isPicture);
  const groups = [
    ...(pictures.length > 0 ? [{ kind: 'picture' as const, blobs: pictures }] : []),
    ...files.filter((f) => !isPicture(f)).map((f) => ({ kind: 'file' as const, blobs: [f] })),
  ];
  return groups.map((group, i) => ({ ...group, last: i === groups.length - 1 }));
}

function dropping(add: (files: File[]) => void) {
  return {
    onDragOver: (event: React.DragEvent) => event.preventDefault(),
    onDrop: (event: React.DragEvent) => {
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      add([...event.dataTransfer.files]);
    },
  };
}

/** As high as the text, up to the limit of the style sheet. */
function useGrowing(area: React.RefObject<HTMLTextAreaElement | null>, text: string) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text makes the height
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [area, text]);
}
