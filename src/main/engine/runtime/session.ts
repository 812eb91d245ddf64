import './no-telemetry.ts';
import * as ort from 'onnxruntime-node';
import type { Provider } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';
import { writeOnnx } from '../../formats/onnx-codec.ts';
import type { Graph } from '../graph/graph.ts';
import { isDeviceFailure } from './providers.ts';

export interface SessionOptions {
  readonly provider?: Provider;
  /** Threads inside one operator; the runtime's own choice (the physical cores) when not given. */
  readonly threads?: number;
  /** Refuse a graph of which the provider would leave a part to the cpu, instead of running it slowly. */
  readonly exclusive?: boolean;
}

/** Providers whose results can stay in their own memory and be fed to other sessions, and the runtime's name for it. */
const DEVICE_LOCATIONS: Partial<Record<Provider, 'gpu-buffer'>> = { webgpu: 'gpu-buffer' };

/** Whether the runtime's binding can leave tensors with a provider at all; a probe says whether it works. */
export const canHoldTensors = (provider: Provider = 'cpu'): boolean => DEVICE_LOCATIONS[provider] !== undefined;

/** What went between the host and devices since the process started, one entry per direction. */
export interface Traffic {
  tensors: number;
  bytes: number;
}

/** Constants from this size on are handed to the runtime as buffers instead of being copied into the model's bytes. */
const EXTERNAL_FROM = 4096;

/** A graph made ready to run. Runs are not re-entrant: await one before the next. */
export class GraphSession {
  /** Tensors that sessions of other providers than the cpu were fed from the host, or gave back to it. */
  static readonly traffic: { readonly up: Traffic; readonly down: Traffic } = {
    up: { tensors: 0, bytes: 0 },
    down: { tensors: 0, bytes: 0 },
  };

  readonly #session: ort.InferenceSession;
  readonly #provider: Provider;
  readonly #dims: ReadonlyMap<string, readonly number[]>;

  private constructor(session: ort.InferenceSession, provider: Provider, dims: ReadonlyMap<string, readonly number[]>) {
    this.#session = session;
    this.#provider = provider;
    this.#dims = dims;
  }

  /**
   * Compiles a graph for a provider.
   * @param kept outputs that `runTensors` leaves with the provider where that is possible
   * @throws MadderError('runtime') when the runtime refuses it
   */
  static async create(graph: Graph, options: SessionOptions = {}, kept: readonly string[] = []): Promise<GraphSession> {
    const { provider = 'cpu', threads, exclusive = false } = options;
    const { bytes, external } = writeOnnx(graph.toModel(), { externalFrom: EXTERNAL_FROM });
    // cuBLAS and cuDNN read this when they are loaded, which is now: without it they round float32 to TF32's ten bits
    // of mantissa on newer cards, and the binding has no option of its own for that.
    if (provider === 'cuda') process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
    const location = DEVICE_LOCATIONS[provider];
    try {
      const session = await inTurn(provider, () =>
        ort.InferenceSession.create(bytes, {
          executionProviders: [executionProvider(provider)],
          graphOptimizationLevel: 'all',
          // DirectML can do no other.
          executionMode: 'sequential',
          // Memory patterns keep a block per run shape that the arena cannot reuse: 40 % more memory for no time.
          // DirectML does not allow them at all.
          enableMemPattern: false,
          externalData: external,
          logSeverityLevel: 3,
          ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
          ...(location === undefined || kept.length === 0
            ? {}
            : { preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, location])) }),
          extra: {
            session: {
              // Denormals appear in the gradients of nearly dead channels and are a hundred times slower than zeros.
              set_denormal_as_zero: '1',
              // The cpu itself must not be told: it is the fallback.
              ...(exclusive && provider !== 'cpu' ? { disable_cpu_ep_fallback: '1' } : {}),
            },
          },
        }),
      );
      return new GraphSession(session, provider, new Map([...graph.inputs].map(([name, v]) => [name, v.dims])));
    } catch (cause) {
      throw runtimeError(provider, 'could not prepare the network', cause);
    }
  }

  /** A tensor over `data` (not copied) in the shape of the named input, to be fed to several runs. */
  tensor(input: string, data: Float32Array): ort.Tensor {
    return new ort.Tensor('float32', data, this.dims(input));
  }

  /** Shape of the named input. */
  dims(input: string): readonly number[] {
    const dims = this.#dims.get(input);
    if (!dims) throw new Error(`the session has no input "${input}"`);
    return dims;
  }

  /** Whether the graph uses this input. */
  has(input: string): boolean {
    return this.#session.inputNames.includes(input);
  }

  /** Runs the graph; every result is a fresh array. */
  async run(feeds: Readonly<Record<string, ort.Tensor>>): Promise<Record<string, Float32Array>> {
    const results = await this.runTensors(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, t.data as Float32Array]));
  }

  /**
   * Runs the graph. Results that were kept with the provider are the caller's to dispose, and can be fed to any session
   * of that provider. Never read one with `getData`: in onnxruntime-node 1.30 that ends the process.
   */
  async runTensors(feeds: Readonly<Record<string, ort.Tensor>>): Promise<Record<string, ort.Tensor>> {
    const used = Object.fromEntries(this.#session.inputNames.map((name) => [name, feeds[name]!]));
    try {
      const results = await inTurn(this.#provider, () => this.#session.run(used));
      if (this.#provider !== 'cpu') {
        count(GraphSession.traffic.up, Object.values(used));
        count(GraphSession.traffic.down, Object.values(results));
      }
      return results;
    } catch (cause) {
      throw runtimeError(this.#provider, 'failed while running the network', cause);
    }
  }

  /** Frees the runtime's memory; the session cannot be used afterwards. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Counts the tensors that lie in the host's memory. */
function count(traffic: Traffic, tensors: readonly ort.Tensor[]): void {
  for (const tensor of tensors) {
    if (tensor.location !== 'cpu') continue;
    traffic.tensors++;
    traffic.bytes += (tensor.data as Float32Array).byteLength;
  }
}

/** Flags of the CoreML provider (coreml_provider_factory.h). */
const COREML = { staticShapes: 0x008, mlProgram: 0x010, cpuAndGpu: 0x020 };

function executionProvider(provider: Provider): ort.InferenceSession.ExecutionProviderConfig {
  // ML programs know HardSigmoid and ConvTranspose; the Neural Engine, left out here, computes in half precision only.
  if (provider === 'coreml') {
    return { name: 'coreml', coreMlFlags: COREML.mlProgram | COREML.staticShapes | COREML.cpuAndGpu };
  }
  return provider;
}

/** The latest work given to a graphics card by this process. */
let latest: Promise<unknown> = Promise.resolve();

/**
 * Runs work on the cpu at once and work on a graphics card one after the other: concurrent runs in one process are a
 * segmentation fault with webgpu (onnxruntime#32561) and stall with dml (onnxruntime#20713).
 */
function inTurn<T>(provider: Provider, work: () => Promise<T>): Promise<T> {
  if (provider === 'cpu') return work();
  const result = latest.then(work);
  latest = result.catch(() => undefined);
  return result;
}

function runtimeError(provider: Provider, what: string, cause: unknown): MadderError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
  const failure = isDeviceFailure(cause);
  const message =
    failure === 'memory'
      ? `The device ${provider} does not have the memory for this (${reason}); choose a smaller size or another device.`
      : failure === 'lost'
        ? `The device ${provider} stopped answering (${reason}); choose a smaller size, or another device, and start anew.`
        : `${provider} ${what} (${reason}); try a smaller size or another device.`;
  return new MadderError('runtime', message, { cause });
}
