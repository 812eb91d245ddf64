import { expand, reduction } from '../reduction.ts';
import { scale } from '../emit.ts';

/** y = Σ x / n   ⇒   dx = dy / n, repeated */
export const reduceMeanGradient = reduction((graph, dy, x, _y, _axes, n) =>
  expand(graph, scale(graph, dy, 1 / n), graph.dims(x)),
);
