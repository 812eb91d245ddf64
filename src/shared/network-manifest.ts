import { z } from 'zod';

const perChannel = z.tuple([z.number(), z.number(), z.number()]);

/**
 * What a network does to a picture x in [0,1] sRGB before its first layer: reorder the channels, then
 * `(scale * x - mean) / std` per channel. `mean` and `std` are in the network's own channel order.
 */
export const normalizationSchema = z.strictObject({
  mean: perChannel,
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  channels: z.enum(['RGB', 'BGR']),
  scale: z.union([z.literal(1), z.literal(255)]),
  /** True where nobody stated the values and the usual ones were taken. */
  assumed: z.boolean().optional(),
});
export type Normalization = z.infer<typeof normalizationSchema>;

/** The mean and deviation of ImageNet's pictures, which nearly every published classifier was trained with. */
export const IMAGENET_NORMALIZATION: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  channels: 'RGB',
  scale: 1,
};

/** Pooling kinds that can be exchanged for one another. */
export const poolingKindSchema = z.enum(['max', 'average', 'l2']);
export type PoolingKind = z.infer<typeof poolingKindSchema>;

/** Layer name to weight. */
const layerWeights = z.record(z.string().min(1), z.number().nonnegative());

/** Name of a network in recipes and of its files in a models folder, hence without path separators. */
export const networkIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-"');

/** Version 1 of the description that lies beside a network's weights as `<id>.json`. */
export const networkManifestSchema = z.strictObject({
  version: z.literal(1),
  id: networkIdSchema,
  name: z.string().min(1),
  /** SHA-256 of the weights file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
  /** An architecture that Madder builds from weights, such as `vgg19_bn`, or `onnx` where the file holds the graph. */
  architecture: z.string().min(1),
  normalization: normalizationSchema,
  /** The layers a person chooses from. `tensor` names a value of the graph that has no layer name of its own. */
  layers: z.array(
    z.strictObject({ name: z.string().min(1), label: z.string().min(1), tensor: z.string().min(1).optional() }),
  ),
  styleLayers: layerWeights,
  contentLayers: layerWeights,
  /** The pooling that new recipes exchange the network's own for; loading a network never applies it. */
  pooling: poolingKindSchema.optional(),
  /** What new recipes start from; weights are of the relative terms (see docs/architecture.md). */
  suggested: z
    .strictObject({
      styleWeight: z.number().nonnegative().optional(),
      contentWeight: z.number().nonnegative().optional(),
      variationWeight: z.number().nonnegative().optional(),
      optimizer: z.enum(['lbfgs', 'adam']).optional(),
    })
    .optional(),
  /** How the network was trained, for the model card. */
  training: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  licence: z.string(),
  citation: z.string(),
  /** One line in an artist's words. */
  description: z.string(),
  /** Where the weights come from. */
  source: z.string(),
});
export type NetworkManifest = z.infer<typeof networkManifestSchema>;
