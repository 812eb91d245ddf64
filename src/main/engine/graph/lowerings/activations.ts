import { above, below, numberOf, sign } from '../../autodiff/emit.ts';
import { stringAttribute } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** ½ x (1 + erf(x/√2)), or with erf(…) ≈ tanh(√(2/π) (x + 0.044715 x³)) (Hendrycks & Gimpel 2016) */
export const gelu: Lowering = (graph, [x], node, name) => {
  const times = (value: string, factor: number) => graph.op('Mul', [value, graph.scalar(factor)]);
  const tanh = () => {
    const cubic = times(graph.op('Mul', [graph.op('Mul', [x!, x!]), x!]), 0.044715);
    return graph.op('Tanh', [times(graph.op('Add', [x!, cubic]), Math.sqrt(2 / Math.PI))]);
  };
  const approximate = stringAttribute(node, 'approximate', 'none') === 'tanh';
  const squashed = approximate ? tanh() : graph.op('Erf', [times(x!, Math.SQRT1_2)]);
  return graph.op('Mul', [times(x!, 0.5), graph.op('Add', [squashed, graph.scalar(1)])], {}, name);
};

/** From here on tanh(log(1 + eˣ)) is 1 in float32. */
const SATURATED = 18;

/** x · tanh(log(1 + eˣ)) = x · w / (w + 2), w = eˣ (eˣ + 2) (Misra 2019): webgpu has no Softplus */
export const mish: Lowering = (graph, [x], _node, name) => {
  const power = graph.op('Exp', [graph.op('Clip', [x!, '', graph.scalar(SATURATED)])]);
  const two = graph.scalar(2);
  const w = graph.op('Mul', [power, graph.op('Add', [power, two])]);
  return graph.op('Mul', [x!, graph.op('Div', [w, graph.op('Add', [w, two])])], {}, name);
};

/** x · sigmoid(α x) */
export const swish: Lowering = (graph, [x], node, name) => {
  const alpha = numberOf(node, 'alpha', 1);
  const steep = alpha === 1 ? x! : graph.op('Mul', [x!, graph.scalar(alpha)]);
  return graph.op('Mul', [x!, graph.op('Sigmoid', [steep])], {}, name);
};

/** γ x where x > 0, γ α (eˣ − 1) elsewhere (Klambauer et al. 2017) */
export const selu: Lowering = (graph, [x], node, name) => {
  const elu = graph.op('Elu', [x!], { alpha: numberOf(node, 'alpha', 1.6732632423543772) });
  return graph.op('Mul', [elu, graph.scalar(numberOf(node, 'gamma', 1.0507009873554805))], {}, name);
};

/** x where x > 0, α (e^(x/α) − 1) elsewhere (Barron 2017) */
export const celu: Lowering = (graph, [x], node, name) => {
  const alpha = numberOf(node, 'alpha', 1);
  if (!(alpha > 0)) return undefined;
  const elu = graph.op('Elu', [graph.op('Mul', [x!, graph.scalar(1 / alpha)])], { alpha: 1 });
  return graph.op('Mul', [elu, graph.scalar(alpha)], {}, name);
};

/** sin x / cos x */
export const tan: Lowering = (graph, [x], _node, name) =>
  graph.op('Div', [graph.op('Sin', [x!]), graph.op('Cos', [x!])], {}, name);

/** x / (1 + |x|) */
export const softsign: Lowering = (graph, [x], _node, name) =>
  graph.op('Div', [x!, graph.op('Add', [graph.op('Abs', [x!]), graph.scalar(1)])], {}, name);

/** x where x > α, 0 elsewhere */
export const thresholdedRelu: Lowering = (graph, [x], node, name) =>
  graph.op('Mul', [x!, above(graph, x!, numberOf(node, 'alpha', 1))], {}, name);

/** x + bias where x < −λ, x − bias where x > λ, 0 elsewhere */
export const shrink: Lowering = (graph, [x], node, name) => {
  if (graph.value(x!).type !== 'float32') return undefined;
  const lambda = numberOf(node, 'lambd', 0.5);
  const [low, high] = [below(graph, x!, -lambda), above(graph, x!, lambda)];
  const kept = graph.op('Mul', [x!, graph.op('Add', [low, high])]);
  const shift = graph.op('Mul', [graph.op('Sub', [low, high]), graph.scalar(numberOf(node, 'bias', 0))]);
  return graph.op('Add', [kept, shift], {}, name);
};

/** x · clip(x/6 + 1/2, 0, 1) */
export const hardSwish: Lowering = (graph, [x], _node, name) =>
  graph.op('Mul', [x!, graph.op('HardSigmoid', [x!], { alpha: 1 / 6, beta: 0.5 })], {}, name);

/** −1, 0 or 1 */
export const signLowering: Lowering = (graph, [x], _node, name) =>
  graph.value(x!).type === 'float32' ? sign(graph, x!, name) : undefined;
