/** Everything that is said between a program and its engine process. Nothing else crosses that border. */
import { z } from 'zod';
import { elsewhereSchema, judgedSchema, judgeNetworkSchema } from './picture-studies.ts';
import { recipeSchema, weightChangeSchema } from './recipe.ts';
import {
  findingSchema,
  layerMeasurementSchema,
  robustnessSettingsSchema,
  studyNetworkSchema,
  studyPhotoSchema,
  worstCaseSchema,
} from './robustness.ts';
import {
  featureKeySchema,
  featureProgressSchema,
  featureSchema,
  visualizationSettingsSchema,
} from './visualization.ts';

const jobSchema = z.strictObject({
  recipe: recipeSchema,
  /** Where the recipe's pictures are, by SHA-256. */
  images: z.record(z.string(), z.string()),
  /** Ids or files of the recipe's networks. */
  networks: z.strictObject({ style: z.string(), content: z.string().optional() }),
  /** Where checkpoints and the result are kept; it exists. */
  folder: z.string(),
  /** Continue from the folder's checkpoint, if it has one. */
  resume: z.boolean(),
  provider: z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']),
  threads: z.int().min(1).optional(),
  lowPriority: z.boolean().optional(),
  /** Memory that the engine process may take, bytes; most of what is free when missing. */
  memoryBytes: z.number().min(1).optional(),
  /** Time between checkpoints, ms: what a killed run loses at most, one evaluation aside. Five seconds when missing. */
  checkpointMs: z.int().min(0).optional(),
  /** Send pictures of the progress, at most this wide or high; none when missing. */
  previewSide: z.int().min(16).optional(),
  /** Keep the pictures after so many evaluations in the folder (see readSnapshot); none when missing. */
  snapshots: z.array(z.int().min(0)).optional(),
});
export type EngineJob = z.output<typeof jobSchema>;

const measureJobSchema = z.strictObject({
  settings: robustnessSettingsSchema,
  photos: z.array(studyPhotoSchema),
  networks: z.array(studyNetworkSchema),
  /** What is known already and not measured again. */
  from: z.array(layerMeasurementSchema),
  /** The folder that pictures of the worst cases go to; it exists. None are made when missing. */
  pictures: z.string().optional(),
  threads: z.int().min(1).optional(),
});
export type MeasureJob = z.output<typeof measureJobSchema>;

const judgeJobSchema = z.strictObject({
  /** Finished pictures, each with the recipe that says what it was painted from. */
  pictures: z.array(z.strictObject({ cell: z.string(), path: z.string(), recipe: recipeSchema })),
  /** Where the recipes' pictures are, by SHA-256. */
  images: z.record(z.string(), z.string()),
  /** Each with the id or file that it is loaded by. */
  judges: z.array(judgeNetworkSchema.extend({ path: z.string() })),
  /** SqueezeNet 1.1, for its figures; none are made when missing. */
  squeezenet: z.strictObject({ path: z.string(), sha256: z.string() }).optional(),
  /** What is known already and not measured again: judges (or `squeezenet`, which is null) of cells. */
  known: z.array(z.strictObject({ cell: z.string(), judge: z.string().nullable() })),
  threads: z.int().min(1).optional(),
});
export type JudgeJob = z.output<typeof judgeJobSchema>;

const visualizeJobSchema = z.strictObject({
  settings: visualizationSettingsSchema,
  networks: z.array(studyNetworkSchema),
  /** The pictures that are to be made, in this order, and what their files are called. */
  wanted: z.array(featureKeySchema.safeExtend({ file: z.string() })),
  /** The folder that they go to; it exists. */
  folder: z.string(),
  threads: z.int().min(1).optional(),
});
export type VisualizeJob = z.output<typeof visualizeJobSchema>;

