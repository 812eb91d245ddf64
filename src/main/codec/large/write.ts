import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';
import type { WriteOptions } from '../encode.ts';
import { emptyExif, withExifSize } from '../exif.ts';
import { outputFormat, type OutputFormat } from '../formats.ts';
import { checkOutput, flushFolder, refusal, temporaryBeside, writeError } from '../output.ts';
import { srgbProfile, withProfileFile } from '../pixels.ts';
import { AppendFile, checkDigest, type Digest } from './append-file.ts';
import { blocksOf, checkCancelled, type Layout } from './blocks.ts';
import type { FileDetails } from './details.ts';
import { SegmentTooLong, writeJpeg } from './jpeg.ts';
import { writePng } from './png.ts';
import type { RowSource } from './rows.ts';
import { needsBigTiff, tiffHeaderBytes, writeTiff } from './tiff.ts';
import { sampled, verifyFile, type Samples } from './verify.ts';
import { checkWebpMemory, writeWebp } from './webp.ts';

export interface RowWriteOptions extends WriteOptions {
  readonly quality: number;
  /** TIFF only: 64-bit places even where 32 bits suffice. Files that could exceed 4 GB have them anyway. */
  readonly bigTiff?: boolean;
}

/** What of the work writing is, and what is done when the file was compared; the rest is opening it. */
const WRITING = 0.85;
const COMPARED = 0.9;

/**
 * Writes a picture whose rows come one block after another, in the format of the path's suffix, as `writeImage` writes pictures that are
 * small: with profile, resolution, XMP and EXIF inside, and complete or not at all. Memory does not grow with the picture's height
 * (but for WebP, whose encoder wants all of it): a few blocks of about one megapixel, or of one row where that is more.
 *
 * The file is written beside its place, flushed, compared with what was written, opened by libvips, which shows size, depth, profile
 * and resolution and sampled rows, renamed, and compared once more.
 * @throws MadderError `output`, one sentence; a file that existed is then untouched, and no other is left
 */
export async function writeRows(path: string, source: RowSource, options: RowWriteOptions): Promise<void> {
  const target = await checkOutput(path, options, source);
  const format = outputFormat(path)!;
  const { depth = 8, quality, pyramid = false, bigTiff = false, metadata = {}, dpi, signal, onProgress } = options;
  if (bigTiff && format.name !== 'tiff') throw refusal(path, 'cannot be a BigTIFF', 'choose .tif');
  if (format.name === 'webp') checkWebpMemory(path, source);
  checkCancelled(path, signal);
  onProgress?.(0);
  const { width, height } = source;
  const layout: Layout = { width, height, channels: source.transparent && format.opacity ? 4 : 3, depth };
  const details: FileDetails = {
    profile: options.profile ?? (await srgbProfile()),
    dpi,
    xmp: metadata.xmp,
    exif: exifFor(format, metadata.exif, { width, height, dpi }),
  };
  const temporary = temporaryBeside(target);
  try {
    const { digest, samples } = await withProfileFile(options.profile, (profile) => {
      const { blocks, samples } = sampled(
        blocksOf(source, {
          path,
          depth,
          onWhite: !format.opacity,
          profile,
          signal,
          onRows: (rows) => onProgress?.((WRITING * rows) / height),
        }),
        layout,
      );
      return writeFile(temporary, { format, layout, details, blocks, samples, quality, pyramid, bigTiff });
    });
    await checkDigest(temporary, digest);
    checkCancelled(path, signal);
    onProgress?.(COMPARED);
    await verifyFile(temporary, { format, layout, details, samples, pyramid, quality });
    checkCancelled(path, signal);
    await rename(temporary, target);
    await flushFolder(dirname(target));
    await checkDigest(target, digest);
    onProgress?.(1);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (cause instanceof MadderError) throw cause;
    if (cause instanceof SegmentTooLong) {
      throw refusal(path, 'cannot hold so much EXIF data or so long a recipe', 'leave them out or choose .png', cause);
    }
    throw writeError(path, cause);
  }
}

/** The photo's EXIF data for this picture. WebP knows no resolution of its own, so that there EXIF data has to say it. */
function exifFor(
  { name }: OutputFormat,
  exif: Uint8Array | undefined,
  size: { readonly width: number; readonly height: number; readonly dpi: number | undefined },
): Uint8Array | undefined {
  const given = exif ?? (name === 'webp' && size.dpi !== undefined ? emptyExif() : undefined);
  return given && withExifSize(given, size);
}

interface Work {
  readonly format: OutputFormat;
  readonly layout: Layout;
  readonly details: FileDetails;
  readonly blocks: ReturnType<typeof blocksOf>;
  readonly samples: Samples;
  readonly quality: number;
  readonly pyramid: boolean;
  readonly bigTiff: boolean;
}

async function writeFile(path: string, work: Work): Promise<{ digest: Digest; samples: Samples }> {
  const { format, layout, details, blocks, samples, quality, pyramid } = work;
  const big = format.name === 'tiff' && (work.bigTiff || needsBigTiff(layout, pyramid, details));
  const file = await AppendFile.create(path, format.name === 'tiff' ? tiffHeaderBytes(big) : 0);
  try {
    let head: Uint8Array = new Uint8Array();
    switch (format.name) {
      case 'tiff':
        head = await writeTiff(file, layout, blocks, details, { pyramid, big });
        break;
      case 'png':
        await writePng(file, layout, blocks, details);
        break;
      case 'jpeg':
        await writeJpeg(file, layout, blocks, details, quality);
        break;
      case 'webp':
        await writeWebp(file, layout, blocks, details, quality);
    }
    return { digest: await file.finish(head), samples };
  } finally {
    await file.close();
  }
}
