import type { OnnxNode } from '../../formats/onnx.ts';
import type { Graph } from '../graph/graph.ts';

/** What a gradient rule is given: a forward node of `graph` and the gradients that reached its outputs. */
export interface BackwardContext {
  /** The graph that holds the forward pass and receives the backward nodes. */
  readonly graph: Graph;
  readonly node: OnnxNode;
  /** Per output of the node: the name of dL/d(output), or undefined where nothing flows back. At least one is defined. */
  readonly outputGradients: readonly (string | undefined)[];
  /** Whether input `i` depends on the picture, so that its gradient is asked for. */
  wanted(i: number): boolean;
  /** Outputs of ReLUs through which the gradient passes unchanged. */
  readonly identityGradient: ReadonlySet<string>;
  /**
   * Gradients known to be zero wherever the value they belong to is not positive, so that a ReLU behind it need not mask
   * them again. Rules may add the gradients that they return.
   */
  readonly vanishing: Set<string>;
  /** True where the provider works in blocked layouts and a few extra nodes keep it in them. */
  readonly blockedLayout: boolean;
}

/**
 * A gradient rule appends the nodes of one operator's vector-Jacobian product to the graph and returns, per input of
 * the node, the name of dL/d(input); undefined for inputs that are not wanted. Rules read shapes, attributes and
 * constants from the graph and emit portable operators only (see providers in test/unit/engine/portable-operators.test.ts).
 */
export type GradientRule = (context: BackwardContext) => readonly (string | undefined)[];
