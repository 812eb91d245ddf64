import { Kernel, type Device, type DeviceVector } from '../runtime/device.ts';
import { pairVectors } from './history.ts';
import { InnerProducts } from './inner-products.ts';
import type { Direction, LbfgsVectors, NewPairs, ReducedNorms, TrialSlope } from './lbfgs-vectors.ts';
import { StateReader, type Box } from './optimizer.ts';

/**
 * The vectors of an L-BFGS run on a device. Kernels make new vectors; what they replace is freed.
 *
 * Every kernel that touches the curvature pairs has inputs for all of them, so that it is compiled once. While there are
 * fewer, x stands in for the missing ones, with coefficient 0.
 */
export class DeviceLbfgsVectors implements LbfgsVectors<DeviceVector> {
  x: DeviceVector;
  readonly #device: Device;
  readonly #dims: readonly number[];
  readonly #box: Box;
  readonly #inner: InnerProducts;
  #s: DeviceVector[] = [];
  #y: DeviceVector[] = [];
  #gradient: DeviceVector | undefined;
  #direction: DeviceVector | undefined;
  #trial: DeviceVector | undefined;
  #kept: DeviceVector | undefined;

  /**
   * @param start inside the box, which is finite
   * @param pairs how many there may be, or the state that has them and the gradient
   */
  constructor(device: Device, dims: readonly number[], start: Float32Array, box: Box, pairs: NewPairs | StateReader) {
    this.#device = device;
    this.#dims = dims;
    this.#box = box;
    this.x = device.upload(start, dims);
    if (!(pairs instanceof StateReader)) {
      this.#inner = new InnerProducts(pairs.capacity);
    } else {
      const saved = (name: string): DeviceVector => device.upload(pairs.vector(name, start.length), dims);
      this.#inner = InnerProducts.restore(pairs);
      this.#gradient = saved('gradient');
      for (let i = 0; i < this.#inner.size; i++) {
        this.#s.push(saved(`s${i}`));
        this.#y.push(saved(`y${i}`));
      }
    }
  }

  get trial(): DeviceVector {
    return this.#trial!;
  }

  get pairs(): number {
    return this.#inner.size;
  }

  get capacity(): number {
    return this.#inner.capacity;
  }

  get gamma(): number {
    return this.#inner.gamma;
  }

  clearPairs(): void {
    this.#inner.clear();
    this.#device.free(...this.#s, ...this.#y);
    this.#s = [];
    this.#y = [];
  }

  async setGradient(gradient: DeviceVector): Promise<number> {
    const { vectors, sums } = await this.#device.run('lbfgs/gradient', () => gradientKernel(this.#dims), { gradient });
    this.#device.free(this.#gradient);
    this.#gradient = vectors['copy'];
    return sums[0]!;
  }

