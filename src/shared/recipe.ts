import { z } from 'zod';
import { NORMALIZATIONS } from './objective.ts';
import { rewriteSchema } from './rewrites.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');
const finite = z.number().finite();
const weight = finite.min(0);
const layerWeights = z.record(z.string(), weight);

/** A picture by content, so that a recipe stays true when files move. */
const imageSchema = z.object({ sha256, name: z.string(), width: z.int().positive(), height: z.int().positive() });

/** A network by content, with the named changes made to it. */
const networkSchema = z.object({ id: z.string().min(1), sha256, rewrites: z.array(rewriteSchema).default([]) });

const lbfgsSchema = z.object({
  kind: z.literal('lbfgs'),
  /** Curvature pairs kept. */
  history: z.int().min(1).max(1000).default(20),
  /**
   * `strong-wolfe`: our default; box constraint and line search.
   * `none`: the published variant: step 1, no line search, the picture clamped inside each evaluation.
   */
  lineSearch: z.enum(['strong-wolfe', 'none']).default('strong-wolfe'),
});
const adamSchema = z.object({
  kind: z.literal('adam'),
  /** Step per iteration, in units of the picture's [0,1]. */
  stepSize: finite.positive().max(1).default(0.02),
  /** Decay of the iterate average that is shown and kept; 0 keeps the last iterate. */
  averaging: finite.min(0).max(0.9999).default(0.99),
});

/**
 * Everything that determines a picture: the engine's input. Where the picture comes from a file or from noise, what is
 * compared at which layers of which networks, how strongly, and how it is optimized.
 */
export const recipeSchema = z.object({
  version: z.literal(1),
  content: imageSchema,
  styles: z
    .array(
      z.object({
        image: imageSchema,
        /** Share in the mix; the shares are normalised to sum 1. */
        weight: weight.default(1),
        /** Long side of the painting relative to the picture's; larger means larger strokes. */
        scale: finite.min(0.05).max(10).default(1),
      }),
    )
    .min(1),
  networks: z.object({ style: networkSchema, content: networkSchema.optional() }),
  objective: z.object({
    normalization: z.enum(NORMALIZATIONS).default('relative'),
    /** λ: the style terms' common weight. */
    style: weight,
    content: weight,
    /** Weight of the quadratic total variation, and of the L1 one. */
    variation: weight.default(0),
    variationL1: weight.default(0),
    styleLayers: layerWeights,
    contentLayers: layerWeights,
  }),
  schedule: z.object({
    /** Long side of the result, px. */
    size: z.int().min(1).max(100_000),
    /** Coarse to fine: size relative to the result, and evaluations spent there. The last level has factor 1. */
    levels: z.array(z.object({ factor: finite.positive().max(1), evaluations: z.int().min(1) })).min(1),
  }),
  optimizer: z.discriminatedUnion('kind', [lbfgsSchema, adamSchema]),
  init: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('content') }),
    z.object({ kind: z.literal('noise') }),
    z.object({ kind: z.literal('image'), image: imageSchema }),
  ]),
  seed: z.int().min(0).max(0xffffffff).default(0),
});

export type Recipe = z.output<typeof recipeSchema>;
export type RecipeImage = z.output<typeof imageSchema>;