const planJobSchema = z.strictObject({
  recipe: recipeSchema,
  /** Ids or files of the recipe's networks. */
  networks: z.strictObject({ style: z.string(), content: z.string().optional() }),
  provider: jobSchema.shape.provider,
  /** Memory that the run may take, bytes; most of what is free when missing. */
  memoryBytes: z.number().min(1).optional(),
  /** What comes free before the run begins, bytes. */
  comingFree: z.number().min(0),
  /** The least side that is of use, px, where the recipe's does not fit: the largest one from there on is looked for. */
  leastSide: z.int().min(1).optional(),
});
export type PlanJob = z.output<typeof planJobSchema>;

/** How a run would be painted within the memory that it may take. */
const runPlanSchema = z.object({
  /** What it may take, bytes. */
  memoryBytes: z.number(),
  levels: z.array(
    z.object({
      width: z.int(),
      height: z.int(),
      evaluations: z.int(),
      /** Curvature pairs that the optimizer keeps; null: it keeps none. */
      pairs: z.int().nullable(),
      /** How the picture is cut; null: it is painted in one piece. */
      tiles: z
        .object({
          /** That one evaluation looks at, both passes counted. */
          looks: z.int(),
          /** Area of all tiles divided by the picture's, where they overlap most. */
          coverage: z.number(),
        })
        .nullable(),
      /** What the process takes at most, bytes. */
      bytes: z.number(),
    }),
  ),
  /** Room that its folder takes on the disk: checkpoints, what is kept of the photo beyond memory, and the result, bytes. */
  diskBytes: z.number(),
  /** Why it cannot be painted so, one sentence; with how much memory it could, and which side could; null: none. */
  refused: z.object({ message: z.string(), leastBytes: z.number().nullable(), side: z.int().nullable() }).optional(),
});
export type RunPlan = z.output<typeof runPlanSchema>;

/** A piece of the picture: where its middle lies, from 0 to 1, and how many px of the picture it has. */
export const pieceSchema = z.strictObject({
  x: z.number().min(0).max(1),
  y: z.number().min(0).max(1),
  width: z.int().min(16).max(4096),
  height: z.int().min(16).max(4096),
});
export type Piece = z.output<typeof pieceSchema>;

export const engineCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), job: jobSchema }),
  /** Work out how a run would be painted, without painting it. */
  z.strictObject({ type: z.literal('plan'), job: planJobSchema }),
  /** Measure the robustness of layers; `stop` ends it before the next graph run. */
  z.strictObject({ type: z.literal('measure'), job: measureJobSchema }),
  /** Measure finished pictures under other networks; `stop` ends it before the next picture. */
  z.strictObject({ type: z.literal('judge'), job: judgeJobSchema }),
  /** Make pictures that layers answer to; `stop` ends it before the next graph run. */
  z.strictObject({ type: z.literal('visualize'), job: visualizeJobSchema }),
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('resume') }),
  /** End before the next evaluation and keep the best picture. */
  z.strictObject({ type: z.literal('stop') }),
  z.strictObject({ type: z.literal('weights'), change: weightChangeSchema }),
  /** Send this piece of the picture, pixel by pixel, now and with every preview; null: none any more. */
  z.strictObject({ type: z.literal('detail'), piece: pieceSchema.nullable() }),
  /** End the process in good order, wherever it is. */
  z.strictObject({ type: z.literal('quit') }),
]);
export type EngineCommand = z.output<typeof engineCommandSchema>;

/** Any number: the losses of a trial that failed are not finite. */
const real = z.custom<number>((value) => typeof value === 'number');

const termSchema = z.object({
  kind: z.enum(['style', 'content', 'variation', 'variation-l1']),
  network: z.string(),
  layer: z.string(),
  value: real,
  weighted: real,
});

