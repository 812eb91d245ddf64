import type { RecipeChanges } from './recipe-changes.ts';

/** Optimizers as people choose them; `lbfgs-published` takes steps of 1 without line search. */
export const OPTIMIZER_NAMES = ['lbfgs', 'lbfgs-published', 'adam'] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** A recipe's settings of an optimizer that people call so. The published L-BFGS keeps 100 pairs, as PyTorch's does. */
export const OPTIMIZERS: Readonly<Record<OptimizerName, NonNullable<RecipeChanges['optimizer']>>> = {
  lbfgs: { kind: 'lbfgs', lineSearch: 'strong-wolfe' },
  'lbfgs-published': { kind: 'lbfgs', lineSearch: 'none', history: 100 },
  adam: { kind: 'adam' },
};
