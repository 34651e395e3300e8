// The messages, however many: only those on screen exist, and the reader's place stays when others come in.
import { useQueryClient } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { useMinute } from '../../ui/minute';
import { Blank } from '../../ui/states';
import { useConversation } from './conversation';
import type { Log } from './log';
import classes from './MessageList.module.css';
import { MessageRow } from './MessageRow';
import { usePending } from './outgoing';
import { PendingRow } from './PendingRow';
import { loadAround, loadNewer, loadOlder } from './queries';
import { type Row, toRows } from './rows';
import { whenText } from './sentences';
import { atLength } from './time';
import { useReading } from './useReading';

const estimate = { time: 36, unread: 32, message: 68, pending: 68 };
const nearEnd = 120;
const flashMs = 1_600;

export function MessageList({ log, at }: { log: Log; at?: number | undefined }) {
  const t = useT();
  const me = useMe();
  const client = useQueryClient();
  const { room, place } = useConversation();
  const pending = usePending(place.room, place.thread);
  const [opened] = useState(() => (place.thread ? 0 : room.readSeq));
  const rows = useMemo(
    () => toRows(log.items, log.newer ? [] : pending, opened, me.personId),
    [log, pending, opened, me.personId],
  );
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    getItemKey: (i) => rows[i]?.key ?? i,
    estimateSize: (i) => estimate[rows[i]?.kind ?? 'message'],
    overscan: 6,
    paddingStart: 12,
    paddingEnd: 12,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: nearEnd,
  });
  const shown = virtual.getVirtualItems();
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? 0;
  const atEnd = !log.newer && virtual.isAtEnd(nearEnd);
  const end = log.newer ? undefined : rows.at(-1)?.key;
  const stays = useStaying(scroll, at === undefined, end, virtual.scrollToEnd);
  const [marked, jump] = useJump(rows, at, (index) => {
    stays.current = false;
    virtual.scrollToIndex(index, { align: 'center' });
  });

  useEffect(() => {
    if (rows.length === 0) return;
    if (log.older && first < 8) void loadOlder(client, place).catch(() => undefined);
    if (log.newer && last > rows.length - 8) void loadNewer(client, place).catch(() => undefined);
  }, [client, place, log.older, log.newer, first, last, rows.length]);

  useReading(rows, last, log.newer);
  const toEnd = useCallback(async () => {
    if (log.newer) await loadAround(client, place);
    stays.current = true;
    virtual.scrollToEnd();
  }, [client, place, log.newer, stays, virtual]);

  if (rows.length === 0) return <Nothing />;
  return (
    <div className={classes.frame}>
      <div className={classes.scroll} ref={scroll}>
        <ol
          className={classes.rows}
          style={{ height: virtual.getTotalSize() }}
          aria-label={t('chat.messages')}
        >
          {shown.map((item) => {
            const row = rows[item.index];
            return (
              <li
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={classes.cell}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {row && <Cell row={row} marked={marked === row.key} onJump={jump} />}
              </li>
            );
          })}
        </ol>
      </div>
      <Jumps
        rows={rows}
        first={first}
        atEnd={atEnd}
        opened={opened}
        onSeq={jump}
        onEnd={() => void toEnd()}
      />
    </div>
  );
}

function Nothing() {
  const t = useT();
  const { room, place } = useConversation();
  const self = room.kind === 'self';
  return (
    <div className={classes.nothing}>
      <Blank
        icon={self ? 'folder' : 'chat'}
        title={t(self ? 'chat.selfTitle' : place.thread ? 'chat.threadEmpty' : 'chat.quiet')}
        text={self ? t('chat.selfHint') : undefined}
      />
    </div>
  );
}

function Cell({ row, marked, onJump }: { row: Row; marked: boolean; onJump: (seq: number) => void }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  if (row.kind === 'time')
    return <p className={classes.time}>{whenText(atLength(lang, row.at, timezone, now), t)}</p>;
  if (row.kind === 'unread') return <p className={classes.fresh}>{t('chat.newBelow')}</p>;
  if (row.kind === 'pending') return <PendingRow pending={row.pending} head={row.head} />;
  return (
    <MessageRow message={row.message} head={row.head} clock={row.clock} marked={marked} onJump={onJump} />
  );
}

