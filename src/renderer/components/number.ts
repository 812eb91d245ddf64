/** Numbers as people write them. */

/** What was typed, with a comma or a point; undefined when it is no number. A unit or percent sign at the end is left out. */
export function parseNumber(text: string): number | undefined {
  const plain = text
    .trim()
    .replace(/[^\d.,+\-−e].*$/i, '')
    .replace('−', '-')
    .replace(',', '.');
  const value = Number(plain);
  return plain !== '' && Number.isFinite(value) ? value : undefined;
}

export const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

/** The nearest multiple of the step above `min`, without the noise of binary fractions. */
export function snap(value: number, min: number, max: number, step: number): number {
  const snapped = min + Math.round((value - min) / step) * step;
  return clamp(Number(snapped.toFixed(decimals(step) + 2)), min, max);
}

/** Digits behind the point that a step needs. */
export const decimals = (step: number): number => Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));

export const formatNumber = (value: number, language: string, step: number): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: decimals(step), useGrouping: false }).format(value);
