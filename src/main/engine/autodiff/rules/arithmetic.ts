/** Broadcasting arithmetic of two values: each gradient is summed over the axes along which its input was repeated. */
import type { Graph } from '../../graph/graph.ts';
import { MadderError } from '../../../../shared/errors.ts';
import { numbersOf } from '../../../../shared/tensor.ts';
import { notNegative, unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

type Side = (graph: Graph, dy: string, a: string, b: string, y: string) => string;

const binary =
  (left: Side, right: Side): GradientRule =>
  ({ graph, node, outputGradients, wanted }) => {
    const [a, b] = node.inputs as [string, string];
    const y = node.outputs[0]!;
    const dy = outputGradients[0]!;
    return [
      wanted(0) ? unbroadcast(graph, left(graph, dy, a, b, y), graph.dims(a)) : undefined,
      wanted(1) ? unbroadcast(graph, right(graph, dy, a, b, y), graph.dims(b)) : undefined,
    ];
  };

/** da = dy, db = dy */
export const addGradient = binary(
  (_graph, dy) => dy,
  (_graph, dy) => dy,
);

/** da = dy, db = −dy */
export const subGradient = binary(
  (_graph, dy) => dy,
  (graph, dy) => graph.op('Neg', [dy]),
);

/** da = dy · b, db = dy · a */
export const mulGradient = binary(
  (graph, dy, _a, b) => graph.op('Mul', [dy, b]),
  (graph, dy, a) => graph.op('Mul', [dy, a]),
);

/** da = dy / b, db = −dy · y / b */
export const divGradient = binary(
  (graph, dy, _a, b) => graph.op('Div', [dy, b]),
  (graph, dy, _a, b, y) => graph.op('Neg', [graph.op('Div', [graph.op('Mul', [dy, y]), b])]),
);

/** y = x^p, p constant   ⇒   dx = dy · p · x^(p−1) */
export const powGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [x, p] = node.inputs as [string, string];
  if (wanted(1) || !graph.tensor(p)) {
    throw new MadderError('network', `Node "${node.name}": a Pow whose exponent depends on the picture has no gradient rule.`);
  }
  if (!wanted(0)) return [];
  const exponent = graph.tensor(p)!;
  const values = numbersOf(exponent);
  const constant = (map: (v: number) => number) =>
    graph.constant({ type: 'float32', dims: exponent.dims, data: Float32Array.from(values, map) }, 'exponent');
  const power = graph.op('Pow', [x, constant((v) => v - 1)]);
  const derivative = graph.op('Mul', [power, constant((v) => v)]);
  return [unbroadcast(graph, graph.op('Mul', [outputGradients[0]!, derivative]), graph.dims(x))];
};

/** y = x₁ + x₂ + …: every summand receives dy. */
export const sumGradient: GradientRule = ({ graph, node, outputGradients, wanted }) =>
  node.inputs.map((x, i) => (wanted(i) ? unbroadcast(graph, outputGradients[0]!, graph.dims(x)) : undefined));

/** The selected input receives dy; inputs that tie share it equally, so that no gradient is counted twice. */
const selection =
  (distance: (graph: Graph, x: string, y: string) => string): GradientRule =>
  ({ graph, node, outputGradients, wanted }) => {
    const y = node.outputs[0]!;
    const masks = node.inputs.map((x) => notNegative(graph, distance(graph, x, y)));
    const count = masks.reduce((a, b) => graph.op('Add', [a, b]));
    const share = graph.op('Div', [outputGradients[0]!, count]);
    return node.inputs.map((x, i) =>
      wanted(i) ? unbroadcast(graph, graph.op('Mul', [share, masks[i]!]), graph.dims(x)) : undefined,
    );
  };

/** dx = dy where x is the largest */
export const maxGradient = selection((graph, x, y) => graph.op('Sub', [x, y]));

/** dx = dy where x is the smallest */
export const minGradient = selection((graph, x, y) => graph.op('Sub', [y, x]));

/** y = condition ? a : b with a constant condition   ⇒   da = dy · condition, db = dy · (1 − condition) */
export const whereGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [condition, a, b] = node.inputs as [string, string, string];
  const zero = graph.scalar(0);
  const dy = outputGradients[0]!;
  return [
    undefined,
    wanted(1) ? unbroadcast(graph, graph.op('Where', [condition, dy, zero]), graph.dims(a)) : undefined,
    wanted(2) ? unbroadcast(graph, graph.op('Where', [condition, zero, dy]), graph.dims(b)) : undefined,
  ];
};
