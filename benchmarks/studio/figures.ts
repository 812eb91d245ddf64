/** What the measurements have in common: figures, and hands that do not wait. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** ms between two reports of an ordinary mouse. */
const REPORT = 8;

/**
 * Does something as often as a mouse reports, and like a mouse without waiting until the window has answered.
 * @param act gets the seconds since the beginning
 */
export async function likeAMouse(seconds: number, act: (at: number) => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  const end = begun + 1000 * seconds;
  const acts: Promise<unknown>[] = [];
  for (let next = begun; next < end; next += REPORT) {
    await pause(Math.max(0, next - performance.now()));
    acts.push(act((performance.now() - begun) / 1000));
  }
  await Promise.all(acts);
}
