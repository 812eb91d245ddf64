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
export const poolingKindSchema = z.enum(['max', 'average', 'l2', 'blur']);
export type PoolingKind = z.infer<typeof poolingKindSchema>;

/** Layer name to weight. */
export const layerWeightsSchema = z.record(z.string().min(1), z.number().nonnegative());

/** What new recipes start from; weights are of the relative terms (see docs/architecture.md). */
export const suggestedSchema = z.strictObject({
  styleWeight: z.number().nonnegative().optional(),
  contentWeight: z.number().nonnegative().optional(),
  variationWeight: z.number().nonnegative().optional(),
  optimizer: z.enum(['lbfgs', 'adam']).optional(),
});

/**
 * The attacks that a network was trained to withstand: changes of a picture of 224 px in [0,1] of at most `epsilon`, in
 * the L2 norm, or of at most `epsilon`/255 in each value (Linf). 0 is ordinary training by the same recipe.
 */
export const robustnessSchema = z.strictObject({
  norm: z.enum(['l2', 'linf']),
  epsilon: z.number().nonnegative(),
});
export type Robustness = z.infer<typeof robustnessSchema>;

/** What is known of a network's training, by name. */
export const trainingSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Where installed weights were taken from, and how that was checked. */
export const provenanceSchema = z.strictObject({
  /** Where it was downloaded from; missing for a file that was imported. */
  url: z.string().optional(),
  /** Name of the file. */
  file: z.string(),
  format: z.string(),
  /** Bytes of the whole file. */
  bytes: z.int().nonnegative(),
  /** Bytes that were fetched for it, those of interrupted attempts included as far as they were kept. */
  transferred: z.int().nonnegative().optional(),
  /** SHA-256 of the whole file; missing where only parts of it were fetched. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** What the hash was compared with: a whole published one, the beginning of one, or nothing. */
  hashCheck: z.enum(['whole', 'beginning', 'none']),
  /** The deepest layer that was fetched, where the network was cut off behind it. */
  until: z.string().optional(),
  /** ISO 8601. */
  date: z.string(),
  /** The program and its version. */
  tool: z.string(),
});
export type Provenance = z.infer<typeof provenanceSchema>;

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
  styleLayers: layerWeightsSchema,
  contentLayers: layerWeightsSchema,
  /** The pooling that new recipes exchange the network's own for; loading a network never applies it. */
  pooling: poolingKindSchema.optional(),
  /**
   * The sizes in which new recipes let the network look at the picture (rewrite `octaves`), and what stands for
   * `styleLayers` then, with layers of the smaller sizes as `name/2`, `name/4`.
   */
  octaves: z.strictObject({ count: z.int().min(2).max(5), styleLayers: layerWeightsSchema }).optional(),
  suggested: suggestedSchema.optional(),
  robustness: robustnessSchema.optional(),
  /** How the network was trained, for the model card. */
  training: trainingSchema.optional(),
  licence: z.string(),
  citation: z.string(),
  /** One line in an artist's words. */
  description: z.string(),
  /** Where the weights come from. */
  source: z.string(),
  /** How they came into the library; networks that come with Madder have none. */
  provenance: provenanceSchema.optional(),
});
export type NetworkManifest = z.infer<typeof networkManifestSchema>;
