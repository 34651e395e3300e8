import { describe, expect, it } from 'vitest';
import { type Log, tail, withLatest, withMessage, withNewer, withOlder } from './log';
import type { Message } from './model';

const message = (seq: number, revision = 1): Message => ({
  id: `m${seq}`,
  roomId: 'r',
  seq,
  kind: 'text',
  author: { id: 'p', name: '王芳', avatarText: '王芳' },
  text: '',
  at: '2026-11-22T01:00:00Z',
  mentions: [],
  files: [],
  reactions: [],
  readCount: 0,
  unreadCount: 0,
  revision,
});
const log = (from: number, to: number, more: Partial<Log> = {}): Log => ({
  items: Array.from({ length: to - from + 1 }, (_, i) => message(from + i)),
  older: from > 1,
  newer: false,
  ...more,
});
const range = (l: Log) => `${l.items[0]?.seq}–${l.items.at(-1)?.seq} (${l.items.length})`;

describe('a log', () => {
  it('grows at both ends', () => {
    expect(range(withOlder(log(51, 60), log(41, 50)))).toBe('41–60 (20)');
    expect(range(withNewer(log(41, 50, { newer: true }), log(51, 60)))).toBe('41–60 (20)');
    expect(withOlder(log(51, 60), log(1, 50)).older).toBe(false);
  });

  it('takes the newest page when nothing is missing between', () => {
    expect(range(withLatest(log(1, 50), log(41, 60)))).toBe('1–60 (60)');
    expect(range(withLatest(log(1, 50), log(51, 60)))).toBe('1–60 (60)');
  });

  it('starts anew when too much was missed', () => {
    expect(range(withLatest(log(1, 50), log(71, 80)))).toBe('71–80 (10)');
    expect(range(withLatest(log(1, 0), log(71, 80)))).toBe('71–80 (10)');
  });

  it('that looks at old messages is not torn away by new ones', () => {
    const old = log(1, 50, { newer: true });
    expect(withLatest(old, log(71, 80))).toBe(old);
  });

  it('takes a new message while it is live, and a newer state of one it has', () => {
    expect(range(withMessage(log(1, 3), message(4), true) as Log)).toBe('1–4 (4)');
    expect(range(withMessage(log(1, 3), message(6), true) as Log)).toBe('1–6 (4)');
    expect(withMessage(log(1, 3), message(4), false)).toBeUndefined();
    expect(withMessage(log(1, 3, { newer: true }), message(4), true)).toBeUndefined();
    expect(withMessage(log(11, 13), message(4), true)).toBeUndefined();
    const changed = withMessage(log(1, 3), message(2, 7), false) as Log;
    expect(changed.items[1]?.revision).toBe(7);
    expect(withMessage(changed, message(2, 6), false)?.items[1]?.revision).toBe(7);
  });

  it('keeps its end', () => {
    expect(range(tail(log(1, 100), 30))).toBe('71–100 (30)');
    expect(tail(log(1, 100), 30).older).toBe(true);
    expect(range(tail(log(1, 20), 30))).toBe('1–20 (20)');
  });
});
