import { INTERRUPTED } from './output.ts';

/** Interrupts closer together than this are one key press. */
const SAME_KEY_PRESS_MS = 1000;

/**
 * The first Ctrl-C stops what is going on; every later one calls `again`, which ends the program at once where nothing is given.
 * @returns what ends listening
 */
export function onInterrupt(stop: () => void, again = (): void => process.exit(INTERRUPTED)): () => void {
  let interrupted: number | undefined;
  const listener = (): void => {
    const now = performance.now();
    // Programs that start others, npx among them, hand the terminal's Ctrl-C on: it arrives twice at once.
    if (interrupted !== undefined && now - interrupted > SAME_KEY_PRESS_MS) return again();
    interrupted ??= now;
    stop();
  };
  process.on('SIGINT', listener);
  return () => void process.off('SIGINT', listener);
}
