import { useTranslation } from 'react-i18next';
import type { StudioSettings } from '../../../shared/studio/document.ts';
import { PARAMETERIZATIONS } from '../../../shared/recipe.ts';
import { useProgram } from '../../app/program.ts';
import { Slider } from '../../components/slider.tsx';
import { reset, set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { Choice } from './choice.tsx';
import { SettingsSection } from './settings-section.tsx';
import styles from './settings.module.css';

type Transforms = NonNullable<StudioSettings['transforms']>;

/** How far networks look beside the picture, by name. */
const MOVEMENTS = {
  none: { jitter: 0, scale: 0, rotate: 0 },
  gentle: { jitter: 4, scale: 0.03, rotate: 2 },
  strong: { jitter: 8, scale: 0.1, rotate: 5 },
} as const satisfies Record<string, Transforms>;
const NAMES = ['none', 'gentle', 'strong'] as const;
const SLIDERS = [
  { name: 'jitter', max: 64, step: 1, unit: 'px', factor: 1 },
  { name: 'scale', max: 50, step: 1, unit: '%', factor: 100 },
  { name: 'rotate', max: 45, step: 1, unit: '°', factor: 1 },
] as const;

const same = (a: Transforms, b: Transforms): boolean => SLIDERS.every(({ name }) => a[name] === b[name]);

/** What the picture is made of while it is painted, and how networks look at it. */
export function Space() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const { settings, base } = useEffective();
  const { parameterization, transforms } = settings;
  const named = NAMES.find((name) => same(MOVEMENTS[name], transforms));
  const choose = (kind: (typeof PARAMETERIZATIONS)[number]): void =>
    documents.edit((draft) => {
      if (base.parameterization.kind === kind) reset(draft, 'parameterization');
      else set(draft, 'parameterization', kind === 'fourier' ? { kind, decay: 1 } : { kind });
    });
  const move = (next: Transforms): void =>
    documents.edit((draft) => {
      if (same(base.transforms, next)) reset(draft, 'transforms');
      else set(draft, 'transforms', next);
    });
  return (
    <SettingsSection
      id="space"
      title={t('settings.space.title')}
      names={['parameterization', 'transforms']}
      summary={`${t(`settings.space.kinds.${parameterization.kind}`)} · ${t(`settings.space.movements.${named ?? 'own'}`)}`}
    >
      <Choice
        label={t('settings.space.parameterization')}
        value={parameterization.kind}
        segments={PARAMETERIZATIONS.map((value) => ({ value, label: t(`settings.space.kinds.${value}`) }))}
        hint={t(`settings.space.hints.${parameterization.kind}`)}
        onChange={choose}
      />
      <Choice
        label={t('settings.space.transforms')}
        value={named ?? 'own'}
        segments={[...NAMES, ...(named ? [] : (['own'] as const))].map((value) => ({
          value,
          label: t(`settings.space.movements.${value}`),
        }))}
        hint={t('settings.space.transformsHint')}
        onChange={(name) => name !== 'own' && move(MOVEMENTS[name])}
      />
      <details className={styles.details}>
        <summary>{t('settings.method.details')}</summary>
        {SLIDERS.map(({ name, max, step, unit, factor }) => (
          <Slider
            key={name}
            label={t(`settings.space.${name}`)}
            value={Math.round(transforms[name] * factor)}
            min={0}
            max={max}
            step={step}
            fineStep={1}
            unit={unit}
            resetTo={Math.round(base.transforms[name] * factor)}
            onChange={(value) => move({ ...transforms, [name]: value / factor })}
          />
        ))}
      </details>
    </SettingsSection>
  );
}
