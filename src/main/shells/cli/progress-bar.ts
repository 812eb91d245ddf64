import cliProgress from 'cli-progress';

/** A bar on the error stream; nothing moves where that is not a terminal. */
export interface ProgressBar {
  /** @param payload what the format's other words stand for */
  readonly show: (done: number, total: number, payload: Readonly<Record<string, string>>) => void;
  /** Changes words of a bar that is shown; before, there is nothing to change. */
  readonly say: (payload: Readonly<Record<string, string>>) => void;
  /** Takes the bar away; the next `show` begins another one. */
  readonly end: () => void;
}

/** @param format of cli-progress: `{bar}`, `{value}`, `{total}` and the words of the payload */
export function progressBar(format: string): ProgressBar {
  const bar = new cliProgress.SingleBar({
    format,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    // Ctrl-C is ours: it keeps what is finished.
    gracefulExit: false,
  });
  let started = false;
  return {
    show(done, total, payload) {
      if (!started) bar.start(total, 0, payload);
      started = true;
      bar.setTotal(total);
      bar.update(done, payload);
    },
    say(payload) {
      if (started) bar.update(payload);
    },
    end() {
      if (started) bar.stop();
      started = false;
    },
  };
}
