import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledModelsFolder } from '../../engine/networks/load.ts';
import { catalogueSchema, type Catalogue, type CatalogueEntry } from '../../../shared/catalogue.ts';
import { editDistance } from '../../../shared/edit-distance.ts';
import { MadderError } from '../../../shared/errors.ts';

let read: Promise<Catalogue> | undefined;

/**
 * The list of networks that can be downloaded: the one that came with Madder, or the file that MADDER_CATALOGUE names, for
 * schools and studios that keep copies of the files themselves.
 * @throws MadderError `input` where that file cannot be used
 */
export const catalogue = (): Promise<Catalogue> => (read ??= readCatalogue(process.env['MADDER_CATALOGUE']));

async function readCatalogue(chosen: string | undefined): Promise<Catalogue> {
  const path = chosen || join(bundledModelsFolder(), 'catalogue.json');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new MadderError('input', `The catalogue ${path} could not be read as JSON; check the file.`, { cause });
  }
  const parsed = catalogueSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path: place, message } = parsed.error.issues[0]!;
  const where = place.length > 0 ? `${place.join('.')}: ` : '';
  throw new MadderError('input', `${path} is not a catalogue of networks (${where}${message}); correct it.`);
}

/** @throws MadderError `input` with the ids that are most like it */
export async function catalogueEntry(id: string): Promise<CatalogueEntry> {
  const { networks } = await catalogue();
  const entry = networks.find((n) => n.id === id);
  if (entry) return entry;
  const [first, ...others] = networks
    .map((n) => ({ id: n.id, distance: editDistance(n.id, id) }))
    .sort((a, b) => a.distance - b.distance);
  const near = [first!, ...others.slice(0, 2)].map((n) => n.id).join(', ');
  throw new MadderError(
    'input',
    `The catalogue has no network "${id}"; the nearest are ${near}, and "madder networks" lists them all.`,
  );
}
