/** Studies of the laboratory as the window sees them: what it asks for, and what it is shown of their records. */
import { z } from 'zod';
import { networkIdSchema } from '../network-manifest.ts';
import { OPTIMIZER_NAMES } from '../optimizers.ts';
import {
  elsewhereSchema,
  GRID_PARAMETER_NAMES,
  judgedSchema,
  PICTURE_STUDIES,
  pictureSettingsSchema,
  REMEDIES,
} from '../picture-studies.ts';
import { robustnessSettingsSchema } from '../robustness.ts';
import { AIMS, visualizationSettingsSchema } from '../visualization.ts';
import { documentSchema, pictureSchema } from './document.ts';

/** In the order in which they are offered. */
export const STUDY_KINDS = [...PICTURE_STUDIES, 'features', 'robustness'] as const;
export type StudyKind = (typeof STUDY_KINDS)[number];

/** `unfinished`: it was stopped, failed, or its program ended; it can be gone on with. */
export const STUDY_STATES = ['waiting', 'running', 'unfinished', 'finished'] as const;
export type StudyState = (typeof STUDY_STATES)[number];

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, "-" and "_"');
const sha256 = pictureSchema.shape.sha256;

/** A PNG file inside a study's folder; no part of it leads out of there. */
export const STUDY_PICTURE_PATH = /^([\w+,=-][\w.+,=-]*\/)*[\w+,=-][\w.+,=-]*\.png$/;

/** A picture of a study: its study and its place, never a path. */
export const studyPictureSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}\.\d{1,6}$/, 'a study and a place');
/** A picture that a study was made of, in the same way: as large as the study's own ones are. */
const studyOriginalSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}\.s\d{1,6}$/, 'a study and a source');

/** Side of pictures in which fine patterns can be looked for, px at least. */
export const LEAST_PATTERN_SIDE = 64;

/** What a picture was to a study; `start`: what its pictures began as. */
export const ORIGINAL_ROLES = ['photo', 'painting', 'start'] as const;

/** A study as it stands in the list. */
export const studyEntrySchema = z.strictObject({
  id,
  kind: z.enum(STUDY_KINDS),
  title: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  state: z.enum(STUDY_STATES),
  /** Pieces of work (pictures, attacks) that are done, and all of them. */
  done: z.int().min(0),
  total: z.int().min(0),
  /** Only while it runs and as soon as it is known. */
  secondsLeft: z.number().optional(),
  /** What is being made now. */
  now: z.string().optional(),
  /** Raised whenever there is something new to see in it. */
  version: z.int(),
  thumbnail: studyPictureSchema.nullable(),
  /** What a person should know, in the order it was said. */
  notes: z.array(z.string()),
  /** Why it ended before its end: one sentence. */
  problem: z.string().optional(),
});
export type StudyEntry = z.output<typeof studyEntrySchema>;

// ── what is shown of a study ────────────────────────────────────────────────────────────────────────────────────────

const estimateSchema = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });
export type Interval = z.output<typeof estimateSchema>;

const networkSchema = z.strictObject({
  /** What findings call it. */
  key: z.string(),
  id: z.string(),
  name: z.string(),
  layers: z.array(z.string()),
});
export type StudiedNetwork = z.output<typeof networkSchema>;

/** R(f) as far as it is known. */
const robustnessViewSchema = z.strictObject({
  settings: robustnessSettingsSchema,
  photos: z.array(z.string()),
  networks: z.array(networkSchema),
  results: z.array(
    z.strictObject({
      network: z.string(),
      layer: z.string(),
      statistic: robustnessSettingsSchema.shape.statistics.element,
      robustness: estimateSchema,
      /** The worst change over a random one of the same size. */
      ratio: estimateSchema,
    }),
  ),
  /** The photo that an attack moved farthest, at every layer. */
  worst: z.array(
    z.strictObject({
      network: z.string(),
      layer: z.string(),
      statistic: robustnessSettingsSchema.shape.statistics.element,
      photo: z.string(),
      original: studyPictureSchema,
      attacked: studyPictureSchema,
      difference: studyPictureSchema,
      amplification: z.number(),
    }),
  ),
});
export type RobustnessView = z.output<typeof robustnessViewSchema>;

