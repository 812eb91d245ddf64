import { MadderError } from '../../../../shared/errors.ts';
import { numbersOf } from '../../../../shared/tensor.ts';
import { unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = x^p, p constant   ⇒   dx = dy · p · x^(p−1) */
export const powGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [x, p] = node.inputs as [string, string];
  if (wanted(1) || !graph.tensor(p)) {
    throw new MadderError(
      'network',
      `Node "${node.name}": a Pow whose exponent depends on the picture has no gradient rule.`,
    );
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
