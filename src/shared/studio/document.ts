import { z } from 'zod';
import { networkIdSchema, poolingKindSchema } from '../network-manifest.ts';
import { presetSchema } from '../preset.ts';
import { colourSchema, objectiveFields, optimizerSchema, parameterizationSchema, transformsSchema } from '../recipe.ts';

/** The version that this program writes; see `migrateDocument`. */
export const DOCUMENT_VERSION = 2;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

/** A picture of the library, by content; width and height are px, upright. */
export const pictureSchema = z.strictObject({
  sha256,
  /** The file's name without its folder. */
  name: z.string().min(1).max(255),
  width: z.int().positive(),
  height: z.int().positive(),
});
export type StudioPicture = z.output<typeof pictureSchema>;

/** Long side of the masks that the window paints, px: more than the eye can tell of an edge, and quick to paint on. */
export const MASK_SIDE = 2048;

/** What a person set; what is absent is the preset's, or what suits the network. Weights are absolute, as in a recipe. */
export const settingsSchema = z
  .strictObject({
    ...objectiveFields,
    /** Long side of the result, px (or that side which the preset's schedule names). */
    size: z.int().min(64).max(100_000),
    /** Evaluations at full size; coarser levels follow in proportion. */
    iterations: z.int().min(1).max(10_000),
    pooling: poolingKindSchema,
    optimizer: optimizerSchema,
    parameterization: parameterizationSchema,
    transforms: transformsSchema,
    init: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('content') }),
      z.strictObject({ kind: z.literal('noise') }),
      z.strictObject({
        kind: z.literal('image'),
        image: pictureSchema,
        /** Side, px, at which this picture is finished, the same side as `size`: only larger sizes are painted. */
        begin: z.int().min(1).max(100_000).optional(),
      }),
    ]),
    colour: colourSchema,
    seed: z.int().min(0).max(0xffffffff),
  })
  .partial();
export type StudioSettings = z.output<typeof settingsSchema>;

/** Everything that an artist has set up: what undo moves through, what is autosaved, and what a start turns into a recipe. */
export const documentSchema = z.strictObject({
  version: z.literal(DOCUMENT_VERSION),
  photo: pictureSchema.nullable(),
  styles: z
    .array(
      z.strictObject({
        picture: pictureSchema,
        /** Share in the mix. */
        weight: z.number().min(0).max(1),
        /** Size of the painting relative to the photo; larger means larger strokes. */
        scale: z.number().min(0.25).max(4),
        /** A picture of where the painting applies: white belongs to it, black does not. Those without one share what is left. */
        mask: pictureSchema.nullable(),
      }),
    )
    .max(8),
  /** A picture of where the photo stays as it is: white belongs to it. It goes before the paintings' masks. */
  photoMask: pictureSchema.nullable(),
  network: networkIdSchema,
  /** A network of its own for the content. */
  contentNetwork: networkIdSchema.nullable(),
  /** What the settings start from; its own settings travel with it, so that the document stays true without the preset's file. */
  preset: z.strictObject({ id: z.string().min(1), value: presetSchema }).nullable(),
  settings: settingsSchema,
  /** The equaliser's switches. A muted layer counts 0; a solo layer mutes all others. */
  faders: z.strictObject({
    muted: z.array(z.string().min(1)),
    solo: z.string().min(1).nullable(),
    /** Faders move together. */
    linked: z.boolean(),
  }),
});
export type StudioDocument = z.output<typeof documentSchema>;

/** A document with nothing chosen but the network. */
export const emptyDocument = (network: string): StudioDocument => ({
  version: DOCUMENT_VERSION,
  photo: null,
  styles: [],
  photoMask: null,
  network,
  contentNetwork: null,
  preset: null,
  settings: {},
  faders: { muted: [], solo: null, linked: false },
});

export type StudioStyle = StudioDocument['styles'][number];

/** Whether a painting has a place in the picture: a share in the mix, or a region of its own, in which shares do not count. */
export const takesPart = ({ weight, mask }: Pick<StudioStyle, 'weight' | 'mask'>): boolean =>
  weight > 0 || mask !== null;

/** The masks of a document, the photo's first, each once. */
export const masksOf = ({ styles, photoMask }: Pick<StudioDocument, 'styles' | 'photoMask'>): StudioPicture[] => [
  ...new Map(
    [photoMask, ...styles.map(({ mask }) => mask)].flatMap((mask) => (mask ? [[mask.sha256, mask] as const] : [])),
  ).values(),
];

/** How far the proportions of two photos may differ, as a share, for one to keep the masks of the other. */
const SAME_SHAPE = 0.01;

/**
 * The document with another photo. Masks say where in the picture something is: one of the same proportions (a retouched copy, the next
 * frame) keeps them, as layers of a picture stay when what is below them is replaced; one of other proportions would stretch
 * them over what they were not painted for, and does without.
 */
export function withPhoto(document: StudioDocument, photo: StudioPicture | null): StudioDocument {
  const { photo: before, styles } = document;
  const shape = ({ width, height }: StudioPicture): number => width / height;
  const keeps = before !== null && photo !== null && Math.abs(shape(photo) / shape(before) - 1) <= SAME_SHAPE;
  if (keeps || masksOf(document).length === 0) return { ...document, photo };
  return { ...document, photo, photoMask: null, styles: styles.map((style) => ({ ...style, mask: null })) };
}

/** The weights that the faders leave: muted layers count 0, and with a solo layer all others do. */
export const audibleLayers = (
  layers: Readonly<Record<string, number>>,
  { muted, solo }: Pick<StudioDocument['faders'], 'muted' | 'solo'>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(layers).map(([name, weight]) => [
      name,
      (solo === null || !(solo in layers) ? !muted.includes(name) : name === solo) ? weight : 0,
    ]),
  );

/**
 * The Strength slider, 0 to 100: how λ relates to what the network or preset suggests. 50 is the suggestion itself, and the
 * ends are a twentieth and twenty times as much, evenly in between to the eye.
 */
export const STRENGTH_SPAN = 20;
export const strengthOf = (style: number, suggested: number): number =>
  Math.min(100, Math.max(0, 50 + (50 * Math.log(style / suggested)) / Math.log(STRENGTH_SPAN)));
export const styleOf = (strength: number, suggested: number): number =>
  suggested * STRENGTH_SPAN ** ((strength - 50) / 50);
