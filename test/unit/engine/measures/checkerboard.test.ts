import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../../src/main/codec/decode.ts';
import { resizePicture, toPicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { measureCheckerboard, PERIODS, type Period } from '../../../../src/main/engine/measures/checkerboard.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';

const PHOTOS = join(import.meta.dirname, '../../../../resources/samples/photos');

/** Every value changed by what depends on its place. */
const changed = (
  { width, height, data }: Picture,
  change: (value: number, x: number, y: number) => number,
): Picture => ({
  width,
  height,
  data: data.map((value, i) => change(value, i % width, Math.floor(i / width) % height)),
});

const noise = (width: number, height: number): Picture => ({
  width,
  height,
  data: noisePicture(3 * width * height, width + height),
});

/** The picture with squares of `period`/2 px, lighter and darker by turns. */
const checkered = (picture: Picture, period: Period, amplitude: number): Picture =>
  changed(picture, (value, x, y) => {
    const odd = (Math.floor((2 * x) / period) + Math.floor((2 * y) / period)) % 2;
    return value + amplitude * (odd ? 1 : -1);
  });

async function photo(width: number): Promise<Picture> {
  const read = toPicture(await decodeImage(join(PHOTOS, readdirSync(PHOTOS).sort()[0]!)));
  return resizePicture(read, width, Math.round((read.height * width) / read.width));
}

describe('the checkerboard measure', () => {
  it.each([
    [96, 128],
    [150, 97],
    [320, 256],
  ])('of noise is about 1 at %i x %i px', (width, height) => {
    const { periods, overall } = measureCheckerboard(noise(width, height));
    for (const period of PERIODS) expect(Math.abs(Math.log(periods[period]))).toBeLessThan(0.5);
    expect(overall).toBeCloseTo(1, 0);
    expect(overall).toBeCloseTo(PERIODS.reduce((sum, p) => sum + periods[p], 0) / 4, 12);
  });

  it.each(readdirSync(PHOTOS).filter((name) => name.endsWith('.jpg')))('of the photo %s is about 1', async (name) => {
    const read = toPicture(await decodeImage(join(PHOTOS, name)));
    for (const width of [read.width, 400]) {
      const shown = await resizePicture(read, width, Math.round((read.height * width) / read.width));
      const { periods } = measureCheckerboard(shown);
      for (const period of PERIODS) expect(Math.abs(periods[period] - 1)).toBeLessThan(0.25);
    }
  });

  it.each(PERIODS)('grows with a pattern of period %i, and of no shorter one', async (period) => {
    const plain = await photo(256);
    const measures = [0, 0.005, 0.01, 0.02, 0.04].map((a) => measureCheckerboard(checkered(plain, period, a)));
    const own = measures.map(({ periods }) => periods[period]);
    expect(own).toEqual([...own].sort((a, b) => a - b));
    // Of 192 frequencies of period 16, squares have few.
    expect(own.at(-1)! / own[0]!).toBeGreaterThan(period === 16 ? 1.3 : 4);
    for (const shorter of PERIODS.filter((p) => p < period)) {
      expect(measures.at(-1)!.periods[shorter]).toBeCloseTo(measures[0]!.periods[shorter], 1);
    }
  });

  it('does not depend on contrast, brightness or the place of the pattern', async () => {
    const picture = checkered(await photo(200), 4, 0.02);
    const { periods } = measureCheckerboard(picture);
    const paler = measureCheckerboard(changed(picture, (value) => 0.3 + 0.25 * value)).periods;
    for (const period of PERIODS) expect(paler[period] / periods[period]).toBeCloseTo(1, 4);
    const moved = changed(await photo(200), (value, x, y) => {
      return value + (((Math.floor((x + 1) / 2) + Math.floor(y / 2)) % 2 ? 0.02 : -0.02) as number);
    });
    expect(measureCheckerboard(moved).periods[4] / periods[4]).toBeCloseTo(1, 0);
  });

  it('depends little on the size of the picture', () => {
    const measured = [128, 256, 512].map(
      (side) => measureCheckerboard(checkered(noise(side, side), 4, 0.1)).periods[4],
    );
    expect(Math.max(...measured) / Math.min(...measured)).toBeLessThan(1.3);
    expect(Math.min(...measured)).toBeGreaterThan(5);
  });

  it('finds a pattern that changes its sign from place to place', () => {
    const side = 320;
    const patchy = changed(noise(side, side), (value, x, y) => {
      const sign = (Math.floor(x / 80) + Math.floor(y / 80)) % 2 ? 1 : -1;
      return value + 0.1 * sign * (-1) ** (x + y);
    });
    expect(measureCheckerboard(patchy).periods[2]).toBeGreaterThan(5);
  });

  it('refuses pictures that are too small, and those of one brightness', () => {
    expect(() => measureCheckerboard(noise(63, 200))).toThrow(/at least 64 px on both sides; this one has 63 x 200/);
    const even = changed(noise(80, 80), () => 0.3);
    expect(() => measureCheckerboard(even)).toThrow(/same brightness everywhere/);
  });
});
