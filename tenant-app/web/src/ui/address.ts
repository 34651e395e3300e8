// Addresses of what exists only in this window, for pictures of it.

const graceMs = 10_000;

/** An address of a blob, and what gives it up: a little later, as a picture on its way out may be reading it. */
export function addressOf(blob: Blob): [address: string, release: () => void] {
  const address = URL.createObjectURL(blob);
  return [address, () => void setTimeout(() => URL.revokeObjectURL(address), graceMs)];
}
