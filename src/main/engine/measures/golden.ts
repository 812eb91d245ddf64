import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type * as ort from 'onnxruntime-node';
import type { Provider } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { readOnnxFile } from '../../formats/onnx-file.ts';
import { readSafetensorsFile } from '../../formats/safetensors.ts';
import type { OnnxGraph } from '../../formats/onnx.ts';
import { appendBackward } from '../autodiff/reverse.ts';
import { Graph } from '../graph/graph.ts';
import { inlineTemplate } from '../graph/inline.ts';
import { toOpset17 } from '../graph/upgrade.ts';
import { recognise } from '../networks/architectures/recognise.ts';
import { StateDict } from '../networks/architectures/state-dict.ts';
import { loadNetwork } from '../networks/load.ts';
import { applyRewrites } from '../networks/rewrites/apply.ts';
import { GraphSession } from '../runtime/session.ts';
import { readGolden, type Golden } from './golden-file.ts';

export interface GoldenOptions {
  /** Largest relative error that passes; {@link defaultBound} of the file where not given. */
  readonly bound?: number;
  /** A weights file to use instead of those that belong to the reference. */
  readonly weights?: string;
  /** What computes activations and gradient, and all of it: nothing is left to the cpu. The cpu where not given. */
  readonly provider?: Provider;
}

/** How far the engine is from a reference with one description of its network. Errors are ‖out − ref‖₂ / ‖ref‖₂. */
export interface GoldenReport {
  /** The reference. */
  readonly file: string;
  readonly source: 'onnx' | 'weights';
  readonly taps: readonly TapReport[];
  /** Undefined where a tap was not found, so that there was nothing to differentiate. */
  readonly gradientError: number | undefined;
  /** The largest of all errors; Infinity where something was not found or is not a number. */
  readonly worst: number;
  readonly bound: number;
  /** What stood in the way, in sentences. */
  readonly remarks: readonly string[];
}

export interface TapReport {
  readonly name: string;
  /** The network's value whose activation matches best; undefined where none has the shape. */
  readonly tensor: string | undefined;
  readonly error: number;
}

const SUFFIX = '.golden.safetensors';

/** Rounding grows with depth: float32 against float64 through fifty layers and many seeds is worse than through twenty. */
export const defaultBound = (file: string): number => (basename(file).includes('resnet50') ? 1e-3 : 1e-4);

/**
 * Compares activations and the gradient that the engine computes with a reference: once with the `.onnx` beside
 * it, once with the `.weights.safetensors` beside it where the architecture is one that Madder builds.
 * Nothing is measured, and the list empty, where neither lies there.
 * @throws MadderError where the reference or its network is unusable
 */
export async function measureGolden(path: string, options: GoldenOptions = {}): Promise<GoldenReport[]> {
  const golden = await readGolden(path);
  const { bound = defaultBound(path), provider = 'cpu' } = options;
  const reports: GoldenReport[] = [];
  for (const subject of await findSubjects(path, golden, options.weights)) {
    reports.push({ file: path, source: subject.source, bound, ...(await measure(golden, subject, bound, provider)) });
  }
  return reports;
}

/** A network to be held against a reference. */
interface Subject {
  readonly source: GoldenReport['source'];
  /** Opset 17. */
  readonly graph: OnnxGraph;
  readonly input: string;
  /** Whether the graph sees the picture itself; otherwise it sees the normalised one. */
  readonly normalizes: boolean;
}

async function findSubjects(path: string, golden: Golden, weights: string | undefined): Promise<Subject[]> {
  const base = join(dirname(path), basename(path, SUFFIX));
  const subjects: Subject[] = [];
  if (existsSync(`${base}.onnx`)) subjects.push(onnxSubject(`${base}.onnx`));
  const named = golden.weights === undefined ? undefined : join(dirname(path), golden.weights);
  const beside = [`${base}.weights.safetensors`, named].find((file) => file !== undefined && existsSync(file));
  if (weights !== undefined) {
    subjects.push(await weightsSubject(weights, golden));
  } else if (beside !== undefined && (subjects.length === 0 || (await isRecognised(beside)))) {
    subjects.push(await weightsSubject(beside, golden));
  }
  return subjects;
}

