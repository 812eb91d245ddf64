/** Everything that is said between a program and its engine process. Nothing else crosses that border. */
import { z } from 'zod';
import { recipeSchema, weightChangeSchema } from './recipe.ts';
import {
  findingSchema,
  layerMeasurementSchema,
  robustnessSettingsSchema,
  studyNetworkSchema,
  studyPhotoSchema,
  worstCaseSchema,
} from './robustness.ts';

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
  /** Time between checkpoints, ms: what a killed run loses at most, one evaluation aside. Five seconds when missing. */
  checkpointMs: z.int().min(0).optional(),
  /** Send pictures of the progress, at most this wide or high; none when missing. */
  previewSide: z.int().min(16).optional(),
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

export const engineCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), job: jobSchema }),
  /** Measure the robustness of layers; `stop` ends it before the next graph run. */
  z.strictObject({ type: z.literal('measure'), job: measureJobSchema }),
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('resume') }),
  /** End before the next evaluation and keep the best picture. */
  z.strictObject({ type: z.literal('stop') }),
  z.strictObject({ type: z.literal('weights'), change: weightChangeSchema }),
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
  z.object({ type: z.literal('started'), total: z.int() }),
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
  /** The picture as it is now, encoded as JPEG. */
  z.object({
    type: z.literal('preview'),
    width: z.int(),
    height: z.int(),
    total: z.int(),
    image: z.instanceof(Uint8Array),
  }),
  z.object({ type: z.literal('checkpoint'), total: z.int(), seconds: z.number() }),
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
  /** A piece of a measurement is known. */
  z.object({ type: z.literal('finding'), finding: findingSchema }),
  z.object({ type: z.literal('worst-case'), worst: worstCaseSchema }),
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
