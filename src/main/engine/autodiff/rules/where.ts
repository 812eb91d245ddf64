import { unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

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
