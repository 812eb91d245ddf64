import { join } from 'node:path';
import { writeImage } from '../../codec/encode.ts';
import { hasFonts, rasterise } from '../../codec/rasterise.ts';
import { robustnessFigure } from './figure.ts';
import { writeText, type RobustnessRecord } from './record.ts';
import { photosCsv, resultsOf, summaryCsv } from './tables.ts';

/** Pixels per unit of the figure, so that it is sharp on any screen. */
export const FIGURE_SCALE = 2;

/**
 * Writes what a record has measured completely as tables and a figure into its folder: `robustness.csv`,
 * `robustness-photos.csv`, `robustness.json`, `robustness.svg` and `robustness.png`.
 * @returns the files' names, and what a person should know, one sentence each
 * @throws MadderError `output`
 */
export async function exportRobustness(
  record: RobustnessRecord,
  folder: string,
): Promise<{ files: string[]; notes: string[] }> {
  const figure = robustnessFigure(record);
  const texts: Readonly<Record<string, string>> = {
    'robustness.csv': summaryCsv(record),
    'robustness-photos.csv': photosCsv(record),
    'robustness.json': `${JSON.stringify(resultsOf(record), undefined, 2)}\n`,
    'robustness.svg': figure,
  };
  for (const [name, text] of Object.entries(texts)) await writeText(join(folder, name), text);
  const files = Object.keys(texts);
  if (!(await hasFonts())) {
    return { files, notes: ['This computer has no fonts to draw letters with, so the figure is there as SVG only.'] };
  }
  await writeImage(join(folder, 'robustness.png'), await rasterise(figure, FIGURE_SCALE));
  return { files: [...files, 'robustness.png'], notes: [] };
}