/** One picture of a sheet. */
const sheetCellSchema = z.strictObject({
  /** Its name within the study. */
  id: z.string(),
  /** Indices of axis values, one for each axis. */
  at: z.array(z.int().min(0)),
  label: z.string(),
  /** Lines below the picture: what the axes do not say. */
  captions: z.array(z.string()).optional(),
  /** Null until it is made. */
  picture: studyPictureSchema.nullable(),
  /** px */
  width: z.int().optional(),
  height: z.int().optional(),
  /** Of its run: the lowest loss at full size, evaluations over all levels, and time. */
  loss: z.number().optional(),
  evaluations: z.int().optional(),
  seconds: z.number().optional(),
  /** Style distances under other networks. */
  elsewhere: z.array(elsewhereSchema).optional(),
  judged: judgedSchema.optional(),
  /** R(f) of the layer that it was painted with. */
  robustness: estimateSchema.optional(),
  /** What a channel or layer answered before and after. */
  answer: z.strictObject({ before: z.number(), after: z.number() }).optional(),
  /** Why there is no picture, or no figures: one sentence. */
  problem: z.string().optional(),
  /** Its settings can be taken over into the studio. */
  recipe: z.boolean(),
});
export type SheetCell = z.output<typeof sheetCellSchema>;

/** Pictures side by side: one for every combination of the axes' values. */
const sheetSchema = z.strictObject({
  /** From the slowest to the fastest: the last one makes columns, the one before it rows, others are leafed through. */
  axes: z.array(
    z.strictObject({
      name: z.string(),
      label: z.string(),
      values: z.array(z.strictObject({ label: z.string(), note: z.string().optional() })),
    }),
  ),
  cells: z.array(sheetCellSchema),
  /** What they were painted from. */
  originals: z.array(
    z.strictObject({
      role: z.enum(ORIGINAL_ROLES),
      name: z.string(),
      /** Null where it is no longer in the library. */
      picture: studyOriginalSchema.nullable(),
      /** Its own ones, px. */
      width: z.int(),
      height: z.int(),
    }),
  ),
  /** The networks that figures name by their keys. */
  judges: z.array(z.strictObject({ key: z.string(), name: z.string() })),
  /** How the losses of its runs went: evaluations over all levels, seconds, loss. */
  curves: z.array(
    z.strictObject({
      label: z.string(),
      points: z.array(z.tuple([z.number(), z.number(), z.number().nullable()])),
    }),
  ),
  /** The cell that a person picked. */
  chosen: z.string().optional(),
});
export type Sheet = z.output<typeof sheetSchema>;
export type SheetOriginal = Sheet['originals'][number];

/** Everything that is shown of an opened study. */
export const studyViewSchema = z.strictObject({
  study: id,
  /** Of the program that wrote the record. */
  program: z.string(),
  /** The study that it repeats, and how far its numbers are from that one's. */
  repeats: z
    .strictObject({
      study: id,
      title: z.string(),
      /** `gone`: the other one was removed, or became unreadable, before they could be compared. */
      state: z.enum(['unfinished', 'originalUnfinished', 'gone', 'compared']),
      /** The largest relative difference; null where one has numbers that the other lacks. */
      difference: z.number().min(0).nullable().optional(),
    })
    .optional(),
  robustness: robustnessViewSchema.optional(),
  sheet: sheetSchema.optional(),
  /** The pictures that it was made of, by name. */
  sources: z.array(z.string()),
  /** The networks that it is about, by name. */
  networks: z.array(z.string()),
  /** Record, tables and figures, by name; each is served under `assetUrl('study-file', '<study>.<name>')`. */
  files: z.array(z.strictObject({ name: z.string(), bytes: z.number() })),
  /** Where it is kept, for the desktop's "show in folder". */
  folder: z.string(),
});
export type StudyView = z.output<typeof studyViewSchema>;

// ── what is asked for ───────────────────────────────────────────────────────────────────────────────────────────────

