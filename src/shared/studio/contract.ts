/**
 * Everything that is said between the studio's window and the program behind it, in both shells. A method or an event
 * that is not in this file does not compile; what arrives is validated against it on the program's side.
 */
import { z } from 'zod';
import { verdictSchema, providerSchema } from '../devices.ts';
import { pieceSchema } from '../engine-contract.ts';
import { networkIdSchema, networkManifestSchema } from '../network-manifest.ts';
import { OUTPUT_FORMATS } from '../output-formats.ts';
import { presetSchema } from '../preset.ts';
import { recipeSchema, weightChangeSchema } from '../recipe.ts';
import { documentSchema, pictureSchema } from './document.ts';
import { renderPlanSchema, renderRequestSchema } from './render.ts';
import {
  studyEntrySchema,
  studyFolderSchema,
  studyPictureSchema,
  studyRequestSchema,
  studyViewSchema,
} from './studies.ts';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, "-" and "_"');
const nothing = z.strictObject({});
const done = z.void();
const sha256 = pictureSchema.shape.sha256;
const real = z.custom<number>((value) => typeof value === 'number');

/** What a person is told when something cannot be done: one sentence. */
export const problemSchema = z.strictObject({
  kind: z.enum(['input', 'network', 'output', 'optimization', 'runtime', 'defect']),
  message: z.string(),
});
export type Problem = z.output<typeof problemSchema>;

// ── networks ────────────────────────────────────────────────────────────────────────────────────────────────────────

const layerSchema = z.strictObject({
  name: z.string(),
  /** A painter's words. */
  label: z.string(),
  channels: z.number().optional(),
  stride: z.number(),
  /** px; Infinity is sent as null. */
  receptiveField: z.number().nullable(),
});

/** A network as its card shows it. */
const networkCardSchema = z.strictObject({
  id: networkIdSchema,
  name: z.string(),
  description: z.string(),
  licence: z.string(),
  citation: z.string(),
  /** `bundled` and `installed` can paint now; `available` must be downloaded. */
  state: z.enum(['bundled', 'installed', 'available']),
  /** Bytes on the disk, or to be fetched. */
  bytes: z.number(),
  /**
   * Families that it is a member of, which differ in robustness only: one card with a slider stands for each. A standard
   * network may be where several of them begin.
   */
  families: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      /** Place from standard (0) to most robust. */
      position: z.int(),
      /** What stands at the slider, such as `ε 3`. */
      label: z.string(),
    }),
  ),
  /** Only of networks that can paint now. */
  layers: z.array(layerSchema),
  manifest: networkManifestSchema.optional(),
  /** What a new document starts from: absolute weights. */
  suggested: z.strictObject({
    style: z.number(),
    content: z.number(),
    variation: z.number(),
    styleLayers: z.record(z.string(), z.number()),
    contentLayers: z.record(z.string(), z.number()),
    pooling: z.string().optional(),
    optimizer: z.enum(['lbfgs', 'adam']),
  }),
  /** A sample picture exists under `assetUrl('network-sample', id)`. */
  sample: z.boolean(),
});
export type NetworkCard = z.output<typeof networkCardSchema>;

// ── presets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const presetEntrySchema = z.strictObject({
  id,
  value: presetSchema,
  /** Built-in presets are read-only: duplicate to change. */
  builtIn: z.boolean(),
  favourite: z.boolean(),
  thumbnail: z.boolean(),
});
export type PresetEntry = z.output<typeof presetEntrySchema>;

// ── jobs and results ────────────────────────────────────────────────────────────────────────────────────────────────

export const JOB_STATES = [
  'waiting',
  'running',
  'paused',
  'done',
  'stopped',
  'failed',
  'cancelled',
  'interrupted',
] as const;

const progressSchema = z.strictObject({
  level: z.int(),
  levels: z.int(),
  width: z.int(),
  height: z.int(),
  evaluation: z.int(),
  evaluations: z.int(),
  /** Over all levels. */
  total: z.int(),
  loss: real,
  terms: z.array(
    z.strictObject({ kind: z.string(), network: z.string(), layer: z.string(), value: real, weighted: real }),
  ),
  seconds: z.number(),
  secondsLeft: z.number(),
  memoryBytes: z.number(),
});
export type JobProgress = z.output<typeof progressSchema>;

