// Questions that were asked before their time; whoever comes to ask gets the answer that is on its way.

const limitMs = 30_000;
const newMs = 10_000;
const asked = new Map<string, Promise<Response>>();

/** Asks already now. Path: from the top of the site, exactly as it will be asked. */
export function askEarly(path: string) {
  const url = location.origin + path;
  const answer = fetch(url, { signal: AbortSignal.timeout(limitMs) });
  const drop = () => asked.delete(url);
  answer.catch(drop); // it is asked again by whoever needs it
  asked.set(url, answer);
  setTimeout(drop, newMs);
}

/** The answer to what was asked early: once, and only while it is new. */
export function early(request: Request): Promise<Response> | undefined {
  if (request.method !== 'GET') return undefined;
  const answer = asked.get(request.url);
  asked.delete(request.url);
  return answer;
}
