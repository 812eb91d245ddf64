/** How much of a picture is a fine pattern that repeats with the strides of a network. */
import type { Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import { brightnessOf, powerSpectrum, type Plane } from './spectrum.ts';

/** Periods that are looked for, px: the strides of networks. */
export const PERIODS = [2, 4, 8, 16] as const;
export type Period = (typeof PERIODS)[number];

/** Side of the tiles, px: the longest period is four places of their spectrum, so that there is something in between. */
const TILE = 64;
const SPACING = TILE / 16;
/** White noise of this part of the picture's variance is added to all powers, which keeps quotients finite. */
const FLOOR = 1e-6;

export interface Checkerboard {
  /** Per period: about 1 where nothing repeats so, and k where its peaks have k times the power that is around them. */
  readonly periods: Readonly<Record<Period, number>>;
  /** Their mean. */
  readonly overall: number;
}

/**
 * The checkerboard measure of a picture's brightness, from its spectrum.
 *
 * **Spectrum.** P is the mean of the power spectra (`powerSpectrum`) of tiles of 64 x 64 px, half a tile apart (Welch 1967,
 * "The use of fast Fourier transform for the estimation of power spectra"), plus 10⁻⁶ of the mean variance in the tiles. Its
 * resolution of 1/64 cycle per pixel is the same for pictures of any size, and a pattern counts wherever in the picture
 * it is and even if it changes its sign from place to place.
 *
 * **Peaks.** What repeats every 16 px in both directions has all its energy at the 16 x 16 frequencies (a/16, b/16). Each
 * belongs to the shortest period p ∈ {2, 4, 8, 16} of which it is a multiple: 3 to p = 2 (the checkerboard itself at (½, ½),
 * stripes at (½, 0) and (0, ½)), 12 to p = 4, 48 to p = 8, 192 to p = 16. In P these lie four places apart, and Hann's
 * window spreads each over its 3 x 3 places and no further. N(q) is the mean of P over them.
 *
 * **Neighbourhoods.** Halfway between two peaks, two places to the left and right, are 1 x 3 places each; their geometric
 * mean interpolates a spectrum that falls by a power of the frequency. The same above and below. B(q) is the larger one of both:
 * edges make ridges along the axes of a spectrum, on which every place is a peak to what lies beside the ridge.
 *
 * **Measure.** The mean of N(q) / B(q) over the frequencies q of a period. It does not depend on contrast or brightness. Of
 * noise and photos it is 0.9 to 1, and the less certain the fewer tiles and frequencies there are: at 128 px ± 0.2 for p = 2.
 *
 * @throws MadderError `input` for a picture that is smaller than a tile, or all of one brightness
 */
export function measureCheckerboard(picture: Picture): Checkerboard {
  const { width, height } = picture;
  if (Math.min(width, height) < TILE) {
    throw new MadderError(
      'input',
      `Patterns are looked for in pictures of at least ${TILE} px on both sides; this one has ${width} x ${height}.`,
    );
  }
  const power = meanSpectrum(brightnessOf(picture));
  const sums = new Map<Period, { sum: number; count: number }>(PERIODS.map((p) => [p, { sum: 0, count: 0 }]));
  for (let b = 0; b < 16; b++) {
    for (let a = 0; a < 16; a++) {
      // The period of a/16 and b/16: 16 over the largest power of two in both.
      const period = PERIODS.find((p) => a % (16 / p) === 0 && b % (16 / p) === 0)!;
      if (a === 0 && b === 0) continue;
      const place = sums.get(period)!;
      place.sum += prominence(power, SPACING * a, SPACING * b);
      place.count++;
    }
  }
  const periods = Object.fromEntries([...sums].map(([p, { sum, count }]) => [p, sum / count])) as Record<
    Period,
    number
  >;
  return { periods, overall: PERIODS.reduce((sum, p) => sum + periods[p], 0) / PERIODS.length };
}

/** N(q) / B(q) at the place (u, v) of P. */
function prominence(power: Float64Array, u: number, v: number): number {
  const mean = (us: readonly number[], vs: readonly number[]): number => {
    let sum = 0;
    for (const dv of vs) {
      for (const du of us) sum += power[((v + dv + TILE) % TILE) * TILE + ((u + du + TILE) % TILE)]!;
    }
    return sum / (us.length * vs.length);
  };
  const across = [-1, 0, 1];
  const beside = Math.sqrt(mean([-2], across) * mean([2], across));
  const above = Math.sqrt(mean(across, [-2]) * mean(across, [2]));
  return mean(across, across) / Math.max(beside, above);
}

/** Mean power spectrum of all tiles, [64, 64], with its floor. */
function meanSpectrum({ width, height, data }: Plane): Float64Array {
  const mean = new Float64Array(TILE * TILE);
  const [columns, rows] = [tileStarts(width), tileStarts(height)];
  for (const top of rows) {
    for (const left of columns) {
      const tile = Float64Array.from(mean, (_, i) => data[(top + Math.floor(i / TILE)) * width + left + (i % TILE)]!);
      const power = powerSpectrum({ width: TILE, height: TILE, data: tile });
      for (let i = 0; i < mean.length; i++) mean[i]! += power[i]! / (rows.length * columns.length);
    }
  }
  // The mean over all frequencies is the variance, weighed by the window.
  const variance = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  // A picture of one brightness has nothing but rounding errors of float32.
  if (variance < 1e-12) {
    throw new MadderError(
      'input',
      'The picture has the same brightness everywhere; there is nothing to look for in it.',
    );
  }
  return mean.map((value) => value + FLOOR * variance);
}

/** Every half tile, and the last one that fits. */
function tileStarts(size: number): number[] {
  const starts = Array.from({ length: Math.floor((size - TILE) / (TILE / 2)) + 1 }, (_, i) => i * (TILE / 2));
  return starts.at(-1) === size - TILE ? starts : [...starts, size - TILE];
}