/** How the loss of a run and its terms went so far, in points that are evenly spread; null stands for what is no number. */
const lossHistorySchema = z.strictObject({
  terms: z.array(progressSchema.shape.terms.element.pick({ kind: true, network: true, layer: true })),
  /** In the order of the iterations. */
  points: z.array(
    z.strictObject({
      total: z.int(),
      level: z.int(),
      loss: z.number().nullable(),
      /** In the order of `terms`, which may have become more since. */
      values: z.array(z.number().nullable()),
      weighted: z.array(z.number().nullable()),
    }),
  ),
});
export type LossHistory = z.output<typeof lossHistorySchema>;

/** Where a picture is that is painted piece by piece: evaluations of it last so long that they have a progress of their own. */
const tileProgressSchema = z.strictObject({
  level: z.int(),
  levels: z.int(),
  width: z.int(),
  height: z.int(),
  /** Evaluations of the level that are done, and all of them. */
  evaluation: z.int(),
  evaluations: z.int(),
  /** The piece that is looked at, from 0. */
  tile: z.int(),
  tiles: z.int(),
  /** The paintings or the photo are measured; no evaluation has begun. */
  preparing: z.boolean(),
  /** Of the whole run; null before anything tells. */
  secondsLeft: z.number().nullable(),
});
export type TileProgress = z.output<typeof tileProgressSchema>;

/** A piece of a growing picture, pixel by pixel, as it lies at `assetUrl('detail', job)`; px. */
const detailSchema = z.strictObject({
  /** Counts them. */
  version: z.int(),
  left: z.int(),
  top: z.int(),
  width: z.int(),
  height: z.int(),
  pictureWidth: z.int(),
  pictureHeight: z.int(),
});
export type Detail = z.output<typeof detailSchema>;

/** A run, waiting or begun or ended. */
const jobSchema = z.strictObject({
  id,
  name: z.string(),
  state: z.enum(JOB_STATES),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  document: documentSchema,
  progress: progressSchema.optional(),
  /** Counts previews: the picture at `assetUrl('preview', id)` changes with it. 0: there is none yet. */
  preview: z.int(),
  /** Where it runs, once it does. */
  provider: providerSchema.optional(),
  /** What a person should know, in the order it was said. */
  notes: z.array(z.string()),
  problem: problemSchema.optional(),
  /** The history entry that it ended in. */
  result: id.optional(),
  /** It begins with the picture that this job ends in, and waits for it. */
  after: id.optional(),
  /** It begins with this picture of the history; once it has begun, the document has it. */
  from: id.optional(),
  /** Memory that it may take, bytes; null: most of what is free. The preferences' when missing. */
  memoryBytes: z.number().nullable().optional(),
  /** Memory ran out; with at most so much of it, bytes, it may succeed. */
  tryMemoryBytes: z.number().optional(),
  /** It is painted, and on its way into the history. */
  saving: z.boolean().optional(),
  /** While it is painted in pieces. */
  tile: tileProgressSchema.optional(),
  /** The piece that a person looks at. */
  detail: detailSchema.optional(),
});
export type Job = z.output<typeof jobSchema>;

/** A finished picture in the history. */
const resultSchema = z.strictObject({
  id,
  name: z.string(),
  createdAt: z.number(),
  width: z.int(),
  height: z.int(),
  /** On the disk. */
  bytes: z.number(),
  /** The run was not stopped before its end. */
  completed: z.boolean(),
  seconds: z.number(),
  /** What it was set up from, and the recipe that repeats it. */
  document: documentSchema,
  recipe: recipeSchema,
});
export type Result = z.output<typeof resultSchema>;

