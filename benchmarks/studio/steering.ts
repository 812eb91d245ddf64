/** What the window's main thread does while a picture is painted and a fader is dragged. */
import type { Page } from 'playwright-core';
import { Studio } from '../../test/e2e/studio/pages/studio.ts';
import { until } from '../../test/e2e/studio/pages/wait.ts';
import { likeAMouse } from './figures.ts';

/** Seconds of dragging per level. */
const DRAG = 8;
/** Seconds for a way up and down. */
const SWING = 1.6;

/** Long tasks as the window itself may see them, which are those above 50 ms, and the times between frames. */
const WATCH = `(() => {
  const seen = { longTasks: [], gaps: [] };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longTasks.push(duration);
  }).observe({ type: 'longtask' });
  let before;
  const frame = (now) => {
    if (before !== undefined) seen.gaps.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return seen;
})()`;

interface Seen {
  readonly longTasks: readonly number[];
  readonly gaps: readonly number[];
}

export interface Steering extends Seen {
  /** Tasks that Chromium recorded, and the longest of them, ms: by the clock ... */
  readonly tasks: number;
  readonly longestMs: number;
  /** ... and of its own, without the time in which others had the processor: what the window is to blame for. */
  readonly longestOwnMs: number;
  /** px, long side of the level that was painted. */
  readonly level: number;
  /** Changes that the run has heeded. */
  readonly heeded: number;
}

/** Drags a fader of the equaliser at the first and at the last level of a run. */
export async function steer(size: number): Promise<Steering[]> {
  const studio = await Studio.open();
  try {
    await studio.setSize(size);
    // Few enough that the last level is reached soon.
    await studio.setIterations(12);
    await studio.choosePhoto('Mountain Lake');
    await studio.choosePainting('Poppy Meadow');
    const run = await studio.start();
    await studio.waitForPreview();
    const level = (): { level: number; levels: number; side: number } => {
      const { progress } = studio.heard('progress', run).at(-1)!;
      return { ...progress, side: Math.max(progress.width, progress.height) };
    };
    const drag = async (): Promise<Steering> => {
      const { side } = level();
      const before = studio.heard('weighed', run).length;
      const seen = await studio.page.evaluateHandle<Seen>(WATCH);
      const tasks = await tasksDuring(studio.page, () => dragUpAndDown(studio));
      return {
        ...(await seen.jsonValue()),
        tasks: tasks.length,
        longestMs: tasks.reduce((most, { wall }) => Math.max(most, wall), 0),
        longestOwnMs: tasks.reduce((most, { own }) => Math.max(most, own), 0),
        level: side,
        heeded: studio.heard('weighed', run).length - before,
      };
    };
    const first = await drag();
    const atLast = (): boolean => level().level === level().levels - 1;
    await until('the last level is reached', atLast, Boolean, { timeout: 200_000 });
    return [first, await drag()];
  } finally {
    await studio.close();
  }
}

async function dragUpAndDown(studio: Studio): Promise<void> {
  const { thumb } = studio.fader('Fine strokes');
  await thumb.scrollIntoViewIfNeeded();
  const rail = (await thumb.locator('xpath=ancestor::*[@data-orientation][1]').boundingBox())!;
  const x = rail.x + rail.width / 2;
  const yAt = (at: number): number => rail.y + rail.height * (0.5 - 0.45 * Math.sin((2 * Math.PI * at) / SWING));
  const { mouse } = studio.page;
  await mouse.move(x, yAt(0));
  await mouse.down();
  await likeAMouse(DRAG, (at) => mouse.move(x, yAt(at)));
  await mouse.up();
}

// ── Chromium's tracing ──────────────────────────────────────────────────────────────────────────────────────────────

/** A task of a main thread, ms. */
interface Task {
  readonly wall: number;
  readonly own: number;
}

/** Of those that tracing writes; times in µs. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** What the windows' main threads do during some work, with the tasks that are too short to be long tasks. */
async function tasksDuring(page: Page, work: () => Promise<void>): Promise<Task[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await work().catch(async (error: unknown) => {
    await browser.stopTracing();
    throw error;
  });
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const mains = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map((event) => threadOf(event)),
  );
  return trace.traceEvents
    .filter((event) => event.name === 'RunTask' && mains.has(threadOf(event)))
    .map(({ dur = 0, tdur = 0 }) => ({ wall: dur / 1000, own: tdur / 1000 }));
}
