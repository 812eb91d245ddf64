/** How curves are told apart: by colour, and by dashes too. */
export interface Look {
  /** A variable of the theme. */
  readonly colour: string;
  readonly width: number;
  readonly dash: readonly number[];
}

const SUMS: Readonly<Record<string, Look>> = {
  total: { colour: '--text', width: 2, dash: [] },
  style: { colour: '--accent-text', width: 1.5, dash: [] },
  content: { colour: '--success', width: 1.5, dash: [] },
  variation: { colour: '--warning', width: 1.5, dash: [] },
};
const DASHES: readonly (readonly number[])[] = [
  [6, 3],
  [2, 3],
  [10, 3, 2, 3],
  [10, 4],
  [4, 2],
  [2, 2, 6, 2],
];

/** @param place among the layers, from 0 */
export const lookOf = (id: string, place: number): Look =>
  SUMS[id] ?? { colour: '--muted', width: 1.25, dash: DASHES[place % DASHES.length]! };