// ── export ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export const exportOptionsSchema = z.strictObject({
  format: z.enum(OUTPUT_FORMATS),
  /** 16 only for PNG and TIFF. */
  depth: z.union([z.literal(8), z.literal(16)]),
  /** JPEG and WebP. */
  quality: z.int().min(1).max(100),
  /** TIFF only: tiles at every scale, for viewers of very large pictures. Not known to preferences of before. */
  pyramid: z.boolean().default(false),
  /** `own`: as painted. Otherwise the long side, in px, cm or inch; the latter two with `dpi`. */
  size: z.discriminatedUnion('unit', [
    z.strictObject({ unit: z.literal('own') }),
    z.strictObject({ unit: z.enum(['px', 'cm', 'inch']), longSide: z.number().positive().max(100_000) }),
  ]),
  dpi: z.int().min(1).max(2400),
  /** sRGB, or the profile that the photo came with. */
  profile: z.enum(['srgb', 'photo']),
  /** The photo's EXIF, orientation reset. */
  exif: z.boolean(),
  /** The place where the photo was taken is left out of it. */
  removePosition: z.boolean(),
  /** The recipe inside the file. */
  recipe: z.boolean(),
  /** File name without suffix; `{photo}`, `{style}`, `{network}`, `{size}`, `{date}` and `{n}` are filled in. */
  nameTemplate: z.string().min(1).max(200),
  onConflict: z.enum(['number', 'overwrite', 'skip']),
});
export type ExportOptions = z.output<typeof exportOptionsSchema>;

const exportedSchema = z.strictObject({
  /** Where it was written. */
  path: z.string(),
  bytes: z.number(),
  width: z.int(),
  height: z.int(),
  /** It existed and was left alone (`onConflict: skip`). */
  skipped: z.boolean(),
  notes: z.array(z.string()),
  /** The browser's shell offers the file for download under this asset id. */
  download: id.optional(),
});

// ── settings of the program ─────────────────────────────────────────────────────────────────────────────────────────

export const preferencesSchema = z.strictObject({
  theme: z.enum(['dark', 'light', 'system']),
  /** Grey around the picture: 0 black, 1 white. */
  surround: z.number().min(0).max(1),
  language: z.enum(['system', 'en', 'de']),
  /** `auto`, or a provider by name. */
  device: z.union([z.literal('auto'), providerSchema]),
  threads: z.int().min(1).max(256).nullable(),
  lowPriority: z.boolean(),
  /** Memory that painting may take, bytes; null: most of what is free. */
  memoryBytes: z.number().min(5e8).max(1e14).nullable(),
  /** Most bytes that the history may keep; the oldest results go first. */
  historyCap: z.number().min(0),
  exportFolder: z.string().nullable(),
  export: exportOptionsSchema,
  singleKeyShortcuts: z.boolean(),
});
export type Preferences = z.output<typeof preferencesSchema>;

const estimateSchema = z.strictObject({
  /** For the whole run; null before anything was measured on this computer. */
  seconds: z.number().nullable(),
  bytes: z.number(),
  /** Free now. */
  availableBytes: z.number(),
  fits: z.boolean(),
  /** The largest size that fits, where this one does not. */
  smallerSize: z.int().optional(),
  /** Pieces that it is looked at in, in every evaluation, because it does not fit in one; null: it does. */
  pieces: z.int().nullable(),
});
export type Estimate = z.output<typeof estimateSchema>;

const importedSchema = z.strictObject({
  picture: pictureSchema,
  /** What was done to it, a sentence each: colours converted, first frame taken, shrunk for the screen. */
  notes: z.array(z.string()),
  /** The file is a painted picture that carries its recipe; the document that repeats it, as far as its pictures are known. */
  painted: z.strictObject({ document: documentSchema, missing: z.array(z.string()) }).optional(),
});
export type Imported = z.output<typeof importedSchema>;

const sampleSchema = z.strictObject({
  kind: z.enum(['photo', 'painting']),
  name: z.string(),
  title: z.string(),
  picture: pictureSchema,
});

/** Where the program stands: what a window needs when it opens, and again after a lost connection. */
const snapshotSchema = z.strictObject({
  version: z.string(),
  shell: z.enum(['desktop', 'browser']),
  platform: z.string(),
  document: documentSchema,
  networks: z.array(networkCardSchema),
  presets: z.array(presetEntrySchema),
  samples: z.array(sampleSchema),
  jobs: z.array(jobSchema),
  queuePaused: z.boolean(),
  results: z.array(resultSchema),
  studies: z.array(studyEntrySchema),
  preferences: preferencesSchema,
  devices: z.strictObject({ verdicts: z.array(verdictSchema), probing: z.boolean(), chosen: providerSchema }),
});
export type Snapshot = z.output<typeof snapshotSchema>;

