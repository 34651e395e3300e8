// A change must happen once, also when its reply is lost and the person presses the
// button again: as long as no reply came, the same request keeps the same key.

const unanswered = new Map<string, string>();

/** A random key of 32 hexadecimal digits. Works on plain-http pages, where crypto.randomUUID does not. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The key for a request; fingerprint is everything that makes it this request and no other. */
export function keyFor(fingerprint: string): string {
  const known = unanswered.get(fingerprint);
  if (known) return known;
  const key = randomKey();
  unanswered.set(fingerprint, key);
  return key;
}

/** A reply came: the same request, sent again, is meant as a new one. */
export function answered(fingerprint: string): void {
  unanswered.delete(fingerprint);
}
