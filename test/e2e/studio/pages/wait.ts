/** ms for what people wait for, on a computer that is busy with other things. */
export const PATIENCE = 60_000;

/**
 * Asks again and again until the answer is right, and returns it: like `expect.poll`, for hooks too.
 * @param what is waited for, as it stands in the error
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  right: (answer: T) => boolean = Boolean,
  { timeout = PATIENCE, interval = 50 } = {},
): Promise<T> {
  const end = performance.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (performance.now() > end) {
      throw new Error(`Waited ${timeout / 1000} s in vain until ${what}; it was ${JSON.stringify(answer)}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