const method = <Q extends z.ZodType, A extends z.ZodType>(request: Q, response: A) => ({ request, response });

/** Requests of the window and what they are answered with. Pictures are uploaded beside it (see `upload` in transport.ts). */
export const METHODS = {
  snapshot: method(nothing, snapshotSchema),
  /** Autosave: the document as it is now. */
  saveDocument: method(z.strictObject({ document: documentSchema }), done),
  estimate: method(z.strictObject({ document: documentSchema }), estimateSchema),

  /** Begins a run now if none is going on, otherwise puts it in line. The picture's start is as the document says. */
  start: method(z.strictObject({ document: documentSchema }), z.strictObject({ job: id })),
  /** One recipe over many photos, or one photo over many styles: a job each. */
  startBatch: method(
    z.strictObject({ documents: z.array(documentSchema).min(1).max(1000) }),
    z.strictObject({ jobs: z.array(id) }),
  ),
  pause: method(z.strictObject({ job: id }), done),
  resume: method(z.strictObject({ job: id }), done),
  /** Ends before the next iteration; the best picture goes to the history. */
  stop: method(z.strictObject({ job: id }), done),
  /** Ends at once and keeps nothing; a waiting job leaves the line. */
  cancel: method(z.strictObject({ job: id }), done),
  /** Failed, cancelled and interrupted jobs: go on from the checkpoint where there is one, with another memory if that is given. */
  retry: method(z.strictObject({ job: id, memoryBytes: preferencesSchema.shape.memoryBytes.optional() }), done),
  /** Takes ended jobs off the list. */
  dismiss: method(z.strictObject({ job: id }), done),
  /** To a place among those that wait, 0 being the next. */
  moveJob: method(z.strictObject({ job: id, position: z.int().min(0) }), done),
  pauseQueue: method(z.strictObject({ paused: z.boolean() }), done),
  /** How the losses of a run went before this window was there; null where that is not known. */
  losses: method(z.strictObject({ job: id }), lossHistorySchema.nullable()),
  /** Faders on the running picture. */
  changeWeights: method(z.strictObject({ job: id, change: weightChangeSchema }), done),

  /** What it would take to render a finished or growing picture large; nothing is begun. */
  planRender: method(renderRequestSchema, renderPlanSchema),
  /** Begins that, as `start` does; from a growing picture when it has ended. Refused where the plan has an obstacle. */
  startRender: method(renderRequestSchema, z.strictObject({ job: id })),
  /** Shows a piece of a picture that is being painted, pixel by pixel; null: none any more. */
  lookAt: method(z.strictObject({ job: id, piece: pieceSchema.nullable() }), done),

  renameResult: method(z.strictObject({ result: id, name: z.string().min(1).max(200) }), done),
  deleteResult: method(z.strictObject({ result: id }), done),
  /** A result as a picture of the library, to start from or to use as a photo. */
  useResult: method(z.strictObject({ result: id }), pictureSchema),

  /** Begins a study as soon as no picture is being painted; pictures that are started meanwhile wait for its end. */
  startStudy: method(z.strictObject({ request: studyRequestSchema }), z.strictObject({ study: id })),
  /** Adds a study from elsewhere, such as one of the command line. */
  importStudy: method(z.strictObject({ folder: studyFolderSchema }), z.strictObject({ study: id })),
  /** Everything that is shown of a study; asked for again when its version has risen. */
  openStudy: method(z.strictObject({ study: id }), studyViewSchema),
  /** Ends a study before its end and keeps what it has found. */
  stopStudy: method(z.strictObject({ study: id }), done),
  continueStudy: method(z.strictObject({ study: id }), done),
  /** The same study anew, beside the one that there is. */
  repeatStudy: method(z.strictObject({ study: id }), z.strictObject({ study: id })),
  /** Marks the picture of a study that a person likes best; null: none. */
  pickCell: method(z.strictObject({ study: id, cell: z.string().min(1).max(200).nullable() }), done),
  /** How much of a picture of a study is a fine pattern, by its period in px: 1 is nothing that repeats. */
  checkerboard: method(
    z.strictObject({ picture: studyPictureSchema }),
    z.strictObject({
      periods: z.array(z.strictObject({ period: z.number(), value: z.number() })),
      overall: z.number(),
    }),
  ),
  /** The document that repeats a picture of a study, as far as its pictures and network are known here. */
  studyRecipe: method(
    z.strictObject({ study: id, cell: z.string().min(1).max(200) }),
    z.strictObject({ document: documentSchema, missing: z.array(z.string()), notes: z.array(z.string()) }),
  ),
  renameStudy: method(z.strictObject({ study: id, title: z.string().min(1).max(200) }), done),
  removeStudy: method(z.strictObject({ study: id }), done),

  savePreset: method(
    z.strictObject({ id: id.nullable(), value: presetSchema, result: id.nullable() }),
    presetEntrySchema,
  ),
  deletePreset: method(z.strictObject({ id }), done),
  /** Brings a preset back that was deleted since the program began, with its thumbnail. */
  restorePreset: method(z.strictObject({ id }), presetEntrySchema),
  duplicatePreset: method(z.strictObject({ id, name: z.string().min(1).max(100) }), presetEntrySchema),
  favouritePreset: method(z.strictObject({ id, favourite: z.boolean() }), done),
  /** The text of a preset file. */
  importPreset: method(z.strictObject({ text: z.string().max(1_000_000) }), presetEntrySchema),
  exportPreset: method(z.strictObject({ id }), z.strictObject({ fileName: z.string(), text: z.string() })),

  downloadNetwork: method(z.strictObject({ id: networkIdSchema }), done),
  cancelDownload: method(z.strictObject({ id: networkIdSchema }), done),
  removeNetwork: method(z.strictObject({ id: networkIdSchema }), done),

  /**
   * Writes a result; `path` (desktop: chosen in the save dialog) goes before folder and name template. Under the name `export` the
   * window is told how far it is, and can cancel it; null: it did.
   */
  exportResult: method(
    z.strictObject({
      result: id,
      options: exportOptionsSchema,
      path: z.string().min(1).optional(),
      export: id.optional(),
    }),
    exportedSchema.nullable(),
  ),
  /** Ends an export; there is no file of it then. */
  cancelExport: method(z.strictObject({ export: id }), done),
  /** Desktop only: the system's save dialog. */
  chooseExportPath: method(
    z.strictObject({ result: id, options: exportOptionsSchema }),
    z.strictObject({ path: z.string().nullable() }),
  ),
  /** Desktop only: the system's dialog for the folder that exports go to; null where the person changed their mind. */
  chooseExportFolder: method(nothing, z.strictObject({ path: z.string().nullable() })),
  showInFolder: method(z.strictObject({ path: z.string() }), done),
  openLink: method(z.strictObject({ url: z.url({ protocol: /^https$/ }) }), done),

  savePreferences: method(z.strictObject({ preferences: preferencesSchema }), done),
  probeDevices: method(nothing, done),
  /** Versions, device and the last log lines, no paths or names. */
  diagnostics: method(nothing, z.strictObject({ text: z.string() })),
} as const;

