import { describe, expect, it } from 'vitest';
import en from '../../i18n/faq/en';
import zh from '../../i18n/faq/zh-CN';
import { leadsTo } from '../guide/queries';
import { find } from './find';

const best = (questions: typeof zh, typed: string) => find(questions, typed)[0]?.id;

describe('help', () => {
  it('finds by what clerks call it', () => {
    expect(best(zh, '年假')).toBe('leave');
    expect(best(zh, '怎么请假')).toBe('leave');
    expect(best(zh, '收不到通知')).toBe('notices');
    expect(best(zh, '换手机')).toBe('phone');
    expect(best(zh, '同步失败')).toBe('sync');
    expect(best(zh, '加到桌面')).toBe('install');
    expect(best(zh, '忘记密码')).toBe('password');
    expect(best(en, 'forgot password')).toBe('password');
    expect(best(en, 'no network')).toBe('offline');
  });

  it('shows all while nothing is typed, and nothing for nonsense', () => {
    expect(find(zh, ' ')).toHaveLength(zh.length);
    expect(find(zh, 'xyzzy')).toEqual([]);
  });

  it('is the same in both languages', () => {
    const shape = (questions: typeof zh) => questions.map((q) => [q.id, q.to ?? '']);
    expect(shape(en)).toEqual(shape(zh));
    expect(new Set(zh.map((q) => q.id)).size).toBe(zh.length);
    for (const q of zh) expect(q.ask + q.answer.join('')).toMatch(/\p{Script=Han}/u);
    for (const q of en) expect(q.ask + q.answer.join('') + q.words).not.toMatch(/\p{Script=Han}/u);
  });

  it('leads only to places that are there for the person', () => {
    expect(leadsTo('/work/new/leave', ['approval.submit'])).toBe(true);
    expect(leadsTo('/work/new/leave', [])).toBe(false);
    expect(leadsTo('/me/no-such-place', [])).toBe(false);
  });
});
