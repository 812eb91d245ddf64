/** What the equaliser computes; weights are per style layer, and 1 is a fader at its mark. */

export type LayerWeights = Readonly<Record<string, number>>;

/** Faders go up to twice their mark. */
export const TOP = 2;
/** Decades of loss that a level meter spans. */
const DECADES = 3;

/** Without the noise of binary fractions, which would end up in recipes. */
export const tidy = (weight: number): number => Number(weight.toPrecision(6));

/** The weight at which a fader stands at its mark: the largest that the preset or the network suggests. */
export function unitOf(suggested: LayerWeights): number {
  const most = Math.max(0, ...Object.values(suggested));
  return most > 0 ? most : 1;
}

/** Layers in the network's order, fine to coarse; those that it does not know come last. */
export function inOrder(weights: LayerWeights, network: readonly string[]): string[] {
  const place = (name: string): number => (network.includes(name) ? network.indexOf(name) : network.length);
  return Object.keys(weights).sort((a, b) => place(a) - place(b));
}

/** Shapes of the equaliser: where it puts its weight, t being 0 at the finest layer and 1 at the coarsest. */
export const CURVES = {
  fine: (t: number) => 1.5 * 10 ** -t,
  balanced: () => 1,
  bold: (t: number) => 1.5 * 10 ** (t - 1),
} as const;
export type CurveName = keyof typeof CURVES;
export const CURVE_NAMES = Object.keys(CURVES) as CurveName[];

/** @param names layers from fine to coarse */
export const curveWeights = (curve: CurveName, names: readonly string[], unit: number): Record<string, number> =>
  Object.fromEntries(
    names.map((name, i) => {
      const t = names.length > 1 ? i / (names.length - 1) : 0.5;
      return [name, tidy((unit * Math.round(100 * CURVES[curve](t))) / 100)];
    }),
  );

export const sameWeights = (a: LayerWeights, b: LayerWeights): boolean => {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => name in b && Math.abs(a[name]! - b[name]!) <= 1e-9 * Math.abs(a[name]!))
  );
};

export const curveOf = (weights: LayerWeights, names: readonly string[], unit: number): CurveName | undefined =>
  CURVE_NAMES.find((curve) => sameWeights(weights, curveWeights(curve, names, unit)));

/**
 * One fader moved, all others in proportion. A fader that stood at zero has no proportion, and moves alone.
 * @param from where all stood when the movement began
 * @param top the largest weight
 */
export function moveTogether(from: LayerWeights, name: string, weight: number, top: number): Record<string, number> {
  const before = from[name] ?? 0;
  if (before === 0) return { ...from, [name]: weight };
  return Object.fromEntries(
    Object.entries(from).map(([layer, old]) => [
      layer,
      layer === name ? weight : tidy(Math.min(top, (old * weight) / before)),
    ]),
  );
}

/** Height of a level meter, 0 to 1: a term at its first value fills it, each decade below empties a third. */
export function meterLevel(value: number, first: number): number {
  const ratio = value / first;
  if (!(ratio > 0) || !Number.isFinite(ratio)) return 0;
  return Math.min(1, Math.max(0, 1 + Math.log10(ratio) / DECADES));
}
