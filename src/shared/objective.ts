/** How a Gram or content difference becomes a number; see docs/architecture.md, "The objective". */
export const NORMALIZATIONS = ['relative', 'mean', 'gatys2015'] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];
