/**
 * `npm run build && tsx benchmarks/studio.ts [start] [steering] [looking]`: how fast the studio feels, in the program as it is
 * built, with its services and its engine, and Chromium without a screen.
 *
 * - start: from the press of Start to a preview on the canvas with at least five evaluations at 256 px or more behind it;
 *   embedded network, its own settings, 1024 px. At most 2 s on two idle cores.
 * - steering: the longest task of the window's main thread while a picture is painted and a fader is dragged. At most 50 ms.
 * - looking: frames per second of moving and zooming 24 megapixels, as a share of those of a bare page that draws the same bitmap
 *   at changing places, in the same browser and in turns with it. At least 0.8.
 */
import { cpus } from 'node:os';
import { missing } from '../test/e2e/studio/pages/shells.ts';
import { median, pause, round } from './studio/figures.ts';
import { look } from './studio/looking.ts';
import { firstPreview, type FirstPreview } from './studio/start.ts';
import { steer } from './studio/steering.ts';

const SIZE = 1024;
const STARTS = 5;
const LOOKS = 3;

/** Share of the processors that other programs may have before the figures say more about those. */
const BUSY = 0.15;

type Summary = Record<string, number>;

/** How busy the computer is before anything is started, 0 to 1. */
async function load(): Promise<number> {
  const times = () =>
    cpus().reduce(
      (sum, { times: { user, nice, sys, idle, irq } }) => ({
        idle: sum.idle + idle,
        all: sum.all + user + nice + sys + idle + irq,
      }),
      { idle: 0, all: 0 },
    );
  const before = times();
  await pause(2000);
  const after = times();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

/** A table with its columns to the right. */
function print(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  console.log(`\n${title}`);
  for (const line of lines) console.log(`  ${line.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`);
}

async function measureStart(): Promise<Summary> {
  const starts: FirstPreview[] = [];
  for (let i = 0; i < STARTS; i++) starts.push(await firstPreview(SIZE));
  print(
    'Start to preview',
    ['', 'first, ms', 'first that counts, ms', 'evaluations behind it'],
    starts.map(({ anyMs, ms, evaluations }, i) => [i + 1, round(anyMs, 0), round(ms, 0), evaluations]),
  );
  const all = starts.map(({ ms }) => ms);
  return { startMs: round(median(all), 0), startMsWorst: round(Math.max(...all), 0) };
}

async function measureSteering(): Promise<Summary> {
  const levels = await steer(SIZE);
  print(
    'Main thread while a fader is dragged',
    [
      'level',
      'tasks',
      'longest, ms',
      'longest computing, ms',
      'above 50 ms',
      'longest gap between frames',
      'changes heeded',
    ],
    levels.map(({ level, tasks, longestMs, longestOwnMs, longTasks, gaps, heeded }) => [
      `${level} px`,
      tasks,
      round(longestMs, 1),
      round(longestOwnMs, 1),
      longTasks.length,
      round(Math.max(...gaps), 1),
      heeded,
    ]),
  );
  return {
    longestTaskMs: round(Math.max(...levels.map(({ longestMs }) => longestMs)), 1),
    longestTaskOwnMs: round(Math.max(...levels.map(({ longestOwnMs }) => longestOwnMs)), 1),
    longTasks: levels.reduce((sum, { longTasks }) => sum + longTasks.length, 0),
    longestFrameGapMs: round(Math.max(...levels.flatMap(({ gaps }) => gaps)), 1),
  };
}

async function measureLooking(): Promise<Summary> {
  const looks = await look(LOOKS);
  print(
    'Frames per second on 24 megapixels',
    ['', 'bare', 'pan', 'zoom', 'pan / bare', 'zoom / bare'],
    looks.map(({ bare, pan, zoom }, i) => [
      i + 1,
      ...[bare, pan, zoom].map((rate) => rate.toFixed(1)),
      ...[pan, zoom].map((rate) => (rate / bare).toFixed(2)),
    ]),
  );
  return {
    barePanFps: round(median(looks.map(({ bare }) => bare)), 1),
    panRatio: round(median(looks.map(({ bare, pan }) => pan / bare)), 2),
    zoomRatio: round(median(looks.map(({ bare, zoom }) => zoom / bare)), 2),
  };
}

const MEASUREMENTS = { start: measureStart, steering: measureSteering, looking: measureLooking };
const names = Object.keys(MEASUREMENTS) as (keyof typeof MEASUREMENTS)[];

if (missing('browser')) process.exit(1);
const wanted = process.argv.slice(2);
const busy = await load();
if (busy > BUSY)
  console.warn(`The processors are ${round(100 * busy, 0)} % busy with other things: the figures will be worse.`);
let summary: Summary = { busy: round(busy, 2) };
for (const name of names) {
  if (wanted.length === 0 || wanted.includes(name)) summary = { ...summary, ...(await MEASUREMENTS[name]()) };
}
console.log(`\n${JSON.stringify(summary)}`);
