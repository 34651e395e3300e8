import { describe, expect, it } from 'vitest';
import { asksNow, centsOf, type Field, filled, missing, money, outcomeOf, typedMoney } from './model';

const name = { 'zh-CN': '名', en: 'name' };
const fields: Field[] = [
  { key: 'subject', kind: 'text', name, required: true },
  { key: 'from', kind: 'half', name, required: true },
  {
    key: 'rows',
    kind: 'rows',
    name,
    required: true,
    columns: [
      { key: 'amount', kind: 'money', name, required: true },
      { key: 'note', kind: 'text', name },
    ],
  },
  { key: 'total', kind: 'money', name, compute: { fn: 'sum', of: ['rows.amount'] } },
];

describe('money', () => {
  it('is read to the cent', () => {
    expect(['12', '12.5', '0.07', '1,200.30', '￥8', '19.99', '-3'].map(centsOf)).toEqual([
      1200, 1250, 7, 120030, 800, 1999, -300,
    ]);
  });

  it('is not guessed', () => {
    expect(['', 'abc', '1.234', '1.2.3', '.5'].map(centsOf)).toEqual(Array(5).fill(undefined));
  });

  it('is shown', () => {
    expect(money(120030)).toBe('¥1,200.30');
    expect(typedMoney(7)).toBe('0.07');
    expect(typedMoney(undefined)).toBe('');
  });
});

describe('a form', () => {
  it('says what is missing, in its rows too', () => {
    expect(missing(fields, {})).toEqual(['subject', 'from', 'rows']);
    const half = { date: '', half: 'am' };
    expect(missing(fields, { subject: 'a', from: half, rows: [{ amount: 1 }, { note: 'b' }] })).toEqual([
      'from',
      'rows[1].amount',
    ]);
  });

  it('sends nothing empty or computed', () => {
    expect(
      filled(fields, { subject: 'a', total: 5, rows: [{ amount: 1, note: '' }], from: undefined }),
    ).toEqual({
      subject: 'a',
      rows: [{ amount: 1 }],
    });
  });

  it('counts nought as filled in', () => {
    expect(missing(fields.slice(2, 3), { rows: [{ amount: 0 }] })).toEqual([]);
  });
});

describe('a card', () => {
  it('asks its reader only while its own work item is open', () => {
    const running = { state: 'running', task: '2' };
    expect(asksNow(running)).toBe(true);
    expect(asksNow({ ...running, over: 'returned' })).toBe(false);
    expect(asksNow({ ...running, over: 'again' })).toBe(false);
    expect(asksNow({ ...running, state: 'approved' })).toBe(false);
    expect(asksNow({ state: 'running' })).toBe(false); // a copy
  });

  it('says how its work item ended, also in a word of a newer server', () => {
    expect(outcomeOf('returned')).toBe('approval.over.returned');
    expect(outcomeOf('toString')).toBe('approval.over.dropped');
  });
});
