/** Feature visualization: pictures that a channel or a layer answers strongly to (engine/runs/visualize.ts). */
import { z } from 'zod';
import { parameterizationSchema, transformsSchema } from './recipe.ts';
import { rewriteSchema } from './rewrites.ts';
import { studyNetworkSchema } from './robustness.ts';

/**
 * What of a layer is made large:
 * - `channel`: the mean of one channel over all positions
 * - `neuron`: one channel at the middle of the picture
 * - `layer`: the mean of the squares of all values, which is DeepDream (Mordvintsev, Olah and Tyka 2015)
 */
export const AIMS = ['channel', 'neuron', 'layer'] as const;
export type Aim = (typeof AIMS)[number];

/** A picture to be made. Its four names tell it from all others of a study. */
export const featureKeySchema = z
  .strictObject({
    /** Key of the network. */
    network: z.string().min(1),
    layer: z.string().min(1),
    aim: z.enum(AIMS),
    /** From 0; missing where the aim is the whole layer. */
    channel: z.int().min(0).optional(),
    /** Name of the prior. */
    prior: z.string().min(1),
  })
  .refine(({ aim, channel }) => (aim === 'layer') === (channel === undefined), {
    error: 'a channel belongs to the aims channel and neuron, and to no other',
  });
export type FeatureKey = z.output<typeof featureKeySchema>;

/** Whether both are the same picture. */
export const sameFeature = (a: FeatureKey, b: FeatureKey): boolean =>
  a.network === b.network && a.layer === b.layer && a.aim === b.aim && a.channel === b.channel && a.prior === b.prior;

/** What keeps pictures natural, or does not: how they are made of what the optimizer moves. */
export const priorSchema = z.strictObject({
  name: z.string().min(1),
  parameterization: parameterizationSchema,
  /** How the network looks at the picture, drawn anew for every step. */
  transforms: transformsSchema,
  /** Step of Adam, of a value of the picture or of a parameter of its spectrum. */
  stepSize: z.number().positive().max(1),
  /** Weight of the quadratic variation against the answer in units of the layer's root mean square at the start. */
  variation: z.number().min(0),
});
export type Prior = z.output<typeof priorSchema>;

/**
 * The priors that have a name. `plain` is nothing but the picture's values: what a network shows so, it shows by itself
 * (Engstrom et al. 2019 for robust networks). `fourier` is the spectrum of independent colours and a network that looks a
 * little askew (Olah, Mordvintsev and Schubert 2017; Mordvintsev et al. 2018): most networks need it.
 */
export const PRIORS = {
  plain: {
    name: 'plain',
    parameterization: { kind: 'pixels' },
    transforms: { jitter: 0, scale: 0, rotate: 0 },
    stepSize: 0.02,
    variation: 0,
  },
  fourier: {
    name: 'fourier',
    parameterization: { kind: 'fourier', decay: 1 },
    transforms: { jitter: 8, scale: 0.1, rotate: 5 },
    stepSize: 0.05,
    variation: 0,
  },
} as const satisfies Readonly<Record<string, Prior>>;
export const PRIOR_NAMES = Object.keys(PRIORS) as (keyof typeof PRIORS)[];

/** Everything beside networks and layers that determines the pictures. */
export const visualizationSettingsSchema = z.strictObject({
  /** Side of the square pictures, px. */
  size: z.int().min(16).max(2048),
  /** Steps of the optimizer for each picture. */
  iterations: z.int().min(1).max(100_000),
  /** Of the noise that pictures begin with, and of the transforms. */
  seed: z.int().min(0).max(0xffffffff),
  /** Changes made to all networks. */
  rewrites: z.array(rewriteSchema),
  /** Every channel and layer is made once with each. */
  priors: z
    .array(priorSchema)
    .min(1)
    .refine((priors) => new Set(priors.map(({ name }) => name)).size === priors.length, 'two of them have one name'),
});
export type VisualizationSettings = z.output<typeof visualizationSettingsSchema>;

/** What a person asks for. */
export const visualizationRequestSchema = z.strictObject({
  /** Ids or files. */
  networks: z.array(z.string().min(1)).min(1),
  /** Of one of these networks, named as above or by its id, or of all that have no layers of their own. */
  layers: z
    .array(z.strictObject({ network: z.string().min(1).optional(), layers: z.array(z.string().min(1)).min(1) }))
    .min(1),
  aim: z.enum(AIMS),
  /** Channels by number, so many from the first on, or all; eight when missing. Of no meaning for whole layers. */
  channels: z.union([z.array(z.int().min(0)).min(1), z.int().min(1), z.literal('all')]).optional(),
  settings: visualizationSettingsSchema,
});
export type VisualizationRequest = z.output<typeof visualizationRequestSchema>;

/** What is made unless a person says otherwise. */
export const VISUALIZATION_DEFAULTS = { size: 128, iterations: 128, seed: 0 } as const;

/** A picture that was made. */
export const featureSchema = featureKeySchema.safeExtend({
  /** Of the PNG file, beside the others of its study. */
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-"'),
  /** The aim's value at the noise that the picture began with, in the network's own units. */
  before: z.number(),
  /** The same at the finished picture, looked at straight. */
  after: z.number(),
  /** Root mean square of all the layer's values at the start: what `variation` is weighed against. */
  unit: z.number().positive(),
  /** Value of the quadratic variation of the finished picture. */
  variation: z.number().min(0),
  /** What it took. */
  seconds: z.number().min(0),
});
export type Feature = z.output<typeof featureSchema>;

/** Where the picture is that is being made. */
export const featureProgressSchema = featureKeySchema.safeExtend({
  /** Steps done. */
  iteration: z.int().min(0),
  iterations: z.int().min(1),
  /** The aim's value at the latest look. */
  value: z.number(),
});
export type FeatureProgress = z.output<typeof featureProgressSchema>;

/** What a visualization study holds beside what all studies do. */
export const visualizationFields = {
  networks: z.array(studyNetworkSchema).min(1),
  settings: visualizationSettingsSchema,
  /** All pictures of the study in the order in which they are made: network, layer, channel, prior. */
  wanted: z.array(featureKeySchema).min(1),
  /** Those that are finished; files of the folder `pictures` beside the record. */
  features: z.array(featureSchema),
};

type VisualizationFields = z.output<z.ZodObject<typeof visualizationFields>>;

/** What must hold between the parts of a record; the sentence's end, or undefined. */
export function visualizationProblem(record: VisualizationFields): string | undefined {
  const { networks, settings, wanted, features } = record;
  const described = wanted.every(({ network, layer }) =>
    networks.some(({ key, layers }) => key === network && layers.includes(layer)),
  );
  if (!described) return 'it does not describe its networks';
  const priors = new Set(settings.priors.map(({ name }) => name));
  if (!wanted.every(({ prior }) => priors.has(prior))) return 'it does not describe its priors';
  const known = features.every((feature) => wanted.some((key) => sameFeature(key, feature)));
  return known ? undefined : 'its pictures are none of those that it is about';
}
