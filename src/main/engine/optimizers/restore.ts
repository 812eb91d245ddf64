import { Adam } from './adam.ts';
import { PublishedLbfgs } from './lbfgs-published.ts';
import { Lbfgs } from './lbfgs.ts';
import type { Objective, OnEvaluation, Optimizer, OptimizerState } from './optimizer.ts';

/** Continues whichever optimizer wrote the state; options are part of it, and its vectors belong to the optimizer from then on. */
export function restoreOptimizer(objective: Objective, state: OptimizerState, onEvaluation?: OnEvaluation): Optimizer {
  switch (state.method) {
    case 'lbfgs':
      return Lbfgs.restore(objective, state, onEvaluation);
    case 'lbfgs-published':
      return PublishedLbfgs.restore(objective, state, onEvaluation);
    case 'adam':
      return Adam.restore(objective, state, onEvaluation);
  }
}
