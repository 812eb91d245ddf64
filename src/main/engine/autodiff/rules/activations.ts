/** Element-wise functions of one input: dx = dy · f'(x). The derivative stands above each rule. */
import { floatTensor, numbersOf } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { above, below, numberOf, positive, scale, sign, unbroadcast } from '../emit.ts';
import type { BackwardContext, GradientRule } from '../rule.ts';

const elementwise =
  (derivative: (graph: Graph, x: string, y: string, context: BackwardContext) => string): GradientRule =>
  (context) => {
    if (!context.wanted(0)) return [];
    const { graph, node, outputGradients } = context;
    const d = derivative(graph, node.inputs[0]!, node.outputs[0]!, context);
    return [graph.op('Mul', [outputGradients[0]!, d], {}, `d.${node.inputs[0]!}`)];
  };

const oneMinus = (graph: Graph, x: string) => graph.op('Sub', [graph.scalar(1), x]);

const masked = elementwise((graph, _x, y) => positive(graph, y));

/** 1[y > 0] */
export const reluGradient: GradientRule = (context) =>
  context.vanishing.has(context.outputGradients[0]!) ? context.outputGradients : masked(context);

/** 1[x > 0] + slope · 1[x <= 0] = slope + (1 − slope) · 1[x > 0] */
export const leakyReluGradient = elementwise((graph, x, _y, { node }) => {
  const slope = numberOf(node, 'alpha', 0.01);
  return graph.op('Add', [scale(graph, positive(graph, x), 1 - slope), graph.scalar(slope)]);
});

/** slope + (1 − slope) · 1[x > 0] with a slope per channel; d slope = sum of dy · min(x, 0) */
export const preluGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [x, slope] = node.inputs as [string, string];
  const dy = outputGradients[0]!;
  const mask = positive(graph, x);
  const dx = () => {
    const d = graph.op('Add', [graph.op('Mul', [mask, oneMinus(graph, slope)]), slope]);
    return graph.op('Mul', [dy, d], {}, `d.${x}`);
  };
  const dSlope = () => {
    const negativePart = graph.op('Mul', [x, oneMinus(graph, mask)]);
    return unbroadcast(graph, graph.op('Mul', [dy, negativePart]), graph.dims(slope));
  };
  return [wanted(0) ? dx() : undefined, wanted(1) ? dSlope() : undefined];
};

/** 1[low < x < high] */
export const clipGradient = elementwise((graph, x, _y, { node }) => {
  const bound = (i: number) => {
    const tensor = node.inputs[i] ? graph.tensor(node.inputs[i]) : undefined;
    return tensor ? numbersOf(tensor)[0] : undefined;
  };
  const low = bound(1);
  const high = bound(2);
  const masks = [
    ...(low !== undefined && low > -3e38 ? [above(graph, x, low)] : []),
    ...(high !== undefined && high < 3e38 ? [below(graph, x, high)] : []),
  ];
  if (masks.length === 0) return graph.scalar(1);
  return masks.reduce((a, b) => graph.op('Mul', [a, b]));
});

/** y (1 − y) */
export const sigmoidGradient = elementwise((graph, _x, y) => graph.op('Mul', [y, oneMinus(graph, y)]));

/** alpha · 1[0 < y < 1] */
export const hardSigmoidGradient = elementwise((graph, _x, y, { node }) =>
  scale(graph, graph.op('Mul', [above(graph, y, 0), below(graph, y, 1)]), numberOf(node, 'alpha', 0.2)),
);

/** y = x · h, h = clip(x/6 + 1/2, 0, 1)   ⇒   h + x/6 · 1[0 < h < 1] */
export const hardSwishGradient = elementwise((graph, x) => {
  const h = graph.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
  const inside = graph.op('Mul', [above(graph, h, 0), below(graph, h, 1)]);
  return graph.op('Add', [h, graph.op('Mul', [scale(graph, x, 1 / 6), inside])]);
});

/** 1 − y² */
export const tanhGradient = elementwise((graph, _x, y) => oneMinus(graph, graph.op('Mul', [y, y])));

/** x > 0: 1; otherwise y + alpha */
export const eluGradient = elementwise((graph, x, y, { node }) => {
  const mask = positive(graph, x);
  const left = graph.op('Add', [y, graph.scalar(numberOf(node, 'alpha', 1))]);
  return graph.op('Add', [mask, graph.op('Mul', [oneMinus(graph, mask), left])]);
});

/** sigmoid(x) */
export const softplusGradient = elementwise((graph, x) => graph.op('Sigmoid', [x]));

/** 2/√π · exp(−x²) */
export const erfGradient = elementwise((graph, x) => {
  const e = graph.op('Exp', [graph.op('Neg', [graph.op('Mul', [x, x])])]);
  return graph.op('Mul', [e, graph.scalar(2 / Math.sqrt(Math.PI))]);
});

/** y */
export const expGradient = elementwise((_graph, _x, y) => y);

/** 1 / x */
export const logGradient = elementwise((graph, x) => graph.op('Reciprocal', [x]));

/** 1 / (2y) */
export const sqrtGradient = elementwise((graph, _x, y) => graph.op('Div', [graph.scalar(0.5), y]));

/** −1 */
export const negGradient: GradientRule = ({ graph, outputGradients, wanted }) => [
  wanted(0) ? graph.op('Neg', [outputGradients[0]!]) : undefined,
];

/** sign(x) */
export const absGradient = elementwise((graph, x) => sign(graph, x));

/** −y² */
export const reciprocalGradient = elementwise((graph, _x, y) => graph.op('Neg', [graph.op('Mul', [y, y])]));

/** The gradient passes unchanged. */
export const identityGradient: GradientRule = ({ outputGradients }) => [outputGradients[0]];

/** y = softmax(x) along an axis   ⇒   dx = y · (dy − Σ dy·y) */
export const softmaxGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const y = node.outputs[0]!;
  const rank = graph.dims(y).length;
  const axis = (numberOf(node, 'axis', -1) + rank) % rank;
  const weighted = graph.op('Mul', [outputGradients[0]!, y]);
  const total = graph.op('ReduceSum', [weighted, graph.ints([axis])], { keepdims: 1 });
  return [graph.op('Mul', [y, graph.op('Sub', [outputGradients[0]!, total])])];
};

/** y = γ (x − μ)/√(σ² + ε) + β with constant statistics   ⇒   dx = dy · γ/√(σ² + ε) */
export const batchNormalizationGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const gamma = graph.tensor(node.inputs[1]!)!;
  const variance = numbersOf(graph.tensor(node.inputs[4]!)!);
  const epsilon = numberOf(node, 'epsilon', 1e-5);
  const factor = Float32Array.from(numbersOf(gamma), (g, c) => g / Math.sqrt(variance[c]! + epsilon));
  const rank = graph.dims(node.inputs[0]!).length;
  const dims = [1, factor.length, ...new Array<number>(rank - 2).fill(1)];
  const factors = graph.constant(floatTensor(dims, factor), `${node.name}.scale`);
  return [graph.op('Mul', [outputGradients[0]!, factors], {}, `d.${node.inputs[0]!}`)];
};
