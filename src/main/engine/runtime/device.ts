import * as ort from 'onnxruntime-node';
import { elementCount } from '../../../shared/tensor.ts';
import { Graph } from '../graph/graph.ts';
import { canHoldTensors, GraphSession, type SessionOptions } from './session.ts';

/** A float32 tensor in a device's memory. It belongs to the `Device` that made it and lives until that frees it. */
export class DeviceVector {
  readonly dims: readonly number[];
  /** What is to be uploaded with the first use, then the tensor; nothing once freed. */
  content: Float32Array | ort.Tensor | undefined;

  constructor(dims: readonly number[], content: Float32Array | ort.Tensor) {
    this.dims = dims;
    this.content = content;
  }

  /** Number of values. */
  get length(): number {
    return elementCount(this.dims);
  }
}

/** What a kernel leaves: vectors on the device, and numbers on the host. */
export interface KernelResults {
  readonly vectors: Readonly<Record<string, DeviceVector>>;
  readonly sums: readonly number[];
  readonly maxima: readonly number[];
}

const [SUMS, MAXIMA] = ['sums', 'maxima'];
/** The only blocks of a sum that come to the host: per picture its three channels. */
const partials = (dims: readonly number[]): number => elementCount(dims.slice(0, -2));

/**
 * A graph over vectors of one shape [..., H, W], whose numbers are sums and maxima over whole vectors.
 *
 * Float32 sums of a million values lose digits. A sum is formed by blocks: along each row on the device, then over the
 * rows of each channel, and the channels are added in float64 on the host.
 */
export class Kernel {
  readonly graph = new Graph();
  readonly #dims: readonly number[];
  readonly #sums: string[] = [];
  readonly #maxima: string[] = [];

  constructor(dims: readonly number[]) {
    this.#dims = dims;
  }

