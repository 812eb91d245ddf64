import { resizePicture } from '../../codec/picture.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { ObjectiveShape } from '../objective/assemble.ts';
import {
  blockedLayout,
  PictureObjective,
  type ObjectiveWeights,
  type RunSize,
  type Statistics,
} from '../objective/objective.ts';
import type { Device } from '../runtime/device.ts';
import { FeatureStore } from '../tiling/feature-store.ts';
import { measureGrams, TiledObjective, type TiledOptions } from '../tiling/tiled-objective.ts';
import { Tiling } from '../tiling/tiling.ts';
import { PHOTO_SHARE } from './memory.ts';
import { measureStyles, measureTargets, type Subjects } from './targets.ts';

/** What a level minimises, evaluated in one piece or in tiles. */
export type LevelObjective = PictureObjective | TiledObjective;

export interface LevelOptions extends TiledOptions {
  /** Where pictures are, for an objective in one piece; the host when missing. */
  readonly device?: Device | undefined;
  /** Folder for what is too large for memory. */
  readonly scratch: string;
}

/** Makes the objective of a level, and makes it again when a term is added to it or its tiles have to be smaller. */
export interface ObjectiveMaker {
  make(shape: ObjectiveShape, weights: ObjectiveWeights): Promise<LevelObjective>;
}

/** The objective of pictures that are looked at in one piece. The targets are measured once. */
export function inOnePiece(recipe: Recipe, subjects: Subjects, size: RunSize, options: LevelOptions): ObjectiveMaker {
  let targets: Statistics | undefined;
  return {
    make: async (shape, weights) => {
      targets ??= await measureTargets(recipe, subjects, size, options);
      const { normalization } = recipe.objective;
      return PictureObjective.create(shape, targets, size, weights, normalization, options, options.device);
    },
  };
}

/** The objective of pictures that are looked at in tiles. The paintings are measured once, in tiles as well. */
export class InTiles implements ObjectiveMaker {
  readonly #recipe: Recipe;
  readonly #subjects: Subjects;
  readonly #size: RunSize;
  readonly #options: LevelOptions;
  readonly #bytes: number;
  /** What tiles may own at most, px; all that fits into memory to begin with. */
  #inner: number;
  #tiling: Tiling | undefined;
  #grams: Statistics | undefined;

  /**
   * @param bytes of memory for tiles
   * @param halved whether tiles have half the picture's area at most, because its whole has proved to be too much
   */
  constructor(recipe: Recipe, subjects: Subjects, size: RunSize, bytes: number, options: LevelOptions, halved = false) {
    this.#recipe = recipe;
    this.#subjects = subjects;
    this.#size = size;
    this.#bytes = bytes;
    this.#options = options;
    this.#inner = Math.max(size.width, size.height);
    if (halved) this.halve();
  }

  /** From now on tiles have at most half the area that they could have. */
  halve(): void {
    this.#inner = Math.min(this.#inner, this.#tiling?.inner ?? Infinity) / Math.SQRT2;
  }

  async make(shape: ObjectiveShape, weights: ObjectiveWeights): Promise<TiledObjective> {
    const limits = { blockedLayout: blockedLayout(this.#options), inner: this.#inner };
    this.#grams ??= await measureStyles(this.#recipe, this.#subjects, this.#size, (networks, picture, fitted) => {
      const measured = { networks, variation: { quadratic: false, l1: false } };
      const tiling = Tiling.fit(measured, fitted, this.#bytes, { ...limits, measureOnly: true });
      return measureGrams(tiling, picture, this.#options);
    });
    const tiling = Tiling.fit(shape, this.#size, (1 - PHOTO_SHARE) * this.#bytes, limits);
    this.#tiling = tiling;
    const store = new FeatureStore({ memory: PHOTO_SHARE * this.#bytes, folder: this.#options.scratch });
    const photo = await resizePicture(this.#subjects.photo, this.#size.width, this.#size.height);
    const { normalization } = this.#recipe.objective;
    const { data } = photo;
    return TiledObjective.create(shape, tiling, this.#grams, data, store, weights, normalization, this.#options);
  }
}
