import { ArrowLeft, Brush, Maximize, Star, ZoomIn, ZoomOut } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Sheet, SheetCell, SheetOriginal, StudyEntry } from '../../../shared/studio/studies.ts';
import { useProgram } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Facts } from '../../components/facts.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { Slider } from '../../components/slider.tsx';
import { Switch } from '../../components/switch.tsx';
import { formatPixels } from '../../i18n/format.ts';
import { cellFacts } from './figures.tsx';
import { Loupe, type Point } from './loupe.tsx';
import { WHOLE, type Look } from './pan-zoom.ts';
import { Spectra } from './spectra.tsx';
import { Stage, type Shown } from './stage.tsx';
import type { Looked } from './study-page.tsx';
import { useRecipe } from './use-recipe.ts';
import styles from './viewer.module.css';

const MODES = ['slider', 'side'] as const;
export type Mode = (typeof MODES)[number];
/** Where a magnifier's two sliders may stand, and where they begin. */
const LOUPE_ZOOM = { min: 2, max: 20, step: 1, fineStep: 1, unit: '×', resetTo: 6 };
const CONTRAST = { min: 1, max: 8, step: 0.5, fineStep: 0.1, unit: '×', resetTo: 1 };
const MIDDLE: Point = { x: 0.5, y: 0.5 };

interface ViewerProps {
  readonly study: StudyEntry;
  readonly sheet: Sheet;
  readonly looked: Looked;
  readonly onLook: (looked: Looked) => void;
  readonly onBack: () => void;
}

/** One picture as large as there is room, or two of them with the article's slider between them; and magnifiers. */
export function Viewer({ study, sheet, looked, onLook, onBack }: ViewerProps) {
  const { t } = useTranslation();
  const { transport } = useProgram();
  const [mode, setMode] = useState<Mode>('slider');
  const [look, setLook] = useState<Look>(WHOLE);
  const [divider, setDivider] = useState(0.5);
  const [linked, setLinked] = useState(true);
  const [points, setPoints] = useState<readonly [Point, Point]>([MIDDLE, MIDDLE]);
  const [zoom, setZoom] = useState(LOUPE_ZOOM.resetTo);
  const [contrast, setContrast] = useState(CONTRAST.resetTo);
  const [spectra, setSpectra] = useState(false);
  /** Side of a magnifier, px: the mark on the picture is drawn by it. */
  const [side, setSide] = useState(0);
  /** What the stage asks for when buttons zoom. */
  const [step, setStep] = useState({ count: 0, factor: 1 });

  const choices = picturesOf(sheet, (role) => t(`laboratory.originals.${role}`));
  const chosen = looked.map((id) => choices.find((one) => one.id === id)).filter((one) => one !== undefined);
  const [first, second] = chosen;
  if (!first) return null;
  const pictures: Shown[] = chosen.map(({ id, label, picture }) => ({
    ...{ id, label },
    url: transport.assetUrl('study', picture),
  }));
  const cells = chosen.flatMap(({ cell }) => cell ?? []);
  const point = (which: number, at: Point): void =>
    setPoints(([a, b]) => (linked ? [at, at] : which === 0 ? [at, b] : [a, at]));
  const zoomBy = (factor: number): void => setStep(({ count }) => ({ count: count + 1, factor }));
  const options = choices.map(({ id, label }) => ({ value: id, label }));
  return (
    <div className={styles.viewer}>
      <header className={styles.bar}>
        <Button variant="quiet" icon={ArrowLeft} onClick={onBack}>
          {t('laboratory.viewer.back')}
        </Button>
        <h2 className={styles.title}>{study.title}</h2>
        <div className={styles.tools}>
          {second && (
            <Segmented
              label={t('laboratory.viewer.mode')}
              value={mode}
              segments={MODES.map((value) => ({ value, label: t(`laboratory.viewer.modes.${value}`) }))}
              onChange={setMode}
            />
          )}
          <IconButton icon={ZoomOut} label={t('actions.zoomOut')} onClick={() => zoomBy(1 / 1.5)} />
          <IconButton icon={ZoomIn} label={t('actions.zoomIn')} onClick={() => zoomBy(1.5)} />
          <IconButton icon={Maximize} label={t('actions.zoomFit')} onClick={() => setLook(WHOLE)} />
        </div>
      </header>
      <div className={styles.middle}>
        <Stage
          pictures={pictures}
          mode={second ? mode : 'side'}
          look={look}
          onLook={setLook}
          divider={divider}
          onDivider={setDivider}
          step={step}
          loupes={{ points, zoom, side }}
          onPoint={point}
        />
        <aside className={styles.panel} aria-label={t('laboratory.viewer.panel')}>
          <Select
            className={styles.pick!}
            label={t(second ? 'laboratory.viewer.left' : 'laboratory.viewer.picture')}
            value={first.id}
            options={options}
            onChange={(id) => onLook(second ? [id, second.id] : [id])}
          />
          {choices.length > 1 && (
            <Select
              className={styles.pick!}
              label={t(second ? 'laboratory.viewer.right' : 'laboratory.viewer.with')}
              value={second?.id ?? ''}
              options={[{ value: '', label: t('laboratory.viewer.none') }, ...options]}
              onChange={(id) => onLook(id === '' ? [first.id] : [first.id, id])}
            />
          )}
          <div className={styles.loupes}>
            {pictures.map((picture, i) => (
              <Loupe
                key={i}
                name={t('laboratory.viewer.loupe', { name: picture.label })}
                url={picture.url}
                point={points[i === 0 ? 0 : 1]}
                zoom={zoom}
                contrast={contrast}
                onPoint={(at) => point(i, at)}
                onSide={setSide}
              />
            ))}
          </div>
          <p className={styles.hint}>{t('laboratory.viewer.loupeHint')}</p>
          <Slider label={t('laboratory.viewer.loupeZoom')} value={zoom} onChange={setZoom} {...LOUPE_ZOOM} />
          <Slider label={t('laboratory.viewer.contrast')} value={contrast} onChange={setContrast} {...CONTRAST} />
          {second && (
            <Switch
              label={t('laboratory.viewer.linked')}
              checked={linked}
              onChange={(next) => {
                setLinked(next);
                if (next) setPoints(([a]) => [a, a]);
              }}
            />
          )}
          {cells.length > 0 && (
            <Switch label={t('laboratory.viewer.spectrum')} checked={spectra} onChange={setSpectra} />
          )}
          {spectra && cells.length > 0 && <Spectra cells={cells} />}
          {chosen.map(({ id, label, cell, original }) =>
            cell ? (
              <About key={id} study={study} sheet={sheet} cell={cell} />
            ) : (
              <section key={id} className={styles.about} aria-label={label}>
                <h3>{label}</h3>
                <Facts facts={[[t('laboratory.figures.size'), original && formatPixels(original)]]} />
              </section>
            ),
          )}
        </aside>
      </div>
    </div>
  );
}

