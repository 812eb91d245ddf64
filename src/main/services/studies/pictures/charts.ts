/** Figures of a study of pictures: how its losses fell, and what other networks see in its pictures. */
import { DISTURBANCES, type CurvePoint } from '../../../../shared/picture-studies.ts';
import type { PictureRecord } from '../record.ts';
import {
  axisOf,
  COLOUR_COUNT,
  colourOf,
  escaped,
  FAINT,
  INK,
  line,
  logAxisOf,
  rounded,
  slanted,
  svgOf,
  text,
  textWidth,
} from '../svg.ts';
import { nameOf, runLabel } from './tables.ts';

const LEFT = 76;
const RIGHT = 28;
const PANEL_WIDTH = 420;
const PANEL_HEIGHT = 300;
const LEGEND_LINE = 20;
/** Room below a panel for its numbers and its name. */
const BELOW = 52;
/** Dashes tell lines of one colour apart. */
const DASHES = ['', '7 4'];
/** More lines than this nobody tells apart; their numbers are in the table. */
const MOST_LINES = COLOUR_COUNT * DASHES.length;

/**
 * Loss over evaluations and over seconds, a line for each run, the losses by powers of ten. Undefined where there is
 * nothing to draw, or more than can be told apart.
 */
export function lossChart(record: PictureRecord): string | undefined {
  const lines = record.runs.flatMap(({ curve }, run) =>
    curve.length > 0 ? [{ curve, label: runLabel(record, run) }] : [],
  );
  if (lines.length === 0 || lines.length > MOST_LINES) return undefined;
  const width = Math.max(2 * (LEFT + PANEL_WIDTH + RIGHT), LEFT + RIGHT + textWidth(record.title, 16));
  const top = 44 + lines.length * LEGEND_LINE + 16;
  const levels = record.runs.some(({ recipe }) => recipe.schedule.levels.length > 1);
  const losses = lines.flatMap(({ curve }) => curve.flatMap(([, , loss]) => (loss === null ? [] : [loss])));
  const scale = logAxisOf(losses);
  const panels = [
    { name: 'evaluations', x: LEFT, at: ([evaluation]: CurvePoint) => evaluation },
    { name: 'seconds', x: 2 * LEFT + PANEL_WIDTH + RIGHT, at: ([, seconds]: CurvePoint) => seconds },
  ];
  const parts = [
    text(LEFT, 26, record.title, { size: 16, weight: 600 }),
    ...lines.flatMap(({ label }, i) => {
      const y = 44 + i * LEGEND_LINE;
      return [stroke(`M${LEFT} ${y + 7}h22`, i), text(LEFT + 30, y + 12, label, { size: 13 })];
    }),
    ...panels.map(({ name, x, at }) => {
      const axis = axisOf(Math.max(...lines.map(({ curve }) => at(curve.at(-1)!))));
      const across = (value: number) => x + (value / axis.end) * PANEL_WIDTH;
      const down = (loss: number) => top + PANEL_HEIGHT * (1 - scale.at(loss));
      return [
        ...scale.ticks.flatMap((tick) => [
          line(x, down(tick), x + PANEL_WIDTH, down(tick), FAINT),
          text(x - 8, down(tick) + 4, scale.write(tick), { size: 12, anchor: 'end' as const }),
        ]),
        ...axis.ticks.map((tick) =>
          text(across(tick), top + PANEL_HEIGHT + 18, axis.write(tick), { size: 12, anchor: 'middle' }),
        ),
        ...lines.map(({ curve, label }, i) =>
          stroke(
            pathOf(curve, (point) => across(at(point)), down),
            i,
            label,
          ),
        ),
        line(x, top + PANEL_HEIGHT, x + PANEL_WIDTH, top + PANEL_HEIGHT, INK),
        text(x + PANEL_WIDTH / 2, top + PANEL_HEIGHT + 40, name, { size: 13, anchor: 'middle' }),
      ].join('\n');
    }),
    ...(levels
      ? [
          text(
            LEFT,
            top + PANEL_HEIGHT + BELOW + 12,
            'Losses jump where a coarser level ends: they are of pictures of its size.',
            {
              size: 12,
            },
          ),
        ]
      : []),
  ];
  return svgOf(width, top + PANEL_HEIGHT + BELOW + 28, parts);
}

function stroke(path: string, i: number, title?: string): string {
  const dash = DASHES[Math.floor(i / COLOUR_COUNT) % DASHES.length]!;
  const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
  const named = title === undefined ? '' : `<title>${escaped(title)}</title>`;
  return `<path d="${path}" fill="none" stroke="${colourOf(i)}" stroke-width="1.8"${dashes}>${named}</path>`;
}

