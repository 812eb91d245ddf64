import type { EngineEventOf } from '../../../shared/engine-contract.ts';
import { chooseDevice } from '../../services/devices.ts';
import {
  checkDestination,
  leaveRun,
  paint,
  prepareRun,
  runFolder,
  savePicture,
  type Destination,
  type PaintRequest,
} from '../../services/painter.ts';
import { checkRecipeFile, saveRecipe, type RepeatRequest } from '../../services/recipes.ts';
import type { DeviceName } from '../../../shared/devices.ts';
import { sayProbing } from './devices.ts';
import { onInterrupt } from './interrupt.ts';
import { optional } from './options.ts';
import { duration, INTERRUPTED, writeJson } from './output.ts';
import { progressBar } from './progress-bar.ts';

export interface PaintToFileOptions {
  readonly destination: Destination;
  readonly json: boolean;
  readonly threads?: number | undefined;
  /** Go on with the run that was interrupted by force. */
  readonly resume?: boolean | undefined;
  /** What computes. */
  readonly device: DeviceName;
  /** Leave the processor to other programs that want it. */
  readonly lowPriority?: boolean | undefined;
  /** Memory that the engine may take, bytes; most of what is free when missing. */
  readonly memoryBytes?: number | undefined;
  /** Where the recipe goes, beside being carried by the picture. */
  readonly saveRecipe?: string | undefined;
  /** Whether the picture carries its recipe; it does unless told not to. */
  readonly carryRecipe?: boolean | undefined;
}

/** How often is said how much of a file is written, ms at least; of what takes no longer, nothing is said. */
const WRITING_MS = 500;

/**
 * Paints and saves, with a progress bar or JSON lines. The first Ctrl-C stops after the evaluation that is running and
 * keeps the best picture; the second one ends the program at once, and leaves no half of a file. What was painted is not lost
 * where it cannot be written: the run's folder is kept until there is a file. Returns the exit code.
 */
export async function paintToFile(request: PaintRequest | RepeatRequest, options: PaintToFileOptions): Promise<number> {
  const { json, device } = options;
  await checkDestination(options.destination);
  if (options.saveRecipe !== undefined) checkRecipeFile(options.saveRecipe, options.destination.overwrite);
  const prepared = await prepareRun(request);
  // A recipe finds pictures that nobody named: they may not be replaced either.
  const inputs = [...options.destination.inputs, ...Object.values(prepared.images)];
  const destination = { ...options.destination, inputs };
  await checkDestination(destination);
  const note = (message: string) => {
    if (json) writeJson({ type: 'note', message });
    else process.stderr.write(`${message}\n`);
  };
  const chosen = await chooseDevice(device, { onProbe: sayProbing });
  prepared.notes.forEach(note);
  if (json) writeJson({ type: 'start', recipe: prepared.recipe });
  if (chosen.note !== undefined) {
    note(chosen.note);
    // Why a graphics card is not used concerns a person even where a program reads the output.
    if (json) process.stderr.write(`${chosen.note}\n`);
  }

  const display = json ? jsonDisplay() : barDisplay();
  const started = performance.now();
  let { provider } = chosen;
  const folder = runFolder(destination.path);
  const run = await paint(prepared, {
    folder,
    keepFolder: true,
    ...optional('resume', options.resume),
    ...optional('threads', options.threads),
    ...optional('lowPriority', options.lowPriority),
    ...optional('memoryBytes', options.memoryBytes),
    provider,
    onProvider: (next) => (provider = next),
    onNote: note,
    onEvent: (event) => {
      if (event.type === 'progress') display.show(event);
      if (event.type === 'tile') display.look(event);
    },
  });
  const writing = new AbortController();
  let painted = false;
  const endListening = onInterrupt(
    () => run.stop(),
    () => (painted && !writing.signal.aborted ? writing.abort() : process.exit(INTERRUPTED)),
  );
  try {
    const { picture, completed, evaluations, loss, terms, recipe } = await run.outcome;
    painted = true;
    display.end();
    const carried = options.carryRecipe === false ? undefined : recipe;
    const saved = await savePicture(destination, picture, carried, {
      onProgress: sometimes(display.write),
      signal: writing.signal,
    });
    display.end();
    await leaveRun(folder, true);
    const { path, bytes } = saved;
    if (saved.note !== undefined) note(saved.note);
    if (options.saveRecipe !== undefined) await saveRecipe(options.saveRecipe, recipe);
    const { width, height } = picture;
    const seconds = (performance.now() - started) / 1000;
    if (json) {
      writeJson({ type: 'done', completed, path, bytes, width, height, provider, evaluations, seconds, loss, terms });
    } else if (completed) process.stderr.write(`${path}: ${width} x ${height}, ${duration(seconds)}\n`);
    else process.stderr.write(`Stopped. The best picture so far, ${width} x ${height}, is in ${path}\n`);
    return completed ? 0 : INTERRUPTED;
  } catch (error) {
    display.end();
    if (painted && (await leaveRun(folder, false))) {
      note(`What was painted is kept in ${folder}; the same command with --resume ends it again and writes it.`);
    }
    if (!writing.signal.aborted) throw error;
    note(`Stopped; ${destination.path} was not written.`);
    return INTERRUPTED;
  } finally {
    display.end();
    endListening();
  }
}

/** Calls back every now and then, first when some time has gone by. */
function sometimes(callback: (fraction: number) => void): (fraction: number) => void {
  let last = performance.now();
  return (fraction) => {
    const now = performance.now();
    if (now - last < WRITING_MS) return;
    last = now;
    callback(fraction);
  };
}

type Progress = EngineEventOf<'progress'>;

interface Display {
  show(progress: Progress): void;
  /** A tile of a picture that is too large for memory is looked at. */
  look(tile: EngineEventOf<'tile'>): void;
  /** So much of the file is written, 0 to 1. */
  write(fraction: number): void;
  end(): void;
}

const jsonDisplay = (): Display => ({
  show: writeJson,
  look: writeJson,
  write: (fraction) => writeJson({ type: 'writing', fraction }),
  end: () => {},
});

/** A bar over all evaluations with the losses of the latest one; nothing moves where the error stream is not a terminal. */
function barDisplay(): Display {
  const bar = progressBar('{bar} level {level} ({size}{tile})  style {style}  content {content}  {left} left');
  const file = progressBar('{bar} {percentage} % of the file  {eta_formatted} left');
  let elapsed = 0;
  return {
    show(p) {
      elapsed += p.seconds;
      const sum = (kind: string) =>
        p.terms.reduce((total, t) => total + (t.kind === kind ? t.weighted : 0), 0).toPrecision(3);
      bar.show(Math.round((1000 * elapsed) / (elapsed + p.secondsLeft)), 1000, {
        level: `${p.level + 1} of ${p.levels}`,
        size: `${p.width} x ${p.height}`,
        tile: '',
        style: sum('style'),
        content: sum('content'),
        left: duration(p.secondsLeft),
      });
    },
    // Before the first evaluation there is no bar yet.
    look: ({ tile, tiles }) => bar.say({ tile: `, tile ${tile + 1} of ${tiles}` }),
    write: (fraction) => file.show(Math.round(1000 * fraction), 1000, {}),
    end() {
      bar.end();
      file.end();
    },
  };
}
