import { z } from 'zod';
import {
  layerWeightsSchema,
  networkIdSchema,
  normalizationSchema,
  poolingKindSchema,
  robustnessSchema,
  suggestedSchema,
  trainingSchema,
} from './network-manifest.ts';

/** A file that holds a network's weights, and what is known about it. */
const sourceSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Size where it is known exactly: another size is another file. */
  bytes: z.int().positive().optional(),
  /** Size where it is only known roughly. */
  approximateBytes: z.int().positive().optional(),
  /** SHA-256 of the file, hexadecimal, or at least its first eight digits. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{8,64}$/, '8 to 64 lower-case hexadecimal digits')
    .optional(),
});
export type CatalogueSource = z.output<typeof sourceSchema>;

/** What an entry states itself or takes from the entry that it is `like`. */
const factsSchema = z.strictObject({
  architecture: z.string().min(1),
  normalization: normalizationSchema,
  /** The layers a person chooses from, fine to coarse. */
  layers: z.array(z.string().min(1)).min(1),
  styleLayers: layerWeightsSchema,
  contentLayers: layerWeightsSchema,
  pooling: poolingKindSchema.optional(),
  suggested: suggestedSchema.optional(),
  licence: z.string().min(1),
  citation: z.string().min(1),
});

const ownSchema = z.strictObject({
  id: networkIdSchema,
  name: z.string().min(1),
  /** In order of preference; the next one is tried where one fails. */
  sources: z.array(sourceSchema).min(1),
  robustness: robustnessSchema.optional(),
  /** How the network was trained, for the model card. */
  training: trainingSchema.optional(),
  /** One line in an artist's words. */
  description: z.string().min(1),
});

const entrySchema = ownSchema.extend(factsSchema.shape);
export type CatalogueEntry = z.output<typeof entrySchema>;

const writtenEntrySchema = ownSchema.extend(factsSchema.partial().shape).extend({ like: networkIdSchema.optional() });

const familySchema = z.strictObject({
  id: networkIdSchema,
  label: z.string().min(1),
  /** How the distance of the attacks that the members were trained against is measured. */
  norm: robustnessSchema.shape.norm,
  /** Networks that differ in nothing but this distance, from the baseline to the most robust. */
  members: z.array(networkIdSchema).min(2),
});

export interface CatalogueFamily {
  readonly id: string;
  readonly label: string;
  readonly norm: 'l2' | 'linf';
  /** From the baseline (epsilon 0) to the most robust. */
  readonly members: readonly { readonly id: string; readonly epsilon: number }[];
}

export interface Catalogue {
  readonly version: 1;
  readonly families: readonly CatalogueFamily[];
  readonly networks: readonly CatalogueEntry[];
}

/**
 * Version 1 of the list of networks that can be downloaded. Where it is parsed, entries that are `like` an earlier one
 * are completed with what they do not state, and families with their members' epsilons.
 */
export const catalogueSchema = z
  .strictObject({
    version: z.literal(1),
    families: z.array(familySchema),
    networks: z.array(writtenEntrySchema),
  })
  .transform(({ version, families, networks }, context): Catalogue => {
    const problem = (message: string) => void context.addIssue({ code: 'custom', message });
    const entries = new Map<string, CatalogueEntry>();
    for (const { like, ...own } of networks) {
      if (entries.has(own.id)) problem(`there are two networks "${own.id}"`);
      const model = like === undefined ? undefined : entries.get(like);
      if (like !== undefined && !model) problem(`"${own.id}" is like "${like}", which is not before it`);
      const parsed = entrySchema.safeParse({ ...(model ? factsOf(model) : {}), ...own });
      if (!parsed.success) {
        const { path, message } = parsed.error.issues[0]!;
        problem(`"${own.id}" ${path.join('.')}: ${message}`);
        continue;
      }
      entries.set(own.id, parsed.data);
      const { layers, styleLayers, contentLayers } = parsed.data;
      for (const name of Object.keys({ ...styleLayers, ...contentLayers })) {
        if (!layers.includes(name)) problem(`"${own.id}" uses the layer "${name}", which it does not list`);
      }
    }
    const completed = families.map((family): CatalogueFamily => {
      const members = family.members.map((id) => {
        const robustness = entries.get(id)?.robustness;
        const suits = robustness && (robustness.norm === family.norm || robustness.epsilon === 0);
        if (!suits) problem(`the family "${family.id}" names "${id}", which is no network of its norm`);
        return { id, epsilon: robustness?.epsilon ?? 0 };
      });
      if (members[0]!.epsilon !== 0) problem(`the family "${family.id}" has no baseline`);
      if (members.some(({ epsilon }, i) => i > 0 && epsilon <= members[i - 1]!.epsilon)) {
        problem(`the family "${family.id}" is not in the order of robustness`);
      }
      return { ...family, members };
    });
    return { version, families: completed, networks: [...entries.values()] };
  });

/** What another entry may take over. */
function factsOf(entry: CatalogueEntry): Partial<CatalogueEntry> {
  const names = new Set(Object.keys(factsSchema.shape));
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.has(name)));
}
