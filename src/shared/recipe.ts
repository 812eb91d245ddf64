import { z } from 'zod';
import { normalizationSchema } from './network-manifest.ts';
import { NORMALIZATIONS } from './objective.ts';
import { rewriteSchema } from './rewrites.ts';

/**
 * Whose colours the picture gets: the paintings' (`style`); the photo's, brightness alone being painted (`luminance`); or
 * those of paintings whose palette is matched to the photo's (`match`). Gatys et al. 2017, "Controlling Perceptual Factors
 * in Neural Style Transfer", section 5.
 */
export const COLOURS = ['style', 'luminance', 'match'] as const;
export type Colour = (typeof COLOURS)[number];
export const colourSchema = z.enum(COLOURS);

/** The version that this program writes; `recipe-migrations.ts` brings older ones up to it. */
export const RECIPE_VERSION = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');
const finite = z.number();
const weight = finite.min(0);
const layerWeights = z.record(z.string().min(1), weight);

/** A picture by content, so that a recipe stays true when files move. */
const imageSchema = z.strictObject({
  sha256,
  /** The file's name without its folder: where to look first, and what to call it. */
  name: z.string().min(1),
  width: z.int().positive(),
  height: z.int().positive(),
});

/** A network by content, with the named changes made to it. Presets name parts of one. */
export const networkFields = {
  id: z.string().min(1),
  sha256,
  rewrites: z.array(rewriteSchema),
  /** How the picture enters the network. Weights do not hold it, so that it has to be remembered beside them. */
  normalization: normalizationSchema.omit({ assumed: true }),
};
const networkSchema = z.strictObject({
  ...networkFields,
  rewrites: networkFields.rewrites.default([]),
  /** Absent in recipes of the time before it was recorded: then it is the network's own. */
  normalization: networkFields.normalization.optional(),
});

/** What the optimizer moves; see docs/recipes.md, "Parameterization and transforms". */
export const PARAMETERIZATIONS = ['pixels', 'fourier'] as const;
export type ParameterizationKind = (typeof PARAMETERIZATIONS)[number];
export const parameterizationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pixels') }),
  z.strictObject({
    kind: z.literal('fourier'),
    /** Power by which a parameter's effect falls with its frequency; at 1 all sizes of shapes are equally easy to paint. */
    decay: finite.min(0).max(2).default(1),
  }),
]);

/** The step of Adam that is taken for a parameterization where nobody says anything: about equal changes of the picture. */
export const USUAL_ADAM_STEP: Readonly<Record<ParameterizationKind, number>> = { pixels: 0.02, fourier: 0.05 };

const lbfgsSchema = z.strictObject({
  kind: z.literal('lbfgs'),
  /** Curvature pairs kept. */
  history: z.int().min(1).max(1000).default(20),
  /**
   * `strong-wolfe`: our default; box constraint and line search.
   * `none`: the published variant: step 1, no line search, the picture clamped inside each evaluation.
   */
  lineSearch: z.enum(['strong-wolfe', 'none']).default('strong-wolfe'),
});
const adamSchema = z.strictObject({
  kind: z.literal('adam'),
  /** Step per iteration: of a value of the picture, in its [0,1], or of a parameter of its spectrum. */
  stepSize: finite.positive().max(1).default(USUAL_ADAM_STEP.pixels),
  /** Decay of the iterate average that is shown and kept; 0 keeps the last iterate. */
  averaging: finite.min(0).max(0.9999).default(0.99),
});
export const optimizerSchema = z.discriminatedUnion('kind', [lbfgsSchema, adamSchema]);

/** Random movements of the picture before each look of the networks at it; all 0: none. */
export const transformsSchema = z.strictObject({
  /** Shift in both directions, whole px, at most. */
  jitter: z.int().min(0).max(1000).default(0),
  /** Enlarged or shrunk by a factor in 1 ± this. */
  scale: finite.min(0).max(0.9).default(0),
  /** Turned by at most so many degrees, either way. */
  rotate: finite.min(0).max(180).default(0),
});

/** What a person can move while a picture is being painted. */
const weightFields = {
  /** λ: the style terms' common weight. */
  style: weight,
  content: weight,
  /** Weight of the quadratic total variation, and of the L1 one. */
  variation: weight,
  variationL1: weight,
  /** Faders by layer. */
  styleLayers: layerWeights,
  contentLayers: layerWeights,
};
export const objectiveFields = { normalization: z.enum(NORMALIZATIONS), ...weightFields };
const objectiveSchema = z.strictObject({
  ...objectiveFields,
  normalization: objectiveFields.normalization.default('relative'),
  variation: weight.default(0),
  variationL1: weight.default(0),
});

const side = z.int().min(1).max(100_000);
const levelSchema = z
  .strictObject({
    /** Size relative to the result's, above 0 and at most 1. */
    factor: finite.positive().max(1).optional(),
    /** Instead of the factor: the side in px. Turned into a factor when it is read. */
    size: side.optional(),
    evaluations: z.int().min(1),
  })
  .refine((level) => (level.factor === undefined) !== (level.size === undefined), {
    error: 'needs either a factor or a size',
  });
