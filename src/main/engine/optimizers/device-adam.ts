import { Kernel, type Device, type DeviceVector } from '../runtime/device.ts';
import type { AdamStep, AdamVectors } from './adam-vectors.ts';
import type { AdamMoments } from './adam.ts';
import { StateReader, type Box } from './optimizer.ts';

/** The vectors of an Adam run on a device. Kernels make new vectors; what they replace is freed. */
export class DeviceAdamVectors implements AdamVectors<DeviceVector> {
  current: DeviceVector;
  best: DeviceVector;
  first: DeviceVector;
  second: DeviceVector;
  average: DeviceVector;
  kept: DeviceVector | undefined;
  readonly #device: Device;
  readonly #dims: readonly number[];
  readonly #box: Box;

  /**
   * @param start inside the box, which is finite
   * @param from moments to begin with, or the state that has every vector
   */
  constructor(
    device: Device,
    dims: readonly number[],
    start: Float32Array,
    box: Box,
    from: AdamMoments | StateReader | undefined,
  ) {
    this.#device = device;
    this.#dims = dims;
    this.#box = box;
    const n = start.length;
    const upload = (data: Float32Array): DeviceVector => device.upload(data, dims);
    this.current = this.best = upload(start);
    if (from instanceof StateReader) {
      const saved = (name: string): DeviceVector => upload(from.vector(name, n));
      if (from.has('best')) this.best = saved('best');
      [this.first, this.second, this.average] = [saved('first'), saved('second'), saved('average')];
      if (from.has('pendingGradient')) this.kept = saved('pendingGradient');
    } else {
      this.first = upload(from?.first ?? new Float32Array(n));
      this.second = upload(from?.second ?? new Float32Array(n));
      this.average = upload(new Float32Array(n));
    }
  }

  async squares(gradient: DeviceVector): Promise<number> {
    const { sums } = await this.#device.run('adam/squares', () => squaresKernel(this.#dims), { gradient });
    return sums[0]!;
  }

  async keep(gradient: DeviceVector): Promise<void> {
    this.#device.free(this.kept);
    this.kept = await this.#device.copy(gradient);
  }

  markBest(): void {
    if (this.best !== this.current) this.#device.free(this.best);
    this.best = this.current;
  }

  async update(gradient: DeviceVector | undefined, step: AdamStep): Promise<void> {
    const { vectors } = await this.#device.run('adam/update', () => updateKernel(this.#dims, this.#box), {
      x: this.current,
      g: gradient ?? this.kept!,
      first: this.first,
      second: this.second,
      average: this.average,
      ...step,
      gain1: 1 - step.beta1,
      gain2: 1 - step.beta2,
      averageGain: 1 - step.averageDecay,
    });
    this.#device.free(this.first, this.second, this.average, this.kept);
    if (this.current !== this.best) this.#device.free(this.current);
    this.current = vectors['nextX']!;
    this.first = vectors['nextFirst']!;
    this.second = vectors['nextSecond']!;
    this.average = vectors['nextAverage']!;
    this.kept = undefined;
  }

  async sumOfSecond(): Promise<number> {
    const { sums } = await this.#device.run('adam/sum', () => sumKernel(this.#dims), { second: this.second });
    return sums[0]!;
  }

  async scaleMoments(ratio: number): Promise<void> {
    const { vectors } = await this.#device.run('adam/scale', () => scaleKernel(this.#dims), {
      first: this.first,
      second: this.second,
      ratio,
      squared: ratio * ratio,
    });
    this.#device.free(this.first, this.second);
    this.first = vectors['nextFirst']!;
    this.second = vectors['nextSecond']!;
  }
}

/** Σ g². */
function squaresKernel(dims: readonly number[]): Kernel {
  const k = new Kernel(dims);
  const g = k.vector('gradient');
  k.sum(k.mul(g, g));
  return k;
}

/** Σ v. */
function sumKernel(dims: readonly number[]): Kernel {
  const k = new Kernel(dims);
  k.sum(k.vector('second'));
  return k;
}

/** r m and r² v. */
function scaleKernel(dims: readonly number[]): Kernel {
  const k = new Kernel(dims);
  k.result('nextFirst', k.mul(k.vector('first'), k.number('ratio')));
  k.result('nextSecond', k.mul(k.vector('second'), k.number('squared')));
  return k;
}

/** One step, as in the formulas at `Adam`. */
function updateKernel(dims: readonly number[], box: Box): Kernel {
  const k = new Kernel(dims);
  const [x, g] = [k.vector('x'), k.vector('g')];
  const mean = (old: string, decay: string, value: string, gain: string): string =>
    k.add(k.mul(k.vector(old), k.number(decay)), k.mul(value, k.number(gain)));
  const m = mean('first', 'beta1', g, 'gain1');
  const v = mean('second', 'beta2', k.mul(g, g), 'gain2');
  const root = k.graph.op('Sqrt', [k.mul(v, k.number('correction'))]);
  const move = k.div(k.mul(m, k.number('rate')), k.add(root, k.number('epsilon')));
  const next = k.clamp(k.sub(x, move), box.lower, box.upper);
  k.result('nextX', next);
  k.result('nextFirst', m);
  k.result('nextSecond', v);
  k.result('nextAverage', mean('average', 'averageDecay', next, 'averageGain'));
  return k;
}
