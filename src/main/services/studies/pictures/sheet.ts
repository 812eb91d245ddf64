/** The contact sheet of a study: all its pictures along its axes, with their names, on a neutral ground. */
import { join } from 'node:path';
import { decodeImage } from '../../../codec/decode.ts';
import { fitLongSide, resizePicture, toPicture, type Picture } from '../../../codec/picture.ts';
import { rasterise } from '../../../codec/rasterise.ts';
import { MadderError } from '../../../../shared/errors.ts';
import type { StudyCell } from '../../../../shared/picture-studies.ts';
import type { PictureRecord } from '../record.ts';
import { svgOf, text, textWidth } from '../svg.ts';

/** Light enough for black letters, and without a colour that would change how those of pictures are seen. */
const GROUND = '#DADADA';
const EMPTY = '#C6C6C6';
/** Around the picture that a person picked. */
const PICKED = '#D55E00';

/** Long side of pictures on the sheet, px, at most; smaller pictures are shown in whole multiples. */
const SIDE = 384;
/** A sheet has about so many pixels at most: with more pictures each is smaller. */
const MOST_PIXELS = 48_000_000;
const GAP = 16;
const MARGIN = 32;
const TITLE = 30;
const LABEL = 20;
const CAPTION = 17;
/** Height of a line of text over its size. */
const LINE = 1.35;
/** Widest names of rows, px. */
const ROW_LABELS = 280;
/** Long side of the photo and the paintings at the head of the sheet, px. */
const ORIGINAL = 128;

/** Room around sentences in place of pictures, px. */
const INSET = 8;

interface Box {
  readonly x: number;
  readonly y: number;
}

/**
 * The last axis makes columns, the one before it rows, the first of three blocks below each other. Places without a
 * picture say why. Letters are missing where the system has no fonts (`hasFonts`).
 * @param folder of the record
 */
export async function contactSheet(record: PictureRecord, folder: string): Promise<Picture> {
  const { axes, cells, gaps, title } = record;
  const columns = axes.at(-1)!;
  const rows = axes.at(-2);
  const blocks = axes.at(-3);
  const places = axes.reduce((product, { values }) => product * values.length, 1);
  const side = Math.max(48, Math.min(SIDE, Math.floor(Math.sqrt(MOST_PIXELS / places)) - GAP));
  const shown = new Map<string, Picture>();
  for (const cell of cells) {
    const picture = await pictureOf(cell, folder, side);
    if (picture) shown.set(cell.id, picture);
  }
  const width = Math.max(...(shown.size > 0 ? [...shown.values()].map((picture) => picture.width) : [side]));
  const whys = [
    ...gaps,
    ...cells.filter(({ id }) => !shown.has(id)).map((cell) => ({ problem: problemOf(record, cell) })),
  ];
  const height = Math.max(
    ...(shown.size > 0 ? [...shown.values()].map((picture) => picture.height) : [side / 2]),
    ...whys.map(({ problem }) => Math.ceil((wrapped(problem, width - 2 * INSET, CAPTION).length + 1) * CAPTION * LINE)),
  );
  const captions = new Map(cells.map((cell) => [cell.id, captionsOf(record, cell)]));
  const captionLines = Math.max(0, ...[...captions.values()].map(({ length }) => length));
  const rowHeight = height + captionLines * CAPTION * LINE + GAP;

  const columnLabels = columns.values.map(({ label }) => wrapped(label, width, LABEL));
  const headHeight = Math.max(...columnLabels.map(({ length }) => length)) * LABEL * LINE + 8;
  const rowLabels = (rows?.values ?? []).map(({ label }) => wrapped(label, ROW_LABELS, LABEL));
  const left = MARGIN + (rows ? Math.max(...rowLabels.flat().map((words) => textWidth(words, LABEL))) + GAP : 0);
  const originals = await originalsOf(record);
  const subtitle = axes
    .map(({ label }, i) => `${['columns', 'rows', 'blocks'][axes.length - 1 - i]!}: ${label}`)
    .reverse()
    .join(' · ');
  const sheetWidth = Math.ceil(
    Math.max(
      left + columns.values.length * (width + GAP) + MARGIN,
      2 * MARGIN + Math.max(textWidth(title, TITLE), textWidth(subtitle, LABEL)),
      2 * MARGIN + originals.reduce((sum, { picture }) => sum + picture.width + GAP, 0),
    ),
  );

  const parts = [
    text(MARGIN, MARGIN + TITLE, title, { size: TITLE, weight: 600 }),
    text(MARGIN, MARGIN + TITLE + LABEL * 1.8, subtitle, { size: LABEL }),
  ];
  const pasted: { readonly picture: Picture; readonly at: Box }[] = [];
  let y = MARGIN + TITLE + LABEL * 1.8 + GAP;
  let across = MARGIN;
  for (const { picture } of originals) {
    pasted.push({ picture, at: { x: across, y: Math.round(y) } });
    across += picture.width + GAP;
  }
  if (originals.length > 0) y += Math.max(...originals.map(({ picture }) => picture.height)) + GAP;

  for (const [block, value] of (blocks?.values ?? [undefined]).entries()) {
    if (value) {
      y += GAP + LABEL;
      parts.push(text(MARGIN, y, `${blocks!.label}: ${value.label}`, { size: LABEL, weight: 600 }));
      y += GAP / 2;
    }
    columnLabels.forEach((lines, column) => {
      const middle = left + column * (width + GAP) + width / 2;
      lines.forEach((words, i) => {
        parts.push(text(middle, y + (i + 1) * LABEL * LINE, words, { size: LABEL, anchor: 'middle' }));
      });
    });
    y += headHeight;
    for (const [row] of (rows?.values ?? [undefined]).entries()) {
      y = Math.round(y);
      (rowLabels[row] ?? []).forEach((words, i) => {
        parts.push(text(MARGIN, y + height / 2 + i * LABEL * LINE, words, { size: LABEL }));
      });
      for (const [column] of columns.values.entries()) {
        const at = [...(blocks ? [block] : []), ...(rows ? [row] : []), column];
        const same = (other: readonly number[]) => other.every((value2, axis) => value2 === at[axis]);
        const cell = cells.find((other) => same(other.at));
        const gap = gaps.find((other) => same(other.at));
        if (!cell && !gap) continue;
        const x = Math.round(left + column * (width + GAP));
        const picture = cell && shown.get(cell.id);
        if (picture) {
          const place = { x: x + Math.floor((width - picture.width) / 2), y: y + height - picture.height };
          pasted.push({ picture, at: place });
          if (cell.id === record.chosen) parts.push(frame(place, picture));
        } else {
          parts.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${EMPTY}"/>`);
          const why = gap?.problem ?? problemOf(record, cell!);
          wrapped(why, width - 2 * INSET, CAPTION).forEach((words, i) => {
            parts.push(text(x + INSET, y + (i + 1) * CAPTION * LINE + 4, words, { size: CAPTION }));
          });
        }
        (cell ? captions.get(cell.id)! : []).forEach((words, i) => {
          const baseline = y + height + (i + 1) * CAPTION * LINE;
          parts.push(text(x + width / 2, baseline, words, { size: CAPTION, anchor: 'middle' }));
        });
      }
      y += rowHeight;
    }
  }
  const sheet = await rasterise(svgOf(sheetWidth, Math.ceil(y + MARGIN - GAP), parts, GROUND), 1);
  for (const { picture, at } of pasted) paste(sheet, picture, at);
  return sheet;
}

