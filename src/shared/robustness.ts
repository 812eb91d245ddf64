/** Layer robustness R(f): what is measured, with which settings, and what comes out (engine/measures/robustness.ts). */
import { z } from 'zod';
import { normalizationSchema } from './network-manifest.ts';

/** What of a layer is watched: its features f(x), or their Gram matrix, which is what a style term sees. */
export const STATISTICS = ['features', 'gram'] as const;
export type Statistic = (typeof STATISTICS)[number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

/** Everything beside pictures and networks that determines the numbers. */
export const robustnessSettingsSchema = z.strictObject({
  /** Side of the squares that all photos are brought to, px. */
  size: z.int().min(8).max(2048),
  /** Radius of the ball: the L2 norm over all values of a picture in [0,1]. */
  epsilon: z.number().positive(),
  /** Gradient steps of one attack. */
  steps: z.int().min(1).max(10_000),
  /** Length of a step, in epsilons. */
  stepLength: z.number().positive(),
  /** Random starts; the worst case over all of them counts. */
  restarts: z.int().min(1).max(1000),
  /** Random perturbations of norm epsilon whose mean effect an attack is compared with. */
  noiseDraws: z.int().min(1).max(1000),
  seed: z.int().min(0),
  statistics: z.array(z.enum(STATISTICS)).min(1),
});
export type RobustnessSettings = z.output<typeof robustnessSettingsSchema>;

/** A photo file. */
export const studyPhotoSchema = z.strictObject({
  /** Of the file's bytes. */
  sha256,
  name: z.string(),
  /** Where it was. */
  path: z.string(),
  /** Upright, px. */
  width: z.int().min(1),
  height: z.int().min(1),
});
export type StudyPhoto = z.output<typeof studyPhotoSchema>;

/** A network and the layers at which it is measured. */
export const studyNetworkSchema = z.strictObject({
  /** What findings call it: its id, made unique among a study's networks. */
  key: z.string().min(1),
  id: z.string().min(1),
  name: z.string(),
  /** Of the weights. */
  sha256,
  /** The id or file that it is loaded by. */
  path: z.string(),
  normalization: normalizationSchema,
  layers: z.array(z.string().min(1)).min(1),
});
export type StudyNetwork = z.output<typeof studyNetworkSchema>;

/** One statistic of one layer, as far as it has been measured. */
export const layerMeasurementSchema = z.strictObject({
  /** Key of the network. */
  network: z.string(),
  layer: z.string(),
  statistic: z.enum(STATISTICS),
  /** ‖f(xi) − f(xj)‖₂ of all pairs i < j of photos, in the order 01, 02, … 12, …; empty until measured. */
  pairs: z.array(z.number().min(0)),
  /** Per photo, in order, the largest ‖f(x') − f(x)‖₂ that an attack found; shorter than the photos until finished. */
  attacked: z.array(z.number().min(0)),
  /** Per photo the mean of ‖f(x + δ) − f(x)‖₂ over random δ of norm epsilon. */
  noise: z.array(z.number().min(0)),
  /** What it took. */
  seconds: z.number().min(0),
});
export type LayerMeasurement = z.output<typeof layerMeasurementSchema>;

/** Pictures of the photo that an attack moved farthest, as files of one folder. */
export const worstCaseSchema = layerMeasurementSchema.pick({ network: true, layer: true, statistic: true }).extend({
  /** Its place among the photos. */
  photo: z.int().min(0),
  original: z.string(),
  attacked: z.string(),
  /** Middle grey where they are the same. */
  difference: z.string(),
  /** By which the difference is multiplied. */
  amplification: z.number().positive(),
});
export type WorstCaseFiles = z.output<typeof worstCaseSchema>;

const findingFields = layerMeasurementSchema.pick({ network: true, layer: true, statistic: true, seconds: true });

/** The smallest piece of a measurement: what is never done twice. */
export const findingSchema = z.discriminatedUnion('kind', [
  findingFields.extend({ kind: z.literal('pairs'), pairs: layerMeasurementSchema.shape.pairs }),
  findingFields.extend({
    kind: z.literal('photo'),
    /** Its place among the photos. */
    photo: z.int().min(0),
    attacked: z.number().min(0),
    noise: z.number().min(0),
  }),
]);
export type Finding = z.output<typeof findingSchema>;

/** Which measurement a finding belongs to. */
export type MeasurementKey = Pick<LayerMeasurement, 'network' | 'layer' | 'statistic'>;

/** Whether both are about the same statistic of the same layer. */
export const sameKey = (a: MeasurementKey, b: MeasurementKey): boolean =>
  a.network === b.network && a.layer === b.layer && a.statistic === b.statistic;

/** What has been measured so far of a network's layer; an empty measurement where nothing has. */
export const measurementOf = (
  measurements: readonly LayerMeasurement[],
  { network, layer, statistic }: MeasurementKey,
): LayerMeasurement =>
  measurements.find((m) => sameKey(m, { network, layer, statistic })) ?? {
    ...{ network, layer, statistic },
    ...{ pairs: [], attacked: [], noise: [], seconds: 0 },
  };

/** The measurements with one finding more. Findings of a layer's photos come in the photos' order. */
export function withFinding(measurements: readonly LayerMeasurement[], finding: Finding): LayerMeasurement[] {
  const before = measurementOf(measurements, finding);
  const seconds = before.seconds + finding.seconds;
  const after: LayerMeasurement =
    finding.kind === 'pairs'
      ? { ...before, pairs: finding.pairs, seconds }
      : {
          ...before,
          attacked: [...before.attacked, finding.attacked],
          noise: [...before.noise, finding.noise],
          seconds,
        };
  const known = measurements.some((m) => sameKey(m, finding));
  return known ? measurements.map((m) => (sameKey(m, finding) ? after : m)) : [...measurements, after];
}

/** Whether nothing is missing in a measurement over so many photos. */
export const isComplete = ({ pairs, attacked }: LayerMeasurement, photos: number): boolean =>
  pairs.length === (photos * (photos - 1)) / 2 && attacked.length === photos;
