import { join } from 'node:path';
import { writeImage } from '../../../codec/encode.ts';
import { hasFonts, rasterise } from '../../../codec/rasterise.ts';
import { FIGURE_SCALE } from '../export.ts';
import { writeText, type PictureRecord } from '../record.ts';
import { elsewhereChart, lossChart } from './charts.ts';
import { contactSheet } from './sheet.ts';
import { elsewhereCsv, lossesCsv, pictureResultsOf, picturesCsv } from './tables.ts';

/**
 * Writes what a record has come to into its folder: `contact-sheet.png`, `pictures.csv`, `losses.csv`, `results.json`, the
 * charts `losses` and `elsewhere` as SVG and PNG, and `elsewhere.csv`, as far as there is something to show in them.
 * @returns the files' names, and what a person should know, one sentence each
 * @throws MadderError `output`
 */
export async function exportPictures(
  record: PictureRecord,
  folder: string,
): Promise<{ files: string[]; notes: string[] }> {
  const charts = { losses: lossChart(record), elsewhere: elsewhereChart(record) };
  const texts: Readonly<Record<string, string | undefined>> = {
    'pictures.csv': picturesCsv(record),
    'losses.csv': lossesCsv(record),
    'elsewhere.csv': elsewhereCsv(record),
    'results.json': `${JSON.stringify(pictureResultsOf(record), undefined, 2)}\n`,
    ...Object.fromEntries(Object.entries(charts).map(([name, chart]) => [`${name}.svg`, chart])),
  };
  const files: string[] = [];
  for (const [name, content] of Object.entries(texts)) {
    if (content === undefined) continue;
    await writeText(join(folder, name), content);
    files.push(name);
  }
  await writeImage(join(folder, 'contact-sheet.png'), await contactSheet(record, folder));
  files.push('contact-sheet.png');
  if (!(await hasFonts())) {
    const note =
      'This computer has no fonts to draw letters with: the contact sheet has none, and charts are there as SVG only.';
    return { files, notes: [note] };
  }
  for (const [name, chart] of Object.entries(charts)) {
    if (chart === undefined) continue;
    await writeImage(join(folder, `${name}.png`), await rasterise(chart, FIGURE_SCALE));
    files.push(`${name}.png`);
  }
  return { files, notes: [] };
}
