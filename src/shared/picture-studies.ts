/**
 * Studies that paint many pictures side by side: what a person asks for (the request), and what is kept of it (the record:
 * axes, the runs that they stand for, and a cell with its picture for every combination of their values).
 */
import { z } from 'zod';
import { normalizationSchema, poolingKindSchema } from './network-manifest.ts';
import { NORMALIZATIONS } from './objective.ts';
import { OPTIMIZER_NAMES } from './optimizers.ts';
import { colourSchema, PARAMETERIZATIONS, parameterizationSchema, recipeSchema, transformsSchema } from './recipe.ts';
import { SHORTCUTS, STRIDES } from './rewrites.ts';
import { robustnessSettingsSchema, studyPhotoSchema } from './robustness.ts';

/**
 * - `compare`: one photo and one painting, networks side by side
 * - `grid`: up to three settings over values
 * - `pairs`: content networks (rows) with style networks (columns)
 * - `layers`: style from a single layer, for every layer of every network, from fine to coarse
 * - `texture`: style alone, from noise
 * - `optimizers`: one recipe under several optimizers, with their losses
 */
export const PICTURE_STUDIES = ['compare', 'grid', 'pairs', 'layers', 'texture', 'optimizers'] as const;
export const pictureStudyKindSchema = z.enum(PICTURE_STUDIES);
export type PictureStudyKind = (typeof PICTURE_STUDIES)[number];

/** What may be done against the fine patterns (checkerboards) of some networks; `none` leaves the network as it is. */
export const REMEDIES = [
  'none',
  'average-pooling',
  'l2-pooling',
  'blur-pooling',
  'average-shortcuts',
  'blur-shortcuts',
  'blur-strides',
  'jitter',
  'transforms',
  'fourier',
  'fourier-transforms',
  'smoothing',
] as const;
export type Remedy = (typeof REMEDIES)[number];

/** Evaluations or pixels; beyond lies a slip of the hand. */
const count = z.int().min(1).max(100_000);
const weight = z.number().min(0);
/** An id or a file. */
const networkName = z.string().min(1);
const path = z.string().min(1);

/** What holds for every picture of a study; what is missing is chosen as for a single picture. */
export const pictureSettingsSchema = z
  .strictObject({
    /** Long side, px (or that which the preset's schedule names). */
    size: count,
    /** Evaluations at the full size. */
    iterations: count,
    /** The style weight is multiplied by it. */
    strength: weight,
    contentWeight: weight,
    variation: weight,
    variationL1: weight,
    normalization: z.enum(NORMALIZATIONS),
    colour: colourSchema,
    pooling: poolingKindSchema,
    firstPadding: z.enum(['zero', 'reflect', 'edge']),
    shortcuts: z.enum(SHORTCUTS),
    strides: z.enum(STRIDES),
    parameterization: parameterizationSchema,
    transforms: transformsSchema,
    optimizer: z.enum(OPTIMIZER_NAMES),
    /** `content`, `noise` or a picture's file. */
    init: z.string().min(1),
    seed: z.int().min(0).max(0xffffffff),
  })
  .partial();
export type PictureSettings = z.output<typeof pictureSettingsSchema>;

const numbers = (least: number, whole = false) => ({
  kind: whole ? ('whole' as const) : ('number' as const),
  least,
});
const choice = (...choices: readonly string[]) => ({ kind: 'choice' as const, choices });

/** What a grid can vary, what people call it, and which values it takes. */
export const GRID_PARAMETERS = {
  style: { label: 'style weight', ...numbers(0) },
  content: { label: 'content weight', ...numbers(0) },
  variation: { label: 'variation', ...numbers(0) },
  variationL1: { label: 'L1 variation', ...numbers(0) },
  /** Snapshots of one run: `n` evaluations at the full size. */
  iterations: { label: 'iterations', ...numbers(0, true) },
  size: { label: 'size, px', ...numbers(1, true) },
  seed: { label: 'seed', ...numbers(0, true) },
  init: { label: 'start', kind: 'text' as const },
  /** Sets of layers, joined by `+`; the layers weigh the same. */
  layers: { label: 'style layers', kind: 'text' as const },
  contentLayers: { label: 'content layers', kind: 'text' as const },
  network: { label: 'network', kind: 'text' as const },
  contentNetwork: { label: 'content network', kind: 'text' as const },
  painting: { label: 'painting', kind: 'text' as const },
  optimizer: { label: 'optimizer', ...choice(...OPTIMIZER_NAMES) },
  pooling: { label: 'pooling', ...choice(...poolingKindSchema.options) },
  normalization: { label: 'normalization', ...choice(...NORMALIZATIONS) },
  parameterization: { label: 'parameterization', ...choice(...PARAMETERIZATIONS) },
  colour: { label: 'colour', ...choice(...colourSchema.options) },
  remedy: { label: 'remedy', ...choice(...REMEDIES) },
} as const;
export type GridParameter = keyof typeof GRID_PARAMETERS;
export const GRID_PARAMETER_NAMES = Object.keys(GRID_PARAMETERS) as [GridParameter, ...GridParameter[]];