export type MethodName = keyof typeof METHODS;
export type RequestOf<M extends MethodName> = z.input<(typeof METHODS)[M]['request']>;
export type ResponseOf<M extends MethodName> = z.output<(typeof METHODS)[M]['response']>;

/** What the program says by itself. */
export const studioEventSchema = z.discriminatedUnion('type', [
  /** A job changed or is new. */
  z.strictObject({ type: z.literal('job'), job: jobSchema }),
  z.strictObject({ type: z.literal('progress'), job: id, progress: progressSchema }),
  /** A weight change took effect just before this evaluation. */
  z.strictObject({ type: z.literal('weighed'), job: id, evaluation: z.int() }),
  /** The next piece of a picture is looked at; several times a second at most. */
  z.strictObject({ type: z.literal('tile'), job: id, tile: tileProgressSchema }),
  /** A newer detail lies at `assetUrl('detail', job)`. */
  z.strictObject({ type: z.literal('detail'), job: id, detail: detailSchema }),
  /** A newer preview lies at `assetUrl('preview', job)`. */
  z.strictObject({
    type: z.literal('preview'),
    job: id,
    preview: z.int(),
    width: z.int(),
    height: z.int(),
    total: z.int(),
  }),
  /** Order and presence of jobs. */
  z.strictObject({ type: z.literal('queue'), jobs: z.array(id), paused: z.boolean() }),
  z.strictObject({ type: z.literal('result'), result: resultSchema }),
  z.strictObject({ type: z.literal('resultsGone'), results: z.array(id) }),
  /** A study changed or is new. */
  z.strictObject({ type: z.literal('study'), study: studyEntrySchema }),
  z.strictObject({ type: z.literal('studyGone'), study: id }),
  z.strictObject({ type: z.literal('networks'), networks: z.array(networkCardSchema) }),
  z.strictObject({
    type: z.literal('download'),
    network: networkIdSchema,
    /** Absent: the size is not known. */
    fraction: z.number().min(0).max(1).optional(),
    bytesPerSecond: z.number(),
    secondsLeft: z.number().optional(),
    ended: z.enum(['installed', 'cancelled', 'failed']).optional(),
    problem: problemSchema.optional(),
  }),
  /** How much of an export is done, a few times a second; 0 before anything is. */
  z.strictObject({ type: z.literal('exporting'), export: id, fraction: z.number().min(0).max(1) }),
  z.strictObject({ type: z.literal('presets'), presets: z.array(presetEntrySchema) }),
  z.strictObject({ type: z.literal('devices'), devices: snapshotSchema.shape.devices }),
  /** A command of the system's menu, by the name of the window's action. */
  z.strictObject({ type: z.literal('command'), action: z.string() }),
  /** Files that were opened with the program. */
  z.strictObject({ type: z.literal('opened'), imported: importedSchema }),
]);
export type StudioEvent = z.output<typeof studioEventSchema>;

