import { expect, it } from 'vitest';
import { atLength, shortly } from './time';

const zone = 'Asia/Shanghai';
const now = Date.parse('2026-11-25T14:05:30+08:00'); // a Wednesday

it.each([
  ['2026-11-25T14:05:00+08:00', 'now', ''],
  ['2026-11-25T14:06:00+08:00', 'now', ''], // a clock that is ahead
  ['2026-11-25T09:03:00+08:00', 'text', '09:03'],
  ['2026-11-25T00:00:00+08:00', 'text', '00:00'],
  ['2026-11-24T23:59:00+08:00', 'yesterday', ''],
  ['2026-11-23T10:00:00+08:00', 'text', '星期一'],
  ['2026-11-19T10:00:00+08:00', 'text', '星期四'],
  ['2026-11-18T10:00:00+08:00', 'text', '11月18日'],
  ['2025-12-31T10:00:00+08:00', 'text', '2025/12/31'],
])('shows %s in a list as %s %s', (at, kind, text) => {
  expect(shortly('zh-CN', at, zone, now)).toEqual({ kind, text });
});

it('goes by the company’s calendar, not by hours', () => {
  expect(shortly('zh-CN', '2026-11-24T15:59:00Z', zone, now).kind).toBe('yesterday');
  expect(shortly('zh-CN', '2026-11-24T16:01:00Z', zone, now)).toEqual({ kind: 'text', text: '00:01' });
});

it('says the time of day between messages', () => {
  expect(atLength('zh-CN', '2026-11-25T09:03:00+08:00', zone, now).text).toBe('09:03');
  expect(atLength('zh-CN', '2026-11-24T09:03:00+08:00', zone, now)).toEqual({
    kind: 'yesterday',
    text: '09:03',
  });
  expect(atLength('zh-CN', '2026-11-23T09:03:00+08:00', zone, now).text).toBe('星期一 09:03');
  expect(atLength('en', '2026-11-23T09:03:00+08:00', zone, now).text).toBe('Monday 09:03');
});
