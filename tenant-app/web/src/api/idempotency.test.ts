import { describe, expect, it } from 'vitest';
import { answered, keyFor, randomKey } from './idempotency';

describe('Idempotency-Key', () => {
  it('stays the same while no reply came, so that pressing again does not do it twice', () => {
    const first = keyFor('POST /people {"name":"王芳"}');
    expect(keyFor('POST /people {"name":"王芳"}')).toBe(first);
  });

  it('differs for another request', () => {
    expect(keyFor('POST /a {}')).not.toBe(keyFor('POST /b {}'));
  });

  it('is new once a reply came: the same again is meant', () => {
    const first = keyFor('POST /c {}');
    answered('POST /c {}');
    expect(keyFor('POST /c {}')).not.toBe(first);
  });

  it('has the form that the server takes', () => {
    expect(randomKey()).toMatch(/^[0-9a-f]{32}$/);
  });
});
