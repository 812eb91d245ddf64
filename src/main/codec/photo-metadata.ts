import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { MadderError } from '../../shared/errors.ts';

/** What a photo's file says beside its pixels. */
export interface PhotoMetadata {
  /** EXIF data as the file has it. */
  readonly exif?: Uint8Array;
  /** ICC colour profile; only one that RGB pictures can have. */
  readonly profile?: Uint8Array;
}

/** @throws MadderError `input` where the file is no picture that can be read */
export async function readPhotoMetadata(path: string): Promise<PhotoMetadata> {
  try {
    const { exif, icc } = await sharp(await readFile(path), { limitInputPixels: false }).metadata();
    // The profile's colour space (ICC.1:2022, 7.2.6): a print's or a grey one cannot describe our pixels.
    const rgb = icc?.subarray(16, 20).toString('latin1') === 'RGB ';
    return { ...(exif ? { exif } : {}), ...(icc && rgb ? { profile: icc } : {}) };
  } catch (cause) {
    throw new MadderError('input', 'The photo could not be read again; add it anew.', { cause });
  }
}
