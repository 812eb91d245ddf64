import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  colourStatistics,
  joinChroma,
  luminance,
  matchColours,
  matchLuminance,
  toGrey,
} from '../../../src/main/codec/colour.ts';
import type { Picture } from '../../../src/main/codec/picture.ts';
import { Random } from '../../support/random.ts';

const count = 24 * 16;
const picture = (data: ArrayLike<number>): Picture => ({ width: 24, height: 16, data: Float32Array.from(data) });
const seeds = fc.integer({ min: 0, max: 0xffffffff });

/**
 * Colours that a random matrix mixes of three independent ones, around a random middle. Its diagonal dominates, so that
 * there are colours in every direction.
 */
function mixed(seed: number, reach: number): Picture {
  const random = new Random(seed);
  const mean = [0, 1, 2].map(() => random.between(0.4, 0.6));
  const mix = Array.from({ length: 9 }, () => random.between(-0.3, 0.3));
  for (const c of [0, 4, 8]) mix[c] = random.between(0.8, 1);
  const data = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const free = [0, 1, 2].map(() => random.between(-reach, reach));
    for (let c = 0; c < 3; c++) {
      data[c * count + i] = mean[c]! + free.reduce((sum, f, k) => sum + mix[3 * c + k]! * f, 0);
    }
  }
  return { width: 24, height: 16, data };
}

const anything = (seed: number): Picture => {
  const random = new Random(seed);
  return picture(Array.from({ length: 3 * count }, () => random.next()));
};

const flat = (...rgb: number[]): Picture => picture(rgb.flatMap((v) => new Array<number>(count).fill(v)));

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number) {
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance));
}

const isUnit = ({ data }: Picture) => data.every((v) => v >= 0 && v <= 1);

describe('matchColours', () => {
  it("gives a painting the photo's mean and covariance", () => {
    fc.assert(
      fc.property(seeds, seeds, (one, two) => {
        const [painting, photo] = [mixed(one, 0.3), mixed(two, 0.08)];
        const matched = matchColours(painting, photo);
        fc.pre(matched.data.every((v) => v > 0 && v < 1));
        const [got, wanted] = [colourStatistics(matched), colourStatistics(photo)];
        expectClose(got.mean, wanted.mean, 1e-4);
        expectClose(got.covariance, wanted.covariance, 1e-4);
        // The covariances are small themselves: their ratio says more.
        expectClose(got.covariance, wanted.covariance, 1e-4 * Math.max(...wanted.covariance));
      }),
    );
  });

  it('leaves a painting alone that has the palette already', () => {
    const painting = mixed(3, 0.3);
    expectClose([...matchColours(painting, painting).data], [...painting.data], 1e-5);
  });

  it('does not depend on the order of the channels', () => {
    const turned = ({ data }: Picture) => picture([...data.subarray(count), ...data.subarray(0, count)]);
    const [painting, photo] = [mixed(4, 0.3), mixed(5, 0.08)];
    const after = turned(matchColours(painting, photo));
    expectClose([...matchColours(turned(painting), turned(photo)).data], [...after.data], 1e-5);
  });

  it('makes a painting grey for a grey photo', () => {
    const { data } = matchColours(mixed(6, 0.3), toGrey(mixed(7, 0.3)));
    for (let i = 0; i < count; i++) {
      expectClose([data[i]!, data[i]!], [data[count + i]!, data[2 * count + i]!], 1e-5);
    }
  });

  it.each([
    ['flat', flat(0.9, 0.1, 0.4)],
    ['black', flat(0, 0, 0)],
  ])('makes a %s painting the mean colour of the photo', (_name, painting) => {
    const photo = mixed(8, 0.2);
    const { mean } = colourStatistics(photo);
    const matched = matchColours(painting, photo);
    for (let i = 0; i < 3 * count; i++) expect(matched.data[i]).toBeCloseTo(mean[Math.floor(i / count)]!, 5);
  });

  it('does not blow up the faint colours of a grey painting', () => {
    const random = new Random(9);
    const grey = toGrey(mixed(10, 0.3));
    const noisy = picture(grey.data.map((v) => v + random.between(-1e-4, 1e-4)));
    const matched = matchColours(noisy, anything(11));
    const pure = matchColours(grey, anything(11));
    expectClose([...matched.data], [...pure.data], 0.03);
  });

  it('stays within [0,1] whatever the pictures', () => {
    fc.assert(
      fc.property(seeds, seeds, (one, two) => {
        for (const photo of [anything(two), flat(1, 0, 0), mixed(two, 1)]) {
          expect(isUnit(matchColours(mixed(one, 0.05), photo))).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('matchLuminance', () => {
  it("gives a painting's luminance the photo's mean and deviation", () => {
    const moments = (p: Picture) => {
      const { mean, covariance } = colourStatistics(toGrey(p));
      return [mean[0]!, Math.sqrt(covariance[0]!)];
    };
    fc.assert(
      fc.property(seeds, seeds, (one, two) => {
        const [painting, photo] = [mixed(one, 0.3), mixed(two, 0.1)];
        const matched = matchLuminance(painting, photo);
        fc.pre(matched.data.every((v) => v > 0 && v < 1));
        expectClose(moments(matched), moments(photo), 1e-4);
        expect(matched.data.subarray(0, count)).toEqual(matched.data.subarray(2 * count));
      }),
    );
  });

  it("makes a flat painting the photo's mean grey", () => {
    const photo = mixed(2, 0.2);
    const mean = colourStatistics(toGrey(photo)).mean[0]!;
    for (const value of matchLuminance(flat(0.2, 0.7, 0.1), photo).data) expect(value).toBeCloseTo(mean, 5);
  });
});

describe('joinChroma', () => {
  it('keeps the luminance of one picture, and of the other the hue, and the chroma where there is room', () => {
    fc.assert(
      fc.property(seeds, seeds, (one, two) => {
        const [shades, colours] = [toGrey(anything(one)), anything(two)];
        const joined = joinChroma(shades, colours);
        expect(isUnit(joined)).toBe(true);
        const [after, own] = [luminance(joined), luminance(colours)];
        for (let i = 0; i < count; i++) {
          expect(Math.abs(after[i]! - shades.data[i]!)).toBeLessThan(1e-6);
          const chroma = (p: Picture, y: number) => [0, 1, 2].map((c) => p.data[c * count + i]! - y);
          const [got, wanted] = [chroma(joined, after[i]!), chroma(colours, own[i]!)];
          const free = wanted.every((d) => shades.data[i]! + d >= 0 && shades.data[i]! + d <= 1);
          if (free) expectClose(got, wanted, 1e-6);
          // One factor for the three differences to grey: the hue is the same, the saturation at most that of before.
          expect(Math.abs(got[0]! * wanted[1]! - got[1]! * wanted[0]!)).toBeLessThan(1e-6);
          expect(Math.abs(got[0]!)).toBeLessThanOrEqual(Math.abs(wanted[0]!) + 1e-6);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives a picture back what it lost as grey', () => {
    const photo = anything(1);
    expectClose([...joinChroma(toGrey(photo), photo).data], [...photo.data], 1e-6);
  });

  it('leaves a picture grey under a grey photo', () => {
    const grey = toGrey(anything(2));
    expectClose([...joinChroma(grey, toGrey(anything(3))).data], [...grey.data], 1e-6);
  });

  it('makes black and white of the darkest and brightest', () => {
    expect(joinChroma(flat(0, 0, 0), anything(4)).data).toEqual(flat(0, 0, 0).data);
    expect(joinChroma(flat(1, 1, 1), anything(4)).data).toEqual(flat(1, 1, 1).data);
  });
});
