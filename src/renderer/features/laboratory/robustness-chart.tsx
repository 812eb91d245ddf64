import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RobustnessView, StudiedNetwork } from '../../../shared/studio/studies.ts';
import { Legend } from './legend.tsx';
import styles from './robustness.module.css';
import { formatFigure } from './words.ts';

interface RobustnessChartProps {
  readonly networks: readonly StudiedNetwork[];
  readonly results: RobustnessView['results'];
  readonly label: string;
}

const HEIGHT = 280;
const LEFT = 52;
const TOP = 12;
const BELOW = 28;
const WIDEST_BAR = 36;
/** Of a group of bars, px: two layers do not stand a whole window apart. */
const WIDEST_GROUP = 200;
const COLOURS = 7;

export const colourOf = (place: number): string => `var(--series-${(place % COLOURS) + 1})`;

/** Bars in groups by layer, with their intervals. All that it says is in the table below it too. */
export function RobustnessChart({ networks, results, label }: RobustnessChartProps) {
  const { i18n } = useTranslation();
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = host.current!;
    const resized = new ResizeObserver(() => setWidth(element.clientWidth));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  const groups = groupsOf(networks);
  const axis = axisOf(Math.max(0, ...results.map(({ robustness }) => robustness.high)));
  const plot = HEIGHT - TOP - BELOW;
  const y = (value: number): number => TOP + plot * (1 - value / axis.end);
  const room = Math.min(WIDEST_GROUP, (width - LEFT) / groups.length);
  const right = LEFT + room * groups.length;
  const bar = Math.min(WIDEST_BAR, (room * 0.8) / Math.max(1, ...groups.map(({ bars }) => bars.length)));
  const write = (value: number): string => formatFigure(value, i18n.language);
  return (
    <div className={styles.chart}>
      <Legend
        entries={networks.map(({ name }, i) => ({
          name,
          sample: <span className={styles.colour} style={{ background: colourOf(i) }} />,
        }))}
      />
      <div ref={host} className={styles.plot}>
        <svg width={width} height={HEIGHT} role="img" aria-label={label}>
          {axis.ticks.map((tick) => (
            <g key={tick}>
              <line x1={LEFT} x2={right} y1={y(tick)} y2={y(tick)} className={styles.tick} />
              <text x={LEFT - 8} y={y(tick)} dy="0.32em" textAnchor="end" className={styles.words}>
                {write(tick)}
              </text>
            </g>
          ))}
          {groups.map(({ label: name, bars }, g) => {
            const middle = LEFT + (g + 0.5) * room;
            return (
              <g key={g}>
                {bars.map(({ network, layer, place }, b) => {
                  const found = results.find((result) => result.network === network && result.layer === layer);
                  if (!found) return null;
                  const { value, low, high } = found.robustness;
                  const x = middle + (b - bars.length / 2) * bar;
                  const centre = x + bar / 2;
                  return (
                    <g key={network}>
                      <title>{`${networks[place]!.name}, ${layer}: ${write(value)} (${write(low)} – ${write(high)})`}</title>
                      <rect
                        x={x + 1}
                        width={Math.max(1, bar - 2)}
                        y={y(value)}
                        height={y(0) - y(value)}
                        fill={colourOf(place)}
                      />
                      <path
                        d={`M${centre} ${y(low)}V${y(high)}M${centre - 4} ${y(low)}h8M${centre - 4} ${y(high)}h8`}
                        className={styles.whiskerEdge}
                      />
                      <path
                        d={`M${centre} ${y(low)}V${y(high)}M${centre - 4} ${y(low)}h8M${centre - 4} ${y(high)}h8`}
                        className={styles.whisker}
                      />
                    </g>
                  );
                })}
                <text x={middle} y={HEIGHT - 8} textAnchor="middle" className={styles.words}>
                  {name}
                </text>
              </g>
            );
          })}
          <line x1={LEFT} x2={right} y1={y(0)} y2={y(0)} className={styles.ground} />
        </svg>
      </div>
    </div>
  );
}

interface Group {
  readonly label: string;
  readonly bars: readonly { readonly network: string; readonly layer: string; readonly place: number }[];
}

/** Layers that stand together: those of one place from fine to coarse, by their name where they have one in common. */
function groupsOf(networks: readonly StudiedNetwork[]): Group[] {
  const depth = Math.max(...networks.map(({ layers }) => layers.length));
  return Array.from({ length: depth }, (_, at) => {
    const bars = networks.flatMap(({ key, layers }, place) =>
      layers[at] === undefined ? [] : [{ network: key, layer: layers[at], place }],
    );
    return { bars, label: [...new Set(bars.map(({ layer }) => layer))].join(' / ') };
  });
}

/** Round numbers from 0 to at least `largest`, about five of them. */
function axisOf(largest: number): { readonly end: number; readonly ticks: readonly number[] } {
  const rough = (largest || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
  const count = Math.ceil((largest || 1) / step - 1e-9);
  return { end: count * step, ticks: Array.from({ length: count + 1 }, (_, i) => i * step) };
}
