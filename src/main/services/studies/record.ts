/** Records of studies: what was measured, on what, with what, as a JSON file that says enough to measure it again. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../../engine/runs/checkpoint.ts';
import { MadderError } from '../../../shared/errors.ts';
import { pictureRecordFields, pictureRecordProblem } from '../../../shared/picture-studies.ts';
import { migrate } from '../../../shared/recipe-migrations.ts';
import {
  layerMeasurementSchema,
  robustnessSettingsSchema,
  studyNetworkSchema,
  studyPhotoSchema,
  worstCaseSchema,
} from '../../../shared/robustness.ts';
import { visualizationFields, visualizationProblem } from '../../../shared/visualization.ts';

export const RECORD_VERSION = 1;

/** What every study's record says. */
const common = {
  version: z.literal(RECORD_VERSION),
  /** Madder's version. */
  program: z.string(),
  /** ISO 8601. */
  createdAt: z.iso.datetime(),
  /** Missing while something is left to be done. */
  finishedAt: z.iso.datetime().optional(),
};

export const robustnessRecordSchema = z
  .strictObject({
    ...common,
    kind: z.literal('robustness'),
    photos: z.array(studyPhotoSchema).min(2),
    networks: z.array(studyNetworkSchema).min(1),
    settings: robustnessSettingsSchema,
    measurements: z.array(layerMeasurementSchema),
    /** Pictures beside the record, in its folder `pictures`. */
    worstCases: z.array(worstCaseSchema),
  })
  .refine(
    ({ photos, measurements }) =>
      measurements.every(
        ({ attacked, noise, pairs }) =>
          attacked.length <= photos.length &&
          noise.length === attacked.length &&
          [0, (photos.length * (photos.length - 1)) / 2].includes(pairs.length),
      ),
    'its measurements do not belong to its photos',
  );
export type RobustnessRecord = z.output<typeof robustnessRecordSchema>;

/** A study that paints pictures. */
export const pictureRecordSchema = z
  .strictObject({ ...common, ...pictureRecordFields })
  .superRefine((record, context) => {
    const message = pictureRecordProblem(record);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
export type PictureRecord = z.output<typeof pictureRecordSchema>;

/** A study that makes pictures which layers of networks answer to. */
export const featuresRecordSchema = z
  .strictObject({ ...common, kind: z.literal('features'), ...visualizationFields })
  .superRefine((record, context) => {
    const message = visualizationProblem(record);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
export type FeaturesRecord = z.output<typeof featuresRecordSchema>;

/** A record of any kind of study. */
const studyRecordSchema = z.discriminatedUnion('kind', [
  robustnessRecordSchema,
  pictureRecordSchema,
  featuresRecordSchema,
]);
export type StudyRecord = z.output<typeof studyRecordSchema>;
export type StudyKind = StudyRecord['kind'];
/** Records of one kind, or of some. */
export type RecordOf<K extends StudyKind> = StudyRecord & { readonly kind: K };

/** @throws MadderError `input`, one sentence, for a file that is missing or no record that this Madder knows */
export async function readRecord(path: string): Promise<StudyRecord> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new MadderError('input', `The record ${path} could not be read; check that the file is there.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MadderError('input', `The record ${path} is not JSON; give the record.json of a study.`, { cause });
  }
  const versions = { what: 'study record', newest: RECORD_VERSION, oldest: RECORD_VERSION, steps: [] } as const;
  return migrate(value, { ...versions, schema: studyRecordSchema });
}

/** A record of one of the kinds. @throws MadderError `input`, one sentence, for any other file */
export async function readRecordOf<K extends StudyKind>(path: string, ...kinds: readonly K[]): Promise<RecordOf<K>> {
  const record = await readRecord(path);
  if ((kinds as readonly StudyKind[]).includes(record.kind)) return record as RecordOf<K>;
  throw new MadderError('input', `${path} is the record of another study; use it with: madder study ${record.kind}`);
}

/** Writes a record whole or not at all. @throws MadderError `output` */
export const writeRecord = (path: string, record: StudyRecord): Promise<void> =>
  writeText(path, `${JSON.stringify(record)}\n`);

/** Writes a text file of a study whole or not at all. @throws MadderError `output` */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeAtomically(path, new TextEncoder().encode(text));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const reason = code === 'ENOSPC' ? 'the disk is full' : code;
    throw new MadderError(
      'output',
      `The study could not be kept in ${dirname(path)} (${reason}); make room there, or choose another folder.`,
      { cause },
    );
  }
}
