import { selection } from '../binary.ts';

/** dx = dy where x is the largest */
export const maxGradient = selection((graph, x, y) => graph.op('Sub', [x, y]));
