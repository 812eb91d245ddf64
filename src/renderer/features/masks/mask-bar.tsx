import { SquareDashed, SquareMinus } from 'lucide-react';
import { useEffect, useMemo, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useAction } from '../../actions/use-action.ts';
import { useDocument, useProgram, useView } from '../../app/program.ts';
import { ActionButton, ActionIconButton } from '../../components/action-button.tsx';
import { IconButton } from '../../components/button.tsx';
import { GestureContext } from '../../components/gesture.ts';
import { Segmented } from '../../components/segmented.tsx';
import { Slider } from '../../components/slider.tsx';
import { formatPercent } from '../../i18n/format.ts';
import { LARGEST_STEP, sizeOfStep, stepOfSize, type Brush, type MaskTool } from './brush.ts';
import { deskOf } from './desk.ts';
import styles from './mask-bar.module.css';
import { RegionBadge } from './region-badge.tsx';
import { keyOf, regionsOf, restOf, withoutSuffix, type Region } from './target.ts';

/** The brush is no part of the document: a drag at its sliders is nothing to undo. */
const NO_STEPS = { begin: () => undefined, end: () => undefined };

/**
 * Above the canvas while a mask is painted: whose mask, with the others and what they cover, and what it is painted with.
 * @param canvas gets the focus of what goes with the bar
 */
export function MaskBar({ canvas }: { readonly canvas: RefObject<HTMLElement | null> }) {
  const { t } = useTranslation();
  useEscapeToLeave();
  useFocusLeft(canvas);
  return (
    <GestureContext value={NO_STEPS}>
      <section className={styles.bar} aria-label={t('masks.title')}>
        <div className={styles.row}>
          <Regions />
          <ActionButton action="maskDone" />
        </div>
        <div className={styles.row}>
          <Tools />
          <Sliders />
          <Commands />
        </div>
        <Facts />
      </section>
    </GestureContext>
  );
}

/** Escape takes back the stroke that is going on, or else leaves; whatever is open above the canvas hears it first. */
function useEscapeToLeave(): void {
  const program = useProgram();
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || program.view.getState().dialog !== null) return;
      const desk = deskOf(program);
      if (!desk.cancel()) desk.close();
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [program]);
}

/** Regions beyond which there is no room for all their names. */
const MANY = 5;

function useFocusLeft(canvas: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const heir = canvas.current;
    return () => {
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) heir?.focus({ preventScroll: true });
      });
    };
  }, [canvas]);
}