/** Whether the architecture is one that Madder builds; others are described by their ONNX file alone. */
async function isRecognised(path: string): Promise<boolean> {
  const file = basename(path);
  const state = new StateDict((await readSafetensorsFile(path)).tensors, file);
  try {
    recognise(state);
    return true;
  } catch (error) {
    if (error instanceof MadderError) return false;
    throw error;
  }
}

async function weightsSubject(path: string, { mean, std, averagePooling }: Golden): Promise<Subject> {
  const loaded = await loadNetwork(path, { normalization: { mean, std, channels: 'RGB', scale: 1 } });
  const network = averagePooling ? applyRewrites(loaded, [{ pooling: { kind: 'average' } }]) : loaded;
  return { source: 'weights', graph: network.graph, input: network.input, normalizes: true };
}

function onnxSubject(path: string): Subject {
  const { graph } = toOpset17(readOnnxFile(path));
  const fed = graph.inputs.filter((input) => !graph.initializers.has(input.name));
  if (fed.length !== 1) {
    throw new MadderError(
      'network',
      `${basename(path)} has ${fed.length} inputs; export it with the picture as its only one.`,
    );
  }
  return { source: 'onnx', graph, input: fed[0]!.name, normalizes: false };
}

type Measured = Pick<GoldenReport, 'taps' | 'gradientError' | 'worst' | 'remarks'>;

async function measure(golden: Golden, subject: Subject, bound: number, provider: Provider): Promise<Measured> {
  const image = subject.normalizes ? golden.image.data : normalized(golden);
  const found = await findTaps(golden, subject, image);
  const missing = found.taps.filter((tap) => !(tap.error <= bound));
  if (missing.length > 0) {
    const remarks = missing.map((tap) => missingTap(golden, tap, bound));
    const worst = Math.max(...found.taps.map((tap) => finite(tap.error)));
    return { taps: found.taps, gradientError: undefined, worst, remarks: [...remarks, ...found.refused] };
  }
  const tensors = found.taps.map((tap) => tap.tensor!);
  const { activations, gradient } = await differentiate(golden, subject, tensors, image, provider);
  const taps = golden.taps.map((tap, i) => ({
    name: tap.name,
    tensor: tensors[i],
    error: relativeError(activations[i]!, tap.activation.data),
  }));
  const own = subject.normalizes ? gradient : perChannel(gradient, (v, c) => v / golden.std[c]!);
  const gradientError = relativeError(own, golden.gradient.data);
  return {
    taps,
    gradientError,
    worst: Math.max(...[...taps.map((t) => t.error), gradientError].map(finite)),
    remarks: [],
  };
}

function missingTap(golden: Golden, { name, tensor, error }: TapReport, bound: number): string {
  const dims = golden.taps.find((tap) => tap.name === name)!.activation.dims.join(', ');
  return tensor === undefined
    ? `No value of the network has the shape [${dims}] of "${name}".`
    : `No value of the network is "${name}": the closest, "${tensor}", is ${error.toExponential(1)} away (bound ${bound}).`;
}

const PICTURE = 'golden.picture';

/**
 * Runs the network forward (on the cpu) and finds, for every tap, the value of its shape that comes closest to its activation. Nodes
 * that cannot be replayed, such as a classifier made for another size, are passed over; `refused` says why.
 */
