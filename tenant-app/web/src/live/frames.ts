// What the server says over the socket. Everything is a hint that may be lost; the page reads again what it shows.

/** Something changed: message, room, read, reads, nudge, todo, approval, notice … data: the new object, when it is small. */
export type Hint = {
  kind: string;
  id: string;
  room?: string;
  thread?: string;
  seq?: number;
  revision?: number;
  data?: unknown;
};

export type Frame =
  | { t: 'hello' }
  | { t: 'beat'; rooms: Record<string, number> }
  | { t: 'hint'; hint: Hint }
  | { t: 'bye'; reason: string; afterMs: number };

const version = 1;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0);

function cursorsOf(value: unknown): Record<string, number> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function hintOf(frame: Record<string, unknown>): Hint | undefined {
  const kind = textOf(frame.kind);
  if (!kind) return undefined;
  return {
    kind,
    id: textOf(frame.id),
    ...(typeof frame.room === 'string' ? { room: frame.room } : {}),
    ...(typeof frame.thread === 'string' ? { thread: frame.thread } : {}),
    ...(typeof frame.seq === 'number' ? { seq: frame.seq } : {}),
    ...(typeof frame.revision === 'number' ? { revision: frame.revision } : {}),
    ...(isObject(frame.data) ? { data: frame.data } : {}),
  };
}

function frameOf(frame: unknown): Frame | undefined {
  if (!isObject(frame) || frame.v !== version) return undefined;
  if (frame.t === 'hello') return { t: 'hello' };
  if (frame.t === 'beat') return { t: 'beat', rooms: cursorsOf(frame.rooms) };
  if (frame.t === 'bye') return { t: 'bye', reason: textOf(frame.reason), afterMs: numberOf(frame.after) };
  if (frame.t !== 'hint') return undefined;
  const hint = hintOf(frame);
  return hint && { t: 'hint', hint };
}

/** Reads one frame or an array of them; what is of another version, or no frame at all, is left out. */
export function readFrames(data: unknown): Frame[] {
  try {
    const said: unknown = JSON.parse(textOf(data));
    return (Array.isArray(said) ? said : [said]).map(frameOf).filter((frame) => frame !== undefined);
  } catch {
    return [];
  }
}
