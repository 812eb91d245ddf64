import type { JobProgress, TileProgress } from '../../../shared/studio/contract.ts';

/** Where in a run its engine looks at a tile. */
export type TilePlace = Pick<TileProgress, 'level' | 'evaluation' | 'tile' | 'tiles' | 'preparing'>;

/** A level of a run. */
interface Level {
  readonly width: number;
  readonly height: number;
  readonly evaluations: number;
}

/** The second half of an evaluation's tiles, which go backwards too, takes three times as long as the first. */
const FORWARD = 0.25;
/** Part of an evaluation that tells how long all of it takes. */
const TELLING = 0.05;

/**
 * How long a run still takes while it is within an evaluation, which may last an hour. Times are seconds of work: whoever pauses stops the
 * clock.
 */
export class Pace {
  readonly #levels: readonly Level[];
  /** Seconds of an evaluation at the level of the latest one, and that level. */
  #known: { readonly level: number; readonly seconds: number } | undefined;
  /** When the evaluation began that goes on. */
  #began = 0;
  #at: Pick<TilePlace, 'level' | 'evaluation' | 'preparing'> | undefined;

  constructor(levels: readonly Level[]) {
    this.#levels = levels;
  }

  /** An evaluation ended. @param worked since the run began, seconds */
  evaluated({ level, evaluation, evaluations, secondsLeft }: JobProgress, worked: number): void {
    const left = evaluations - evaluation + this.#later(level);
    if (left > 0) this.#known = { level, seconds: secondsLeft / left };
    this.#began = worked;
    this.#at = { level, evaluation, preparing: false };
  }

  /** A tile that is looked at, with all that a person is told of it. */
  place(tile: TilePlace, worked: number): TileProgress {
    const { width, height, evaluations } = this.#levels[tile.level]!;
    const levels = this.#levels.length;
    return { ...tile, levels, width, height, evaluations, secondsLeft: this.#left(tile, worked) };
  }

  /** Seconds that are left at a tile; null while nothing tells. */
  #left({ level, evaluation, tile, tiles, preparing }: TilePlace, worked: number): number | null {
    const isNew = this.#at?.level !== level || this.#at.evaluation !== evaluation || this.#at.preparing;
    if (isNew) {
      this.#at = { level, evaluation, preparing };
      this.#began = worked;
    }
    const done = preparing ? 0 : shareOf(tile / tiles);
    const seconds = this.#secondsAt(level, done, worked);
    const { evaluations } = this.#levels[level]!;
    return seconds === null ? null : seconds * (evaluations - evaluation - done + this.#later(level));
  }

  #secondsAt(level: number, done: number, worked: number): number | null {
    if (this.#known?.level === level) return this.#known.seconds;
    if (done >= TELLING) return (worked - this.#began) / done;
    if (!this.#known) return null;
    return (this.#known.seconds * this.#pixels(level)) / this.#pixels(this.#known.level);
  }

  /** Evaluations of later levels, in those of this one. */
  #later(level: number): number {
    const here = this.#pixels(level);
    return this.#levels.reduce(
      (sum, { evaluations }, i) => (i > level ? sum + (evaluations * this.#pixels(i)) / here : sum),
      0,
    );
  }

  #pixels(level: number): number {
    const { width, height } = this.#levels[level]!;
    return width * height;
  }
}

/** Part of an evaluation's time, of a part of its tiles. */
const shareOf = (part: number): number =>
  part < 0.5 ? 2 * FORWARD * part : FORWARD + 2 * (1 - FORWARD) * (part - 0.5);
