import { describe, expect, it } from 'vitest';
import { isCode, newCode, shownCode } from './model';

describe('the code of an anonymous suggestion', () => {
  it('is made of signs that the server takes, and differs each time', () => {
    const codes = Array.from({ length: 200 }, newCode);
    expect(codes.every((code) => code.length === 16 && isCode(code))).toBe(true);
    expect(new Set(codes).size).toBe(codes.length);
    expect(new Set(codes.join('')).size).toBe(32);
  });

  it('is known however it is typed', () => {
    const code = newCode();
    expect(shownCode(code)).toMatch(/^(\w{4}-){3}\w{4}$/);
    expect(isCode(` ${shownCode(code).toLowerCase()} `)).toBe(true);
    expect(['', 'ABCD', `${code}2`, `${code.slice(1)}0`, `${code.slice(1)}I`].some(isCode)).toBe(false);
  });
});
