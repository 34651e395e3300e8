// Text as Chinese Excel saves it. Browsers and Node.js read GB18030 and do not write it.

/** Bytes by character, for what takes two bytes. */
function pairs() {
  const decoder = new TextDecoder('gb18030');
  const found = new Map();
  for (let high = 0x81; high <= 0xfe; high++) {
    for (let low = 0x40; low <= 0xfe; low++) {
      if (low === 0x7f) continue;
      const text = decoder.decode(new Uint8Array([high, low]));
      if ([...text].length === 1 && text !== '\ufffd') found.set(text, [high, low]);
    }
  }
  return found;
}

/** Rare names stand outside of the first plane: four bytes, by their number. */
function rare(character) {
  let n = character.codePointAt(0) - 0x10000;
  if (n < 0) throw new Error(`${character} is neither ASCII, nor of two bytes, nor rare`);
  const bytes = [];
  for (const [base, size] of [
    [0x30, 10],
    [0x81, 126],
    [0x30, 10],
  ]) {
    bytes.unshift(base + (n % size));
    n = Math.floor(n / size);
  }
  return [0x90 + n, ...bytes];
}

export function gb18030(text) {
  const known = pairs();
  const bytes = [...text].flatMap((c) => (c < '\u0080' ? [c.charCodeAt(0)] : (known.get(c) ?? rare(c))));
  return Buffer.from(bytes);
}
