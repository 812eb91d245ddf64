import type { Job, TileProgress } from '../../../shared/studio/contract.ts';

/** Where a run is: behind its newest evaluation, or within the next one, which takes long where it is looked at in pieces. */
export interface Where extends Pick<
  TileProgress,
  'level' | 'levels' | 'width' | 'height' | 'evaluation' | 'evaluations'
> {
  /** The piece that is looked at, if one is. */
  readonly tile: Pick<TileProgress, 'tile' | 'tiles' | 'preparing'> | undefined;
  /** Seconds; null before anything tells. */
  readonly secondsLeft: number | null;
}

/** Undefined before the run has said anything. */
export function whereOf({ progress, tile }: Pick<Job, 'progress' | 'tile'>): Where | undefined {
  const isNewer =
    tile &&
    (!progress ||
      tile.level > progress.level ||
      (tile.level === progress.level && tile.evaluation >= progress.evaluation));
  if (isNewer) return { ...tile, tile, secondsLeft: tile.secondsLeft ?? progress?.secondsLeft ?? null };
  return progress && { ...progress, tile: undefined };
}

/** Share of a run that is done: levels count alike. */
export function shareDone({ level, levels, evaluation, evaluations, tile }: Where): number {
  const within = tile && !tile.preparing ? tile.tile / tile.tiles : 0;
  return Math.min(1, (level + (evaluation + within) / evaluations) / levels);
}
