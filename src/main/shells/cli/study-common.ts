/** What the commands of all studies have in common: where records come from, how they are carried out, progress, Ctrl-C. */
import { InvalidArgumentError, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freeName } from '../../services/painter.ts';
import type { StudyRecord } from '../../services/studies/record.ts';
import { RECORD_FILE } from '../../services/studies/robustness.ts';
import { MadderError } from '../../../shared/errors.ts';
import { onInterrupt } from './interrupt.ts';
import { optional, whole } from './options.ts';
import { duration, INTERRUPTED, writeJson } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** What `studyOptions` adds to a command's options. */
export interface StudyOptions {
  threads?: number;
  out?: string;
  record?: string;
  resume?: string;
  json: boolean;
}

/** Names of options that say how a study is carried out and not what it is: those that may be given beside a record. */
const NEUTRAL = ['threads', 'out', 'record', 'resume', 'json'];

/** @param folder where records go that nobody names a folder for */
export const studyOptions = (command: Command, folder: string): Command =>
  command
    .option('--threads <number>', 'processor threads', whole(1))
    .option('--out <folder>', `where record, tables and figures go (${folder}, numbered if that exists)`)
    .option('--record <file>', 'carry out again what this record did')
    .option('--resume <file>', 'go on with the record of a study that was interrupted')
    .option('--json', 'print one JSON object a line, a summary last', false);

/**
 * The options that a person gave and that a record answers already.
 * @param neutral further options that may be given beside a record
 */
export const determining = (command: Command, neutral: readonly string[] = []): string[] =>
  command.options
    .map((option) => option.attributeName())
    .filter((name) => ![...NEUTRAL, ...neutral].includes(name) && command.getOptionValueSource(name) === 'cli');

/** A study to be carried out. */
export interface Begun<R> {
  readonly record: R;
  readonly file: string;
  readonly notes: readonly string[];
  /** The record that is repeated. */
  readonly original?: R;
}

export interface Beginning<R> {
  readonly options: StudyOptions;
  /** Of `determining`. */
  readonly given: readonly string[];
  /** Where the record goes unless a person says otherwise. */
  readonly folder: string;
  readonly plan: () => Promise<{ readonly record: R; readonly notes: readonly string[] }>;
  readonly read: (file: string) => Promise<R>;
  /** The same study with nothing done. */
  readonly repeat: (record: R) => R;
}

/** A new study, one that is repeated, or one that is gone on with. @throws MadderError in one sentence */
export async function beginStudy<R extends StudyRecord>(beginning: Beginning<R>): Promise<Begun<R>> {
  const { options, given, folder, plan, read, repeat } = beginning;
  const { record: repeated, resume, out } = options;
  const source = repeated ?? resume;
  if (source === undefined) {
    const file = recordIn(out ?? freeName(folder));
    return { ...(await plan()), file };
  }
  if (repeated !== undefined && resume !== undefined) {
    throw new MadderError('input', '--record begins anew and --resume goes on; give one of them.');
  }
  if (given.length > 0) {
    const names = given.map((name) => `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`).join(', ');
    throw new MadderError('input', `The record says what to do; leave out ${names}, or begin a new study.`);
  }
  const record = await read(source);
  if (resume !== undefined) {
    if (out !== undefined)
      throw new MadderError('input', '--resume goes on in the folder of its record; leave out --out.');
    return { record, file: resume, notes: [] };
  }
  const file = recordIn(out ?? freeName(folder));
  return { record: repeat(record), file, notes: [], original: record };
}

function recordIn(folder: string): string {
  const file = join(folder, RECORD_FILE);
  if (existsSync(file)) {
    throw new MadderError(
      'output',
      `${file} exists already; go on with it by --resume ${file}, or choose another folder with --out.`,
    );
  }
  return file;
}

/** Says a sentence on the error stream, or as JSON. */
export const noteTo =
  (json: boolean) =>
  (message: string): void => {
    if (json) writeJson({ type: 'note', message });
    else process.stderr.write(`${message}\n`);
  };

/** Texts between commas. */
export function list(text: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.some((entry) => entry === '')) throw new InvalidArgumentError('Expected names with commas between them.');
  return entries;
}

