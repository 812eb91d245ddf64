import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { LOSSES } from '../../actions/run.ts';
import { IconButton } from '../../components/button.tsx';
import { useNetwork } from '../../stores/selectors.ts';
import { activeJob } from '../../stores/session.ts';
import { useLayerWords } from '../equaliser/labels.ts';
import type { LossHistory } from './history.ts';
import { lookOf } from './look.ts';
import { LossChart } from './loss-chart.tsx';
import { LossTable } from './loss-table.tsx';
import styles from './losses.module.css';
import { curvesOf, lossWords, SUMS, type Curve, type SumName } from './series.ts';
import { lossesOf } from './store.ts';

/** Shortest time between two drawings, ms. */
const PACE = 250;

/** The losses of the run that goes on or was looked at last, above the run bar. */
export function LossStrip() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const history = useHistory();
  const close = (): void => view.setState(({ sections }) => ({ sections: { ...sections, [LOSSES]: false } }));
  return (
    <section className={styles.strip} aria-label={t('losses.title')}>
      {history && history.totals.length > 1 ? (
        <Curves history={history} />
      ) : (
        <p className={styles.empty}>{t('losses.empty')}</p>
      )}
      <div className={styles.close}>
        <IconButton icon={X} label={t('losses.close')} onClick={close} />
      </div>
    </section>
  );
}

function Curves({ history }: { readonly history: LossHistory }) {
  const { t, i18n } = useTranslation();
  const nameOf = useCurveNames();
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set(SUMS));
  const [at, setAt] = useState<number>();
  const curves = curvesOf(history);
  const { totals, losses, levels } = history;
  const index = Math.min(at ?? totals.length - 1, totals.length - 1);
  const toggle = (id: string): void => {
    const next = new Set(shown);
    if (!next.delete(id)) next.add(id);
    setShown(next);
  };
  const words = (value: number | null | undefined): string => lossWords(value, i18n.language);
  const description = t('losses.description', {
    first: words(losses[0]),
    from: totals[0],
    last: words(losses.at(-1)),
    to: totals.at(-1),
  });
  const layers = curves.filter(({ layer }) => layer !== undefined);
  const visible = curves.filter(({ id }) => shown.has(id));
  return (
    <>
      <div className={styles.plot}>
        <LossChart
          iterations={totals}
          curves={curves}
          shown={shown}
          levels={levels}
          onPoint={setAt}
          label={`${t('losses.chart')}. ${description}`}
        />
        <details className={styles.details}>
          <summary>{t('losses.table')}</summary>
          <LossTable iterations={totals} curves={visible} nameOf={nameOf} />
        </details>
      </div>
      <div className={styles.legend}>
        <p className={styles.at} title={t('losses.hint')}>
          {t('losses.at', { iteration: totals[index]!.toLocaleString(i18n.language) })}
        </p>
        {curves.map((curve) => (
          <button
            key={curve.id}
            type="button"
            className={styles.entry}
            aria-pressed={shown.has(curve.id)}
            onClick={() => toggle(curve.id)}
          >
            <Sample id={curve.id} place={layers.indexOf(curve)} />
            <span className={styles.entryName}>
              {nameOf(curve)}
              {curve.layer !== undefined && <span className={styles.layerName}>{curve.layer}</span>}
            </span>
            <span className={styles.value}>{words(curve.values[index])}</span>
          </button>
        ))}
      </div>
    </>
  );
}

/** The line that a curve is drawn with. */
function Sample({ id, place }: { readonly id: string; readonly place: number }) {
  const { colour, width, dash } = lookOf(id, place);
  return (
    <svg className={styles.sample} width="20" height="8" aria-hidden="true" focusable="false">
      <line
        x1="0"
        x2="20"
        y1="4"
        y2="4"
        stroke={`var(${colour})`}
        strokeWidth={width}
        strokeDasharray={dash.join(' ')}
      />
    </svg>
  );
}

const isSum = (id: string): id is SumName => (SUMS as readonly string[]).includes(id);

function useCurveNames(): (curve: Curve) => string {
  const { t } = useTranslation();
  const words = useLayerWords();
  const network = useNetwork();
  return ({ id, layer }) => {
    if (isSum(id)) return t(`losses.${id}`);
    const label = network?.layers.find(({ name }) => name === layer)?.label;
    return label === undefined ? (layer ?? id) : words(label);
  };
}

/** The history to be shown; the component renders again a few times a second while it grows. */
function useHistory(): LossHistory | undefined {
  const store = lossesOf(useProgram());
  const active = useSession((session) => activeJob(session)?.id);
  const shown = useView((view) => (view.shown?.kind === 'job' ? view.shown.id : undefined));
  const runs = useStore(store, (losses) => losses.runs);
  const [, draw] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = store.subscribe(({ version }) => {
      timer ??= setTimeout(() => {
        timer = undefined;
        draw(version);
      }, PACE);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [store]);
  return runs.get(active ?? '') ?? runs.get(shown ?? '') ?? [...runs.values()].at(-1);
}