/** Pictures of the program by kind and id; the shells serve them, and nothing else, under one address each. */
export const ASSET_KINDS = [
  /** A library picture by SHA-256: at most 256 px, for thumbnails. */
  'thumbnail',
  /** The same for the canvas: at most 24 megapixels, 8 bits, sRGB. */
  'picture',
  /** The same as a mask: a PNG in grey, 8 bits, of at most 2048 px; a mask that was painted here keeps its values. */
  'mask',
  /** A job's newest preview, and the piece of it that is looked at. */
  'preview',
  'detail',
  /** A history entry for the canvas, and its thumbnail. */
  'result',
  'result-thumbnail',
  'preset-thumbnail',
  'network-sample',
  /** An exported file (browser shell). */
  'download',
  /** A picture of a study, and a file of one: `<study>.<place>`, `<study>.<name>`. */
  'study',
  'study-file',
  /** The spectrum of such a picture's brightness, frequency 0 in the middle. */
  'study-spectrum',
] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];
export const assetRequestSchema = z.strictObject({
  kind: z.enum(ASSET_KINDS),
  id: z.union([sha256, id, networkIdSchema]),
});

export const uploadedSchema = importedSchema;

/** What a request is answered with. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** How the window reaches the program: over Electron's bridge or a local connection. */
export interface StudioTransport {
  call<M extends MethodName>(method: M, request: RequestOf<M>): Promise<Answer<ResponseOf<M>>>;
  /** Adds a file that was dropped, pasted or chosen to the library. */
  upload(file: Blob, name: string): Promise<Answer<Imported>>;
  assetUrl(kind: AssetKind, id: string, version?: number): string;
  /** Called for every event; returns what ends the subscription. */
  subscribe(listener: (event: StudioEvent) => void): () => void;
  /** Called when the connection is lost and when it is there again (then ask for a snapshot). */
  onConnection(listener: (connected: boolean) => void): () => void;
}