const gridAxisSchema = z
  .strictObject({
    parameter: z.enum(GRID_PARAMETER_NAMES),
    values: z.array(z.union([z.number(), z.string().min(1)])).min(1),
  })
  .superRefine(({ parameter, values }, context) => {
    const { label, ...allowed } = GRID_PARAMETERS[parameter];
    const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['values'], message });
    if (new Set(values).size < values.length) refuse(`of ${label} must be different ones`);
    for (const value of values) {
      if (allowed.kind === 'text' || allowed.kind === 'choice') {
        if (typeof value !== 'string') refuse(`of ${label} must be texts`);
        else if (allowed.kind === 'choice' && !allowed.choices.includes(value)) {
          refuse(`of ${label} must be among ${allowed.choices.join(', ')}`);
        }
      } else if (typeof value !== 'number' || value < allowed.least) {
        refuse(`of ${label} must be numbers of at least ${allowed.least}`);
      } else if (allowed.kind === 'whole' && !Number.isInteger(value)) refuse(`of ${label} must be whole numbers`);
    }
  });
export type GridAxis = z.output<typeof gridAxisSchema>;

const paintings = z
  .array(z.strictObject({ path, weight: weight.optional(), scale: z.number().min(0.05).max(10).optional() }))
  .min(1);

const commonRequest = {
  /** What the study is called; made up where missing. */
  title: z.string().min(1).optional(),
  /** Name or file of a preset that the pictures' settings start from. */
  preset: z.string().min(1).optional(),
  settings: pictureSettingsSchema.prefault({}),
  /** Networks under which the style of every picture is measured again; `compare` takes its own where missing. */
  judges: z.array(networkName).optional(),
  /** Id or file of SqueezeNet 1.1 for the judge's figures; `compare` takes it where it is installed. */
  squeezenet: networkName.optional(),
};
const painted = { ...commonRequest, content: path, styles: paintings };
const networkNames = z.array(networkName).min(1);

export const pictureStudyRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...painted,
    kind: z.literal('compare'),
    networks: networkNames,
    /** `own`: each network's suggested settings; `same`: those of the first one for all, but for the layers' names. */
    recipe: z.enum(['own', 'same']).default('own'),
  }),
  z.strictObject({
    ...painted,
    kind: z.literal('grid'),
    network: networkName,
    contentNetwork: networkName.optional(),
    axes: z
      .array(gridAxisSchema)
      .min(1)
      .max(3)
      .refine((axes) => new Set(axes.map((a) => a.parameter)).size === axes.length, 'must vary different settings'),
  }),
  z.strictObject({
    ...painted,
    kind: z.literal('pairs'),
    /** Rows. */
    contentNetworks: networkNames,
    /** Columns. */
    styleNetworks: networkNames,
  }),
  z.strictObject({
    ...painted,
    kind: z.literal('layers'),
    networks: networkNames,
    /** Layers of one network, or of all without a choice of their own; where missing those that a network suggests. */
    layers: z
      .array(z.strictObject({ network: networkName.optional(), layers: z.array(z.string().min(1)).min(1) }))
      .default([]),
    /** One content network for all pictures; each network's own where missing. */
    contentNetwork: networkName.optional(),
    /** Where the layers' R(f) come from: a record of a study of robustness, or measured now. */
    robustness: z
      .union([
        z.strictObject({ record: path }),
        z.strictObject({ photos: z.array(path).min(1), count: z.int().min(2), settings: robustnessSettingsSchema }),
      ])
      .optional(),
  }),
  z.strictObject({
    ...commonRequest,
    kind: z.literal('texture'),
    /** Each its own texture. */
    styles: paintings,
    networks: networkNames,
    remedies: z.array(z.enum(REMEDIES)).min(1).default(['none']),
  }),
  z.strictObject({
    ...painted,
    kind: z.literal('optimizers'),
    network: networkName,
    optimizers: z
      .array(z.enum(OPTIMIZER_NAMES))
      .min(1)
      .default([...OPTIMIZER_NAMES]),
  }),
]);
/** What a person asks for; defaults may be left out. */
export type PictureStudyInput = z.input<typeof pictureStudyRequestSchema>;
export type PictureStudyRequest = z.output<typeof pictureStudyRequestSchema>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');
/** The name of a file or folder inside a record's folder: with `/`, never upwards. */
const inside = z.string().regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[^/\\][^\\]*$/, 'a path inside the folder of the record');
const index = z.int().min(0);

