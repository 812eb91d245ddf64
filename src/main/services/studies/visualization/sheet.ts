/** The contact sheet of a visualization: what layers answer to, a heading for each layer and a name for each picture. */
import { join } from 'node:path';
import { decodeImage } from '../../../codec/decode.ts';
import { toPicture, type Picture } from '../../../codec/picture.ts';
import { rasterise } from '../../../codec/rasterise.ts';
import type { Feature } from '../../../../shared/visualization.ts';
import { magnified, paste } from '../pictures/sheet.ts';
import type { FeaturesRecord } from '../record.ts';
import { svgOf, text, textWidth } from '../svg.ts';
import { FEATURES_FOLDER } from './run.ts';

/** Light enough for black letters, and without a colour that would change how those of pictures are seen. */
const GROUND = '#DADADA';
/** Side of pictures on the sheet, px, at least: smaller ones are shown in whole multiples. */
const SIDE = 96;
const MARGIN = 24;
const GAP = 8;
const HEADING = 18;
const LABEL = 13;
/** Pictures in a row, of few and of many. */
const FEW = 8;
const MANY = 16;

/** The pictures of one layer. */
interface Group {
  readonly heading: string;
  /** Of the first prior, then of the second ..., in the same order of channels. */
  readonly rows: readonly { readonly prior: string; readonly features: readonly Feature[] }[];
}

/**
 * A block for each layer of each network; in it the channels from left to right, and below each other the priors. Of
 * pictures that are not made yet there is nothing. Letters are missing where the system has no fonts (`hasFonts`).
 * @param folder of the record
 */
export async function featureSheet(record: FeaturesRecord, folder: string): Promise<Picture> {
  const { size, priors } = record.settings;
  const factor = Math.max(1, Math.ceil(SIDE / size));
  const side = size * factor;
  const groups = groupsOf(record);
  const most = Math.max(0, ...groups.flatMap(({ rows }) => rows.map(({ features }) => features.length)));
  const columns = Math.min(most, most > 4 * FEW ? MANY : FEW);
  const left = MARGIN + (priors.length > 1 ? Math.max(...priors.map(({ name }) => textWidth(name, LABEL))) + GAP : 0);
  const title = titleOf(record);
  const width = Math.max(
    left + columns * (side + GAP) + MARGIN,
    2 * MARGIN + Math.max(textWidth(title, LABEL), ...groups.map(({ heading }) => textWidth(heading, HEADING))),
  );
  const parts = [text(MARGIN, MARGIN + LABEL, title, { size: LABEL })];
  const placed: { readonly feature: Feature; readonly x: number; readonly y: number }[] = [];
  let y = MARGIN + 2 * LABEL;
  for (const { heading, rows } of groups) {
    y += HEADING + GAP;
    parts.push(text(MARGIN, y, heading, { size: HEADING, weight: 600 }));
    y += GAP;
    const count = Math.max(...rows.map(({ features }) => features.length));
    for (let first = 0; first < count; first += columns) {
      const shown = rows.map((row) => ({ ...row, features: row.features.slice(first, first + columns) }));
      for (const { prior, features } of shown) {
        if (priors.length > 1) parts.push(text(MARGIN, y + side / 2, prior, { size: LABEL }));
        features.forEach((feature, i) => placed.push({ feature, x: left + i * (side + GAP), y }));
        y += side + GAP;
      }
      const named = shown.find(({ features }) => features.length > 0)?.features ?? [];
      named.forEach((feature, i) => {
        const middle = left + i * (side + GAP) + side / 2;
        parts.push(text(middle, y + LABEL - GAP / 2, nameOf(feature), { size: LABEL, anchor: 'middle' }));
      });
      y += LABEL + GAP;
    }
    y += GAP;
  }
  const sheet = await rasterise(svgOf(Math.ceil(width), Math.ceil(y + MARGIN), parts, GROUND), 1);
  for (const { feature, x, y: top } of placed) {
    const picture = toPicture(await decodeImage(join(folder, FEATURES_FOLDER, feature.file)));
    paste(sheet, magnified(picture, factor), { x, y: top });
  }
  return sheet;
}

/** What stands below a picture. */
const nameOf = ({ aim, channel }: Feature): string =>
  aim === 'layer' ? 'whole layer' : `${aim === 'neuron' ? 'middle of ' : ''}${channel}`;

function groupsOf({ networks, settings, features }: FeaturesRecord): Group[] {
  return networks.flatMap(({ key, name, layers }) =>
    layers.flatMap((layer): Group[] => {
      const own = features.filter((feature) => feature.network === key && feature.layer === layer);
      const rows = settings.priors.map(({ name: prior }) => ({
        prior,
        features: own.filter((feature) => feature.prior === prior),
      }));
      return own.length > 0 ? [{ heading: `${name}: ${layer}`, rows }] : [];
    }),
  );
}

function titleOf({ settings, features }: FeaturesRecord): string {
  const { size, iterations, seed } = settings;
  const what = features.some(({ aim }) => aim !== 'layer') ? 'What channels answer to' : 'What layers answer to';
  return `${what}: ${size} px, ${iterations} steps, seed ${seed}`;
}