export const engineEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  /** A job began; `total` evaluations are already done where it was resumed. */
  z.object({
    type: z.literal('started'),
    total: z.int(),
    /** That it may take, bytes. */
    memoryBytes: z.number(),
  }),
  z.object({
    type: z.literal('progress'),
    level: z.int(),
    levels: z.int(),
    width: z.int(),
    height: z.int(),
    evaluation: z.int(),
    evaluations: z.int(),
    total: z.int(),
    loss: real,
    terms: z.array(termSchema),
    seconds: z.number(),
    secondsLeft: z.number(),
    /** Resident memory of the engine process. */
    memoryBytes: z.number(),
  }),
  /** A picture too large for memory is painted in tiles: the one that is looked at next, and where in the run it is. */
  z.object({
    type: z.literal('tile'),
    level: z.int(),
    evaluation: z.int(),
    tile: z.int(),
    tiles: z.int(),
    /** The paintings or the photo are measured; no evaluation has begun. */
    preparing: z.boolean(),
  }),
  /** The picture as it is now, encoded as JPEG. */
  z.object({
    type: z.literal('preview'),
    width: z.int(),
    height: z.int(),
    total: z.int(),
    image: z.instanceof(Uint8Array),
  }),
  /** The piece of the picture that was asked for, encoded as JPEG: where it lies, and the size of the picture, px. */
  z.object({
    type: z.literal('detail'),
    left: z.int(),
    top: z.int(),
    width: z.int(),
    height: z.int(),
    pictureWidth: z.int(),
    pictureHeight: z.int(),
    image: z.instanceof(Uint8Array),
  }),
  z.object({ type: z.literal('checkpoint'), total: z.int(), seconds: z.number() }),
  /** The picture after so many evaluations is in the folder; its loss is Infinity before the first one. */
  z.object({ type: z.literal('snapshot'), total: z.int(), loss: real }),
  /** Something a person should know, one sentence. */
  z.object({ type: z.literal('note'), message: z.string() }),
  /** The weight changes sent so far took effect just before this evaluation (counted from 0). */
  z.object({ type: z.literal('weighed'), evaluation: z.int() }),
  z.object({ type: z.literal('paused') }),
  z.object({ type: z.literal('resumed') }),
  /** The job ended; its picture is in the folder (see readResult). */
  z.object({
    type: z.literal('done'),
    completed: z.boolean(),
    width: z.int(),
    height: z.int(),
    /** Infinity where it was stopped before the first evaluation. */
    loss: real,
    terms: z.array(termSchema),
    evaluations: z.int(),
    /** Repeats the picture: the job's recipe with the weight changes that were made. */
    recipe: recipeSchema,
  }),
  z.object({ type: z.literal('planned'), plan: runPlanSchema }),
  /** A piece of a measurement is known. */
  z.object({ type: z.literal('finding'), finding: findingSchema }),
  z.object({ type: z.literal('worst-case'), worst: worstCaseSchema }),
  /** A picture was measured under a network. */
  z.object({ type: z.literal('judged'), cell: z.string(), elsewhere: elsewhereSchema }),
  /** SqueezeNet's figures of a picture. */
  z.object({ type: z.literal('figures'), cell: z.string(), judged: judgedSchema }),
  /** A picture cannot be measured under this network (null: SqueezeNet): one sentence. */
  z.object({ type: z.literal('unjudged'), cell: z.string(), judge: z.string().nullable(), message: z.string() }),
  /** A picture that a layer answers to is in the folder. */
  z.object({ type: z.literal('feature'), feature: featureSchema }),
  /** How far the next one is; said a few times a second at most. */
  z.object({ type: z.literal('feature-progress'), progress: featureProgressSchema }),
  /** A measurement ended; all that it found has been said. */
  z.object({ type: z.literal('measured'), completed: z.boolean() }),
  /** The job could not be done; the process is ready for another one. */
  z.object({
    type: z.literal('failed'),
    kind: z.enum(['input', 'network', 'output', 'optimization', 'runtime', 'defect']),
    message: z.string(),
    /** The device is gone, or its memory ran out: another process or another device may go on. */
    device: z.enum(['lost', 'memory']).optional(),
  }),
]);
export type EngineEvent = z.output<typeof engineEventSchema>;
/** One kind of event. */
export type EngineEventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>;
