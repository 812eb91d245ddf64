import { Check, ImagePlus, Palette, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { ActionButton } from '../../components/action-button.tsx';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { chooseFiles } from '../intake/choose.ts';
import { takePhoto } from '../photo/take-photo.ts';
import { setOnlyStyle } from '../../stores/edits.ts';
import styles from './guide.module.css';
import { OpenTile, SampleRow } from './sample-row.tsx';

/**
 * Teaches the first three clicks: a photo, a painting, Start. It fills the empty canvas, shrinks to a strip once there is a
 * photo to look at, and is gone for good with the first run.
 */
export function Guide() {
  const { t } = useTranslation();
  const photo = useDocument((document) => document.photo);
  const begun = useSession(({ jobs, results }) => jobs.length + results.length > 0);
  const [hidden, setHidden] = useState(false);
  const style = useDocument((document) => document.styles[0]?.picture);
  if (photo && (begun || hidden)) return null;

  if (!photo) {
    return (
      <section className={styles.full} aria-label={t('studio.guide.title')}>
        <div className={styles.card}>
          <header className={styles.header}>
            <h2 className={styles.title}>{t('studio.guide.title')}</h2>
            <p className={styles.text}>{t('studio.guide.text')}</p>
          </header>
          <ol className={styles.steps}>
            <PhotoStep />
            <StyleStep done={style?.name} />
            <StartStep />
          </ol>
        </div>
      </section>
    );
  }
  return (
    <section className={styles.strip} data-last={style !== undefined || undefined} aria-label={t('studio.guide.title')}>
      <ol className={styles.steps}>{style ? <StartStep /> : <StyleStep />}</ol>
      <div className={styles.hide}>
        <IconButton icon={X} label={t('studio.guide.hide')} onClick={() => setHidden(true)} />
      </div>
    </section>
  );
}

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly hint?: string;
  /** Name of what was chosen. */
  readonly done?: string | undefined;
  readonly children?: ReactNode;
}

function Step({ number, title, hint, done, children }: StepProps) {
  const { t } = useTranslation();
  return (
    <li className={styles.step}>
      <span className={styles.number} data-done={done !== undefined || undefined} aria-hidden="true">
        {done === undefined ? number : <Icon icon={Check} />}
      </span>
      <div className={styles.inside}>
        <h3 className={styles.stepTitle}>{title}</h3>
        {done !== undefined && <p className={styles.text}>{t('studio.guide.done', { name: done })}</p>}
        {hint !== undefined && <p className={styles.text}>{hint}</p>}
        {children}
      </div>
    </li>
  );
}

function PhotoStep() {
  const program = useProgram();
  const { t } = useTranslation();
  return (
    <Step number={1} title={t('studio.guide.photo')} hint={t('studio.guide.photoHint')}>
      <SampleRow kind="photo" onChoose={(picture) => takePhoto(program, picture)}>
        <OpenTile icon={ImagePlus} label={t('studio.guide.openPhoto')} onClick={() => chooseFiles(program, 'photo')} />
      </SampleRow>
    </Step>
  );
}

function StyleStep({ done }: { readonly done?: string | undefined }) {
  const program = useProgram();
  const { t } = useTranslation();
  return (
    <Step number={2} title={t('studio.guide.style')} done={done}>
      <SampleRow
        kind="painting"
        onChoose={(picture) => program.documents.edit((draft) => setOnlyStyle(draft, picture))}
      >
        <OpenTile icon={Palette} label={t('studio.guide.openStyle')} onClick={() => chooseFiles(program, 'style')} />
      </SampleRow>
    </Step>
  );
}

function StartStep() {
  const { t } = useTranslation();
  return (
    <Step number={3} title={t('studio.guide.start')} hint={t('studio.guide.startHint')}>
      <div className={styles.start}>
        <ActionButton action="start" />
      </div>
    </Step>
  );
}
