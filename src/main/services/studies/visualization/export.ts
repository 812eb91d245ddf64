import { join } from 'node:path';
import { writeImage } from '../../../codec/encode.ts';
import { hasFonts } from '../../../codec/rasterise.ts';
import { csv } from '../csv.ts';
import { writeText, type FeaturesRecord } from '../record.ts';
import { FEATURES_FOLDER } from './run.ts';
import { featureSheet } from './sheet.ts';

/**
 * Writes what a record has come to into its folder: `contact-sheet.png`, `features.csv` and `features.json`.
 * @returns the files' names, and what a person should know, one sentence each
 * @throws MadderError `output`
 */
export async function exportVisualization(
  record: FeaturesRecord,
  folder: string,
): Promise<{ files: string[]; notes: string[] }> {
  await writeText(join(folder, 'features.csv'), featuresCsv(record));
  await writeText(join(folder, 'features.json'), `${JSON.stringify(featureResultsOf(record), undefined, 2)}\n`);
  const files = ['features.csv', 'features.json'];
  if (record.features.length === 0) return { files, notes: [] };
  await writeImage(join(folder, 'contact-sheet.png'), await featureSheet(record, folder));
  const notes = (await hasFonts())
    ? []
    : ['This computer has no fonts to draw letters with, so the contact sheet has no names; features.csv has.'];
  return { files: [...files, 'contact-sheet.png'], notes };
}

/** One line per picture, in the order of the sheet. */
const featuresCsv = ({ features, settings }: FeaturesRecord): string =>
  csv([
    ['network', 'layer', 'aim', 'channel', 'prior', 'size', 'iterations', 'seed', 'before', 'after', 'unit'].concat([
      'variation',
      'seconds',
      'file',
    ]),
    ...features.map(({ network, layer, aim, channel, prior, before, after, unit, variation, seconds, file }) => [
      ...[network, layer, aim, channel ?? '', prior, settings.size, settings.iterations, settings.seed],
      ...[before, after, unit, variation, seconds, `${FEATURES_FOLDER}/${file}`],
    ]),
  ]);

/** The results with all that determines them. */
export function featureResultsOf(record: FeaturesRecord) {
  const { kind, program, createdAt, finishedAt, settings, networks, features } = record;
  return {
    ...{ kind, program, createdAt, finishedAt, settings },
    networks: networks.map(({ key, id, name, sha256, layers }) => ({ key, id, name, sha256, layers })),
    features,
  };
}
