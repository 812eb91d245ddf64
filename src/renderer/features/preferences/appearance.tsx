import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { Slider } from '../../components/slider.tsx';
import styles from './preferences-dialog.module.css';

/** How dark the window begins, 0 black to 1 white. */
const USUAL_SURROUND = 0.18;

export function Appearance() {
  const { prefer } = useProgram();
  const { t } = useTranslation();
  const { theme, surround, language } = useSession((session) => session.preferences);
  return (
    <div className={styles.page}>
      <div className={styles.row}>
        <span aria-hidden="true">{t('preferences.theme')}</span>
        <Segmented
          label={t('preferences.theme')}
          value={theme}
          segments={[
            { value: 'dark', label: t('preferences.themes.dark') },
            { value: 'light', label: t('preferences.themes.light') },
            { value: 'system', label: t('preferences.themes.system') },
          ]}
          onChange={(next) => prefer({ theme: next })}
        />
      </div>
      <Slider
        label={t('preferences.surround')}
        value={Math.round(surround * 100)}
        min={0}
        max={100}
        step={5}
        fineStep={1}
        unit="%"
        resetTo={USUAL_SURROUND * 100}
        ends={[t('preferences.black'), t('preferences.white')]}
        onChange={(percent) => prefer({ surround: percent / 100 })}
      />
      <div className={styles.swatches} aria-hidden="true" />
      <p className={styles.hint}>{t('preferences.surroundHint')}</p>
      <Select
        label={t('preferences.language')}
        value={language}
        options={[
          { value: 'system', label: t('preferences.languages.system') },
          { value: 'en', label: 'English' },
          { value: 'de', label: 'Deutsch' },
        ]}
        onChange={(next) => prefer({ language: next })}
      />
    </div>
  );
}