/** A network of a study. */
export const pictureNetworkSchema = z.strictObject({
  /** What the record calls it: its id, made unique among the study's networks. */
  key: z.string().min(1),
  id: z.string().min(1),
  name: z.string(),
  sha256,
  /** The id or file that it is loaded by. */
  path,
  normalization: normalizationSchema,
});
export type PictureNetwork = z.output<typeof pictureNetworkSchema>;

const axisSchema = z.strictObject({
  /** What varies: a grid's parameter, or `network`, `content-network`, `layer`, `painting`, `remedy`, `optimizer`. */
  name: z.string().min(1),
  label: z.string().min(1),
  values: z
    .array(
      z.strictObject({
        label: z.string(),
        /** Something to know about this row or column, a sentence or less. */
        note: z.string().optional(),
      }),
    )
    .min(1),
});
export type StudyAxis = z.output<typeof axisSchema>;

/** A term of an objective as it was at the end. */
const termSchema = z.strictObject({
  kind: z.enum(['style', 'content', 'variation', 'variation-l1']),
  network: z.string(),
  layer: z.string(),
  /** Normalised, and times its weight. */
  value: z.number(),
  weighted: z.number(),
});

/** Evaluations so far (over all levels), seconds spent on them, and the loss of the latest. */
export const curvePointSchema = z.tuple([z.int().min(1), z.number().min(0), z.number().nullable()]);
export type CurvePoint = z.output<typeof curvePointSchema>;

const runSchema = z.strictObject({
  recipe: recipeSchema,
  /** Keys of the record's networks. */
  networks: z.strictObject({ style: z.string(), content: z.string().optional() }),
  /** Numbers of evaluations, over all levels, at which pictures are kept beside the last one. */
  snapshots: z.array(z.int().min(0)),
  /** One point per evaluation so far; losses of different levels are of different sizes. `null` is no finite number. */
  curve: z.array(curvePointSchema),
  result: z
    .strictObject({
      /** The lowest one at the full size. */
      loss: z.number(),
      terms: z.array(termSchema),
      evaluations: z.int().min(0),
      seconds: z.number().min(0),
      width: z.int().min(1),
      height: z.int().min(1),
      /** `cpu`, `webgpu` ...: where it was painted at the end. */
      provider: z.string(),
    })
    .optional(),
  /** Why there is no picture, one sentence. */
  failed: z.string().optional(),
});
export type StudyRun = z.output<typeof runSchema>;

/** Style distances of one picture under one network, each the weighted mean over layers of ‖G − A‖² / ‖A‖². */
export const elsewhereSchema = z.strictObject({
  /** Key of a judge. */
  judge: z.string(),
  /** Of the photo itself, at the picture's size: what no style at all would be. Missing where there is no photo. */
  photo: z.number().min(0).optional(),
  /** Of the picture as it was kept. */
  unchanged: z.number().min(0),
  /** Of the picture moved by one pixel to the right and down. */
  shifted: z.number().min(0),
  /** After a JPEG of quality 75. */
  jpeg: z.number().min(0),
  /** With Gaussian noise of deviation 0.02 on every value. */
  noisy: z.number().min(0),
});
export type Elsewhere = z.output<typeof elsewhereSchema>;

/** What is done to a picture before it is measured, as properties of `Elsewhere`. */
export const DISTURBANCES = ['unchanged', 'shifted', 'jpeg', 'noisy'] as const;

/** SqueezeNet's figures (engine/measures/judge.ts), all relative: lower is closer. */
export const judgedSchema = z.strictObject({
  style: z.number(),
  blurredStyle: z.number(),
  content: z.number(),
});
export type Judged = z.output<typeof judgedSchema>;

const estimateSchema = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

