import type { StudioProgram } from '../../../shared/studio/program.ts';

export interface IdleOptions {
  readonly program: StudioProgram;
  /** How many windows are connected. */
  readonly windows: () => number;
  readonly afterMs: number;
  readonly onIdle: () => void;
}

/**
 * Calls `onIdle` once nobody has looked on and nothing has happened for so long: no window connected, no job that
 * is running or about to, and no event. Returns what ends the watch.
 */
export function watchIdle({ program, windows, afterMs, onIdle }: IdleOptions): () => void {
  let since = performance.now();
  const unsubscribe = program.subscribe(() => (since = performance.now()));
  const check = async () => {
    if (windows() > 0) since = performance.now();
    if (performance.now() - since < afterMs) return;
    const { jobs, queuePaused } = await program.call('snapshot', {});
    if (jobs.some(({ state }) => state === 'running' || (state === 'waiting' && !queuePaused))) {
      since = performance.now();
      return;
    }
    end();
    onIdle();
  };
  // A snapshot that fails is asked for again.
  const timer = setInterval(() => void check().catch(() => {}), Math.min(afterMs / 4, 10_000));
  const end = () => {
    clearInterval(timer);
    unsubscribe();
  };
  return end;
}
