import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { noisePicture } from '../../../../../src/main/engine/runs/random.ts';

export const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../golden/data/${name}.weights.safetensors`, import.meta.url));
export const VGG = golden('vgg16-thin');
export const RESNET = golden('resnet18-thin');

export interface Files {
  readonly folder: string;
  readonly photo: string;
  readonly painting: string;
  readonly other: string;
  readonly remove: () => void;
}

/** A photo and two paintings of a few pixels in a folder of their own. */
export async function makeFiles(): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), 'madder-pictures-'));
  const picture = async (name: string, width: number, height: number, seed: number, blur: number) => {
    const path = join(folder, name);
    const bytes = Uint8Array.from(noisePicture(3 * width * height, seed), (v) => 255 * v);
    await sharp(bytes, { raw: { width, height, channels: 3 } })
      .blur(blur)
      .toFile(path);
    return path;
  };
  return {
    folder,
    photo: await picture('photo.png', 48, 40, 1, 4),
    painting: await picture('painting.png', 44, 44, 2, 0.8),
    other: await picture('other.png', 40, 48, 3, 1.5),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