/** A picture that can be looked at: of the sheet, or what it was painted from. */
interface Choice {
  readonly id: string;
  readonly label: string;
  readonly picture: string;
  readonly cell?: SheetCell;
  readonly original?: SheetOriginal;
}

/** Cells have names of digits, so that these are no cell's. */
export const originalId = (place: number): string => `original ${place}`;

const picturesOf = ({ cells, originals }: Sheet, words: (role: SheetOriginal['role']) => string): Choice[] => [
  ...cells.flatMap((cell) =>
    cell.picture === null ? [] : [{ id: cell.id, label: cell.label, picture: cell.picture, cell }],
  ),
  ...originals.flatMap((original, place) => {
    const { picture, role, name } = original;
    return picture === null ? [] : [{ id: originalId(place), label: `${words(role)}: ${name}`, picture, original }];
  }),
];

interface AboutProps {
  readonly study: StudyEntry;
  readonly sheet: Sheet;
  readonly cell: SheetCell;
}

/** What one picture is, and what can be made of it. */
function About({ study, sheet, cell }: AboutProps) {
  const { t, i18n } = useTranslation();
  const { ask } = useProgram();
  const takeOver = useRecipe();
  const { id, label, recipe } = cell;
  const picked = sheet.chosen === id;
  return (
    <section className={styles.about} aria-label={label}>
      <h3>{label}</h3>
      <Facts facts={cellFacts(cell, t, i18n.language)} />
      {recipe && (
        <>
          <Button icon={Brush} onClick={() => void takeOver(study.id, id)}>
            {t('laboratory.viewer.use')}
          </Button>
          <Button
            variant="quiet"
            icon={Star}
            aria-pressed={picked}
            disabled={study.state === 'running'}
            onClick={() => void ask('pickCell', { study: study.id, cell: picked ? null : id })}
          >
            {t('laboratory.viewer.pick')}
          </Button>
        </>
      )}
    </section>
  );
}
