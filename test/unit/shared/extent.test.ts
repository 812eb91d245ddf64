import { describe, expect, it } from 'vitest';
import { PAPER_NAMES, paperOf, sidesOf } from '../../../src/shared/extent.ts';

const print = (paper: string, dpi = 300) => ({ kind: 'print' as const, paper: paperOf(paper)!, dpi });

describe('the extent of a picture', () => {
  it('knows papers by name and by their sides', () => {
    for (const name of PAPER_NAMES) expect(paperOf(name)).toBeDefined();
    expect(paperOf('a2')).toEqual({ width: 420, height: 594 });
    expect(paperOf('60x40cm')).toEqual({ width: 600, height: 400 });
    expect(paperOf('24 x 16 in')).toEqual({ width: 24 * 25.4, height: 16 * 25.4 });
    expect(paperOf('300x200.5mm')).toEqual({ width: 300, height: 200.5 });
    for (const wrong of ['', 'A9', '60x40', '0x40cm', '60cm', 'toString']) expect(paperOf(wrong)).toBeUndefined();
  });

  it('fills the paper in the direction that comes first, whichever way the photo is turned', () => {
    // 594 mm at 300 dpi; the other side has room left.
    expect(sidesOf(print('A2'), { width: 3000, height: 2000 })).toEqual({ long: 7016, short: 4677 });
    expect(sidesOf(print('A2'), { width: 2000, height: 3000 })).toEqual({ long: 7016, short: 4677 });
    // A square is as wide as the paper is narrow, a panorama as wide as it is long.
    expect(sidesOf(print('24x16in', 100), { width: 500, height: 500 })).toEqual({ long: 1600, short: 1600 });
    expect(sidesOf(print('24x16in', 100), { width: 900, height: 300 })).toEqual({ long: 2400, short: 800 });
  });

  it('has as many pixels as are asked for', () => {
    expect(sidesOf({ kind: 'megapixels', megapixels: 24 }, { width: 3, height: 2 })).toEqual({
      long: 6000,
      short: 4000,
    });
    expect(sidesOf({ kind: 'megapixels', megapixels: 1e-9 }, { width: 3, height: 2 })).toEqual({ long: 1, short: 1 });
  });
});
