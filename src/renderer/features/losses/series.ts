import type { LossHistory } from './history.ts';

/** The curves that people are offered first: the whole loss, and what it is the sum of. */
export const SUMS = ['total', 'style', 'content', 'variation'] as const;
export type SumName = (typeof SUMS)[number];

/** One curve of the chart. */
export interface Curve {
  /** `total`, `style`, … or `layer:relu1_1`. */
  readonly id: string;
  /** The layer of a curve that is one style term; absent where it is a sum. */
  readonly layer?: string;
  readonly values: readonly (number | null)[];
}

export const layerCurve = (layer: string): string => `layer:${layer}`;

/** All curves of a run: the sums, then the style's layers in the order of the run. */
export function curvesOf(history: LossHistory): Curve[] {
  const terms = [...history.terms.values()];
  const sum = (belongs: (kind: string) => boolean): (number | null)[] => {
    const parts = terms.filter(({ kind }) => belongs(kind));
    return history.totals.map((_, i) => {
      const values = parts.flatMap(({ weighted }) => weighted[i] ?? []);
      return values.length > 0 ? values.reduce((a, b) => a + b, 0) : null;
    });
  };
  const sums: Curve[] = [
    { id: 'total', values: history.losses },
    { id: 'style', values: sum((kind) => kind === 'style') },
    { id: 'content', values: sum((kind) => kind === 'content') },
    { id: 'variation', values: sum((kind) => kind.startsWith('variation')) },
  ];
  const layers = terms
    .filter(({ kind }) => kind === 'style')
    .map(({ layer, weighted }) => ({ id: layerCurve(layer), layer, values: weighted }));
  return [...sums.filter(({ values }) => values.some((value) => value !== null)), ...layers];
}

/** At most so many places of a list, evenly spread, the first and the last among them. */
export function spread(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (length - 1)) / (most - 1)));
}

/** A loss as it is written: three digits that count. */
export const lossWords = (value: number | null | undefined, language: string): string =>
  value === null || value === undefined
    ? '–'
    : new Intl.NumberFormat(language, {
        maximumSignificantDigits: 3,
        ...(value !== 0 && (value < 1e-3 || value >= 1e6) ? { notation: 'scientific' } : {}),
      }).format(value);
