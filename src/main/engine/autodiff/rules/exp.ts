import { elementwise } from '../elementwise.ts';

/** y */
export const expGradient = elementwise((_graph, _x, y) => y);