async function findTaps(golden: Golden, { graph: template, input }: Subject, image: Float32Array) {
  const graph = new Graph();
  const bindings = new Map([[input, graph.input(PICTURE, 'float32', golden.image.dims)]]);
  const refused: string[] = [];
  for (const node of template.nodes) {
    // A dropout's mask or a pooling's indices are no features, and asking for them may be refused.
    const outputs = node.op === 'Split' ? node.outputs : node.outputs.slice(0, 1);
    if (!node.inputs.every((i) => i === '' || bindings.has(i) || template.initializers.has(i))) continue;
    try {
      for (const [name, value] of inlineTemplate(graph, template, bindings, outputs)) bindings.set(name, value);
    } catch (error) {
      if (!(error instanceof MadderError)) throw error;
      refused.push(error.message);
    }
  }
  const shapes = new Set(golden.taps.map((tap) => tap.activation.dims.join()));
  const names = new Map<string, string>();
  for (const [name, value] of bindings) {
    if (!graph.producer(value) || graph.value(value).type !== 'float32' || !shapes.has(graph.dims(value).join()))
      continue;
    names.set(value, name);
    graph.output(value);
  }
  const results = names.size > 0 ? await runOnce(graph, { [PICTURE]: { ...golden.image, data: image } }) : {};
  const taps = golden.taps.map(({ name, activation }): TapReport => {
    const shape = activation.dims.join();
    let best: TapReport = { name, tensor: undefined, error: Infinity };
    for (const [value, tensor] of names) {
      if (graph.dims(value).join() !== shape) continue;
      const error = finite(relativeError(results[value]!, activation.data));
      if (best.tensor === undefined || error < best.error) best = { name, tensor, error };
    }
    return best;
  });
  return { taps, refused };
}

/** Activations at the tensors, and the gradient of the sum of <activation, seed> with respect to what the graph sees. */
async function differentiate(
  golden: Golden,
  subject: Subject,
  tensors: readonly string[],
  image: Float32Array,
  provider: Provider,
) {
  const graph = new Graph();
  const input = graph.input(PICTURE, 'float32', golden.image.dims);
  const values = inlineTemplate(graph, subject.graph, new Map([[subject.input, input]]), tensors);
  const feeds: Record<string, Tensor<'float32'>> = { [input]: { ...golden.image, data: image } };
  const seeds = new Map<string, string>();
  golden.taps.forEach(({ name, seed }, i) => {
    const value = values.get(tensors[i]!)!;
    const fed = graph.input(graph.fresh(`golden.seed.${name}`), 'float32', seed.dims);
    feeds[fed] = seed;
    // Two taps may be the same value, when nothing but a dropout lies between them.
    const earlier = seeds.get(value);
    seeds.set(value, earlier === undefined ? fed : graph.op('Add', [earlier, fed]));
    graph.output(value);
  });
  const gradient = appendBackward(graph, seeds, input);
  graph.output(gradient);
  const results = await runOnce(graph, feeds, provider);
  return { activations: tensors.map((t) => results[values.get(t)!]!), gradient: results[gradient]! };
}

async function runOnce(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor<'float32'>>>,
  provider: Provider = 'cpu',
): Promise<Record<string, Float32Array>> {
  const session = await GraphSession.create(graph, { provider, exclusive: true });
  try {
    const tensors: Record<string, ort.Tensor> = {};
    for (const [name, { data }] of Object.entries(feeds)) tensors[name] = session.tensor(name, data);
    return await session.run(tensors);
  } finally {
    await session.release();
  }
}

const normalized = ({ image, mean, std }: Golden): Float32Array =>
  perChannel(image.data, (v, c) => (v - mean[c]!) / std[c]!);

/** Applies `f(value, channel)` to [1,3,H,W] data. */
function perChannel(data: Float32Array, f: (value: number, channel: number) => number): Float32Array {
  const size = data.length / 3;
  return data.map((v, i) => f(v, Math.floor(i / size)));
}

/** ‖out − ref‖₂ / ‖ref‖₂; where the reference is all zero, ‖out‖₂. */
function relativeError(out: Float32Array, reference: Float32Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    difference += (out[i]! - reference[i]!) ** 2;
    size += reference[i]! ** 2;
  }
  return Math.sqrt(difference) / (Math.sqrt(size) || 1);
}

/** Not a number counts as infinitely wrong. */
const finite = (error: number): number => (Number.isNaN(error) ? Infinity : error);
