import type { JobProgress } from '../../../shared/studio/contract.ts';
import { activeJob, type Session } from '../../stores/session.ts';
import { whereOf, type Where } from './where.ts';
import { steady } from './words.ts';

/** What the run bar says of a run. */
export interface Readout {
  readonly progress: JobProgress | undefined;
  readonly where: Where | undefined;
  readonly paused: boolean;
  /** It is painted, and on its way into the history. */
  readonly saving: boolean;
  /** Seconds; counts down evenly. */
  readonly left: number | undefined;
  /** Iterations a second over the last looks; undefined before there were two. */
  readonly speed: number | undefined;
}

/** How much of the speed a new look replaces. */
const FRESHNESS = 0.4;

/** Iterations between two looks that are too few to be counted. */
const FEW = 2;

/** One look at the run that goes on; undefined where there is none. */
export function readout(session: Session, before: Readout | undefined, seconds: number): Readout | undefined {
  const job = activeJob(session);
  if (!job) return undefined;
  const { progress, saving = false } = job;
  const where = whereOf(job);
  const paused = job.state === 'paused';
  const guess = where?.secondsLeft ?? undefined;
  return {
    progress,
    where,
    paused,
    saving,
    left: guess === undefined ? undefined : paused ? (before?.left ?? guess) : steady(before?.left, guess, seconds),
    // Of another level it says nothing.
    speed: paused || !progress || progress.level !== where?.level ? undefined : speedOf(progress, before, seconds),
  };
}

function speedOf(progress: JobProgress, before: Readout | undefined, seconds: number): number | undefined {
  const own = progress.seconds > 0 ? 1 / progress.seconds : undefined;
  const made = progress.total - (before?.progress?.total ?? progress.total);
  if (made <= 0 || seconds < 0.5) return before?.speed ?? own;
  // One or two between two looks say nothing of how long they took.
  const now = made <= FEW && own !== undefined ? own : made / seconds;
  return before?.speed === undefined ? now : before.speed + FRESHNESS * (now - before.speed);
}

/** Another job, state or level is a new beginning for a readout. */
export function readoutKey(session: Session): string {
  const job = activeJob(session);
  return job ? `${job.id} ${job.state} ${whereOf(job)?.level ?? '-'} ${job.saving === true}` : '';
}
