import type { Graph } from '../graph/graph.ts';
import { mean } from './emit.ts';

/**
 * x̂ = (x − μ)/√(σ² + ε) with μ, σ taken from x itself over `axes`   ⇒   with ĝ = dy · γ
 * dx = (ĝ − mean(ĝ) − x̂ · mean(ĝ · x̂)) / √(σ² + ε)        (Ioffe & Szegedy 2015, section 3)
 */
export function selfNormalized(
  graph: Graph,
  x: string,
  scaled: string,
  axes: readonly number[],
  epsilon: number,
): string {
  const centred = graph.op('Sub', [x, mean(graph, x, axes)]);
  const variance = mean(graph, graph.op('Mul', [centred, centred]), axes);
  const deviation = graph.op('Sqrt', [graph.op('Add', [variance, graph.scalar(epsilon)])]);
  const normalized = graph.op('Div', [centred, deviation]);
  const along = mean(graph, graph.op('Mul', [scaled, normalized]), axes);
  const reduced = graph.op('Sub', [scaled, mean(graph, scaled, axes)]);
  return graph.op('Div', [graph.op('Sub', [reduced, graph.op('Mul', [normalized, along])]), deviation]);
}
