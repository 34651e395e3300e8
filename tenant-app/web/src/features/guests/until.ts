// Until when an outsider has access: a day is chosen, the access lasts to its end.

const day = 24 * 3_600_000;

/** The day of a time as <input type="date"> wants it. */
export function dayOf(time: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

export const inDays = (days: number, now = new Date()): string => dayOf(new Date(now.getTime() + days * day));

/** The end of a day as the server wants it; empty if it is none. */
export function endOf(date: string): string {
  const at = new Date(`${date}T23:59:59`);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
