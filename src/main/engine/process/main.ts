/** The engine process: runs one job at a time, steered by messages of src/shared/engine-contract.ts. */
import { constants, setPriority } from 'node:os';
import { encodePreview } from '../../codec/preview.ts';
import type { Picture } from '../../codec/picture.ts';
import { engineCommandSchema, type EngineEvent, type EngineJob } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';
import { Checkpointer, readCheckpoint } from '../runs/checkpoint.ts';
import { RunControl } from '../runs/control.ts';
import { usualMemory } from '../runs/memory.ts';
import { run } from '../runs/run.ts';
import { isDeviceFailure } from '../runtime/providers.ts';
import { removeLeftFeatures } from '../tiling/feature-store.ts';
import { loadAssets } from './assets.ts';
import { Detail } from './detail.ts';
import { performMeasurement } from './measure.ts';
import { performJudging } from './judge.ts';
import { leave, onParentGone, onParentMessage, toParent } from './parent.ts';
import { performPlan } from './plan.ts';
import { writeResult, writeSnapshot } from './result.ts';
import { performVisualization } from './visualize.ts';

/** Shortest time between previews, ms: four a second are enough to watch a picture grow ... */
const PREVIEW_MS = 250;
/** ... but its first seconds, when everything changes and a person waits to see whether it will do, have more. */
const FIRST = { seconds: 3, previewMs: 80 };

const send = (event: EngineEvent): void => toParent(event);

let control: RunControl | undefined;
const detail = new Detail(send);
let job: Promise<void> | undefined;
/** Ends the job before its next graph run. */
let stop: (() => void) | undefined;
let quitting = false;

async function perform(task: EngineJob, steering: RunControl): Promise<void> {
  if (task.lowPriority) setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const assets = await loadAssets(task);
  const from = task.resume ? await readCheckpoint(task.folder) : undefined;
  await removeLeftFeatures(task.folder);
  const memoryBytes = task.memoryBytes ?? usualMemory();
  send({ type: 'started', total: from?.total ?? 0, memoryBytes });
  const checkpointer = new Checkpointer(task.folder, {
    onWritten: (written) => send({ type: 'checkpoint', ...written }),
    onFailed: ({ message }) => send({ type: 'note', message: `${message} The run goes on.` }),
    ...(task.checkpointMs === undefined ? {} : { intervalMs: task.checkpointMs }),
  });
  let total = from?.total ?? 0;
  const began = performance.now();
  let lastPreview = -Infinity;
  let level = -1;
  /** The level that the latest preview is of. */
  let seen = -1;
  let encoding: Promise<void> | undefined;
  const preview = (picture: Picture) => {
    lastPreview = performance.now();
    seen = level;
    // The run goes on meanwhile; this is what the picture has behind it.
    const behind = total;
    encoding = Promise.all([
      encodePreview(picture, task.previewSide!).then((encoded) => send({ type: 'preview', total: behind, ...encoded })),
      detail.show(picture),
    ])
      .then(() => undefined)
      .finally(() => (encoding = undefined));
  };
  const result = await run(task.recipe, assets, {
    provider: task.provider,
    control: steering,
    ...(task.threads === undefined ? {} : { threads: task.threads }),
    memoryBytes,
    scratch: task.folder,
    onTile: (progress, picture) => {
      send({ type: 'tile', ...progress });
      if (encoding || task.previewSide === undefined) return;
      // The first iteration of a very large picture takes long: what it begins with is seen at once, and so is another detail.
      level = progress.level;
      const isFirst = level !== seen;
      if (!isFirst && !detail.isDue) return;
      const now = picture();
      // Tiles are put together on the host, where pictures are at once.
      if (now instanceof Promise) return;
      if (isFirst) preview(now);
      else encoding = detail.show(now).finally(() => (encoding = undefined));
    },
    onNote: (message) => send({ type: 'note', message }),
    ...(from ? { from } : {}),
    ...(task.snapshots === undefined
      ? {}
      : {
          snapshots: {
            after: task.snapshots,
            keep: async ({ picture, total: behind, loss }) => {
              await writeSnapshot(task.folder, behind, picture);
              send({ type: 'snapshot', total: behind, loss });
            },
          },
        }),
    onProgress: (progress) => {
      ({ total, level } = progress);
      send({ type: 'progress', ...progress, terms: [...progress.terms], memoryBytes: process.memoryUsage.rss() });
    },
    onWeights: (evaluation) => send({ type: 'weighed', evaluation }),
    onIteration: async ({ picture, state }) => {
      await checkpointer.offer(state);
      const now = performance.now();
      // While one preview is being encoded the others are dropped: the next iteration has a newer one.
      const apart = now - began < 1000 * FIRST.seconds ? FIRST.previewMs : PREVIEW_MS;
      if (task.previewSide === undefined || encoding || now - lastPreview < apart) return;
      preview(await picture());
    },
  });
  await encoding;
  detail.end();
  await checkpointer.settle();
  await writeResult(task.folder, result.picture);
  const { completed, loss, terms, evaluations, recipe, picture } = result;
  const { width, height } = picture;
  send({ type: 'done', completed, width, height, loss, terms: [...terms], evaluations, recipe });
}

/** Does one job, unless there is one already. @param end asks it to end soon */
function occupy(work: () => Promise<void>, end: () => void): void {
  if (job) {
    send({ type: 'failed', kind: 'defect', message: 'The engine is busy with another job.' });
    return;
  }
  stop = end;
  job = work()
    .catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const device = isDeviceFailure(error);
      const kind = error instanceof MadderError ? error.kind : 'defect';
      send({ type: 'failed', kind, message, ...(device === undefined ? {} : { device }) });
    })
    .finally(() => {
      job = undefined;
      control = undefined;
      stop = undefined;
      if (quitting) leave();
    });
}

function start(task: EngineJob): void {
  const steering = new RunControl((paused) => send({ type: paused ? 'paused' : 'resumed' }));
  const work = () => {
    control = steering;
    return perform(task, steering);
  };
  occupy(work, () => steering.stop());
}

/** Does work that ends by a signal. */
function occupyUntilAborted(work: (signal: AbortSignal) => Promise<void>): void {
  const controller = new AbortController();
  occupy(
    () => work(controller.signal),
    () => controller.abort(),
  );
}

onParentMessage((message) => {
  const parsed = engineCommandSchema.safeParse(message);
  if (!parsed.success) {
    send({
      type: 'failed',
      kind: 'defect',
      message: `The engine was sent something it does not know: ${parsed.error.issues[0]?.message ?? ''}`,
    });
    return;
  }
  const command = parsed.data;
  switch (command.type) {
    case 'start':
      return start(command.job);
    case 'plan':
      return occupy(
        () => performPlan(command.job, send),
        () => {},
      );
    case 'measure':
      return occupyUntilAborted((signal) => performMeasurement(command.job, signal, send));
    case 'judge':
      return occupyUntilAborted((signal) => performJudging(command.job, signal, send));
    case 'visualize':
      return occupyUntilAborted((signal) => performVisualization(command.job, signal, send));
    case 'pause':
      return control?.pause();
    case 'resume':
      return control?.resume();
    case 'stop':
      return stop?.();
    case 'weights':
      return control?.changeWeights(command.change);
    case 'detail':
      return detail.want(command.piece);
    case 'quit':
      quitting = true;
      stop?.();
      if (!job) leave();
  }
});

// Whoever asked is gone: nobody would see the picture. A checkpoint keeps what was done.
onParentGone(() => process.exit(0));
// Ctrl-C in a terminal reaches every process of the group; it is the program's to decide what it means.
process.on('SIGINT', () => {});

send({ type: 'ready' });
