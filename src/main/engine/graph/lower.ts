import type { AttributeValue } from '../../formats/onnx.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import type { Graph } from './graph.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;
type Lowering = (graph: Graph, inputs: readonly string[], attributes: Attributes, name: string) => string;

const numberOf = (attributes: Attributes, name: string, otherwise: number): number => {
  const value = attributes[name];
  return typeof value === 'number' ? value : otherwise;
};

/** Operators that some provider lacks, in terms of operators that all have. */
const LOWERINGS: Readonly<Record<string, Lowering>> = {
  /** x · clip(x/6 + 1/2, 0, 1) */
  HardSwish: (graph, [x], _attributes, name) =>
    graph.op('Mul', [x!, graph.op('HardSigmoid', [x!], { alpha: 1 / 6, beta: 0.5 })], {}, name),

  /** x₁ + x₂ + … */
  Sum: (graph, inputs, _attributes, name) => inputs.reduce((a, b) => graph.op('Add', [a, b], {}, name)),

  /** x · s^−β, s = k + α/n · Σ x² over a window of n channels (Krizhevsky 2012) */
  LRN: (graph, [x], attributes, name) => {
    const s = lrnScale(
      graph,
      x!,
      numberOf(attributes, 'size', 1),
      numberOf(attributes, 'alpha', 1e-4),
      numberOf(attributes, 'bias', 1),
    );
    return graph.op('Mul', [x!, graph.op('Pow', [s, graph.scalar(-numberOf(attributes, 'beta', 0.75))])], {}, name);
  },

  /** Blocks of positions become blocks of channels. */
  SpaceToDepth: (graph, [x], attributes, name) => {
    const [n, c, h, w] = graph.dims(x!) as [number, number, number, number];
    const b = numberOf(attributes, 'blocksize', 1);
    const apart = graph.op('Reshape', [x!, graph.ints([n, c, h / b, b, w / b, b])]);
    const moved = graph.op('Transpose', [apart], { perm: [0, 3, 5, 1, 2, 4] });
    return graph.op('Reshape', [moved, graph.ints([n, c * b * b, h / b, w / b])], {}, name);
  },
};

/** Emits a node in terms of portable operators and returns its output; undefined for operators that are portable. */
export function lower(
  graph: Graph,
  op: string,
  inputs: readonly string[],
  attributes: Attributes,
  name: string,
): string | undefined {
  return LOWERINGS[op]?.(graph, inputs, attributes, name);
}

/** s = bias + alpha/size · Σ x² over a window of `size` channels. */
export function lrnScale(graph: Graph, x: string, size: number, alpha: number, bias: number): string {
  const squares = bandSum(graph, graph.op('Mul', [x, x]), size, false);
  return graph.op('Add', [graph.op('Mul', [squares, graph.scalar(alpha / size)]), graph.scalar(bias)]);
}

/** Sum over a window of `size` channels, from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉, or its adjoint. */
export function bandSum(graph: Graph, x: string, size: number, adjoint: boolean): string {
  const channels = graph.dims(x)[1]!;
  const band = new Float32Array(channels * channels);
  const before = Math.floor((size - 1) / 2);
  for (let c = 0; c < channels; c++) {
    for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c - before + size - 1); k++) {
      band[adjoint ? k * channels + c : c * channels + k] = 1;
    }
  }
  const weights = graph.constant(floatTensor([channels, channels, 1, 1], band), 'band');
  return graph.op('Conv', [x, weights], { kernel_shape: [1, 1] });
}
