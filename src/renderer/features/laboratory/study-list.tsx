import { clsx } from 'clsx';
import { FolderInput, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Picture } from '../../components/picture.tsx';
import { Progress } from '../../components/progress.tsx';
import { formatDate } from '../../i18n/format.ts';
import type { StudyEntry } from '../../../shared/studio/studies.ts';
import { KIND_ICONS } from './kinds.ts';
import styles from './study-list.module.css';
import { useImport } from './use-import.ts';
import { useStateWords } from './words.ts';

interface StudyListProps {
  readonly open: string | null;
  /** With null for a new one. */
  readonly onOpen: (study: string | null) => void;
}

/** All studies, the newest first. */
export function StudyList({ open, onOpen }: StudyListProps) {
  const { t } = useTranslation();
  const studies = useSession((session) => session.studies);
  const { choose, reading } = useImport(onOpen);
  return (
    <>
      <div className={styles.head}>
        <h2 className={styles.title}>{t('laboratory.studies')}</h2>
        <Button icon={Plus} aria-pressed={open === null} onClick={() => onOpen(null)}>
          {t('laboratory.new')}
        </Button>
      </div>
      {studies.length === 0 ? (
        <p className={styles.empty}>{t('laboratory.empty')}</p>
      ) : (
        <ul className={styles.list} aria-label={t('laboratory.studies')}>
          {studies.map((study) => (
            <Entry key={study.id} study={study} open={study.id === open} onOpen={() => onOpen(study.id)} />
          ))}
        </ul>
      )}
      <div className={styles.foot}>
        <Button variant="quiet" icon={FolderInput} onClick={choose}>
          {t(reading ? 'queue.batch.reading' : 'laboratory.import')}
        </Button>
      </div>
    </>
  );
}

interface EntryProps {
  readonly study: StudyEntry;
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Entry({ study, open, onOpen }: EntryProps) {
  const { t } = useTranslation();
  const words = useStateWords();
  const { kind, title, createdAt, state, done, total, thumbnail, version } = study;
  return (
    <li>
      <button
        type="button"
        className={clsx(styles.entry, open && styles.open)}
        aria-current={open ? 'true' : undefined}
        onClick={onOpen}
      >
        <Picture
          kind="study"
          id={thumbnail ?? undefined}
          version={version}
          icon={KIND_ICONS[kind]}
          className={styles.picture}
        />
        <span className={styles.words}>
          <span className={styles.name}>{title}</span>
          <span className={styles.line}>{t(`laboratory.kinds.${kind}.name`)}</span>
          <span className={styles.line}>{state === 'finished' ? formatDate(createdAt) : words(study)}</span>
        </span>
      </button>
      {state === 'running' && (
        <div className={styles.progress}>
          <Progress silent label={title} value={total === 0 ? undefined : done / total} text={words(study)} />
        </div>
      )}
    </li>
  );
}
