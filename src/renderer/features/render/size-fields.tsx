import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PAPER_NAMES, paperOf } from '../../../shared/extent.ts';
import { MOST_SIDE, renderSides, type RenderSize } from '../../../shared/studio/render.ts';
import { NumberField } from '../../components/number-field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { PER_UNIT, unitOf, type LengthUnit } from './lengths.ts';
import styles from './render-dialog.module.css';

interface SizeFieldsProps {
  readonly size: RenderSize;
  /** The picture that there is, px. */
  readonly from: { readonly width: number; readonly height: number };
  /** Of papers that are chosen for the first time. */
  readonly dpi: number;
  readonly onChange: (size: RenderSize) => void;
  /** What lengths on paper are given in. */
  readonly lengths: LengthUnit;
  readonly onLengths: (unit: LengthUnit) => void;
}

const FACTORS = [2, 3, 4, 6, 8];
/** Longest side of a paper, in its unit, and how finely sides are given. */
const MOST = { cm: 1000, inch: 390 } as const;
const PRECISION = { cm: 0.1, inch: 0.01 } as const;
const OWN = 'own';

/** A size in pixels, in megapixels or on paper. Whatever it is given in, another way begins with the same picture. */
export function SizeFields({ size, from, dpi, onChange, lengths, onLengths }: SizeFieldsProps) {
  const { t } = useTranslation();
  const choose = (unit: RenderSize['unit']): void => {
    const { long, short } = renderSides(size, from);
    if (unit === 'px') onChange({ unit, longSide: long });
    else if (unit === 'megapixels')
      onChange({ unit, megapixels: Math.max(0.1, Math.round((long * short) / 1e5) / 10) });
    else onChange({ unit, ...paperOf('A3')!, dpi });
  };
  return (
    <>
      <Segmented
        className={styles.wide!}
        label={t('render.unit')}
        value={size.unit}
        segments={(['px', 'megapixels', 'paper'] as const).map((value) => ({
          value,
          label: t(`render.units.${value}`),
        }))}
        onChange={choose}
      />
      {size.unit === 'px' && <Pixels size={size} from={from} onChange={onChange} />}
      {size.unit === 'megapixels' && (
        <Row label={t('render.megapixels')}>
          {(id) => (
            <NumberField
              id={id}
              className={styles.number!}
              value={size.megapixels}
              min={0.1}
              max={10_000}
              step={1}
              precision={0.1}
              unit="MP"
              onChange={(megapixels) => onChange({ ...size, megapixels })}
            />
          )}
        </Row>
      )}
      {size.unit === 'paper' && <Paper size={size} onChange={onChange} lengths={lengths} onLengths={onLengths} />}
    </>
  );
}

interface PixelsProps extends Pick<SizeFieldsProps, 'from' | 'onChange'> {
  readonly size: Extract<RenderSize, { unit: 'px' }>;
}

function Pixels({ size, from, onChange }: PixelsProps) {
  const { t } = useTranslation();
  const present = Math.max(from.width, from.height);
  return (
    <>
      <Row label={t('render.longSide')}>
        {(id) => (
          <NumberField
            id={id}
            className={styles.number!}
            value={size.longSide}
            min={16}
            max={MOST_SIDE}
            step={64}
            precision={1}
            unit="px"
            onChange={(longSide) => onChange({ ...size, longSide })}
          />
        )}
      </Row>
      <Segmented
        className={styles.wide!}
        label={t('render.timesLabel')}
        value={String(size.longSide / present)}
        segments={FACTORS.map((factor) => ({ value: String(factor), label: t('render.times', { factor }) }))}
        onChange={(factor) => onChange({ ...size, longSide: Math.min(MOST_SIDE, Number(factor) * present) })}
      />
    </>
  );
}

interface PaperProps extends Pick<SizeFieldsProps, 'onChange' | 'lengths' | 'onLengths'> {
  readonly size: Extract<RenderSize, { unit: 'paper' }>;
}

/** A paper by its name or its sides, and how finely it is printed. */
function Paper({ size, onChange, lengths, onLengths }: PaperProps) {
  const { t } = useTranslation();
  const named = PAPER_NAMES.find((name) => {
    const { width, height } = paperOf(name)!;
    return width === size.width && height === size.height;
  });
  // Own sides begin as those of the paper before.
  const [own, setOwn] = useState(named === undefined);
  const known = own ? undefined : named;
  return (
    <>
      <Select
        className={styles.select!}
        label={t('render.paper')}
        value={known ?? OWN}
        options={[...PAPER_NAMES.map((name) => ({ value: name, label: name })), { value: OWN, label: t('render.own') }]}
        onChange={(name) => {
          setOwn(name === OWN);
          if (name === OWN) return;
          onLengths(unitOf(name));
          onChange({ ...size, ...paperOf(name)! });
        }}
      />
      {!known && (
        <div className={styles.sides}>
          <Segmented
            className={styles.wide!}
            label={t('render.lengths')}
            value={lengths}
            segments={(['cm', 'inch'] as const).map((value) => ({ value, label: t(`export.units.${value}`) }))}
            onChange={onLengths}
          />
          {(['width', 'height'] as const).map((side) => (
            <Row key={side} label={t(`render.${side}`)}>
              {(id) => (
                <NumberField
                  id={id}
                  className={styles.side!}
                  value={size[side] / PER_UNIT[lengths]}
                  min={1}
                  max={MOST[lengths]}
                  step={1}
                  precision={PRECISION[lengths]}
                  unit={t(`export.units.${lengths}`)}
                  onChange={(length) => onChange({ ...size, [side]: length * PER_UNIT[lengths] })}
                />
              )}
            </Row>
          ))}
        </div>
      )}
      <Row label={t('render.dpi')}>
        {(id) => (
          <NumberField
            id={id}
            className={styles.number!}
            value={size.dpi}
            min={20}
            max={2400}
            step={10}
            precision={1}
            unit="dpi"
            onChange={(next) => onChange({ ...size, dpi: next })}
          />
        )}
      </Row>
      <p className={styles.hint}>{t('render.paperHint')}</p>
    </>
  );
}

interface RowProps {
  readonly label: string;
  /** The field, which takes the id that the label names. */
  readonly children: (id: string) => React.ReactNode;
}

export function Row({ label, children }: RowProps) {
  const id = useId();
  return (
    <div className={styles.row}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}
