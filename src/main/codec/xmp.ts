import { readFile, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { MadderError } from '../../shared/errors.ts';

/**
 * The XMP packet that a picture file carries, or undefined where it has none.
 * @throws MadderError `input` where the file is no picture that can be read
 */
export async function readXmp(path: string): Promise<string | undefined> {
  try {
    const about = await stat(path);
    // Devices and pipes may never end.
    if (!about.isFile()) throw new Error('not a file');
    // Node reads no larger files in one piece.
    const file = about.size < 2 ** 31 ? await readFile(path) : path;
    const { xmp } = await sharp(file, { limitInputPixels: false }).metadata();
    return xmp && new TextDecoder().decode(xmp);
  } catch (cause) {
    throw new MadderError('input', `${path} could not be read as a picture; check that the file is there and whole.`, {
      cause,
    });
  }
}
