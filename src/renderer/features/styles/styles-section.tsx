import { Images, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useAction } from '../../actions/use-action.ts';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Section } from '../../components/section.tsx';
import { addStyle, MOST_STYLES } from '../../stores/edits.ts';
import { Picker } from '../photo/picker.tsx';
import { StyleItem } from './style-item.tsx';
import styles from './styles-section.module.css';

/** The paintings to learn from. */
export function StylesSection() {
  const { t } = useTranslation();
  const entries = useDocument((document) => document.styles);
  // Those with a region of their own are no part of the mix.
  const total = entries.reduce((sum, { weight, mask }) => (mask ? sum : sum + weight), 0);
  return (
    <Section
      id="styles"
      title={t('styles.title')}
      summary={t('styles.count', { count: entries.length })}
      actions={<Ways />}
    >
      {entries.length === 0 ? (
        <Empty />
      ) : (
        <ol className={styles.list}>
          {entries.map((style, index) => (
            <StyleItem
              key={style.picture.sha256}
              style={style}
              index={index}
              count={entries.length}
              share={total > 0 ? style.weight / total : 0}
            />
          ))}
        </ol>
      )}
    </Section>
  );
}

function Ways() {
  const { documents } = useProgram();
  const { t } = useTranslation();
  const add = useAction('addStyle');
  const samples = useSession((session) => session.samples);
  const entries = useDocument((document) => document.styles);
  const full = entries.length >= MOST_STYLES;
  const paintings = samples.filter(({ kind }) => kind === 'painting');
  const reason = t('styles.full', { count: MOST_STYLES });
  return (
    <>
      <Picker
        icon={Images}
        label={full ? reason : t('styles.samples')}
        kind="thumbnail"
        pictures={paintings.map(({ title, picture }) => ({ id: picture.sha256, title }))}
        chosen={entries.map(({ picture }) => picture.sha256)}
        onPick={(id) => {
          const sample = paintings.find(({ picture }) => picture.sha256 === id);
          if (sample) documents.edit((draft) => void addStyle(draft, sample.picture));
        }}
        disabled={full}
      />
      <IconButton
        icon={Plus}
        label={full ? reason : add.label}
        shortcut={full ? undefined : add.shortcut}
        disabled={full}
        onClick={add.run}
      />
    </>
  );
}

function Empty() {
  const { t } = useTranslation();
  const { run } = useAction('addStyle');
  return (
    <div className={styles.empty}>
      <p>{t('styles.empty')}</p>
      <Button icon={Plus} onClick={run}>
        {t('styles.add')}
      </Button>
    </div>
  );
}
