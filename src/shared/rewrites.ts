import { z } from 'zod';
import { poolingKindSchema } from './network-manifest.ts';

/** What strided 1x1 convolutions can read instead of single positions. */
export const SHORTCUTS = ['average', 'blur'] as const;
export type Shortcuts = (typeof SHORTCUTS)[number];

/** How strided convolutions with larger windows can take their strides instead of at once. */
export const STRIDES = ['blur'] as const;
export type Strides = (typeof STRIDES)[number];

/**
 * A named change to a network, recorded in the recipe:
 * - `pooling`: every pooling (or those of the named layers) becomes max, average or L2 pooling over the same windows, or
 *   keeps its kind and takes its strides after a blur; `scale` multiplies the result, to keep the magnitude that the next
 *   layer was trained on
 * - `shortcuts`: strided 1x1 convolutions, which read one position of four, read the mean of the four or a blur instead
 * - `strides`: strided convolutions with larger windows take their strides after a blur
 * - `firstPadding`: what the first convolution sees beyond the picture's edge
 * - `octaves`: the network sees the picture whole and shrunk to a half, a quarter ... of its sides, in so many sizes;
 *   every layer appears once per size, as `name`, `name/2`, `name/4`
 * - `smoothing`: all layers (or those named) are read through a softmax over all values of the layer, or over the channels at
 *   each position; a higher `temperature` (1) smooths more
 * - `identityGradient`: the named ReLUs let every gradient through (forward unchanged)
 */
export const rewriteSchema = z.union([
  z.strictObject({
    pooling: z.strictObject({
      kind: poolingKindSchema,
      layers: z.array(z.string().min(1)).min(1).optional(),
      scale: z.number().positive().optional(),
    }),
  }),
  z.strictObject({ shortcuts: z.enum(SHORTCUTS) }),
  z.strictObject({ strides: z.enum(STRIDES) }),
  z.strictObject({ firstPadding: z.enum(['zero', 'reflect', 'edge']) }),
  z.strictObject({ octaves: z.int().min(2).max(5) }),
  z.strictObject({
    smoothing: z.strictObject({
      over: z.enum(['all', 'channels']),
      temperature: z.number().positive().optional(),
      layers: z.array(z.string().min(1)).min(1).optional(),
    }),
  }),
  z.strictObject({ identityGradient: z.array(z.string().min(1)).min(1) }),
]);
export type Rewrite = z.infer<typeof rewriteSchema>;
