import { decodeImage, type DecodedImage } from '../../codec/decode.ts';
import { maskValues } from '../../codec/mask.ts';
import type { Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { Regions } from '../objective/regions.ts';
import { meansAt, windowsOver, type Plane, type Windows } from '../objective/windows.ts';

/** Pixels of a mask that are kept, at most: edges then lie within a two-thousandth of the picture's side, and a plane takes 16 MB. */
const MASK_PIXELS = 4_000_000;
/** Rows of a picture that are put together at a time. */
const BLOCK_ROWS = 64;

/** A mask's file, and the share of the picture in [0,1] that belongs to its region. */
export interface ReadMask extends Pick<DecodedImage, 'sha256' | 'name' | 'original' | 'notes'> {
  readonly mask: Plane;
}

/**
 * Reads a mask: how bright the picture is (Y of YIQ, of sRGB values as they are in the file) where it is opaque, and 0 where nothing
 * is. Large ones are shrunk.
 * @throws MadderError `input`, one sentence naming the file
 */
export async function readMask(path: string): Promise<ReadMask> {
  const decoded = await decodeImage(path, { fitPixels: MASK_PIXELS });
  const { width, height, sha256, name, original, notes } = decoded;
  return { mask: { width, height, data: maskValues(decoded) }, sha256, name, original, notes };
}

type Masked = Pick<Recipe, 'styles' | 'masks'>;

/** Who shares the picture, cell by cell of planes of one size: all regions and the photo sum to 1 everywhere. */
export interface Shares {
  /** Of each region, in the order of `regionsOf`. */
  readonly regions: readonly Plane[];
  /** Where the photo stays as it is; absent where it does so nowhere. */
  readonly photo?: Plane;
}

/**
 * The styles of each region, by their places in the recipe: every style that has a mask is a region of its own, and all others together
 * are one. A recipe without masks has one region.
 */
export function regionsOf(recipe: Masked): number[][] {
  const places = [...recipe.styles.keys()];
  const others = places.filter((i) => !isMasked(recipe, i));
  return [...places.filter((i) => isMasked(recipe, i)).map((i) => [i]), ...(others.length > 0 ? [others] : [])];
}

/** Whether a style, by its place in the recipe, has a mask. */
export const isMasked = ({ masks }: Masked, style: number): boolean =>
  masks.some(({ region }) => region.kind === 'style' && region.style === style);

/**
 * Shares of the picture by its masks. The photo's goes first: its share is its mask k. A style with a mask m gets m (1 − k), and where such
 * styles together would get more than 1 − k, they share that in proportion. What is left belongs to the styles without a mask, or to the
 * photo where all have one.
 *
 * @param maskOf the mask that a recipe's entry names
 * @returns undefined for a recipe without masks
 */
export function sharesOf(recipe: Masked, maskOf: FindMask): Shares | undefined {
  if (recipe.masks.length === 0) return undefined;
  const { size, styles, photo, sums } = broughtTogether(recipe, maskOf);
  const regions = styles.map(({ data }): Plane => {
    const share = new Float32Array(data.length);
    for (let i = 0; i < share.length; i++) share[i] = (data[i]! * (1 - (photo?.data[i] ?? 0))) / Math.max(1, sums[i]!);
    return { ...size, data: share };
  });
  if (leavesRest(recipe)) regions.push({ ...size, data: leftOver(photo, sums) });
  const kept = photoShare(recipe, photo, sums);
  return { regions, ...(kept ? { photo: { ...size, data: kept } } : {}) };
}

/** The photo's share alone, as of `sharesOf`; undefined where it stays nowhere. */
export function photoShareOf(recipe: Masked, maskOf: FindMask): Plane | undefined {
  if (recipe.masks.length === 0) return undefined;
  const { size, photo, sums } = broughtTogether(recipe, maskOf);
  const data = photoShare(recipe, photo, sums);
  return data && { ...size, data };
}

type FindMask = (mask: Recipe['masks'][number]) => Plane;

/** Masks in one size: of the styles that have one, in the order of `regionsOf`, and of the photo; and the sums of the styles'. */
function broughtTogether(recipe: Masked, maskOf: FindMask) {
  const size = commonSize(recipe.masks.map(maskOf));
  const find = (wanted: (region: Recipe['masks'][number]['region']) => boolean): Plane | undefined => {
    const found = recipe.masks.find(({ region }) => wanted(region));
    return found && stretched(maskOf(found), size);
  };
  const styles = [...recipe.styles.keys()]
    .map((i) => find((region) => region.kind === 'style' && region.style === i))
    .filter((plane) => plane !== undefined);
  const sums = new Float64Array(size.width * size.height);
  for (const { data } of styles) for (let i = 0; i < sums.length; i++) sums[i]! += data[i]!;
  return { size, styles, photo: find(({ kind }) => kind === 'photo'), sums };
}

/** Whether some style has no mask. */
const leavesRest = (recipe: Masked): boolean => recipe.styles.some((_, i) => !isMasked(recipe, i));

/** What neither the photo nor a style with a mask wants. */
function leftOver(photo: Plane | undefined, sums: Float64Array): Float32Array {
  const left = new Float32Array(sums.length);
  for (let i = 0; i < left.length; i++) left[i] = (1 - (photo?.data[i] ?? 0)) * Math.max(0, 1 - sums[i]!);
  return left;
}

function photoShare(recipe: Masked, photo: Plane | undefined, sums: Float64Array): Float32Array | undefined {
  if (leavesRest(recipe)) return photo?.data.some((share) => share > 0) ? photo.data : undefined;
  const kept = leftOver(photo, sums);
  if (photo) for (let i = 0; i < kept.length; i++) kept[i]! += photo.data[i]!;
  return kept.some((share) => share > 0) ? kept : undefined;
}

/** The regions of a recipe's pictures for an objective, and the styles of each; undefined for a recipe without masks. */
export interface PaintedRegions {
  readonly regions: Regions;
  readonly styles: readonly (readonly number[])[];
}

/** @param maskOf as of `sharesOf` */
export function paintedRegions(recipe: Masked, maskOf: FindMask): PaintedRegions | undefined {
  const shares = sharesOf(recipe, maskOf);
  return shares && { regions: new Regions(shares.regions), styles: regionsOf(recipe) };
}

/** As many regions as a recipe's pictures have, for working out what they take before any mask is read. */
export const plannedRegions = (recipe: Masked): PaintedRegions | undefined =>
  paintedRegions(recipe, () => ({ width: 1, height: 1, data: new Float32Array(1) }));

/** Memory that a recipe's masks take while it is painted, bytes: as they are read, and the regions that are made of them. */
export function masksBytes(recipe: Masked): number {
  if (recipe.masks.length === 0) return 0;
  const images = recipe.masks.map(({ image }) => image);
  const pixels = ({ width, height }: Size) => Math.min(width * height, MASK_PIXELS);
  const read = images.reduce((sum, image) => sum + pixels(image), 0);
  // One more than there are regions: the photo's share.
  const planes = regionsOf(recipe).length + 1;
  return Float32Array.BYTES_PER_ELEMENT * (read + planes * pixels(commonSize(images)));
}

/**
 * Refuses masks that leave nothing to paint, or nothing to a style that they are made for.
 * @param size of the result, px
 * @returns what a person should know, one sentence each
 * @throws MadderError `input`
 */
export function checkMasks(recipe: Masked, maskOf: FindMask, { width, height }: Size): string[] {
  const shares = sharesOf(recipe, maskOf);
  if (!shares) return [];
  const empty = shares.regions.map(({ data }) => {
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i]!;
    return (sum / data.length) * width * height < 1;
  });
  if (empty.every(Boolean)) {
    throw new MadderError(
      'input',
      'The masks leave the whole picture to the photo, so there is nothing to paint; make room in them for a style.',
    );
  }
  const groups = regionsOf(recipe);
  const notes: string[] = [];
  groups.forEach((places, r) => {
    if (!empty[r]) return;
    const names = places.map((i) => recipe.styles[i]!.image.name).join(', ');
    const entry = recipe.masks.find(({ region }) => region.kind === 'style' && places.includes(region.style));
    if (entry) {
      throw new MadderError(
        'input',
        `The mask ${entry.image.name} leaves no place for the style ${names}: it is black, or lies under the photo's mask; paint it white where the style belongs, or remove it.`,
      );
    }
    notes.push(`The masks leave no place for the styles without one: ${names}.`);
  });
  return notes;
}

