import type { JobProgress } from '../../../shared/studio/contract.ts';
import { activeJob, type Session } from '../../stores/session.ts';
import { steady } from './words.ts';

/** What the run bar says of a run. */
export interface Readout {
  readonly progress: JobProgress | undefined;
  readonly paused: boolean;
  /** Seconds; counts down evenly. */
  readonly left: number | undefined;
  /** Iterations a second over the last looks; undefined before there were two. */
  readonly speed: number | undefined;
}

/** How much of the speed a new look replaces. */
const FRESHNESS = 0.4;

/** One look at the run that goes on; undefined where there is none. */
export function readout(session: Session, before: Readout | undefined, seconds: number): Readout | undefined {
  const job = activeJob(session);
  if (!job) return undefined;
  const { progress } = job;
  const paused = job.state === 'paused';
  if (!progress) return { progress, paused, left: undefined, speed: undefined };
  return {
    progress,
    paused,
    left: paused ? (before?.left ?? progress.secondsLeft) : steady(before?.left, progress.secondsLeft, seconds),
    speed: paused ? undefined : speedOf(progress, before, seconds),
  };
}

function speedOf(progress: JobProgress, before: Readout | undefined, seconds: number): number | undefined {
  const own = progress.seconds > 0 ? 1 / progress.seconds : undefined;
  const made = progress.total - (before?.progress?.total ?? progress.total);
  if (made <= 0 || seconds < 0.5) return before?.speed ?? own;
  const now = made / seconds;
  return before?.speed === undefined ? now : before.speed + FRESHNESS * (now - before.speed);
}

/** Another job, state or level is a new beginning for a readout. */
export function readoutKey(session: Session): string {
  const job = activeJob(session);
  return job ? `${job.id} ${job.state} ${job.progress?.level ?? '-'}` : '';
}

/** Share of a run that is done: levels count alike. */
export const shareDone = ({ level, levels, evaluation, evaluations }: JobProgress): number =>
  Math.min(1, (level + evaluation / evaluations) / levels);
