import { extname } from 'node:path';

/** A format that pictures are written in. */
export interface OutputFormat {
  readonly name: 'png' | 'jpeg' | 'webp' | 'tiff';
  /** Longest side that the format can hold, in pixels. */
  readonly maxSide: number;
}

/** Longest side that libvips handles. */
const NO_LIMIT = 10_000_000;

const OUTPUT_FORMATS: ReadonlyMap<string, OutputFormat> = new Map([
  ['.png', { name: 'png', maxSide: NO_LIMIT }],
  ['.jpg', { name: 'jpeg', maxSide: 65_535 }],
  ['.jpeg', { name: 'jpeg', maxSide: 65_535 }],
  ['.webp', { name: 'webp', maxSide: 16_383 }],
  ['.tif', { name: 'tiff', maxSide: NO_LIMIT }],
  ['.tiff', { name: 'tiff', maxSide: NO_LIMIT }],
]);

/** The suffixes that pictures can be written with, for messages and dialogs. */
export const OUTPUT_SUFFIXES: readonly string[] = [...OUTPUT_FORMATS.keys()];

/** The format that a path's suffix stands for, or undefined. */
export const outputFormat = (path: string): OutputFormat | undefined => OUTPUT_FORMATS.get(extname(path).toLowerCase());

/** Formats that pictures are read from, in libvips' names, `heif` being AVIF: vector and scientific formats are left out. */
export const INPUT_FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'tiff', 'gif', 'heif']);
