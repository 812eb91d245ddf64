/** Files that tests let a person drop, and what is in those that the studio writes. */
import sharp from 'sharp';
import { readXmp } from '../../../../src/main/formats/xmp.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { migrateRecipe } from '../../../../src/shared/recipe-migrations.ts';

/** The recipe inside a picture, read by another program's eyes. */
export async function recipeIn(path: string): Promise<Recipe> {
  const { xmp } = await sharp(path).metadata();
  if (!xmp) throw new Error(`${path} carries no XMP data.`);
  return migrateRecipe(readXmp(xmp.toString()));
}

/** A picture of one colour. */
export const solid = (colour: string, width = 96, height = 64): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .png()
    .toBuffer();