const title = z.string().min(1).max(200);
/** A network, and its layers where they are not those that it suggests. */
const studiedNetwork = z.strictObject({
  id: networkIdSchema,
  layers: z.array(z.string().min(1)).min(1).max(200).optional(),
});

/** Beginnings that are no files: those of a person's disk are out of the window's reach. */
const settings = pictureSettingsSchema.omit({ init: true }).extend({ init: z.enum(['content', 'noise']).optional() });
const { weight, scale } = documentSchema.shape.styles.unwrap().shape;
const networks = z.array(networkIdSchema).min(1).max(50);
const painted = {
  title,
  settings,
  styles: z
    .array(z.strictObject({ picture: sha256, weight, scale }))
    .min(1)
    .max(8),
  /** Networks under which the style of every picture is measured again. */
  judges: networks.optional(),
};
const ofPhoto = { ...painted, photo: sha256 };
/** Pictures are painted as this document's are: with its preset, weights, faders and means, but the study's own settings. */
const asInStudio = documentSchema.pick({ network: true, preset: true, settings: true, faders: true }).optional();

/** A new study. Pictures are those of the library, by hash; networks are installed ones, by id. */
export const studyRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('compare'), ...ofPhoto, networks, recipe: z.enum(['own', 'same']), asInStudio }),
  z.strictObject({
    kind: z.literal('grid'),
    ...ofPhoto,
    asInStudio,
    network: networkIdSchema,
    contentNetwork: networkIdSchema.optional(),
    /** Values of `painting` are pictures by hash, those of networks are ids. */
    axes: z
      .array(
        z.strictObject({
          parameter: z.enum(GRID_PARAMETER_NAMES),
          values: z
            .array(z.union([z.number(), z.string().min(1).max(200)]))
            .min(1)
            .max(100),
        }),
      )
      .min(1)
      .max(3),
  }),
  z.strictObject({ kind: z.literal('pairs'), ...ofPhoto, contentNetworks: networks, styleNetworks: networks }),
  z.strictObject({
    kind: z.literal('layers'),
    ...ofPhoto,
    networks: z.array(studiedNetwork).min(1).max(50),
    /** Measures the layers' R(f) on these photos too, or takes them from a study of the laboratory. */
    robustness: z
      .union([
        z.strictObject({ photos: z.array(sha256).min(2).max(1000), settings: robustnessSettingsSchema }),
        z.strictObject({ study: id }),
      ])
      .optional(),
  }),
  z.strictObject({ kind: z.literal('texture'), ...painted, networks, remedies: z.array(z.enum(REMEDIES)).min(1) }),
  z.strictObject({
    kind: z.literal('optimizers'),
    ...ofPhoto,
    asInStudio,
    network: networkIdSchema,
    optimizers: z.array(z.enum(OPTIMIZER_NAMES)).min(1),
  }),
  z.strictObject({
    kind: z.literal('features'),
    title,
    networks: z.array(studiedNetwork.required()).min(1).max(50),
    aim: z.enum(AIMS),
    /** So many from the first on; of no meaning for whole layers. */
    channels: z.int().min(1).max(10_000),
    settings: visualizationSettingsSchema,
  }),
  z.strictObject({
    kind: z.literal('robustness'),
    title,
    networks: z.array(studiedNetwork).min(1).max(50),
    photos: z.array(sha256).min(2).max(1000),
    settings: robustnessSettingsSchema,
  }),
]);
export type StudyRequest = z.output<typeof studyRequestSchema>;
/** A study's folder from elsewhere: its record's text, and its pictures, which were added to the library before. */
export const studyFolderSchema = z.strictObject({
  name: title,
  record: z.string().min(2).max(15_000_000),
  pictures: z
    .array(
      z.strictObject({
        /** Where it lies in the folder: names with `/` between them, none of which begins with a dot. */
        path: z.string().max(300).regex(STUDY_PICTURE_PATH, 'a picture inside the folder'),
        sha256,
      }),
    )
    .max(10_000),
});
export type StudyFolder = z.output<typeof studyFolderSchema>;

export type StudyRequestOf<K extends StudyKind> = Extract<StudyRequest, { kind: K }>;
