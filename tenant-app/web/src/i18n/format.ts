// Dates as people of the language write them, in the company's time zone.
import type { Lang } from './translate';

const cache = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options);
  let made = cache.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, options);
    cache.set(key, made);
  }
  return made;
}

/** 2026年11月22日 / 22 November 2026; a plain date stays the same day in every zone. */
export function formatDate(lang: Lang, value: string, timeZone?: string): string {
  const plain = /^\d{4}-\d{2}-\d{2}$/.test(value);
  return format(lang, { dateStyle: 'long', timeZone: plain ? 'UTC' : timeZone }).format(new Date(value));
}

/** 2026/11/22 11:05 / 22/11/2026, 11:05 */
export function formatTime(lang: Lang, value: string, timeZone?: string): string {
  return format(lang, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(new Date(value));
}

/** 甲、乙和丙 / A, B and C */
export function formatList(lang: Lang, items: string[]): string {
  return new Intl.ListFormat(lang === 'en' ? 'en-GB' : lang, { type: 'conjunction' }).format(items);
}

/** 138 0000 0001: easier to read out; any other number stays as it is. */
export function formatPhone(phone: string): string {
  return /^1\d{10}$/.test(phone) ? `${phone.slice(0, 3)} ${phone.slice(3, 7)} ${phone.slice(7)}` : phone;
}

const units = ['B', 'KB', 'MB', 'GB'];

/** 12 B, 3.4 KB, 118 MB */
export function formatSize(lang: Lang, bytes: number): string {
  const step = Math.min(units.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** step;
  const number = new Intl.NumberFormat(lang, { maximumFractionDigits: value < 10 && step > 0 ? 1 : 0 });
  return `${number.format(value)} ${units[step]}`;
}
