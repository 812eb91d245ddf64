import { extname } from 'node:path';
import { MOST_SIDE, type OutputFormatName } from '../../shared/output-formats.ts';

/** A format that pictures are written in. */
export interface OutputFormat {
  readonly name: OutputFormatName;
  /** Longest side that the format can hold, in pixels. */
  readonly maxSide: number;
  /** Whether the format can be partly transparent. */
  readonly opacity: boolean;
  /** Whether the format can have 16 bits per value. */
  readonly deep: boolean;
}

const PNG: OutputFormat = { name: 'png', maxSide: MOST_SIDE.png, opacity: true, deep: true };
const JPEG: OutputFormat = { name: 'jpeg', maxSide: MOST_SIDE.jpeg, opacity: false, deep: false };
const WEBP: OutputFormat = { name: 'webp', maxSide: MOST_SIDE.webp, opacity: true, deep: false };
const TIFF: OutputFormat = { name: 'tiff', maxSide: MOST_SIDE.tiff, opacity: true, deep: true };

const FORMATS_BY_SUFFIX: ReadonlyMap<string, OutputFormat> = new Map([
  ['.png', PNG],
  ['.jpg', JPEG],
  ['.jpeg', JPEG],
  ['.webp', WEBP],
  ['.tif', TIFF],
  ['.tiff', TIFF],
]);

/** The suffixes that pictures can be written with, for messages and dialogs. */
export const OUTPUT_SUFFIXES: readonly string[] = [...FORMATS_BY_SUFFIX.keys()];

/** The format that a path's suffix stands for, or undefined. */
export const outputFormat = (path: string): OutputFormat | undefined =>
  FORMATS_BY_SUFFIX.get(extname(path).toLowerCase());

/** Formats that pictures are read from, in libvips' names, `heif` being AVIF: vector and scientific formats are left out. */
export const INPUT_FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'tiff', 'gif', 'heif']);

/** How files begin, as Latin-1 text in which `?` stands for any byte. */
const SIGNATURES: readonly (readonly [beginning: string, name: string, readable: boolean])[] = [
  ['\xff\xd8\xff', 'JPEG', true],
  ['\x89PNG\r\n\x1a\n', 'PNG', true],
  ['RIFF????WEBP', 'WebP', true],
  ['II*\0', 'TIFF', true],
  ['MM\0*', 'TIFF', true],
  ['II+\0', 'TIFF', true],
  ['MM\0+', 'TIFF', true],
  ['GIF87a', 'GIF', true],
  ['GIF89a', 'GIF', true],
  ['????ftypavi', 'AVIF', true],
  // The general brands: what is inside shows when it is decoded.
  ['????ftypmif1', 'AVIF', true],
  ['????ftypmsf1', 'AVIF', true],
  ['????ftypmiaf', 'AVIF', true],
  // Phone cameras; it needs a patented decoder.
  ['????ftyphei', 'HEIC', false],
  ['????ftyphev', 'HEIC', false],
  ['<svg', 'SVG', false],
  ['BM????\0\0\0\0', 'BMP', false],
  ['%PDF', 'PDF', false],
  ['8BPS', 'Photoshop', false],
  ['\xff\x0a', 'JPEG XL', false],
  ['????JXL ', 'JPEG XL', false],
  ['????jP  ', 'JPEG 2000', false],
];

/** The format that a file's first bytes announce, and whether Madder reads it; undefined where they announce none known. */
export function recognise(head: Uint8Array): { readonly name: string; readonly readable: boolean } | undefined {
  const text = Buffer.from(head).toString('latin1');
  for (const [beginning, name, readable] of SIGNATURES) {
    if ([...beginning].every((character, i) => character === '?' || character === text[i])) return { name, readable };
  }
  return undefined;
}