/** Layers of one network, or of all that have none of their own. */
export interface LayersOption {
  readonly network?: string;
  readonly layers: string[];
}

/** Collects `A,B` and `NETWORK=A,B`. */
export function layersOption(text: string, before: readonly LayersOption[] = []): LayersOption[] {
  const at = text.lastIndexOf('=');
  const layers = list(text.slice(at + 1));
  return [...before, at < 0 ? { layers } : { network: text.slice(0, at), layers }];
}

/** How far a study is. */
interface ShownProgress {
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

interface Display<P> {
  readonly show: (progress: P) => void;
  readonly end: () => void;
}

/**
 * JSON lines, or a bar; nothing moves where the error stream is not a terminal.
 * @param where what is being done, in a few words
 */
function progressDisplay<P extends ShownProgress>(json: boolean, where: (progress: P) => string): Display<P> {
  if (json) return { show: (progress) => writeJson({ type: 'progress', ...progress }), end: () => {} };
  const { show, end } = progressBar('{bar} {value} of {total}  {where}  {left} left');
  return {
    show: (progress) =>
      show(progress.done, progress.total, { where: where(progress), left: duration(progress.secondsLeft) }),
    end,
  };
}

/** What `carryOut` hands to every study that runs. */
interface Carrying<P> {
  readonly onProgress: (progress: P) => void;
  readonly onNote: (message: string) => void;
  readonly signal: AbortSignal;
  readonly threads?: number;
}

/** How a study that has begun is carried out, and what is said at its end. */
interface Course<R, P> {
  /** Its subcommand, to go on with it. */
  readonly command: string;
  readonly options: StudyOptions;
  /** What is being done, in a few words. */
  readonly where: (progress: P) => string;
  readonly run: (record: R, file: string, carrying: Carrying<P>) => Promise<R>;
  readonly exportTo: (
    record: R,
    folder: string,
  ) => Promise<{ readonly files: readonly string[]; readonly notes: readonly string[] }>;
  /** The largest relative difference of a repeated study from the record that it repeats. */
  readonly difference: (original: R, repeated: R) => number;
  /** What the last JSON line says beside the names of files. */
  readonly summary: (record: R) => object;
  readonly print: (record: R) => void;
  /** What lies in the folder: "Record, tables and figure". */
  readonly made: string;
  /** How far a stopped study came: "3 of 8 pictures". */
  readonly reached: (record: R) => string;
}

/**
 * Carries a study out with a bar or JSON lines, writes its tables and pictures and says what was found. The first Ctrl-C
 * stops it and keeps what is finished. Returns the exit code.
 */
export async function carryOut<R extends StudyRecord, P extends ShownProgress>(
  { record, file, notes, original }: Begun<R>,
  course: Course<R, P>,
): Promise<number> {
  const { json, threads } = course.options;
  const note = noteTo(json);
  notes.forEach(note);
  const display = progressDisplay<P>(json, course.where);
  const controller = new AbortController();
  // Nobody stops listening: the other half of a key press may arrive while tables are being written.
  onInterrupt(() => controller.abort());
  let result: R;
  try {
    result = await course.run(record, file, {
      onProgress: display.show,
      onNote: note,
      signal: controller.signal,
      ...optional('threads', threads),
    });
  } finally {
    display.end();
  }
  const folder = dirname(file);
  const { files, notes: exportNotes } = await course.exportTo(result, folder);
  exportNotes.forEach(note);
  const completed = result.finishedAt !== undefined;
  const difference = original && completed ? course.difference(original, result) : undefined;
  if (json) {
    writeJson({ type: 'done', completed, record: file, files, difference, ...course.summary(result) });
  } else {
    course.print(result);
    if (difference !== undefined) console.log(`\nLargest relative difference from the record: ${difference}`);
    process.stderr.write(
      completed
        ? `${course.made} are in ${folder}\n`
        : `Stopped after ${course.reached(result)}, which are kept; go on with: madder study ${course.command} --resume ${file}\n`,
    );
  }
  return completed ? 0 : INTERRUPTED;
}
