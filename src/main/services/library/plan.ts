import { MadderError } from '../../../shared/errors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import type { NetworkManifest, Normalization } from '../../../shared/network-manifest.ts';
import type { TensorEntry } from '../../formats/weights-index.ts';
import type { Template } from '../../engine/networks/architectures/builder.ts';
import { recognise } from '../../engine/networks/architectures/recognise.ts';
import { StateDict } from '../../engine/networks/architectures/state-dict.ts';
import { findLayer } from '../../engine/networks/network.ts';
import { pruned } from '../../engine/networks/template.ts';
import type { Range } from './partial-file.ts';

/** What of a file is needed to paint with it, found out from names and shapes alone. */
export interface WeightsPlan {
  readonly architecture: string;
  readonly suggested: NetworkManifest['suggested'];
  /** The network without its numbers. */
  readonly template: Template;
  /** The tensors that the network uses, by their names in its state dict, in the order of its graph. */
  readonly needed: ReadonlyMap<string, TensorEntry>;
  /** Names of those that it does not use: classifiers, counters. */
  readonly unused: readonly string[];
}

/**
 * Recognises the architecture of a state dict and notes which tensors building it takes.
 * @param file what to call the weights in messages
 * @throws MadderError `network` where nothing can be built from these names and shapes
 */
export function planWeights(
  entries: ReadonlyMap<string, TensorEntry>,
  normalization: Normalization,
  file: string,
): WeightsPlan {
  const state = new ShapeDict(entries, file);
  const { id, architecture } = recognise(state);
  const template = architecture.build(state, normalization);
  const needed = new Map([...state.taken].map((name) => [name, entries.get(name)!]));
  const unused = [...entries.keys()].filter((name) => !state.taken.has(name));
  return { architecture: id, suggested: architecture.suggested, template, needed, unused };
}

/**
 * The part of a plan that reaches a layer and nothing deeper.
 * @throws MadderError `input` where there is no such layer, or where the architecture cannot be built without the rest
 */
export function planUntil(layer: string, plan: WeightsPlan, normalization: Normalization, file: string): WeightsPlan {
  const { template, needed } = plan;
  const { tensor } = findLayer({ name: file, layers: template.layers }, layer);
  const graph = pruned({ ...template.graph, outputs: template.graph.outputs.filter(({ name }) => name === tensor) });
  // Folding batch normalization makes new numbers, but leaves a kernel its shape: the very array tells whose it is.
  const shapes = new Set([...graph.initializers.values()].map(({ dims }) => dims));
  const names = [...needed.keys()];
  const isKernel = (name: string) => needed.get(name)!.dims.length > 1;
  const last = names.findLastIndex((name) => isKernel(name) && shapes.has(needed.get(name)!.dims));
  // What follows a kernel up to the next one is its bias and its batch normalization.
  const end = names.findIndex((name, i) => i > last && isKernel(name));
  const kept = new Map([...needed].slice(0, end < 0 ? undefined : end));
  try {
    return planWeights(kept, normalization, file);
  } catch (cause) {
    if (!(cause instanceof MadderError)) throw cause;
    throw new MadderError(
      'input',
      `${plan.architecture} cannot be cut off behind "${layer}"; download it whole, without --until.`,
      { cause },
    );
  }
}

/** A state dict that knows shapes but no numbers, and remembers what was taken from it. */
class ShapeDict extends StateDict {
  readonly taken = new Set<string>();

  constructor(entries: ReadonlyMap<string, TensorEntry>, file: string) {
    const shapes = [...entries].map(([name, { type, dims }]) => [name, { type, dims, data: NOTHING }] as const);
    super(new Map(shapes as unknown as [string, Tensor][]), file);
  }

  override float(name: string, dims: readonly (number | undefined)[]): Tensor<'float32'> {
    this.taken.add(name);
    return super.float(name, dims);
  }
}

const NOTHING = new Float32Array(0);

/** Ranges in order, those joined between which lies at most `gap` bytes: one request is cheaper than two. */
export function coalesce(ranges: Iterable<Range>, gap: number): Range[] {
  const joined: { begin: number; end: number }[] = [];
  for (const { begin, end } of [...ranges].sort((a, b) => a.begin - b.begin)) {
    const last = joined.at(-1);
    if (last && begin - last.end <= gap) last.end = Math.max(last.end, end);
    else joined.push({ begin, end });
  }
  return joined;
}
