/** Times, speeds and sizes as people say them. */

/** Seconds, coarsely: nobody needs the seconds of an hour. */
export function duration(seconds: number, language: string): string {
  const part = (value: number, unit: 'second' | 'minute' | 'hour'): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
  if (seconds < 9.5) return part(Math.max(1, Math.round(seconds)), 'second');
  if (seconds < 57.5) return part(Math.round(seconds / 5) * 5, 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return part(minutes, 'minute');
  const tens = Math.round(seconds / 600);
  const rest = (tens % 6) * 10;
  return [part(Math.floor(tens / 6), 'hour'), ...(rest > 0 ? [part(rest, 'minute')] : [])].join(' ');
}

export function bytes(count: number, language: string): string {
  const [unit, divisor] = count < 999.5e6 ? (['megabyte', 1e6] as const) : (['gigabyte', 1e9] as const);
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    maximumFractionDigits: unit === 'gigabyte' ? 1 : 0,
  }).format(count / divisor);
}

/** A number with two significant digits, at most one behind the point. */
export const rate = (value: number, language: string): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);

/** How much the time left may be off before it jumps instead of counting down: seconds, and a share of it. */
const TOLERANCE = { seconds: 3, share: 0.2 };

/**
 * The time left to show: it counts down with the clock as long as the newest guess does not tell otherwise.
 * @param elapsed seconds since `shown` was
 */
export function steady(shown: number | undefined, guess: number, elapsed: number): number {
  if (shown === undefined || !Number.isFinite(shown)) return guess;
  const expected = Math.max(0, shown - elapsed);
  return Math.abs(guess - expected) <= Math.max(TOLERANCE.seconds, TOLERANCE.share * expected)
    ? expected + 0.1 * (guess - expected)
    : guess;
}