  /** A vector that is fed. */
  vector(name: string): string {
    return this.graph.input(name, 'float32', this.#dims);
  }

  /** A number that is fed. */
  number(name: string): string {
    return this.graph.input(name, 'float32', [1]);
  }

  /** Names a value as a resulting vector. */
  result(name: string, value: string): void {
    this.graph.output(this.graph.ops('Identity', [value], {}, [name])[0]!);
  }

  /** Σ x_i is the next of the results' `sums`. */
  sum(x: string): void {
    const { graph } = this;
    const rows = graph.op('ReduceSum', [x, graph.ints([-1])], { keepdims: 0 });
    this.#sums.push(this.#flat(graph.op('ReduceSum', [rows, graph.ints([-1])], { keepdims: 0 })));
  }

  /** max x_i is the next of the results' `maxima`. */
  max(x: string): void {
    const rows = this.graph.op('ReduceMax', [x], { axes: [-1], keepdims: 0 });
    this.#maxima.push(this.#flat(this.graph.op('ReduceMax', [rows], { axes: [-1], keepdims: 0 })));
  }

  /** The graph with its numbers as two outputs. */
  finish(): Graph {
    for (const [name, parts] of [
      [SUMS, this.#sums],
      [MAXIMA, this.#maxima],
    ] as const) {
      if (parts.length === 0) continue;
      this.graph.output(this.graph.ops('Concat', parts, { axis: 0 }, [name!])[0]!);
    }
    return this.graph;
  }

  mul = (a: string, b: string): string => this.graph.op('Mul', [a, b]);
  add = (a: string, b: string): string => this.graph.op('Add', [a, b]);
  sub = (a: string, b: string): string => this.graph.op('Sub', [a, b]);
  div = (a: string, b: string): string => this.graph.op('Div', [a, b]);
  abs = (a: string): string => this.graph.op('Abs', [a]);
  /** 1 where the value is positive, otherwise 0. */
  positive = (a: string): string => this.graph.op('HardSigmoid', [a], { alpha: 1e30, beta: 0 });
  /** 1 where the value is negative, otherwise 0. */
  negative = (a: string): string => this.graph.op('HardSigmoid', [a], { alpha: -1e30, beta: 0 });
  /** 1 − mask. */
  not = (mask: string): string => this.sub(this.graph.scalar(1), mask);
  /** mask ? a : b, for finite a and b. */
  choose = (mask: string, a: string, b: string): string => this.add(this.mul(mask, a), this.mul(this.not(mask), b));
  clamp = (x: string, lower: number, upper: number): string =>
    this.graph.op('Min', [this.graph.op('Max', [x, this.graph.scalar(lower)]), this.graph.scalar(upper)]);

  #flat(value: string): string {
    return this.graph.op('Reshape', [value, this.graph.ints([partials(this.#dims)])]);
  }
}

/**
 * A device's memory and the small graphs that work in it, for as long as something is painted there. On a provider that
 * cannot hold tensors everything works as well, by way of the host.
 */
export class Device {
  readonly #options: SessionOptions;
  readonly #sessions = new Map<string, Promise<GraphSession>>();
  readonly #live = new Set<DeviceVector>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Why a provider cannot keep vectors from one session to the next, in the runtime's words; undefined where it can. One
   * vector is uploaded, computed with, copied and read back.
   */
  static async refusal(options: SessionOptions): Promise<string | undefined> {
    if (!canHoldTensors(options.provider)) return 'the runtime has no tensors there';
    const device = new Device(options);
    const dims = [1, 3, 2, 2];
    const values = Float32Array.from({ length: elementCount(dims) }, (_, i) => i);
    try {
      const doubled = await device.run(
        'doubled',
        () => {
          const k = new Kernel(dims);
          const x = k.vector('x');
          k.result('y', k.add(x, x));
          k.sum(x);
          return k;
        },
        { x: device.upload(values, dims) },
      );
      const y = doubled.vectors['y']!;
      // Reading a tensor that is on the host after all would prove nothing.
      const { location } = await device.tensor(y);
      const read = await device.read(await device.copy(y));
      const right = doubled.sums[0] === 66 && read.every((v, i) => v === 2 * i);
      if (location === 'cpu') return 'results come back to the host';
      return right ? undefined : 'tensors change between sessions';
    } catch (error) {
      const { cause = error } = error as Error;
      return cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    } finally {
      await device.release();
    }
  }

  /** Vectors that exist now. */
  get liveVectors(): number {
    return this.#live.size;
  }

  /** A vector with this content, which must not change until it is first used. */
  upload(data: Float32Array, dims: readonly number[]): DeviceVector {
    if (data.length !== elementCount(dims)) throw new Error(`${data.length} values cannot have shape [${dims.join()}]`);
    return this.#track(new DeviceVector(dims, data));
  }

  /** Takes over a tensor that a session left on the device. */
  adopt(tensor: ort.Tensor): DeviceVector {
    return this.#track(new DeviceVector(tensor.dims, tensor));
  }

  /** What sessions are fed; uploads with the first use. */
  async tensor(vector: DeviceVector): Promise<ort.Tensor> {
    const { content, dims } = vector;
    if (content === undefined) throw new Error('a vector was used after it had been freed');
    if (!(content instanceof Float32Array)) return content;
    const session = await this.#copier(dims, 'kept');
    const { y } = await session.runTensors({ x: session.tensor('x', content) });
    return (vector.content = y!);
  }

  async copy(vector: DeviceVector): Promise<DeviceVector> {
    const session = await this.#copier(vector.dims, 'kept');
    const { y } = await session.runTensors({ x: await this.tensor(vector) });
    return this.adopt(y!);
  }

  /** The vector's content, as a new array. */
  async read(vector: DeviceVector): Promise<Float32Array> {
    // An array that has not been uploaded may still be its caller's.
    if (vector.content instanceof Float32Array) return vector.content.slice();
    const session = await this.#copier(vector.dims, 'read');
    return (await session.run({ x: await this.tensor(vector) }))['y']!;
  }

  /** Ends vectors; one that is free already, or that never was, stays so. */
  free(...vectors: readonly (DeviceVector | undefined)[]): void {
    for (const vector of vectors) {
      if (!vector || !this.#live.delete(vector)) continue;
      const { content } = vector;
      vector.content = undefined;
      if (content !== undefined && !(content instanceof Float32Array)) content.dispose();
    }
  }

  /**
   * Runs a kernel, which is built and compiled with its first use.
   * @param name names the kernel among those of this device
   * @param feeds by the name of the kernel's input; those that it does not use are ignored
   */
  async run(
    name: string,
    build: () => Kernel,
    feeds: Readonly<Record<string, DeviceVector | number>>,
  ): Promise<KernelResults> {
    const session = await this.#session(name, () => build().finish());
    const tensors: Record<string, ort.Tensor> = {};
    for (const [input, value] of Object.entries(feeds)) {
      if (!session.has(input)) continue;
      tensors[input] =
        typeof value === 'number' ? session.tensor(input, Float32Array.of(value)) : await this.tensor(value);
    }
    const { [SUMS!]: sums, [MAXIMA!]: maxima, ...vectors } = await session.runTensors(tensors);
    const width = partials(Object.values(feeds).find((feed) => feed instanceof DeviceVector)!.dims);
    return {
      vectors: Object.fromEntries(Object.entries(vectors).map(([key, tensor]) => [key, this.adopt(tensor)])),
      sums: folded(sums, width, (a, b) => a + b),
      maxima: folded(maxima, width, (a, b) => (a > b ? a : b)),
    };
  }

  /** Frees everything; the device cannot be used afterwards. */
  async release(): Promise<void> {
    this.free(...this.#live);
    for (const session of this.#sessions.values()) await (await session.catch(() => undefined))?.release();
    this.#sessions.clear();
  }

  #track(vector: DeviceVector): DeviceVector {
    this.#live.add(vector);
    return vector;
  }

  /** A copy from x to y, which stays on the device or comes back to the host. */
  #copier(dims: readonly number[], to: 'kept' | 'read'): Promise<GraphSession> {
    return this.#session(
      `copy/${to}/${dims.join()}`,
      () => {
        const graph = new Graph();
        graph.output(graph.ops('Identity', [graph.input('x', 'float32', dims)], {}, ['y'])[0]!);
        return graph;
      },
      to === 'kept',
    );
  }

  #session(name: string, build: () => Graph, keep = true): Promise<GraphSession> {
    let session = this.#sessions.get(name);
    if (!session) {
      const graph = build();
      const kept = keep ? graph.outputs.filter((output) => output !== SUMS && output !== MAXIMA) : [];
      this.#sessions.set(name, (session = GraphSession.create(graph, { ...this.#options, exclusive: true }, kept)));
    }
    return session;
  }
}

/** Numbers of which each came as `width` parts. */
function folded(parts: ort.Tensor | undefined, width: number, fold: (a: number, b: number) => number): number[] {
  const values = (parts?.data ?? []) as Float32Array;
  return Array.from({ length: values.length / width }, (_, i) =>
    [...values.subarray(i * width, (i + 1) * width)].reduce(fold),
  );
}
