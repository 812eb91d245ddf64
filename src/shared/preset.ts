import { z } from 'zod';
import {
  colourSchema,
  networkFields,
  objectiveFields,
  optimizerSchema,
  parameterizationSchema,
  scheduleSchema,
  transformsSchema,
} from './recipe.ts';
import { migrate } from './recipe-migrations.ts';

export const PRESET_VERSION = 1;

const presetNetwork = z.strictObject(networkFields).partial();

/**
 * A named part of a recipe without images: what is given replaces what Madder would choose for the network, what is
 * not is chosen as ever. Settings that a person gives go before both.
 */
export const presetSchema = z.strictObject({
  version: z.literal(PRESET_VERSION),
  name: z.string().min(1),
  /** One line in an artist's words. */
  description: z.string().min(1),
  /** Where the settings were published. */
  citation: z.string().optional(),
  /** Where this differs from what was published, and what to know before using it; a sentence each. */
  notes: z.array(z.string().min(1)).optional(),
  /** The architecture that the layers and weights were chosen for, as network descriptions name it. */
  networkArchitecture: z.string().min(1).optional(),
  networks: z.strictObject({ style: presetNetwork.optional(), content: presetNetwork.optional() }).optional(),
  colour: colourSchema.optional(),
  objective: z.strictObject(objectiveFields).partial().optional(),
  schedule: scheduleSchema.optional(),
  parameterization: parameterizationSchema.optional(),
  transforms: transformsSchema.optional(),
  optimizer: optimizerSchema.optional(),
  init: z.strictObject({ kind: z.enum(['content', 'noise']) }).optional(),
});
export type Preset = z.output<typeof presetSchema>;
/** A preset as it is written down, defaults left out. */
export type PresetInput = z.input<typeof presetSchema>;

/** Version 1 is the first; see STEPS in recipe-migrations.ts for what belongs here. */
const STEPS = [] as const;

/**
 * A preset of any version, as this program's.
 * @throws MadderError `input`, one sentence that names the field which cannot be used
 */
export const migratePreset = (value: unknown): Preset =>
  migrate(value, { what: 'preset', newest: PRESET_VERSION, oldest: 1, steps: STEPS, schema: presetSchema });
