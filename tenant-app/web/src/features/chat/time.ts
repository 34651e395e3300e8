// When something was said, as people say it.
import type { Lang } from '../../i18n';

const dayMs = 86_400_000;

type Parts = { year: string; month: string; day: string; hour: string; minute: string };

const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, options);
  formats.set(key, made);
  return made;
}

/** Days since 1970 in the zone, so that 昨天 is yesterday on the calendar. */
function dayOf(at: Date, timeZone: string): number {
  const parts = format('en', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).formatToParts(
    at,
  );
  const p = Object.fromEntries(parts.map((x) => [x.type, x.value])) as Parts;
  return Date.UTC(Number(p.year), Number(p.month) - 1, Number(p.day)) / dayMs;
}

const clock = (lang: Lang, at: Date, timeZone: string) =>
  format(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }).format(at);

export type When = { kind: 'now' | 'yesterday' | 'text'; text: string };

/** For a list: 刚刚, 14:05, 昨天, 星期三, 11月3日, 2025/11/3. */
export function shortly(lang: Lang, value: string, timeZone: string, now = Date.now()): When {
  const at = new Date(value);
  const days = dayOf(new Date(now), timeZone) - dayOf(at, timeZone);
  if (days <= 0) {
    if (now - at.getTime() < 60_000) return { kind: 'now', text: '' };
    return { kind: 'text', text: clock(lang, at, timeZone) };
  }
  if (days === 1) return { kind: 'yesterday', text: '' };
  return { kind: 'text', text: dayText(lang, at, days, timeZone, now) };
}

function dayText(lang: Lang, at: Date, days: number, timeZone: string, now: number): string {
  if (days < 7) return format(lang, { weekday: 'long', timeZone }).format(at);
  const year = (d: Date) => format('en', { year: 'numeric', timeZone }).format(d);
  if (year(at) === year(new Date(now)))
    return format(lang, { month: 'short', day: 'numeric', timeZone }).format(at);
  return format(lang, { dateStyle: 'short', timeZone }).format(at);
}

/** Between messages: 今天 is left out, so 14:05, 昨天 14:05, 星期三 14:05, 11月3日 14:05. */
export function atLength(lang: Lang, value: string, timeZone: string, now = Date.now()): When {
  const at = new Date(value);
  const time = clock(lang, at, timeZone);
  const days = dayOf(new Date(now), timeZone) - dayOf(at, timeZone);
  if (days <= 0) return { kind: 'text', text: time };
  if (days === 1) return { kind: 'yesterday', text: time };
  return { kind: 'text', text: `${dayText(lang, at, days, timeZone, now)} ${time}` };
}

export const clockTime = (lang: Lang, value: string, timeZone: string): string =>
  clock(lang, new Date(value), timeZone);
