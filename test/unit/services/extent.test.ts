import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { levelSize } from '../../../src/main/engine/runs/schedule.ts';
import { prepareRun, type PaintRequest } from '../../../src/main/services/painter.ts';
import { paperOf } from '../../../src/shared/extent.ts';

const sample = (name: string) => fileURLToPath(new URL(`../../../resources/samples/${name}`, import.meta.url));
const network = fileURLToPath(new URL('../../golden/data/vgg16-thin.weights.safetensors', import.meta.url));

/** The size of the result that a request leads to; the photo is 1248 x 832 px. */
async function sizeOf(changes: Partial<PaintRequest>) {
  const styles = [{ path: sample('paintings/woodcut.jpg') }];
  const { recipe } = await prepareRun({ photo: sample('photos/harbour.jpg'), styles, network, ...changes });
  return { recipe, ...levelSize(recipe.schedule, recipe.schedule.levels.length - 1, recipe.content) };
}

describe('the extent of a result', () => {
  it('is asked for in megapixels or by a paper, and is in the recipe in px', async () => {
    expect(await sizeOf({ extent: { kind: 'megapixels', megapixels: 6 } })).toMatchObject({
      width: 3000,
      height: 2000,
    });
    const print = { kind: 'print' as const, paper: paperOf('60x40cm')!, dpi: 254 };
    const { recipe, ...size } = await sizeOf({ extent: print });
    expect(size).toMatchObject({ width: 6000, height: 4000 });
    expect(recipe.schedule).toMatchObject({ size: 6000, side: 'long' });
    expect(recipe.schedule.levels.length).toBeGreaterThan(4);
  });

  it('replaces the size of a recipe, on the side that its schedule names', async () => {
    const { recipe } = await sizeOf({ size: 200 });
    const short = { ...recipe, schedule: { ...recipe.schedule, side: 'short' as const } };
    const photo = sample('photos/harbour.jpg');
    const styles = [{ path: sample('paintings/woodcut.jpg') }];
    const extent = { kind: 'megapixels' as const, megapixels: 0.96 };
    const repeated = await prepareRun({ recipe: short, file: network, photo, styles, network, extent });
    expect(repeated.recipe.schedule).toMatchObject({ size: 800, side: 'short' });
    expect(repeated.notes.join()).toMatch(/size/);
  });
});
