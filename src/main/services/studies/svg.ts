/** What figures of studies are drawn with: SVG as text, which any program opens and rasterise.ts turns into pixels. */

/**
 * Okabe & Ito 2008, "Color Universal Design": told apart by people with any kind of colour vision. Yellow is left out: it
 * cannot be seen on white.
 */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000'];

/** Things that `colourOf` tells apart. */
export const COLOUR_COUNT = COLOURS.length;
export const colourOf = (thing: number): string => COLOURS[thing % COLOURS.length]!;

export const INK = '#222222';
export const FAINT = '#D8D8D8';
const FONT = 'Inter, Helvetica, Arial, sans-serif';
/** Mean width of a letter over its height, to tell how long a text will be. */
const LETTER = 0.56;

/** A document, px, on an opaque ground. */
export const svgOf = (width: number, height: number, parts: readonly string[], ground = '#FFFFFF'): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}">`,
    `<rect width="${width}" height="${height}" fill="${ground}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');

/** Round numbers from 0 to at least `largest`, about five of them. */
export function axisOf(largest: number): { end: number; ticks: number[]; write: (tick: number) => string } {
  const rough = (largest || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
  const count = Math.ceil((largest || 1) / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    end: count * step,
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step),
    write: (tick) => tick.toFixed(decimals),
  };
}

/** Decades up to which an axis has lines at 1, 2 and 5 of each; above, at powers of ten. */
const FINE_DECADES = 2.5;
/** Labels of powers of ten that an axis has room for. */
const MOST_TICKS = 8;

export interface LogAxis {
  readonly ticks: readonly number[];
  /** Where on the axis a value is, from 0 to 1; values below it lie at 0. */
  readonly at: (value: number) => number;
  readonly write: (tick: number) => string;
}

/** A logarithmic axis around the positive ones of the values: what a loss that falls by orders of magnitude is read on. */
export function logAxisOf(values: readonly number[]): LogAxis {
  const positive = values.filter((value) => value > 0);
  const [least, most] = positive.length > 0 ? [Math.min(...positive), Math.max(...positive)] : [0.1, 1];
  const first = Math.floor(Math.log10(least));
  const powers = Array.from({ length: Math.ceil(Math.log10(most)) - first + 1 }, (_, i) => first + i);
  const fine = Math.log10(most / least) <= FINE_DECADES;
  const candidates = powers.flatMap((power) => (fine ? [1, 2, 5] : [1]).map((digit) => Number(`${digit}e${power}`)));
  const low = candidates.findLastIndex((tick) => tick <= least);
  const high = candidates.findIndex((tick) => tick >= most && tick > candidates[low]!);
  const all = high < 0 ? [...candidates.slice(low), 10 ** (powers.at(-1)! + 1)] : candidates.slice(low, high + 1);
  const [from, span] = [Math.log10(all[0]!), Math.log10(all.at(-1)!) - Math.log10(all[0]!)];
  const step = Math.ceil((all.length - 1) / MOST_TICKS);
  return {
    ticks: all.filter((_, i) => i % step === 0),
    at: (value) => Math.max(0, (Math.log10(value) - from) / span),
    write: (tick) => (tick >= 0.001 && tick < 10_000 ? String(tick) : tick.toExponential(0).replace('e+', 'e')),
  };
}

export interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly anchor?: 'middle' | 'end';
}

/** Words on the baseline y. */
export const text = (x: number, y: number, words: string, { size, weight, anchor }: TextStyle): string =>
  `<text x="${rounded(x)}" y="${rounded(y)}" font-size="${size}" fill="${INK}"${weight === undefined ? '' : ` font-weight="${weight}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}>${escaped(words)}</text>`;

/** A name under its bar that does not run into the next one. */
export const slanted = (x: number, y: number, words: string): string =>
  `<text x="${rounded(x)}" y="${rounded(y)}" font-size="11" fill="${INK}" text-anchor="end" transform="rotate(-40 ${rounded(x)} ${rounded(y)})">${escaped(words)}</text>`;

/** From (x1, y1) to (x2, y2). */
export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string): string =>
  `<line x1="${rounded(x1)}" y1="${rounded(y1)}" x2="${rounded(x2)}" y2="${rounded(y2)}" stroke="${stroke}"/>`;

/** About how wide words are, px. */
export const textWidth = (words: string, size: number): number => Math.ceil(words.length * size * LETTER);

/** Hundredths of a pixel are enough. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Text as SVG may contain it. */
export const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
