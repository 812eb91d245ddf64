import cliProgress from 'cli-progress';
import {
  checkDestination,
  paint,
  prepareRun,
  savePicture,
  type Destination,
  type PaintRequest,
  type RunProgress,
} from '../../services/painter.ts';
import { duration, INTERRUPTED, writeJson } from './output.ts';

export interface PaintToFileOptions {
  readonly destination: Destination;
  readonly json: boolean;
  readonly threads?: number | undefined;
}

/** Interrupts closer together than this are one key press. */
const SAME_KEY_PRESS_MS = 1000;

/**
 * Paints and saves, with a progress bar or JSON lines. The first Ctrl-C stops after the evaluation that is running and
 * keeps the best picture; the second one ends the program at once. Returns the exit code.
 */
export async function paintToFile(request: PaintRequest, options: PaintToFileOptions): Promise<number> {
  const { destination, json, threads } = options;
  await checkDestination(destination);
  const prepared = await prepareRun(request);
  for (const note of prepared.notes) {
    if (json) writeJson({ type: 'note', message: note });
    else process.stderr.write(`${note}\n`);
  }
  if (json) writeJson({ type: 'start', recipe: prepared.recipe });

  const stop = new AbortController();
  let interrupted = -Infinity;
  const interrupt = () => {
    // Programs that start others, npx among them, hand the terminal's Ctrl-C on: it arrives twice at once.
    if (stop.signal.aborted && performance.now() - interrupted > SAME_KEY_PRESS_MS) process.exit(INTERRUPTED);
    if (!stop.signal.aborted) interrupted = performance.now();
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  const display = json ? jsonDisplay() : barDisplay();
  const started = performance.now();
  try {
    const result = await paint(prepared, {
      signal: stop.signal,
      onProgress: (p) => display.show(p),
      ...(threads === undefined ? {} : { threads }),
    });
    display.end();
    const { path, bytes } = await savePicture(destination, result.picture);
    const { width, height } = result.picture;
    const seconds = (performance.now() - started) / 1000;
    const { loss, terms, evaluations, completed } = result;
    if (json) writeJson({ type: 'done', completed, path, bytes, width, height, evaluations, seconds, loss, terms });
    else if (completed) process.stderr.write(`${path}: ${width} x ${height}, ${duration(seconds)}\n`);
    else process.stderr.write(`Stopped. The best picture so far, ${width} x ${height}, is in ${path}\n`);
    return completed ? 0 : INTERRUPTED;
  } finally {
    display.end();
    process.off('SIGINT', interrupt);
  }
}

interface Display {
  show(progress: RunProgress): void;
  end(): void;
}

const jsonDisplay = (): Display => ({
  show: (progress) => writeJson({ type: 'progress', ...progress }),
  end: () => {},
});

/** A bar over all evaluations with the losses of the latest one; nothing moves where the error stream is not a terminal. */
function barDisplay(): Display {
  const bar = new cliProgress.SingleBar({
    format: '{bar} level {level} ({size})  style {style}  content {content}  {left} left',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    // Ctrl-C is ours: it keeps the best picture.
    gracefulExit: false,
  });
  let started = false;
  let elapsed = 0;
  return {
    show(p) {
      elapsed += p.seconds;
      const sum = (kind: string) =>
        p.terms.reduce((total, t) => total + (t.kind === kind ? t.weighted : 0), 0).toPrecision(3);
      if (!started) bar.start(1000, 0, {});
      started = true;
      bar.update(Math.round((1000 * elapsed) / (elapsed + p.secondsLeft)), {
        level: `${p.level + 1} of ${p.levels}`,
        size: `${p.width} x ${p.height}`,
        style: sum('style'),
        content: sum('content'),
        left: duration(p.secondsLeft),
      });
    },
    end() {
      if (started) bar.stop();
      started = false;
    },
  };
}
