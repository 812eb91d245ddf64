import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { OUTPUT_FORMATS, type OutputFormatName } from '../../../shared/output-formats.ts';
import type { ExportOptions, Result } from '../../../shared/studio/contract.ts';
import { exceededSide, idleOptions, type ExportReason } from '../../../shared/studio/export-plan.ts';
import { Icon } from '../../components/icon.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { Slider } from '../../components/slider.tsx';
import { Switch } from '../../components/switch.tsx';
import { formatDecimal } from '../../i18n/format.ts';
import styles from './export-form.module.css';
import { NameFields } from './name-fields.tsx';
import { SizeFields } from './size-fields.tsx';

export interface ExportFormProps {
  readonly options: ExportOptions;
  readonly onChange: (options: ExportOptions) => void;
  /** The picture that sizes and names are worked out for; absent where only habits are set. */
  readonly result?: Result | undefined;
}

const FORMAT_NAMES: Readonly<Record<OutputFormatName, string>> = {
  png: 'PNG',
  jpeg: 'JPEG',
  tiff: 'TIFF',
  webp: 'WebP',
};

/** The sentence that says why the picture cannot be written in the format at all. */
export const TOO_LARGE_ID = 'export-too-large';

/** Everything about a file that is written. What does not count as the others stand says why. */
export function ExportForm({ options, onChange, result }: ExportFormProps) {
  const { t } = useTranslation();
  const { format, depth, quality, pyramid, profile, exif, removePosition, recipe, onConflict } = options;
  const mostSide = result && exceededSide(result, options);
  const idle = idleOptions(options);
  const change = (next: Partial<ExportOptions>): void => onChange({ ...options, ...next });
  const why = (reason: ExportReason | undefined): string | undefined => reason && t(`export.reasons.${reason}`);
  return (
    <div className={styles.form}>
      <Group title={t('export.file')}>
        <Segmented
          className={styles.wide!}
          label={t('export.format')}
          value={format}
          segments={OUTPUT_FORMATS.map((value) => ({ value, label: FORMAT_NAMES[value] }))}
          onChange={(next) => change({ format: next })}
        />
        {idle.quality ? (
          <Row label={t('export.depth')}>
            <Segmented
              label={t('export.depth')}
              value={String(depth) as '8' | '16'}
              segments={[
                { value: '8', label: t('export.bits', { bits: 8 }) },
                { value: '16', label: t('export.bits', { bits: 16 }) },
              ]}
              onChange={(next) => change({ depth: next === '16' ? 16 : 8 })}
            />
          </Row>
        ) : (
          <Slider
            label={t('export.quality')}
            value={quality}
            min={1}
            max={100}
            step={1}
            fineStep={1}
            resetTo={92}
            ends={[t('export.smaller'), t('export.better')]}
            onChange={(next) => change({ quality: next })}
          />
        )}
        <p className={styles.hint}>{why(idle.quality ?? idle.depth)}</p>
        {format === 'tiff' && (
          <Switch
            label={t('export.pyramid')}
            hint={t('export.pyramidHint')}
            checked={pyramid}
            onChange={(next) => change({ pyramid: next })}
          />
        )}
        {mostSide !== undefined && (
          <p id={TOO_LARGE_ID} className={styles.warning} role="alert">
            <Icon icon={TriangleAlert} size={14} />
            {t('export.tooLarge', { format: FORMAT_NAMES[format], side: formatDecimal(mostSide) })}
          </p>
        )}
      </Group>
      <Group title={t('export.size')}>
        <SizeFields options={options} onChange={onChange} result={result} />
      </Group>
      <Group title={t('export.colours')}>
        <Segmented
          className={styles.wide!}
          label={t('export.profile')}
          value={profile}
          segments={[
            { value: 'srgb', label: 'sRGB' },
            { value: 'photo', label: t('export.profilePhoto') },
          ]}
          onChange={(next) => change({ profile: next })}
        />
      </Group>
      <Group title={t('export.metadata')}>
        <Switch
          label={t('export.recipe')}
          hint={t('export.recipeHint')}
          checked={recipe}
          onChange={(next) => change({ recipe: next })}
        />
        <Switch
          label={t('export.exif')}
          hint={why(idle.exif)}
          checked={exif && !idle.exif}
          disabled={idle.exif !== undefined}
          onChange={(next) => change({ exif: next })}
        />
        <Switch
          label={t('export.removePosition')}
          hint={idle.exif ? undefined : why(idle.removePosition)}
          checked={removePosition}
          disabled={idle.removePosition !== undefined}
          onChange={(next) => change({ removePosition: next })}
        />
      </Group>
      <Group title={t('export.name')}>
        <NameFields options={options} onChange={onChange} result={result} />
        <Select
          label={t('export.onConflict')}
          value={onConflict}
          options={[
            { value: 'number', label: t('export.conflict.number') },
            { value: 'overwrite', label: t('export.conflict.overwrite') },
            { value: 'skip', label: t('export.conflict.skip') },
          ]}
          onChange={(next) => change({ onConflict: next })}
        />
      </Group>
    </div>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.group} aria-label={title}>
      <h3 className={styles.heading}>{title}</h3>
      {children}
    </section>
  );
}

export const Row = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <div className={styles.row}>
    <span aria-hidden="true">{label}</span>
    {children}
  </div>
);