const gestures = ['wheel', 'touchmove', 'pointerdown', 'keydown'];

/**
 * A room opens at its end, and stays there until the reader moves: what came since it was kept comes at once or a while
 * later, and the first rows have no sizes yet. end: key of the last row. Gives whether it stays, to be set.
 */
function useStaying(
  scroll: RefObject<HTMLElement | null>,
  begins: boolean,
  end: string | undefined,
  toEnd: () => void,
) {
  const stays = useRef(begins);
  const there = end !== undefined;
  useEffect(() => {
    const element = there ? scroll.current : null;
    const move = () => {
      stays.current = false;
    };
    for (const gesture of gestures) element?.addEventListener(gesture, move, { passive: true });
    return () => {
      for (const gesture of gestures) element?.removeEventListener(gesture, move);
    };
  }, [scroll, there]);
  useLayoutEffect(() => {
    if (end !== undefined && stays.current) toEnd();
  }, [end, toEnd]);
  return stays;
}

/** Goes to a message, also one that is not loaded, and shows which one it was. */
function useJump(rows: Row[], at: number | undefined, show: (index: number) => void) {
  const client = useQueryClient();
  const { place } = useConversation();
  const [wanted, setWanted] = useState(at);
  const [marked, setMarked] = useState('');
  const asked = useRef<number>(undefined);
  useEffect(() => setWanted(at), [at]);
  useEffect(() => {
    if (wanted === undefined) return;
    const index = rowOf(rows, wanted);
    const row = rows[index];
    if (row) {
      show(index);
      setMarked(row.key);
      setWanted(undefined);
      asked.current = undefined;
    } else if (asked.current !== wanted) {
      asked.current = wanted;
      void loadAround(client, place, wanted).catch(() => setWanted(undefined));
    }
  }, [client, place, rows, wanted, show]);
  useEffect(() => {
    if (!marked) return;
    const timer = setTimeout(() => setMarked(''), flashMs);
    return () => clearTimeout(timer);
  }, [marked]);
  return [marked, setWanted] as const;
}

type JumpProps = {
  rows: Row[];
  first: number;
  atEnd: boolean;
  opened: number;
  onSeq: (seq: number) => void;
  onEnd: () => void;
};

/** What is unread above, and the way back down. */
function Jumps({ rows, first, atEnd, opened, onSeq, onEnd }: JumpProps) {
  const t = useT();
  const { room, place } = useConversation();
  const [unread] = useState(room.unread);
  const [dismissed, setDismissed] = useState(false);
  const line = rows.findIndex((r) => r.kind === 'unread');
  const above = !place.thread && unread > 8 && !dismissed && (line < 0 || line < first);
  const fresh = room.unread;
  return (
    <>
      {above && (
        <button
          type="button"
          className={classes.up}
          onClick={() => {
            setDismissed(true);
            onSeq(opened + 1);
          }}
        >
          <Icon name="up" size={16} /> {t('chat.unreadAbove', { count: unread })}
        </button>
      )}
      {!atEnd && (
        <button type="button" className={classes.end} onClick={onEnd}>
          <Icon name="downward" size={16} />
          <span className="visually-hidden">{t('chat.toEnd')}</span>
          {fresh > 0 && <span>{t('chat.newCount', { count: fresh })}</span>}
        </button>
      )}
    </>
  );
}

/** The message of a sequence number, or the next one, as numbers have gaps; -1 if it is not loaded. */
function rowOf(rows: Row[], seq: number): number {
  const first = rows.find((r) => r.kind === 'message');
  if (first?.kind !== 'message' || first.message.seq > seq) return -1;
  return rows.findIndex((r) => r.kind === 'message' && r.message.seq >= seq);
}