/**
 * A picture with the photo in its place: photo · k + picture · (1 − k), which is exactly the photo where k is 1.
 * @param share k; stretched over the picture
 * @param into receives the result, and may be the picture's own values
 */
export function composite(picture: Picture, photo: Picture, share: Plane, into: Float32Array): Picture {
  const { width, height, data } = picture;
  const rows = pixels(height, share.height);
  const columns = pixels(width, share.width);
  for (let top = 0; top < height; top += BLOCK_ROWS) {
    const bottom = Math.min(height, top + BLOCK_ROWS);
    const shares = meansAt(share, rows, columns, { top, left: 0, bottom, right: width });
    for (let c = 0; c < 3; c++) {
      const start = (c * height + top) * width;
      for (let i = 0; i < shares.length; i++) {
        const painted = data[start + i]!;
        into[start + i] = painted + shares[i]! * (photo.data[start + i]! - painted);
      }
    }
  }
  return { width, height, data: into };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const pixels = (length: number, cells: number): Windows =>
  windowsOver(length, { centre: 0.5, stride: 1, width: 1 }, cells, length);

/** The size at which masks of several sizes lose nothing by being brought to it, unless that is too large. */
function commonSize(planes: readonly Size[]): Size {
  const width = Math.max(...planes.map((p) => p.width));
  const height = Math.max(...planes.map((p) => p.height));
  const scale = Math.min(1, Math.sqrt(MASK_PIXELS / (width * height)));
  const fit = (side: number) => Math.max(1, Math.floor(side * scale));
  return { width: fit(width), height: fit(height) };
}

function stretched(plane: Plane, { width, height }: Size): Plane {
  if (plane.width === width && plane.height === height) return plane;
  const [rows, columns] = [pixels(height, plane.height), pixels(width, plane.width)];
  const means = meansAt(plane, rows, columns, { top: 0, left: 0, bottom: height, right: width });
  return { width, height, data: new Float32Array(means) };
}
