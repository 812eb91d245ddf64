import { MadderError } from '../../../shared/errors.ts';
import type { Normalization } from '../../../shared/objective.ts';
import type { Term } from './assemble.ts';
import type { Evaluation, ObjectiveWeights, TermValue } from './objective.ts';

/** How the terms of an objective make up its loss: what each is divided by, and the live weights. */
export class Weighting {
  readonly terms: readonly Term[];
  /** By what each raw term enters the loss, in the terms' order; the same array for life. */
  readonly coefficients: Float32Array;
  readonly #factors: readonly number[];
  readonly #normalization: Normalization;
  #weights: readonly number[] = [];

  /** @param factors of each term's normalization (see normalization.ts) */
  constructor(terms: readonly Term[], factors: readonly number[], normalization: Normalization) {
    this.terms = terms;
    this.coefficients = new Float32Array(terms.length);
    this.#factors = factors;
    this.#normalization = normalization;
  }

  /** Takes effect at the next evaluation. @throws MadderError where a weight is no number */
  set(weights: ObjectiveWeights): void {
    const count = (kind: Term['kind']) => this.terms.filter((t) => t.kind === kind).length;
    // With relative terms, the number of chosen layers does not change the balance of style and content.
    const share = (kind: Term['kind']) => (this.#normalization === 'relative' ? 1 / count(kind) : 1);
    this.#weights = this.terms.map(({ kind, network, layer }) => {
      switch (kind) {
        case 'style':
          return weights.style * (weights.styleLayers[network]?.[layer] ?? 1) * share(kind);
        case 'content':
          return weights.content * (weights.contentLayers[network]?.[layer] ?? 1) * share(kind);
        case 'variation':
          return weights.variation;
        case 'variation-l1':
          return weights.variationL1;
      }
    });
    if (!this.#weights.every(Number.isFinite)) {
      throw new MadderError('input', 'A weight is not a number; give every weight a finite value.');
    }
    this.#weights.forEach((w, i) => (this.coefficients[i] = w * this.#factors[i]!));
  }

  /** Terms and loss from the unweighted sums, in the terms' order. */
  valued(raw: ArrayLike<number>): Pick<Evaluation, 'loss' | 'terms'> {
    const terms = this.terms.map((term, i): TermValue => {
      const value = raw[i]! * this.#factors[i]!;
      return { ...term, value, weighted: value * this.#weights[i]! };
    });
    return { loss: terms.reduce((sum, t) => sum + t.weighted, 0), terms };
  }
}
