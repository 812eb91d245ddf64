import { selection } from '../binary.ts';

/** dx = dy where x is the smallest */
export const minGradient = selection((graph, x, y) => graph.op('Sub', [y, x]));
