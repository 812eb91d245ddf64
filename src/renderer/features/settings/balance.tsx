import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { Slider } from '../../components/slider.tsx';
import { reset, set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { amountOf, referenceOf, weightOf } from './amount.ts';
import { Kept } from './kept.tsx';
import { SettingsSection } from './settings-section.tsx';
import styles from './settings.module.css';

/** What 50 stands for where the preset or the network suggests none of it. */
const USUAL = { content: 0.1, variation: 0.02 };
const NAMES = ['content', 'variation'] as const;
/** Of the layers, those that are left out act at once; what is said of those that are added stands beside them. */
const ALL = [...NAMES, 'contentLayers'] as const;

/** What holds the picture back: the photo, and smoothness. */
export function Balance() {
  const { t } = useTranslation();
  const content = useAmount('content');
  const variation = useAmount('variation');
  return (
    <SettingsSection
      id="balance"
      title={t('settings.balance.title')}
      names={ALL}
      live={ALL}
      summary={
        content.amount === content.suggested && variation.amount === variation.suggested
          ? undefined
          : t('settings.balance.summary', { content: content.amount, variation: variation.amount })
      }
    >
      {[content, variation].map(({ name, amount, suggested, change }) => (
        <div key={name} className={styles.choice}>
          <Slider
            label={t(`settings.balance.${name}`)}
            value={amount}
            min={0}
            max={100}
            step={1}
            fineStep={1}
            valueText={(value) =>
              value === 0
                ? t('settings.amount.off')
                : t(value === suggested ? 'settings.amount.suggested' : 'settings.amount.value', { amount: value })
            }
            resetTo={suggested}
            onChange={change}
          />
          <p className={styles.hint}>{t(`settings.balance.${name}Hint`)}</p>
          {name === 'content' && <Kept />}
        </div>
      ))}
    </SettingsSection>
  );
}

/** A weight on the scale of the sliders, and how it is changed. */
function useAmount(name: (typeof NAMES)[number]) {
  const { documents } = useProgram();
  const { settings, base } = useEffective();
  const reference = referenceOf(base[name], USUAL[name]);
  const suggested = Math.round(amountOf(base[name], reference));
  return {
    name,
    suggested,
    amount: Math.round(amountOf(settings[name], reference)),
    change: (amount: number) =>
      documents.edit((draft) => {
        if (amount === suggested) reset(draft, name);
        else set(draft, name, weightOf(amount, reference));
      }),
  };
}