/** All that masks can be painted for: what stands for it on the canvas, how much it covers, and which one is open. */
function Regions() {
  const program = useProgram();
  const { t } = useTranslation();
  const document = useDocument((value) => value);
  const active = useView((view) => view.masking && keyOf(view.masking));
  const coverage = useStore(deskOf(program).state, (state) => state.coverage);
  const regions = useMemo(() => regionsOf(document), [document]);
  const rest = restOf(document);
  const words = ({ key, number, mask }: Region): string => {
    const covered = coverage[key];
    if (mask) return covered === undefined ? '' : formatPercent(covered);
    return rest === 'paintings' && number !== 'photo' ? t('masks.takesRest') : '';
  };
  return (
    <ul className={styles.regions} data-many={regions.length > MANY || undefined} aria-label={t('masks.regions')}>
      {regions.map((region) => (
        <li key={region.key}>
          <button
            type="button"
            className={styles.region}
            title={region.name}
            aria-pressed={region.key === active}
            onClick={() => deskOf(program).open(region.target)}
          >
            <RegionBadge number={region.number} hollow={!region.mask} />
            <span className={styles.name}>
              {region.number === 'photo' ? t('masks.photoRegion') : withoutSuffix(region.name)}
            </span>
            <span className={styles.covered}>{words(region)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Tools() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const { tool, lassoRemoves } = useView((state) => state.brush);
  const brush = useAction('maskBrush');
  const eraser = useAction('maskEraser');
  const lasso = useAction('maskLasso');
  const change = (next: Partial<Brush>): void => view.setState((state) => ({ brush: { ...state.brush, ...next } }));
  return (
    <div className={styles.tools}>
      <Segmented<MaskTool>
        label={t('masks.tools')}
        value={tool}
        segments={[
          { value: 'brush', label: brush.label, icon: brush.icon, shortcut: brush.shortcut },
          { value: 'eraser', label: eraser.label, icon: eraser.icon, shortcut: eraser.shortcut },
          { value: 'lasso', label: lasso.label, icon: lasso.icon, shortcut: lasso.shortcut },
        ]}
        onChange={(next) => change({ tool: next })}
      />
      {tool === 'lasso' && (
        <IconButton
          icon={lassoRemoves ? SquareMinus : SquareDashed}
          label={t('masks.lassoRemoves')}
          shortcut="X"
          pressed={lassoRemoves}
          onClick={() => change({ lassoRemoves: !lassoRemoves })}
        />
      )}
    </div>
  );
}

function Sliders() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const { size, softness, opacity } = useView((state) => state.brush);
  const change = (next: Partial<Brush>): void => view.setState((state) => ({ brush: { ...state.brush, ...next } }));
  const sizeText = formatPercent(size, size < 0.1 ? 1 : 0);
  const sliders = [
    {
      label: t('masks.size'),
      text: sizeText,
      value: stepOfSize(size),
      max: LARGEST_STEP,
      valueText: () => t('masks.sizeValue', { share: sizeText }),
      onChange: (step: number) => change({ size: sizeOfStep(step) }),
    },
    {
      label: t('masks.softness'),
      text: formatPercent(softness),
      value: Math.round(100 * softness),
      max: 100,
      valueText: () => formatPercent(softness),
      onChange: (percent: number) => change({ softness: percent / 100 }),
    },
    {
      label: t('masks.opacity'),
      text: formatPercent(opacity),
      value: Math.round(100 * opacity),
      max: 100,
      valueText: () => formatPercent(opacity),
      onChange: (percent: number) => change({ opacity: percent / 100 }),
    },
  ];
  return (
    <div className={styles.sliders}>
      {sliders.map(({ label, text, value, max, valueText, onChange }) => (
        <div key={label} className={styles.slider}>
          <span aria-hidden="true">{label}</span>
          <span className={styles.value} aria-hidden="true">
            {text}
          </span>
          <Slider
            bare
            className={styles.rail!}
            label={label}
            value={value}
            min={0}
            max={max}
            step={max === 100 ? 5 : 2}
            fineStep={1}
            valueText={valueText}
            onChange={onChange}
          />
        </div>
      ))}
    </div>
  );
}

const Commands = () => (
  <div className={styles.commands}>
    <ActionIconButton action="maskInvert" />
    <ActionIconButton action="maskFill" />
    <ActionIconButton action="maskClear" />
    <ActionIconButton action="maskLoad" />
    <span className={styles.line} />
    <ActionIconButton action="undo" />
    <ActionIconButton action="redo" />
  </div>
);

/** What becomes of the rest of the picture, and in words what the eye sees of the mask. */
function Facts() {
  const program = useProgram();
  const { t } = useTranslation();
  const rest = useDocument(restOf);
  const active = useView((view) => view.masking && keyOf(view.masking));
  const { coverage, loading } = useStore(deskOf(program).state);
  const covered = active === null ? undefined : coverage[active];
  return (
    <p className={styles.facts}>
      <span>{t('masks.help')}</span>
      {rest && <span>{t(`masks.rest.${rest}`)}</span>}
      <span role="status">{loading && t('masks.loading')}</span>
      <span className="visually-hidden" role="status">
        {covered !== undefined && t('masks.coversOpen', { share: formatPercent(covered) })}
      </span>
    </p>
  );
}