  async reducedNorms(margin: number): Promise<ReducedNorms> {
    const { sums, maxima } = await this.#device.run('lbfgs/norms', () => normsKernel(this.#dims), {
      x: this.x,
      g: this.#gradient!,
      ...this.#holdingBounds(margin),
    });
    return { sum: sums[0]!, largest: maxima[0]!, free: sums[1]! };
  }

  async computeDirection(gamma: number, margin: number): Promise<Direction> {
    const [m, c] = [this.pairs, this.#inner.solve(gamma)];
    const coefficients = Array.from({ length: this.capacity }, (_, i) => [
      [`cs${i}`, i < m ? c[i]! : 0],
      [`cy${i}`, i < m ? c[m + i]! : 0],
    ]).flat();
    const { vectors, sums, maxima } = await this.#device.run(
      'lbfgs/direction',
      () => directionKernel(this.#dims, this.#box, this.capacity),
      {
        x: this.x,
        g: this.#gradient!,
        gamma,
        ...this.#holdingBounds(margin),
        ...this.#pairFeeds(),
        ...Object.fromEntries(coefficients),
      },
    );
    this.#device.free(this.#direction);
    this.#direction = vectors['d'];
    return { slope: sums[0]!, residual: maxima[0]! };
  }

  async project(t: number): Promise<number> {
    const { vectors, sums } = await this.#device.run('lbfgs/project', () => projectKernel(this.#dims, this.#box), {
      x: this.x,
      g: this.#gradient!,
      d: this.#direction!,
      t,
    });
    this.#device.free(this.#trial);
    this.#trial = vectors['trial'];
    return sums[0]!;
  }

  async slopeAtTrial(gradient: DeviceVector): Promise<TrialSlope> {
    const { sums } = await this.#device.run('lbfgs/slope', () => slopeKernel(this.#dims, this.#box), {
      x: this.trial,
      g: gradient,
      d: this.#direction!,
    });
    return { slope: sums[0]!, squares: sums[1]! };
  }

  async keep(gradient: DeviceVector): Promise<void> {
    this.#device.free(this.#kept);
    this.#kept = await this.#device.copy(gradient);
  }

  async accept(
    t: number,
    gradient: DeviceVector | undefined,
    margins: { readonly before: number; readonly after: number },
    accept: (sy: number, ss: number, yy: number) => boolean,
  ): Promise<void> {
    const [device, inner] = [this.#device, this.#inner];
    if (this.pairs === this.capacity) {
      device.free(this.#s.shift(), this.#y.shift());
      inner.dropOldest();
    }
    const { vectors, sums } = await device.run(
      'lbfgs/accept',
      () => acceptKernel(this.#dims, this.#box, this.capacity),
      {
        x: this.x,
        next: this.trial,
        d: this.#direction!,
        t,
        g: this.#gradient!,
        nextG: gradient ?? this.#kept!,
        ...this.#holdingBounds(margins.before),
        ...this.#holdingBounds(margins.after, 'next'),
        ...this.#pairFeeds(),
      },
    );
    const [sy, ss, yy, sq, yq, ...products] = sums as [number, number, number, number, number, ...number[]];
    const { s, y, gradient: copied } = vectors;
    const accepted = accept(sy, ss, yy);
    for (let i = 0; i < inner.size; i++) {
      const [siq, siy, yiq, yiy] = products.slice(4 * i, 4 * i + 4) as [number, number, number, number];
      if (accepted) inner.setWithNewest(i, siy, yiy);
      inner.sq[i] = siq;
      inner.yq[i] = yiq;
    }
    if (accepted) {
      inner.push(sy, yy, sq, yq);
      this.#s.push(s!);
      this.#y.push(y!);
    } else {
      device.free(s, y);
    }
    device.free(this.x, this.#gradient, this.#kept);
    this.x = this.trial;
    this.#gradient = copied;
    this.#trial = this.#kept = undefined;
  }

  save(): { numbers: Record<string, number[]>; vectors: Record<string, DeviceVector> } {
    return {
      numbers: this.#inner.save(),
      // Before the first evaluation any vector will do: a state without a loss begins with one.
      vectors: { ...pairVectors(this.#s, this.#y), x: this.x, gradient: this.#gradient ?? this.x },
    };
  }

  /** Components outside these bounds are held where the gradient pushes outwards. */
  #holdingBounds(margin: number, prefix: 'next' | '' = ''): Record<string, number> {
    return { [`${prefix}low`]: this.#box.lower + margin, [`${prefix}high`]: this.#box.upper - margin };
  }

  #pairFeeds(): Record<string, DeviceVector> {
    return Object.fromEntries(
      Array.from({ length: this.capacity }, (_, i) => [
        [`s${i}`, this.#s[i] ?? this.x] as const,
        [`y${i}`, this.#y[i] ?? this.x] as const,
      ]).flat(),
    );
  }
}

/** 1 where a component is held: at or outside `low` or `high`, and pushed outwards by −g. */
function held(k: Kernel, x: string, g: string, low: string, high: string): string {
  const atLow = k.mul(k.not(k.positive(k.sub(x, low))), k.positive(g));
  const atHigh = k.mul(k.not(k.positive(k.sub(high, x))), k.negative(g));
  return k.add(atLow, atHigh);
}

/** 1 where a move along d would leave the box at once. */
function pressed(k: Kernel, x: string, d: string, { lower, upper }: Box): string {
  const below = k.mul(k.not(k.positive(k.sub(x, k.graph.scalar(lower)))), k.negative(d));
  const above = k.mul(k.not(k.positive(k.sub(k.graph.scalar(upper), x))), k.positive(d));
  return k.add(below, above);
}

/** The gradient as a vector of the optimizer's own, and Σ g². */
function gradientKernel(dims: readonly number[]): Kernel {
  const k = new Kernel(dims);
  const g = k.vector('gradient');
  k.result('copy', g);
  k.sum(k.mul(g, g));
  return k;
}

/** Σ |q|, Σ [not held], max |q|. */
function normsKernel(dims: readonly number[]): Kernel {
  const k = new Kernel(dims);
  const [x, g] = [k.vector('x'), k.vector('g')];
  const free = k.not(held(k, x, g, k.number('low'), k.number('high')));
  const magnitude = k.mul(free, k.abs(g));
  k.sum(magnitude);
  k.sum(free);
  k.max(magnitude);
  return k;
}

/**
 * d: −r with r = γ q + Σ c s + Σ c y where x is free, −γ g where it is held, 0 where d would leave the box at once.
 * Σ g·d and max |x − P(x − γ g)|.
 */
function directionKernel(dims: readonly number[], box: Box, capacity: number): Kernel {
  const k = new Kernel(dims);
  const [x, g] = [k.vector('x'), k.vector('g')];
  const scaled = k.mul(g, k.number('gamma'));
  const holding = held(k, x, g, k.number('low'), k.number('high'));
  let r = k.mul(k.not(holding), scaled);
  for (let i = 0; i < capacity; i++) {
    r = k.add(r, k.mul(k.vector(`s${i}`), k.number(`cs${i}`)));
    r = k.add(r, k.mul(k.vector(`y${i}`), k.number(`cy${i}`)));
  }
  const wanted = k.graph.op('Neg', [k.choose(holding, scaled, r)]);
  const d = k.mul(wanted, k.not(pressed(k, x, wanted, box)));
  k.result('d', d);
  k.sum(k.mul(g, d));
  k.max(k.abs(k.sub(k.clamp(k.sub(x, scaled), box.lower, box.upper), x)));
  return k;
}

/** P(x + t d), and g·(P(x + t d) − x). */
function projectKernel(dims: readonly number[], box: Box): Kernel {
  const k = new Kernel(dims);
  const x = k.vector('x');
  const trial = k.clamp(k.add(x, k.mul(k.vector('d'), k.number('t'))), box.lower, box.upper);
  k.result('trial', trial);
  k.sum(k.mul(k.vector('g'), k.sub(trial, x)));
  return k;
}

/** Σ g·d over the components that d does not press against a bound, and Σ g². */
function slopeKernel(dims: readonly number[], box: Box): Kernel {
  const k = new Kernel(dims);
  const [x, g, d] = [k.vector('x'), k.vector('g'), k.vector('d')];
  k.sum(k.mul(k.mul(g, d), k.not(pressed(k, x, d, box))));
  k.sum(k.mul(g, g));
  return k;
}

/**
 * The pair of a move from (x, g) to (next, nextG), as `fillPair` of the host forms it, and the products s·y, s·s, y·y, s·q
 * and y·q, then of each pair s_i·q, s_i·y, y_i·q and y_i·y. The products with y are formed, not derived from those with q
 * as on the host: a difference of two float32 sums would have few digits left.
 */
function acceptKernel(dims: readonly number[], box: Box, capacity: number): Kernel {
  const k = new Kernel(dims);
  const [x, next, d, g, nextG] = [k.vector('x'), k.vector('next'), k.vector('d'), k.vector('g'), k.vector('nextG')];
  const wasHeld = held(k, x, g, k.number('low'), k.number('high'));
  const isHeld = held(k, next, nextG, k.number('nextlow'), k.number('nexthigh'));
  const difference = k.sub(next, x);
  const move = k.mul(d, k.number('t'));
  const [lower, upper] = [k.graph.scalar(box.lower), k.graph.scalar(box.upper)];
  const unclamped = k.add(x, move);
  const clamped = k.add(k.positive(k.sub(lower, unclamped)), k.positive(k.sub(unclamped, upper)));
  const inside = k.mul(k.positive(k.sub(next, lower)), k.positive(k.sub(upper, next)));
  const stayed = k.not(k.positive(k.abs(difference)));
  const moving = k.mul(k.not(wasHeld), k.not(k.mul(stayed, k.not(inside))));
  const s = k.mul(moving, k.choose(clamped, difference, move));
  const y = k.mul(moving, k.sub(nextG, g));
  const q = k.mul(nextG, k.not(isHeld));
  k.result('s', s);
  k.result('y', y);
  k.result('gradient', nextG);
  for (const [a, b] of [
    [s, y],
    [s, s],
    [y, y],
    [s, q],
    [y, q],
  ] as const) {
    k.sum(k.mul(a, b));
  }
  for (let i = 0; i < capacity; i++) {
    for (const vector of [k.vector(`s${i}`), k.vector(`y${i}`)]) {
      k.sum(k.mul(vector, q));
      k.sum(k.mul(vector, y));
    }
  }
  return k;
}
