// The socket to the server. The page works without it: who shows something reads it again at a calm rate.
import { useSyncExternalStore } from 'react';
import { pauseAfter } from '../offline/pause';
import { type Frame, type Hint, readFrames } from './frames';

export type LiveEvents = {
  hint?: (hint: Hint) => void;
  /** The connection is there again after it was not: hints may have been lost. */
  resumed?: () => void;
  /** Rooms that moved since the last heartbeat, and how far. */
  beat?: (rooms: Record<string, number>) => void;
  /** The session ended: who is signed in must be asked again. */
  signedOut?: () => void;
};

/** Longer than two heartbeats of 15 s: then the connection is taken for dead. */
const silenceMs = 40_000;

let socket: WebSocket | undefined;
let open = false;
let wanted = false;
let failures = 0;
let reconnect: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;

const events = new Set<LiveEvents>();
const stateListeners = new Set<() => void>();

function setOpen(now: boolean) {
  if (open === now) return;
  open = now;
  for (const listener of stateListeners) listener();
}

/** Connects, and stays connected as long as the page lives. */
export function startLive(): void {
  if (wanted) return;
  wanted = true;
  addEventListener('online', hurry);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') hurry();
  });
  connect();
}

/** The person or the network is back: no need to wait for the next try. */
function hurry() {
  if (open || socket) return;
  failures = 0;
  connect();
}

function connect() {
  clearTimeout(reconnect);
  if (!wanted || !navigator.onLine) return;
  const mine = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/live`);
  socket = mine;
  mine.onmessage = (event) => {
    heard();
    for (const frame of readFrames(event.data)) take(frame);
  };
  mine.onopen = heard;
  mine.onclose = () => {
    if (socket !== mine) return;
    ended();
  };
}

/** Waits before it tries again: at least as long as the server asked for. */
function ended(leastMs = 0) {
  clearTimeout(silence);
  socket = undefined;
  setOpen(false);
  failures += 1;
  reconnect = setTimeout(connect, leastMs + pauseAfter(failures));
}

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => drop(), silenceMs);
}

/** Closing a dead connection takes the browser long: it counts as closed from now. */
function drop(leastMs = 0) {
  const dead = socket;
  if (!dead) return;
  dead.onclose = null;
  dead.onmessage = null;
  dead.close();
  ended(leastMs);
}

function take(frame: Frame) {
  if (frame.t === 'hello') {
    failures = 0;
    setOpen(true);
    for (const e of events) e.resumed?.();
  } else if (frame.t === 'beat') for (const e of events) e.beat?.(frame.rooms);
  else if (frame.t === 'hint') for (const e of events) e.hint?.(frame.hint);
  else if (frame.reason === 'session') {
    wanted = false;
    drop();
    for (const e of events) e.signedOut?.();
  } else drop(frame.afterMs);
}

export function onLive(listener: LiveEvents): () => void {
  events.add(listener);
  return () => events.delete(listener);
}

function subscribe(listener: () => void) {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}

const isOpen = () => open;

/** Whether hints come in. */
export const useLive = (): boolean => useSyncExternalStore(subscribe, isOpen);

/** How often to read again what is shown: never while hints come in. */
export function useCalmRate(everyMs: number): number | false {
  return useLive() ? false : everyMs;
}
