import { RotateCcw } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { strengthOf, styleOf } from '../../../shared/studio/document.ts';
import { useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Slider } from '../../components/slider.tsx';
import { reset, set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { useSteered } from '../steering/use-steered.ts';
import { referenceOf, strengthWord } from './amount.ts';
import { useModified } from './settings-section.tsx';
import styles from './settings.module.css';

/** Weight of the style where neither preset nor network suggests one. */
const USUAL = 1;
const SUGGESTED = 50;

/** The one slider in front: how much of the painting there is in the picture. */
export function Strength() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const { settings, base } = useEffective();
  const id = useId();
  const live = useSteered() !== undefined;
  const modified = useModified(['style']);
  const suggested = referenceOf(base.style, USUAL);
  const strength = settings.style > 0 ? Math.round(10 * strengthOf(settings.style, suggested)) / 10 : 0;
  const words = (value: number): string => t(`settings.strength.words.${strengthWord(value)}`);
  const change = (next: number): void =>
    documents.edit((draft) => {
      if (next === SUGGESTED) reset(draft, 'style');
      else set(draft, 'style', styleOf(next, suggested));
    });
  return (
    <section className={styles.strength} aria-labelledby={id}>
      <div className={styles.row}>
        <h3 id={id} className={styles.strengthTitle}>
          {t('settings.strength.title')}
        </h3>
        {modified && (
          <IconButton
            icon={RotateCcw}
            label={t('settings.resetStrength')}
            onClick={() => documents.edit((draft) => reset(draft, 'style'))}
          />
        )}
        <NumberField
          className={styles.number!}
          label={t('settings.strength.title')}
          value={strength}
          min={0}
          max={100}
          step={1}
          precision={0.1}
          onChange={change}
        />
      </div>
      <p className={styles.strengthWords}>{words(strength)}</p>
      <Slider
        bare
        label={t('settings.strength.title')}
        value={strength}
        min={0}
        max={100}
        step={1}
        fineStep={0.1}
        valueText={(value) => t('settings.strength.value', { strength: value, words: words(value) })}
        resetTo={SUGGESTED}
        onChange={change}
      />
      <p className={styles.ends} aria-hidden="true">
        <span>{t('settings.strength.ends.photo')}</span>
        <span>{t('settings.strength.ends.painting')}</span>
      </p>
      {live && (
        <p className={styles.live}>
          <span className={styles.lamp} />
          {t('settings.strength.live')}
        </p>
      )}
    </section>
  );
}
