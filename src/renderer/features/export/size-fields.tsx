import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { convertLength, exportSize, type SizeUnit } from '../../../shared/studio/export-plan.ts';
import { Icon } from '../../components/icon.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { formatDecimal, formatPixels } from '../../i18n/format.ts';
import styles from './export-form.module.css';
import { Row, type ExportFormProps } from './export-form.tsx';

const STEPS = { px: 1, cm: 0.1, inch: 0.01 } as const;
/** Where a length begins that nobody gave yet, px. */
const USUAL = 2048;

/** As painted, or a long side in pixels or on paper; what comes of it is said below. */
export function SizeFields({ options, onChange, result }: ExportFormProps) {
  const { t } = useTranslation();
  const { size, dpi } = options;
  const own = result ? Math.max(result.width, result.height) : USUAL;
  const choose = (unit: 'own' | SizeUnit): void => {
    if (unit === 'own') return onChange({ ...options, size: { unit } });
    const longSide =
      size.unit === 'own' ? convertLength(own, 'px', unit, dpi) : convertLength(size.longSide, size.unit, unit, dpi);
    onChange({ ...options, size: { unit, longSide } });
  };
  const unit = size.unit;
  return (
    <>
      <Segmented
        className={styles.wide!}
        label={t('export.unit')}
        value={unit}
        segments={[
          { value: 'own', label: t('export.own') },
          { value: 'px', label: t('export.units.px') },
          { value: 'cm', label: t('export.units.cm') },
          { value: 'inch', label: t('export.units.inch') },
        ]}
        onChange={choose}
      />
      <div className={styles.sizes}>
        {size.unit !== 'own' && (
          <Row label={t('export.longSide')}>
            <NumberField
              className={styles.number!}
              label={t('export.longSide')}
              value={size.longSide}
              min={STEPS[size.unit]}
              max={100_000}
              step={size.unit === 'px' ? 10 : 1}
              precision={STEPS[size.unit]}
              unit={t(`export.units.${size.unit}`)}
              onChange={(longSide) => onChange({ ...options, size: { unit: size.unit, longSide } })}
            />
          </Row>
        )}
        <Row label={t('export.resolution')}>
          <NumberField
            className={styles.number!}
            label={t('export.resolution')}
            value={dpi}
            min={1}
            max={2400}
            step={10}
            precision={1}
            unit="dpi"
            onChange={(next) => onChange({ ...options, dpi: next })}
          />
        </Row>
      </div>
      {result && <Outcome {...exportSize(result, options)} />}
    </>
  );
}

function Outcome({ width, height, paper, enlarged }: ReturnType<typeof exportSize>) {
  const { t } = useTranslation();
  const onPaper = { width: formatDecimal(paper.width), height: formatDecimal(paper.height) };
  return (
    <>
      <p className={styles.outcome} role="status">
        <strong>{formatPixels({ width, height })}</strong> {t('export.paper', onPaper)}
      </p>
      {enlarged && (
        <p className={styles.warning}>
          <Icon icon={TriangleAlert} size={14} />
          {t('export.enlarged')}
        </p>
      )}
    </>
  );
}
