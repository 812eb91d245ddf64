import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Sheet } from '../../../shared/studio/studies.ts';
import { Segmented } from '../../components/segmented.tsx';
import { isDecade, useTheme, variable } from '../losses/loss-chart.tsx';
import { lossWords, spread } from '../losses/series.ts';
import { Table } from './figures.tsx';
import styles from './curves.module.css';
import { Legend } from './legend.tsx';
import { colourOf } from './robustness-chart.tsx';

const OVER = ['evaluations', 'seconds'] as const;
type Over = (typeof OVER)[number];
/** Told apart without colours too. */
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
/** Rows of the table: enough to follow a curve, few enough to be read out. */
const ROWS = 12;

interface CurvesProps {
  readonly curves: Sheet['curves'];
}

/** How the losses fell: over evaluations, which is fair to methods, and over seconds, which is fair to people. */
export function Curves({ curves }: CurvesProps) {
  const { t, i18n } = useTranslation();
  const [over, setOver] = useState<Over>('evaluations');
  return (
    <div className={styles.curves}>
      <div className={styles.head}>
        <Segmented
          label={t('laboratory.curves.over')}
          value={over}
          segments={OVER.map((value) => ({ value, label: t(`laboratory.curves.${value}`) }))}
          onChange={setOver}
        />
        <Legend entries={curves.map(({ label }, i) => ({ name: label, sample: <LineSample place={i} /> }))} />
      </div>
      <Chart curves={curves} over={over} label={t('laboratory.curves.chart')} />
      <p className={styles.hint}>{t('laboratory.curves.hint')}</p>
      {curves.map(({ label, points }) => (
        <details key={label} className={styles.details}>
          <summary>{t('laboratory.curves.table', { name: label })}</summary>
          <Table caption={label}>
            <thead>
              <tr>
                <th scope="col">{t('laboratory.curves.evaluations')}</th>
                <th scope="col">{t('laboratory.curves.seconds')}</th>
                <th scope="col">{t('laboratory.figures.loss')}</th>
              </tr>
            </thead>
            <tbody>
              {spread(points.length, ROWS).map((at) => {
                const [evaluation, seconds, loss] = points[at]!;
                return (
                  <tr key={at}>
                    <th scope="row">{evaluation}</th>
                    <td>{seconds.toLocaleString(i18n.language, { maximumFractionDigits: 1 })}</td>
                    <td>{lossWords(loss, i18n.language)}</td>
                  </tr>
                );
              })}
            </tbody>
          </Table>
        </details>
      ))}
    </div>
  );
}

/** How the curve of that place is drawn. */
function LineSample({ place }: { readonly place: number }) {
  return (
    <svg width="28" height="8" aria-hidden="true" focusable="false">
      <line
        x1="0"
        x2="28"
        y1="4"
        y2="4"
        stroke={colourOf(place)}
        strokeWidth="2"
        strokeDasharray={DASHES[place % DASHES.length]!.join(' ')}
      />
    </svg>
  );
}

interface ChartProps extends CurvesProps {
  readonly over: Over;
  readonly label: string;
}

/** On a logarithmic scale; each curve has its own places on the horizontal one. */
function Chart({ curves, over, label }: ChartProps) {
  const { i18n } = useTranslation();
  const theme = useTheme();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current!;
    const axis = {
      stroke: variable('--muted'),
      font: `${0.6875 * 16}px ${variable('--font')}`,
      grid: { stroke: variable('--line'), width: 1 / devicePixelRatio },
      ticks: { show: false },
    };
    const tables = curves.map(({ points }): UPlot.AlignedData => {
      const drawn = points.filter(([, , loss]) => loss === null || loss > 0);
      return [drawn.map((point) => point[over === 'seconds' ? 1 : 0]), drawn.map(([, , loss]) => loss)];
    });
    const chart = new UPlot(
      {
        width: element.clientWidth,
        height: element.clientHeight,
        legend: { show: false },
        padding: [8, 12, 0, 0],
        cursor: { drag: { x: false, y: false }, points: { size: 6 } },
        scales: { x: { time: false }, y: { distr: 3 } },
        axes: [
          { ...axis, size: 24, gap: 4, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(i18n.language)) },
          {
            ...axis,
            size: 56,
            gap: 6,
            values: (_, ticks) => ticks.map((tick) => (isDecade(tick) ? lossWords(tick, i18n.language) : '')),
          },
        ],
        series: [
          {},
          ...curves.map((_, i) => ({
            stroke: variable(`--series-${(i % 7) + 1}`),
            width: 2,
            dash: [...DASHES[i % DASHES.length]!],
            points: { show: false },
            spanGaps: true,
          })),
        ],
      },
      UPlot.join(tables),
      element,
    );
    const resized = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [curves, over, theme, i18n.language]);
  return <div ref={host} className={styles.chart} role="img" aria-label={label} />;
}