const cellSchema = z.strictObject({
  /** Its place along the axes from 1, with hyphens: `2-1`. */
  id: z.string().min(1),
  /** Indices of axis values, one for each axis. */
  at: z.array(index).min(1).max(3),
  /** What a person calls this picture. */
  label: z.string(),
  /** Index of its run. */
  run: index,
  /** The run's snapshot after so many evaluations (over all levels); the run's last picture where missing. */
  evaluation: z.int().min(0).optional(),
  /** Its PNG in the record's folder, once it is painted; it carries its recipe. */
  picture: inside.optional(),
  /** Under other networks, once measured. */
  elsewhere: z.array(elsewhereSchema).optional(),
  judged: judgedSchema.optional(),
  /** Of the layer that it was painted with: R(f) with its 95 % interval. */
  robustness: estimateSchema.optional(),
  /** Judges (null: SqueezeNet) that could not measure it, each with its sentence. */
  unmeasured: z.array(z.strictObject({ judge: z.string().nullable(), problem: z.string() })).optional(),
});
export type StudyCell = z.output<typeof cellSchema>;

/** A network under which pictures are measured again. */
export const judgeNetworkSchema = z.strictObject({
  /** Key of one of the record's networks. */
  key: z.string(),
  /** With its rewrites and normalization. */
  network: recipeSchema.shape.networks.shape.style,
  /** Weights by layer, as in a recipe's objective. */
  styleLayers: recipeSchema.shape.objective.shape.styleLayers,
});
export type JudgeNetwork = z.output<typeof judgeNetworkSchema>;

/** The fields of a record that every study's record has are those of services/studies/record.ts. */
export const pictureRecordFields = {
  kind: pictureStudyKindSchema,
  title: z.string(),
  /** The pictures that recipes name. */
  images: z.array(studyPhotoSchema).min(1),
  networks: z.array(pictureNetworkSchema).min(1),
  /** From the slowest to the fastest: the last one makes columns, the one before it rows. */
  axes: z.array(axisSchema).min(1).max(3),
  runs: z.array(runSchema).min(1),
  cells: z.array(cellSchema).min(1),
  /** Places of the axes for which there is no recipe: a network has no such layer, or nothing that a remedy could change. */
  gaps: z.array(z.strictObject({ at: z.array(index).min(1).max(3), label: z.string(), problem: z.string() })),
  judges: z.array(judgeNetworkSchema),
  /** SqueezeNet 1.1, which gives the figures `judged`. */
  squeezenet: pictureNetworkSchema.optional(),
  /** How the cells' R(f) are measured, or were before. */
  robustness: z
    .strictObject({
      /** Whether the numbers came with the request, out of another study's record. */
      given: z.boolean(),
      settings: robustnessSettingsSchema,
      photos: z.array(studyPhotoSchema).min(2),
    })
    .optional(),
  /** Id of the cell that a person picked. */
  chosen: z.string().optional(),
};

type PictureRecordFields = z.output<z.ZodObject<typeof pictureRecordFields>>;

/** What must hold between the parts of a record; the sentence's end, or undefined. */
export function pictureRecordProblem(record: PictureRecordFields): string | undefined {
  const { axes, runs, cells, gaps, networks, images, judges, chosen } = record;
  const keys = new Set(networks.map(({ key }) => key));
  const hashes = new Set(images.map(({ sha256: hash }) => hash));
  const placed = [...cells, ...gaps].every(
    ({ at }) => at.length === axes.length && at.every((i, axis) => i < axes[axis]!.values.length),
  );
  if (!placed) return 'its pictures do not lie on its axes';
  if (cells.some(({ run }) => run >= runs.length)) return 'its pictures do not belong to its runs';
  if (new Set(cells.map(({ id }) => id)).size < cells.length) return 'two of its pictures have one name';
  const known = runs.every(({ networks: { style, content } }) => keys.has(style) && (!content || keys.has(content)));
  if (!known || !judges.every(({ key }) => keys.has(key))) return 'it does not describe its networks';
  const used = runs.flatMap(({ recipe: { content, styles, init } }) => [
    content.sha256,
    ...styles.map(({ image }) => image.sha256),
    ...(init.kind === 'image' ? [init.image.sha256] : []),
  ]);
  if (!used.every((hash) => hashes.has(hash))) return 'it does not say where its pictures were';
  if (chosen !== undefined && !cells.some(({ id }) => id === chosen)) return 'the picked picture is none of its own';
  return undefined;
}
