import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { lookOf } from './look.ts';
import styles from './losses.module.css';
import { lossWords, type Curve } from './series.ts';

interface LossChartProps {
  /** Ascending. */
  readonly iterations: readonly number[];
  readonly curves: readonly Curve[];
  /** The ids of those that are drawn. */
  readonly shown: ReadonlySet<string>;
  /** Iterations with which levels began. */
  readonly levels: readonly number[];
  /** The place that the pointer is at, undefined when it is elsewhere. */
  readonly onPoint: (index: number | undefined) => void;
  readonly label: string;
}

/** The curves on a logarithmic scale. Everything that it says is in the table beside it too. */
export function LossChart({ iterations, curves, shown, levels, onPoint, label }: LossChartProps) {
  const { i18n } = useTranslation();
  const theme = useTheme();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const marks = useRef(levels);
  const point = useRef(onPoint);
  const drawn = curves.filter(({ id }) => shown.has(id));
  const ids = curves.map(({ id }) => id).join(' ');
  const drawnIds = drawn.map(({ id }) => id).join(' ');
  const data = [iterations, ...drawn.map(({ values }) => values)] as unknown as UPlot.AlignedData;
  const newest = useRef(data);

  useEffect(() => {
    marks.current = levels;
    point.current = onPoint;
    newest.current = data;
    plot.current?.setData(data);
  });

  // Another set of curves, theme or language is another chart; new points are not.
  useEffect(() => {
    const element = host.current!;
    const layers = ids.split(' ').filter((id) => id.startsWith('layer:'));
    const chart = new UPlot(
      {
        ...optionsOf(
          drawnIds.split(' ').map((id) => ({ id, place: layers.indexOf(id) })),
          i18n.language,
        ),
        width: element.clientWidth,
        height: element.clientHeight,
        hooks: {
          draw: [(u) => drawMarks(u, marks.current)],
          setCursor: [(u) => point.current(u.cursor.idx ?? undefined)],
        },
      },
      newest.current,
      element,
    );
    plot.current = chart;
    const resized = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [ids, drawnIds, theme, i18n.language]);

  return <div ref={host} className={styles.chart} role="img" aria-label={label} />;
}

/** A variable of the theme, as it is now. */
export const variable = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(
  drawn: readonly { readonly id: string; readonly place: number }[],
  language: string,
): Omit<UPlot.Options, 'width' | 'height'> {
  const pixels = devicePixelRatio;
  const font = `${0.6875 * 16}px ${variable('--font')}`;
  const axis = {
    stroke: variable('--muted'),
    font,
    grid: { stroke: variable('--line'), width: 1 / pixels },
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: { distr: 3 } },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        incrs: WHOLE_STEPS,
        values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(language)),
      },
      {
        ...axis,
        size: 56,
        gap: 6,
        values: (_, ticks) => ticks.map((tick) => (isDecade(tick) ? lossWords(tick, language) : '')),
      },
    ],
    series: [
      {},
      ...drawn.map(({ id, place }) => {
        const { colour, width, dash } = lookOf(id, place);
        return { stroke: variable(colour), width, dash: [...dash], points: { show: false }, spanGaps: true };
      }),
    ],
  };
}

/** There are no halves of iterations. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Whether a tick of a logarithmic axis is a power of ten. */
export const isDecade = (value: number | null): value is number =>
  value !== null && Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6;

/** Where levels begin: a fine upright line. */
function drawMarks({ ctx, bbox, valToPos }: UPlot, levels: readonly number[]): void {
  ctx.save();
  ctx.strokeStyle = variable('--edge');
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 4]);
  for (const level of levels) {
    const x = Math.round(valToPos(level, 'x', true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Changes with the page's theme. */
export function useTheme(): string | undefined {
  const root = document.documentElement;
  const [theme, setTheme] = useState(root.dataset['theme']);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(root.dataset['theme']));
    observer.observe(root, { attributes: true, attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, [root]);
  return theme;
}
