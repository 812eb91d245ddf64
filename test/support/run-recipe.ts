/** Small recipes of runs, and the pictures that they are about, for tests of the engine. */
import { fileURLToPath } from 'node:url';
import type { Picture } from '../../src/main/codec/picture.ts';
import { noisePicture } from '../../src/main/engine/runs/random.ts';
import { recipeSchema, type Recipe } from '../../src/shared/recipe.ts';

/** A file beside the golden activations. */
export const goldenFile = (name: string): string => fileURLToPath(new URL(`../golden/data/${name}`, import.meta.url));

/** The hash of what a test calls by a letter. */
export const hash = (letter: string): string => letter.repeat(64);

/** A picture as a recipe names it. */
export const imageOf = (letter: string, { width, height }: Pick<Picture, 'width' | 'height'>) => ({
  ...{ sha256: hash(letter), name: letter, width, height },
});

export const noisy = (width: number, height: number, seed: number): Picture => ({
  width,
  height,
  data: noisePicture(3 * width * height, seed),
});

/** Grey waves around the middle, so that a style of noise has something to change. @param amplitude 0 to 0.5 */
export const waves = (width: number, height: number, amplitude = 0.3): Picture => ({
  width,
  height,
  data: Float32Array.from(
    { length: 3 * width * height },
    (_, i) => 0.5 + amplitude * Math.sin(i / 9) * Math.cos(i / 700),
  ),
});

/**
 * The photo `a` in the style of the painting `b` through the thin VGG: at 48 px, two levels of L-BFGS from the photo.
 * @param changes instead of these, field by field
 */
export const runRecipe = (
  photo: Picture,
  painting: Picture,
  changes: Partial<Record<keyof Recipe, unknown>> = {},
): Recipe =>
  recipeSchema.parse({
    version: 1,
    content: imageOf('a', photo),
    styles: [{ image: imageOf('b', painting) }],
    networks: { style: { id: 'v', sha256: hash('1') } },
    objective: {
      style: 1,
      content: 0.1,
      styleLayers: { relu1_1: 1, relu2_1: 1, relu3_1: 1 },
      contentLayers: { relu3_3: 1 },
    },
    schedule: {
      size: 48,
      levels: [
        { factor: 0.5, evaluations: 8 },
        { factor: 1, evaluations: 12 },
      ],
    },
    optimizer: { kind: 'lbfgs' },
    init: { kind: 'content' },
    ...changes,
  });