/** Why there is no picture. */
const problemOf = ({ runs }: PictureRecord, { run }: StudyCell): string => runs[run]!.failed ?? 'not painted yet';

/** What stands below a picture, a line each: what the axes do not say. */
export function captionsOf({ runs, kind }: PictureRecord, { run, robustness }: StudyCell): string[] {
  if (kind !== 'layers') return [];
  const [layer] = Object.keys(runs[run]!.recipe.objective.styleLayers) as [string];
  return [layer, ...(robustness ? [`R(f) ${robustness.value.toPrecision(3)}`] : [])];
}

const frame = ({ x, y }: Box, { width, height }: Picture): string =>
  `<rect x="${x - 5}" y="${y - 5}" width="${width + 10}" height="${height + 10}" fill="${PICKED}"/>`;

/** A cell's picture as large as the sheet shows it; undefined where it is not painted. */
async function pictureOf({ picture: name }: StudyCell, folder: string, side: number): Promise<Picture | undefined> {
  if (name === undefined) return undefined;
  return fitted(toPicture(await decodeImage(join(folder, name))), side);
}

/** The photo and the paintings, where they still are where they were. */
async function originalsOf({ images }: PictureRecord): Promise<{ picture: Picture }[]> {
  const found = [];
  for (const { path, sha256 } of images) {
    try {
      const decoded = await decodeImage(path, { longSide: 4 * ORIGINAL });
      if (decoded.sha256 === sha256) found.push({ picture: await fitted(toPicture(decoded), ORIGINAL) });
    } catch (error) {
      if (!(error instanceof MadderError)) throw error;
    }
  }
  return found;
}

/** Shrunk to the side where it is larger, and small ones with every pixel as a square of pixels. */
async function fitted(picture: Picture, side: number): Promise<Picture> {
  const long = Math.max(picture.width, picture.height);
  if (long <= side) return magnified(picture, Math.floor(side / long));
  const { width, height } = fitLongSide(picture.width, picture.height, side);
  return resizePicture(picture, width, height);
}

/** Every pixel as `factor` by `factor` pixels. */
export function magnified({ width, height, data }: Picture, factor: number): Picture {
  if (factor === 1) return { width, height, data };
  const [w, h] = [width * factor, height * factor];
  const large = new Float32Array(3 * w * h);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < h; y++) {
      const from = (c * height + Math.floor(y / factor)) * width;
      const to = (c * h + y) * w;
      for (let x = 0; x < w; x++) large[to + x] = data[from + Math.floor(x / factor)]!;
    }
  }
  return { width: w, height: h, data: large };
}

/** Writes a picture into another one, in which it lies. */
export function paste(onto: Picture, { width, height, data }: Picture, { x, y }: Box): void {
  for (let c = 0; c < 3; c++) {
    for (let row = 0; row < height; row++) {
      const from = (c * height + row) * width;
      onto.data.set(data.subarray(from, from + width), (c * onto.height + y + row) * onto.width + x);
    }
  }
}

/** Words in lines of about this width, px; a word that is longer has a line of its own. */
export function wrapped(words: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || textWidth(longer, size) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