export const scheduleSchema = z
  .strictObject({
    /** Side of the result, px. */
    size: side,
    /** Which side that is, of the picture and of the paintings: most programs name the long one, the article the short. */
    side: z.enum(['long', 'short']).default('long'),
    /** Coarse to fine: size relative to the result, and evaluations spent there. The last level has factor 1. */
    levels: z.array(levelSchema).min(1),
  })
  .transform(({ levels, ...schedule }) => ({
    ...schedule,
    levels: levels.map(({ factor, size, evaluations }) => ({
      factor: factor ?? size! / schedule.size,
      evaluations,
    })),
  }))
  .superRefine(({ levels, size }, context) => {
    levels.forEach(({ factor }, i) => {
      const path = ['levels', i, 'size'];
      if (factor > 1) context.addIssue({ code: 'custom', path, message: `must be at most the result's, ${size}` });
    });
    if (levels.at(-1)!.factor < 1) {
      const path = ['levels', levels.length - 1];
      context.addIssue({ code: 'custom', path, message: 'is the last one and must have the size of the result' });
    }
  });

/** New values of some weights; the others stay as they are. */
export const weightChangeSchema = z.strictObject(weightFields).partial();
export type WeightChange = z.output<typeof weightChangeSchema>;

const timelineSchema = z.array(
  z.strictObject({
    /** Counted over all levels, the run's first one being 0: the change takes effect just before this evaluation. */
    evaluation: z.int().min(0),
    /** What changes; everything else stays as it is. */
    weights: weightChangeSchema,
  }),
);

/** A region of the picture: white belongs to it, black does not, grey in part. Stretched over the picture, whatever its size. */
const maskSchema = z.strictObject({
  image: imageSchema,
  region: z.discriminatedUnion('kind', [
    /** Where a style applies, by its place in `styles`, from 0. */
    z.strictObject({ kind: z.literal('style'), style: z.int().min(0) }),
    /** Where the photo stays as it is. */
    z.strictObject({ kind: z.literal('photo') }),
  ]),
});

/**
 * Everything that determines a picture: the engine's input. Where the picture comes from a file or from noise, what is
 * compared at which layers of which networks, how strongly and when that changes, and how it is optimized. On what device
 * it runs is not part of it.
 */
export const recipeSchema = z
  .strictObject({
    version: z.literal(RECIPE_VERSION),
    content: imageSchema,
    styles: z
      .array(
        z.strictObject({
          image: imageSchema,
          /** Share in the mix; the shares are normalised to sum 1. */
          weight: weight.default(1),
          /** The painting's side (that which the schedule names) relative to the picture's; larger means larger strokes. */
          scale: finite.min(0.05).max(10).default(1),
        }),
      )
      .min(1),
    /**
     * Where each style applies and where the photo stays; see docs/recipes.md, "Masks". At most one for every style, and one for
     * the photo.
     */
    masks: z.array(maskSchema).default([]),
    networks: z.strictObject({ style: networkSchema, content: networkSchema.optional() }),
    colour: colourSchema.default('style'),
    objective: objectiveSchema,
    schedule: scheduleSchema,
    /** Changes of weights while the picture is painted, in order; see `weightsAt` in recipe-timeline.ts. */
    timeline: timelineSchema.default([]),
    parameterization: parameterizationSchema.default({ kind: 'pixels' }),
    transforms: transformsSchema.default({ jitter: 0, scale: 0, rotate: 0 }),
    optimizer: optimizerSchema,
    init: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('content') }),
      z.strictObject({ kind: z.literal('noise') }),
      z.strictObject({ kind: z.literal('image'), image: imageSchema }),
    ]),
    seed: z.int().min(0).max(0xffffffff).default(0),
  })
  .superRefine(({ styles, masks, timeline, objective, transforms, optimizer }, context) => {
    const regions = new Set<string>();
    masks.forEach(({ region }, i) => {
      const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['masks', i, 'region'], message });
      if (region.kind === 'style' && region.style >= styles.length)
        refuse('names a style that the recipe does not have');
      const key = JSON.stringify(region);
      if (regions.has(key)) refuse('has a mask already');
      regions.add(key);
    });
    if (Object.values(transforms).some((range) => range > 0)) {
      const published = optimizer.kind === 'lbfgs' && optimizer.lineSearch === 'none';
      const message = 'need Adam, or L-BFGS with its line search';
      // Without line search, differences between draws would be taken for the objective's curvature.
      if (published) context.addIssue({ code: 'custom', path: ['transforms'], message });
      const still = 'move the picture under its masks; use one or the other';
      if (masks.length > 0) context.addIssue({ code: 'custom', path: ['transforms'], message: still });
    }
    timeline.forEach(({ evaluation, weights }, i) => {
      if (i > 0 && evaluation < timeline[i - 1]!.evaluation) {
        const path = ['timeline', i, 'evaluation'];
        context.addIssue({ code: 'custom', path, message: 'comes before that of the change above it' });
      }
      for (const kind of ['styleLayers', 'contentLayers'] as const) {
        for (const layer of Object.keys(weights[kind] ?? {})) {
          const path = ['timeline', i, 'weights', kind, layer];
          const message = 'moves a layer that the objective does not have';
          if (!Object.hasOwn(objective[kind], layer)) context.addIssue({ code: 'custom', path, message });
        }
      }
    });
  });

export type Recipe = z.output<typeof recipeSchema>;
export type RecipeImage = z.output<typeof imageSchema>;
export type RecipeMask = z.output<typeof maskSchema>;
export type RecipeNetwork = z.output<typeof networkSchema>;
