import { MILLIMETRES } from '../../../shared/extent.ts';

/** What lengths on paper are given in, and how many millimetres that is. */
export const PER_UNIT = { cm: MILLIMETRES.cm, inch: MILLIMETRES.in } as const;
export type LengthUnit = keyof typeof PER_UNIT;

/** Papers that are bought by inches. */
const BY_INCH: readonly string[] = ['Letter', 'Tabloid'];

/** What the sides of a paper are given in where it is sold. */
export const unitOf = (paper: string): LengthUnit => (BY_INCH.includes(paper) ? 'inch' : 'cm');
