/** The figure of the reply to Nakano 2019 with this program's numbers: R(f) by layer, a colour for each network. */
import type { RobustnessSummary } from '../../engine/measures/robustness.ts';
import type { Statistic } from '../../../shared/robustness.ts';
import type { RobustnessRecord } from './record.ts';
import { axisOf, colourOf, escaped, FAINT, INK, line, rounded as r, slanted, svgOf, text, textWidth } from './svg.ts';
import { summaries } from './tables.ts';

const PANEL_HEIGHT = 280;
const LEFT = 64;
const RIGHT = 24;
const BAR = 26;
/** Between groups of bars, at least. */
const GROUP_GAP = 36;
const LEGEND_LINE = 20;
/** Room below an axis for the names of layers. */
const BELOW = 74;
const TITLE = 40;
const TITLES: Readonly<Record<Statistic, string>> = {
  features: 'R(f) of the features',
  gram: 'R(f) of the Gram matrix',
};

/**
 * An SVG document of what a record has measured completely: a panel for each statistic, in it a group of bars for each
 * layer, from fine to coarse, and in it a bar for each network, with its 95 % interval. Layers of different networks
 * stand together by their place where they have no name in common.
 */
export function robustnessFigure(record: RobustnessRecord): string {
  const all = summaries(record);
  const { statistics, epsilon, size, steps } = record.settings;
  const groups = groupsOf(record);
  const legend = record.networks.map(({ name }) => name);
  const needed = groups.reduce((sum, { bars }) => sum + bars.length * BAR + GROUP_GAP, 0);
  const subtitle = `L2 ball of radius ${epsilon} at ${size} px, ${steps} steps, ${record.photos.length} photos; whiskers are 95 % intervals`;
  const plot = Math.max(needed, textWidth(subtitle, 12), ...legend.map((l) => 24 + textWidth(l, 13)));
  const width = LEFT + plot + RIGHT;
  const top = TITLE + 12 + legend.length * LEGEND_LINE + 16;
  const panel = PANEL_HEIGHT + BELOW + 28;
  const height = top + statistics.length * panel;
  const parts = [
    text(LEFT, 24, 'Layer robustness: lower is more robust', { size: 16, weight: 600 }),
    text(LEFT, 42, subtitle, { size: 12 }),
    ...legend.flatMap((name, i) => {
      const y = TITLE + 18 + i * LEGEND_LINE;
      return [
        `<rect x="${LEFT}" y="${y}" width="14" height="14" fill="${colourOf(i)}"/>`,
        text(LEFT + 22, y + 12, name, { size: 13 }),
      ];
    }),
    ...statistics.map((statistic, i) =>
      panelOf(
        groups,
        all.filter((s) => s.statistic === statistic),
        { title: TITLES[statistic], y: top + i * panel, width: plot },
      ),
    ),
  ];
  return svgOf(width, height, parts);
}

interface Group {
  readonly label: string;
  readonly bars: readonly { readonly network: string; readonly layer: string; readonly colour: string }[];
  /** Whether bars need their own layer's name. */
  readonly named: boolean;
}

/** Layers that stand together: those of one name where all networks have the same names, otherwise those of one place. */
function groupsOf({ networks }: RobustnessRecord): Group[] {
  const depth = Math.max(...networks.map(({ layers }) => layers.length));
  return Array.from({ length: depth }, (_, place) => {
    const bars = networks.flatMap(({ key, layers }, i) =>
      layers[place] === undefined ? [] : [{ network: key, layer: layers[place], colour: colourOf(i) }],
    );
    const names = new Set(bars.map(({ layer }) => layer));
    const named = names.size > 1;
    return { bars, named, label: named ? `layer ${place + 1}` : [...names][0]! };
  });
}

interface Place {
  readonly title: string;
  readonly y: number;
  readonly width: number;
}

function panelOf(groups: readonly Group[], found: readonly RobustnessSummary[], { title, y, width }: Place): string {
  const axis = axisOf(Math.max(0, ...found.map((s) => s.robustness.high)));
  const base = y + 20 + PANEL_HEIGHT;
  const at = (value: number) => base - (value / axis.end) * PANEL_HEIGHT;
  const parts = [text(LEFT, y + 8, title, { size: 13, weight: 600 })];
  for (const tick of axis.ticks) {
    parts.push(line(LEFT, at(tick), LEFT + width, at(tick), FAINT));
    parts.push(text(LEFT - 8, at(tick) + 4, axis.write(tick), { size: 12, anchor: 'end' }));
  }
  const gap = (width - groups.reduce((sum, { bars }) => sum + bars.length * BAR, 0)) / groups.length;
  let x = LEFT + gap / 2;
  for (const { label, bars, named } of groups) {
    const middle = x + (bars.length * BAR) / 2;
    parts.push(text(middle, base + BELOW - (named ? 6 : 54), label, { size: 13, anchor: 'middle' }));
    for (const { network, layer, colour } of bars) {
      const centre = x + BAR / 2;
      const summary = found.find((s) => s.network === network && s.layer === layer);
      if (summary) parts.push(barOf(summary, centre, at, base, colour));
      if (named) parts.push(slanted(centre, base + 12, layer));
      x += BAR;
    }
    x += gap;
  }
  parts.push(line(LEFT, base, LEFT + width, base, INK));
  return parts.join('\n');
}

function barOf(
  { network, layer, robustness: { value, low, high } }: RobustnessSummary,
  centre: number,
  at: (value: number) => number,
  base: number,
  colour: string,
): string {
  const top = at(value);
  const title = `${network} ${layer}: ${value.toPrecision(3)} (${low.toPrecision(3)} to ${high.toPrecision(3)})`;
  return [
    `<g><title>${escaped(title)}</title>`,
    `<rect x="${r(centre - BAR / 2 + 2)}" y="${r(top)}" width="${BAR - 4}" height="${r(base - top)}" fill="${colour}"/>`,
    // On bars of any colour, black among them.
    ...[
      ['#FFFFFF', 4],
      [INK, 1.5],
    ].map(
      ([stroke, width]) =>
        `<path d="M${r(centre)} ${r(at(low))}V${r(at(high))}M${r(centre - 4)} ${r(at(low))}h8M${r(centre - 4)} ${r(at(high))}h8" stroke="${stroke}" stroke-width="${width}" fill="none"/>`,
    ),
    '</g>',
  ].join('');
}
