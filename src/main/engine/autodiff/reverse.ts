import { MadderError } from '../../../shared/errors.ts';
import type { OnnxNode } from '../../formats/onnx.ts';
import type { Graph } from '../graph/graph.ts';
import { nodeError } from '../graph/shapes.ts';
import { rules } from './rules/index.ts';

export interface BackwardOptions {
  /** Outputs of ReLU nodes through which the gradient passes unchanged (the article's `fake_relu`). */
  readonly identityGradient?: ReadonlySet<string>;
  /** Emit the few extra nodes that keep the CPU provider in its blocked layout. */
  readonly blockedLayout?: boolean;
}

/**
 * Reverse-mode differentiation: appends to `graph` the nodes that compute the gradient, with respect to the input
 * `wrt`, of the sum over seeds of <value, cotangent>.
 *
 * @param seeds per forward value the name of its cotangent, a value of the same shape
 * @returns the name of the gradient, of the same shape as `wrt`
 * @throws MadderError naming operator and node where a value on the way back has no gradient rule
 */
export function appendBackward(
  graph: Graph,
  seeds: ReadonlyMap<string, string>,
  wrt: string,
  options: BackwardOptions = {},
): string {
  const forward = [...graph.nodes];
  const dependent = new Set([wrt]);
  for (const node of forward) {
    if (node.inputs.some((i) => dependent.has(i))) {
      for (const output of node.outputs) if (output !== '' && isFloat(graph, output)) dependent.add(output);
    }
  }

  const identityGradient = options.identityGradient ?? new Set<string>();
  const vanishing = new Set<string>();
  const contributions = new Map<string, string[]>();
  const contribute = (value: string, gradient: string) => {
    const list = contributions.get(value);
    if (list) list.push(gradient);
    else contributions.set(value, [gradient]);
  };
  /** The whole gradient of a value: every contribution has arrived, because consumers come before producers here. */
  const total = (value: string): string | undefined => {
    const list = contributions.get(value);
    if (!list) return undefined;
    const sum = list.reduce((a, b) => graph.op('Add', [a, b], {}, `d.${value}`));
    contributions.set(value, [sum]);
    return sum;
  };

  for (const [value, cotangent] of seeds) contribute(value, cotangent);
  for (const node of forward.toReversed()) {
    if (!node.outputs.some((o) => contributions.has(o)) || !node.inputs.some((i) => dependent.has(i))) continue;
    const outputGradients = node.outputs.map((o) => total(o));
    const gradients = identityGradient.has(node.outputs[0]!)
      ? [outputGradients[0]]
      : ruleFor(node)({
          graph,
          node,
          outputGradients,
          wanted: (i) => dependent.has(node.inputs[i] ?? ''),
          identityGradient,
          vanishing,
          blockedLayout: options.blockedLayout ?? false,
        });
    node.inputs.forEach((input, i) => {
      const gradient = gradients[i];
      if (gradient !== undefined && dependent.has(input)) contribute(input, gradient);
    });
  }
  const gradient = total(wrt);
  if (gradient === undefined) {
    throw new MadderError('network', `None of the chosen layers depends on the picture; choose layers of the network.`);
  }
  return gradient;
}

/** Whether a gradient can flow back through a node of this operator. */
export const isDifferentiable = (op: string): boolean => rules.has(op);

function ruleFor(node: OnnxNode) {
  const rule = rules.get(node.op);
  if (!rule) {
    throw nodeError(node, 'has no gradient rule, so layers behind it cannot be used; choose layers before it');
  }
  return rule;
}

const isFloat = (graph: Graph, value: string): boolean => graph.value(value).type === 'float32';
