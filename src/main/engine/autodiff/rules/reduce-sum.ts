import { expand, reduction } from '../reduction.ts';

/** y = Σ x   ⇒   dx = dy, repeated */
export const reduceSumGradient = reduction((graph, dy, x) => expand(graph, dy, graph.dims(x)));
