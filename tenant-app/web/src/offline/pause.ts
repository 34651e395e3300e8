// How long to wait before trying again: twice as long each time, and never all browsers of a company at once.

const shortestMs = 1_000;
const longestMs = 60_000;

/** Milliseconds before the next try after so many failures in a row, between half and one and a half of the step. */
export function pauseAfter(failures: number, random: () => number = Math.random): number {
  const step = Math.min(longestMs, shortestMs * 2 ** Math.max(0, failures - 1));
  return step * (0.5 + random());
}
