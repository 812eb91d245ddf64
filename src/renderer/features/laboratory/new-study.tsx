import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { STUDY_KINDS, type StudyKind } from '../../../shared/studio/studies.ts';
import { Icon } from '../../components/icon.tsx';
import { KIND_ICONS } from './kinds.ts';
import styles from './new-study.module.css';
import { StudyForm } from './study-form.tsx';

/** What can be looked into: a card for each kind, and the form behind it. */
export function NewStudy() {
  const { t } = useTranslation();
  const [kind, setKind] = useState<StudyKind>();
  if (kind) return <StudyForm key={kind} kind={kind} onBack={() => setKind(undefined)} />;
  return (
    // What scrolls must be in reach of keys; the cards inside are.
    <div className={styles.scroll}>
      <h2 className={styles.title}>{t('laboratory.newTitle')}</h2>
      <p className={styles.intro}>{t('laboratory.intro')}</p>
      <ul className={styles.cards}>
        {STUDY_KINDS.map((id) => (
          <li key={id}>
            <button type="button" className={styles.card} onClick={() => setKind(id)}>
              <span className={styles.icon}>
                <Icon icon={KIND_ICONS[id]} size={20} />
              </span>
              <span className={styles.name}>{t(`laboratory.kinds.${id}.name`)}</span>
              <span className={styles.seen}>{t(`laboratory.kinds.${id}.seen`)}</span>
              <span className={styles.measured}>{t(`laboratory.kinds.${id}.measured`)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
