import { MILLIMETRES } from '../extent.ts';
import { MOST_SIDE } from '../output-formats.ts';
import type { ExportOptions, Result } from './contract.ts';

/** What an export will be, worked out before it is written. */

const CM_PER_INCH = MILLIMETRES.in / MILLIMETRES.cm;

export interface ExportSize {
  /** px */
  readonly width: number;
  readonly height: number;
  /** Its long side is longer than the painted one: no detail is gained. */
  readonly enlarged: boolean;
  /** On paper, cm. */
  readonly paper: { readonly width: number; readonly height: number };
}

/** Pixels and paper of a picture that is exported with these options. */
export function exportSize(
  { width, height }: { readonly width: number; readonly height: number },
  { size, dpi }: Pick<ExportOptions, 'size' | 'dpi'>,
): ExportSize {
  const own = Math.max(width, height);
  const long = size.unit === 'own' ? own : toPixels(size.longSide, size.unit, dpi);
  const fit = (side: number): number => Math.max(1, Math.round((side * long) / own));
  const fitted = { width: fit(width), height: fit(height) };
  const onPaper = (side: number): number => (side / dpi) * CM_PER_INCH;
  return {
    ...fitted,
    enlarged: long > own,
    paper: { width: onPaper(fitted.width), height: onPaper(fitted.height) },
  };
}

/** The longest side that the format can have, px, where the picture's would be longer. */
export function exceededSide(
  picture: { readonly width: number; readonly height: number },
  options: Pick<ExportOptions, 'format' | 'size' | 'dpi'>,
): number | undefined {
  const { width, height } = exportSize(picture, options);
  const most = MOST_SIDE[options.format];
  return Math.max(width, height) > most ? most : undefined;
}

export type SizeUnit = 'px' | 'cm' | 'inch';

const toPixels = (value: number, unit: SizeUnit, dpi: number): number =>
  Math.max(1, Math.round(value * pixelsPer(unit, dpi)));

const pixelsPer = (unit: SizeUnit, dpi: number): number => ({ px: 1, inch: dpi, cm: dpi / CM_PER_INCH })[unit];

/** A long side in another unit, rounded to what people write: whole pixels, tenths of cm, hundredths of inches. */
export function convertLength(value: number, from: SizeUnit, to: SizeUnit, dpi: number): number {
  const digits = { px: 0, cm: 1, inch: 2 }[to];
  return Number(((value * pixelsPer(from, dpi)) / pixelsPer(to, dpi)).toFixed(digits));
}

/** Why an option does not count with the others. */
export type ExportReason = 'eightBits' | 'lossless' | 'noExif' | 'exifOff';

/** Options that count for nothing as the others stand, with the reason. */
export function idleOptions({ format, exif }: Pick<ExportOptions, 'format' | 'exif'>): {
  readonly [K in 'depth' | 'quality' | 'exif' | 'removePosition']?: ExportReason;
} {
  const lossy = format === 'jpeg' || format === 'webp';
  return {
    ...(lossy ? { depth: 'eightBits' } : { quality: 'lossless' }),
    ...(format === 'tiff' ? { exif: 'noExif', removePosition: 'noExif' } : exif ? {} : { removePosition: 'exifOff' }),
  };
}

/** The options with what counts for nothing set to what is written then. */
export const settledOptions = (options: ExportOptions): ExportOptions =>
  options.depth === 16 && idleOptions(options).depth ? { ...options, depth: 8 } : options;

export const NAME_FIELDS = ['photo', 'style', 'network', 'size', 'date', 'n'] as const;
export type NameField = (typeof NAME_FIELDS)[number];

export const EXPORT_SUFFIXES = { png: '.png', jpeg: '.jpg', tiff: '.tif', webp: '.webp' } as const;

/** What the fields of a name template stand for. */
export interface NameSource {
  readonly photo: string;
  readonly styles: readonly string[];
  readonly network: string;
  readonly width: number;
  readonly height: number;
  readonly createdAt: Date;
}

export const nameSourceOf = ({ recipe, width, height, createdAt }: Result): NameSource => ({
  photo: recipe.content.name,
  styles: recipe.styles.map(({ image }) => image.name),
  network: recipe.networks.style.id,
  width,
  height,
  createdAt: new Date(createdAt),
});

/** The template filled in, as a name that every file system takes; what is in braces and no field stays. */
export function exportName(template: string, source: NameSource, n = 1): string {
  const { photo, styles, network, width, height, createdAt } = source;
  const date = [createdAt.getFullYear(), createdAt.getMonth() + 1, createdAt.getDate()];
  const values: Readonly<Record<NameField, string>> = {
    photo: stem(photo),
    style: styles.map(stem).join('+'),
    network,
    size: `${width}x${height}`,
    date: date.map((part) => String(part).padStart(2, '0')).join('-'),
    n: String(n),
  };
  const filled = template.replaceAll(/\{(\w+)\}/g, (whole, key: string) =>
    Object.hasOwn(values, key) ? values[key as NameField] : whole,
  );
  return safeName(filled);
}

const stem = (name: string): string => name.replace(/\.[^.]*$/, '');

/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;
const MAX_NAME_BYTES = 200;

function safeName(name: string): string {
  const plain = name
    // eslint-disable-next-line no-control-regex -- control characters are what is replaced here
    .replaceAll(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, '_')
    .replace(/^[ .]+/, '')
    .replace(/[ .]+$/, '');
  let short = [...plain];
  while (new TextEncoder().encode(short.join('')).length > MAX_NAME_BYTES) short = short.slice(0, -1);
  if (short.length === 0) return 'painting';
  const kept = short.join('');
  return RESERVED.test(kept) ? `${kept}_` : kept;
}
