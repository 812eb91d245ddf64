/** Between two times, as people say them: `3–5 hours`; one where they are told apart by nothing. */
export function timeSpan({ from, to }: { readonly from: number; readonly to: number }, language: string): string {
  const [unit, seconds] = UNITS.find(([, size]) => to >= 1.5 * size) ?? UNITS.at(-1)!;
  const format = new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: 1,
  });
  const [least, most] = [rounded(from / seconds), rounded(to / seconds)];
  return least === most ? format.format(most) : format.formatRange(least, most);
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Halves below three, whole numbers above: nobody plans by more. At least a half. */
const rounded = (value: number): number => Math.max(0.5, value < 3 ? Math.round(2 * value) / 2 : Math.round(value));
