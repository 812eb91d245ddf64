import { elementwise } from '../elementwise.ts';
import { positive } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

const masked = elementwise((graph, _x, y) => positive(graph, y));

/** 1[y > 0] */
export const reluGradient: GradientRule = (context) =>
  context.vanishing.has(context.outputGradients[0]!) ? context.outputGradients : masked(context);