/** Losses of zero or none at all leave a hole: they have no place among powers of ten. */
function pathOf(
  curve: readonly CurvePoint[],
  across: (point: CurvePoint) => number,
  down: (loss: number) => number,
): string {
  let pen = 'M';
  return curve
    .map((point) => {
      const loss = point[2];
      if (loss === null || loss <= 0) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${rounded(across(point))} ${rounded(down(loss))}`;
      pen = 'L';
      return step;
    })
    .join('');
}

/** What was done to a picture before it was measured. */
const DISTURBANCE_WORDS: Readonly<Record<(typeof DISTURBANCES)[number], string>> = {
  unchanged: 'as it is',
  shifted: 'shifted by 1 px',
  jpeg: 'after a JPEG of quality 75',
  noisy: 'with noise of 0.02',
};

/** Room for the dots of one picture, and below a panel for the pictures' names. */
const DOTS = 84;
const NAMES = 132;

/**
 * The style distance of every picture under every network that measured it: a panel for each of those, in it a column for
 * each picture with a dot for each disturbance, by powers of ten. The dashed line is the photo. Undefined where there is
 * nothing to draw.
 */
export function elsewhereChart(record: PictureRecord): string | undefined {
  const cells = record.cells.filter(({ elsewhere = [] }) => elsewhere.length > 0);
  if (cells.length === 0) return undefined;
  const panelWidth = Math.max(PANEL_WIDTH, cells.length * DOTS);
  const subtitle = 'Style distance under networks that need not have painted: lower is closer to the painting';
  const width = LEFT + Math.max(panelWidth, textWidth(record.title, 16), textWidth(subtitle, 12)) + RIGHT;
  const top = 62 + DISTURBANCES.length * LEGEND_LINE + 12;
  const panel = PANEL_HEIGHT + NAMES + 24;
  const parts = [
    text(LEFT, 26, record.title, { size: 16, weight: 600 }),
    text(LEFT, 46, subtitle, { size: 12 }),
    ...DISTURBANCES.flatMap((name, i) => {
      const y = 62 + i * LEGEND_LINE;
      return [
        `<circle cx="${LEFT + 7}" cy="${y + 7}" r="6" fill="${colourOf(i)}"/>`,
        text(LEFT + 22, y + 12, DISTURBANCE_WORDS[name], { size: 13 }),
      ];
    }),
    ...record.judges.map(({ key }, i) => {
      const measured = cells.map((cell) => ({ ...cell, found: cell.elsewhere?.find(({ judge }) => judge === key) }));
      const values = measured.flatMap(({ found }) =>
        found ? [...DISTURBANCES.map((name) => found[name]), ...(found.photo === undefined ? [] : [found.photo])] : [],
      );
      const scale = logAxisOf(values);
      const y = top + i * panel + 16;
      const down = (value: number) => y + PANEL_HEIGHT * (1 - scale.at(value));
      const step = panelWidth / measured.length;
      return [
        text(LEFT, y - 8, `under ${nameOf(record, key)}`, { size: 13, weight: 600 }),
        ...scale.ticks.flatMap((tick) => [
          line(LEFT, down(tick), LEFT + panelWidth, down(tick), FAINT),
          text(LEFT - 8, down(tick) + 4, scale.write(tick), { size: 12, anchor: 'end' as const }),
        ]),
        ...measured.map(({ found, label }, column) => {
          const from = LEFT + column * step;
          const middle = from + step / 2;
          if (!found) return slanted(middle, y + PANEL_HEIGHT + 14, label);
          const photo =
            found.photo === undefined
              ? ''
              : `<path d="M${rounded(from + 4)} ${rounded(down(found.photo))}h${rounded(step - 8)}" stroke="${INK}" stroke-dasharray="4 3"/>`;
          const dots = DISTURBANCES.map((name, d) => {
            const x = middle + (d - (DISTURBANCES.length - 1) / 2) * (step / 7);
            const title = `${label}, ${DISTURBANCE_WORDS[name]}: ${found[name].toPrecision(3)}`;
            return `<circle cx="${rounded(x)}" cy="${rounded(down(found[name]))}" r="5" fill="${colourOf(d)}"><title>${escaped(title)}</title></circle>`;
          });
          return [photo, ...dots, slanted(middle, y + PANEL_HEIGHT + 14, label)].join('');
        }),
        line(LEFT, y + PANEL_HEIGHT, LEFT + panelWidth, y + PANEL_HEIGHT, INK),
      ].join('\n');
    }),
  ];
  return svgOf(width, top + record.judges.length * panel, parts);
}
