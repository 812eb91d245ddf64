import { useTranslation } from 'react-i18next';
import { USUAL_ADAM_STEP } from '../../../shared/recipe.ts';
import type { StudioSettings } from '../../../shared/studio/document.ts';
import { useProgram } from '../../app/program.ts';
import { Slider } from '../../components/slider.tsx';
import { reset, set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { Choice } from './choice.tsx';
import { SettingsSection } from './settings-section.tsx';
import styles from './settings.module.css';

type Optimizer = NonNullable<StudioSettings['optimizer']>;

const OPTIMIZERS = {
  lbfgs: { kind: 'lbfgs', history: 20, lineSearch: 'strong-wolfe' },
  adam: { kind: 'adam', stepSize: 0.02, averaging: 0.99 },
} as const satisfies Record<Optimizer['kind'], Optimizer>;
const KINDS = ['lbfgs', 'adam'] as const;
const POOLINGS = ['max', 'average', 'l2', 'blur'] as const;

/** How it is computed: what few people need to touch. */
export function Method() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const { settings, base } = useEffective();
  const { optimizer } = settings;
  const pooling = settings.pooling ?? 'own';
  // With a preset that names a pooling there is no way back to the network's own.
  const poolings = [...(base.pooling === null ? (['own'] as const) : []), ...POOLINGS];
  const chooseOptimizer = (kind: Optimizer['kind']): void =>
    documents.edit((draft) => {
      if (base.optimizer.kind === kind) reset(draft, 'optimizer');
      else if (kind === 'lbfgs') set(draft, 'optimizer', OPTIMIZERS.lbfgs);
      else set(draft, 'optimizer', { ...OPTIMIZERS.adam, stepSize: USUAL_ADAM_STEP[settings.parameterization.kind] });
    });
  return (
    <SettingsSection
      id="method"
      title={t('settings.method.title')}
      names={['pooling', 'optimizer']}
      summary={t(`settings.method.optimizers.${optimizer.kind}`)}
    >
      <Choice
        label={t('settings.method.pooling')}
        value={pooling}
        segments={poolings.map((value) => ({ value, label: t(`settings.method.poolings.${value}`) }))}
        hint={t(`settings.method.poolingHints.${pooling}`)}
        onChange={(next) =>
          documents.edit((draft) => (next === 'own' ? reset(draft, 'pooling') : set(draft, 'pooling', next)))
        }
      />
      <Choice
        label={t('settings.method.optimizer')}
        value={optimizer.kind}
        segments={KINDS.map((value) => ({ value, label: t(`settings.method.optimizers.${value}`) }))}
        hint={t(`settings.method.optimizerHints.${optimizer.kind}`)}
        onChange={chooseOptimizer}
      />
      {optimizer.kind === 'adam' && (
        <details className={styles.details}>
          <summary>{t('settings.method.details')}</summary>
          <Slider
            label={t('settings.method.stepSize')}
            value={optimizer.stepSize}
            min={0.001}
            max={0.1}
            step={0.005}
            fineStep={0.001}
            resetTo={base.optimizer.kind === 'adam' ? base.optimizer.stepSize : OPTIMIZERS.adam.stepSize}
            onChange={(stepSize) => documents.edit((draft) => set(draft, 'optimizer', { ...optimizer, stepSize }))}
          />
          <p className={styles.hint}>{t('settings.method.stepSizeHint')}</p>
        </details>
      )}
    </SettingsSection>
  );
}
