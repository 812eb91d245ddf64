/** How large a picture is to be, said otherwise than by one of its sides in pixels. */
export type Extent =
  | { readonly kind: 'megapixels'; readonly megapixels: number }
  | { readonly kind: 'print'; readonly paper: Paper; readonly dpi: number };

/** Sides in millimetres. */
export interface Paper {
  readonly width: number;
  readonly height: number;
}

/** ISO 216 and the American formats, mm. */
const PAPERS: Readonly<Record<string, Paper>> = {
  a0: { width: 841, height: 1189 },
  a1: { width: 594, height: 841 },
  a2: { width: 420, height: 594 },
  a3: { width: 297, height: 420 },
  a4: { width: 210, height: 297 },
  a5: { width: 148, height: 210 },
  a6: { width: 105, height: 148 },
  letter: { width: 215.9, height: 279.4 },
  tabloid: { width: 279.4, height: 431.8 },
};

/** Units of lengths on paper, in millimetres. */
export const MILLIMETRES = { mm: 1, cm: 10, in: 25.4 } as const;

/** The names of papers that `paperOf` knows. */
export const PAPER_NAMES = ['A0', 'A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'Letter', 'Tabloid'] as const;

/** A paper by its name (A2), or by its sides (60x40cm, 24x16in, 300x200mm); undefined for anything else. */
export function paperOf(text: string): Paper | undefined {
  const wanted = text.trim().toLowerCase();
  if (Object.hasOwn(PAPERS, wanted)) return PAPERS[wanted];
  const sides = /^(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)\s*(mm|cm|in)$/.exec(wanted);
  if (!sides) return undefined;
  const [width, height] = [sides[1], sides[2]].map(
    (side) => Number(side) * MILLIMETRES[sides[3] as keyof typeof MILLIMETRES],
  );
  return width! > 0 && height! > 0 ? { width: width!, height: height! } : undefined;
}

/**
 * The sides in px of a picture in the photo's proportions: so many pixels, or the largest that the paper holds, which is
 * turned as the photo is. At least 1.
 */
export function sidesOf(extent: Extent, photo: { readonly width: number; readonly height: number }) {
  const aspect = Math.max(photo.width, photo.height) / Math.min(photo.width, photo.height);
  const long = extent.kind === 'megapixels' ? Math.sqrt(extent.megapixels * 1e6 * aspect) : printed(extent, aspect);
  return { long: Math.max(1, Math.round(long)), short: Math.max(1, Math.round(long / aspect)) };
}

function printed({ paper, dpi }: Extract<Extent, { kind: 'print' }>, aspect: number): number {
  const perMillimetre = dpi / MILLIMETRES.in;
  const [long, short] = [Math.max(paper.width, paper.height), Math.min(paper.width, paper.height)];
  return Math.min(long, short * aspect) * perMillimetre;
}
