// Sends what waits, in order for each aggregate, each exactly once as far as the server can see.
import { ApiError } from '../../api/problem';
import type { Entry } from './model';
import { ready } from './model';
import type { Sender } from './senders';
import type { OutboxStore } from './store';

/** How a round ended: everything that could be sent was; the network or the server is not there; the person must sign in or agree first. */
export type Outcome = 'done' | 'unreachable' | 'signed-out';

type Parts = {
  store: OutboxStore;
  person: string;
  senderOf: (entry: Entry) => Promise<Sender | undefined>;
  /** What the server answered; before the operation is removed, so that nothing disappears in between. */
  sent: (entry: Entry, answer: unknown) => void;
};

const atOnce = 3;

/** Signed out, or not agreed to the newest texts: what waits is sent once they did. */
const waitsForPerson = (error: ApiError) => error.status === 401 || error.code === 'consent_needed';

/** A refusal that time does not heal: the person has to look at it. */
function refusal(error: unknown): ApiError | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const passing = error.status === 0 || waitsForPerson(error) || error.status === 429 || error.status >= 500;
  return passing ? undefined : error;
}

/** Sends until nothing more can be. Only one tab of a browser may be in here at a time. */
export async function replay({ store, person, senderOf, sent }: Parts): Promise<Outcome> {
  const busy = new Map<string, Promise<void>>();
  let outcome: Outcome = 'done';

  const send = async (entry: Entry, sender: Sender) => {
    try {
      sent(entry, await sender.send(entry));
      await store.remove([entry.opId]);
    } catch (error) {
      const tries = (entry.fate?.tries ?? 0) + 1;
      const refused = refusal(error);
      if (refused) {
        const { status, code, params } = refused;
        await store.setFate({ opId: entry.opId, tries, parked: { status, code, params } });
      } else if (error instanceof ApiError) {
        outcome = waitsForPerson(error) ? 'signed-out' : 'unreachable';
      } else {
        // A mistake of this page must not block what comes after for ever.
        await store.setFate({
          opId: entry.opId,
          tries,
          parked: { status: 0, code: 'unexpected', params: {} },
        });
      }
    }
  };

  for (;;) {
    const entries = await store.all(person);
    const senders = new Map<string, Sender>();
    for (const entry of entries) {
      const sender = await senderOf(entry).catch(() => undefined);
      if (sender) senders.set(entry.opId, sender);
    }
    if (outcome === 'done') {
      for (const entry of ready(entries, (e) => senders.has(e.opId), new Set(busy.keys()))) {
        const sender = senders.get(entry.opId);
        if (!sender || busy.size >= atOnce) continue;
        busy.set(
          entry.aggregate,
          send(entry, sender).finally(() => busy.delete(entry.aggregate)),
        );
      }
    }
    if (busy.size === 0) return outcome;
    await Promise.race(busy.values());
  }
}
