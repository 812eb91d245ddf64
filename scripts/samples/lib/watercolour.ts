/** Transparent washes on rough paper. */
import type { Rgb } from './colour.ts';
import { saturate, smoothstep } from './maths.ts';
import { fbm2, noise2 } from './noise.ts';
import { Plane, Raster } from './raster.ts';

/** One wash of thinned paint. Lengths are shares of the height of the sheet. */
export interface Wash {
  /** Left, top, right and bottom of the region that the wash can touch. */
  bounds: readonly [number, number, number, number];
  /** Signed distance to the border of the wash, positive inside. */
  inside: (x: number, y: number) => number;
  /** Two pigments that flow into each other. */
  colours: readonly [Rgb, Rgb];
  strength: number;
  /** Softness of the border: small on dry paper, large on wet paper. */
  soft: number;
  /** How far the border wanders. */
  ragged: number;
  /** Darkness of the rim where the wash dried. */
  rim: number;
  /** How much the grain of the paper shows: above 0.5 the brush skips over hollows. */
  grain: number;
  /** Share of the paint below that is lifted off first, as with masking fluid. */
  lift?: number;
  /** Local thinning, 1 for none. */
  fade?: (x: number, y: number) => number;
  seed: number;
}

export class WatercolourSheet {
  readonly width: number;
  readonly height: number;
  private readonly density: Raster;
  private readonly tooth: Plane;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.density = new Raster(width, height);
    this.tooth = Plane.from(width, height, (x, y) => 0.75 * fbm2(x / 13, y / 13, 3) + 0.35 * noise2(x / 4.3, y / 4.3));
  }

  /** Lays a wash over what is there. */
  lay(wash: Wash): void {
    const [left, top, right, bottom] = wash.bounds;
    const x1 = Math.min(this.width, Math.ceil(right * this.height));
    const y1 = Math.min(this.height, Math.ceil(bottom * this.height));
    for (let py = Math.max(0, Math.floor(top * this.height)); py < y1; py++) {
      for (let px = Math.max(0, Math.floor(left * this.height)); px < x1; px++) this.stain(wash, px, py);
    }
  }

  private stain(wash: Wash, px: number, py: number): void {
    const x = px / this.height;
    const y = py / this.height;
    const plain = wash.inside(x, y);
    if (plain < -wash.ragged * 1.6 - wash.soft * 2) return;
    const { seed } = wash;
    const wander = 0.7 * fbm2(x * 13 + seed, y * 13, 4) + 0.3 * noise2(x * 75, y * 75 + seed);
    const s = plain + wash.ragged * wander;
    const cover = smoothstep(-wash.soft, wash.soft, s);
    if (cover <= 0) return;
    const index = py * this.width + px;
    if (wash.lift) this.liftPaint(index, wash.lift * cover);
    const tooth = this.tooth.data[index]!;
    const pool = fbm2(x * 5 + seed * 1.3, y * 5 - seed, 4);
    const bloom = 1 - Math.abs(fbm2(x * 4.2 - seed, y * 4.2 + seed * 0.7, 4));
    const rim = wash.rim * (Math.exp(-((s / 0.0024) ** 2)) + 0.35 * Math.exp(-((s / 0.011) ** 2)));
    const settled = 1 - 0.42 * tooth - 0.12 * noise2(px / 1.7, py / 1.7);
    const skipped = wash.grain > 0.5 ? smoothstep(0.9 - wash.grain, 0.55 - wash.grain, -tooth) : 1;
    const thin = wash.fade ? wash.fade(x, y) : 1;
    const amount =
      wash.strength * cover * thin * skipped * settled * (0.72 + 0.55 * pool + rim + 0.3 * smoothstep(0.93, 1, bloom));
    if (amount <= 0) return;
    const blend = saturate(0.5 + 0.95 * fbm2(x * 6 + seed * 2.1, y * 6 + seed, 3));
    const [a, b] = wash.colours;
    for (let c = 0; c < 3; c++) {
      const pigment = Math.max(0.03, a[c]! + (b[c]! - a[c]!) * blend);
      this.density.data[index * 3 + c] = this.density.data[index * 3 + c]! - Math.log(pigment) * amount;
    }
  }

  private liftPaint(index: number, share: number): void {
    for (let c = index * 3; c < index * 3 + 3; c++) this.density.data[c] = this.density.data[c]! * (1 - share);
  }

  /** The sheet as it looks in slanting light. */
  develop(): Raster {
    const result = new Raster(this.width, this.height);
    for (let y = 0, i = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++, i++) {
        const slope = this.tooth.at(x + 2, y + 2) - this.tooth.at(x - 2, y - 2);
        const light = 1 + 0.035 * slope;
        const d = this.density.data;
        result.set(i, [
          saturate(0.985 * light * Math.exp(-d[i * 3]!)),
          saturate(0.97 * light * Math.exp(-d[i * 3 + 1]!)),
          saturate(0.935 * light * Math.exp(-d[i * 3 + 2]!)),
        ]);
      }
    }
    return result;
  }
}
