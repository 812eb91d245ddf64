import { FolderOpen, ListPlus, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudioPicture } from '../../../shared/studio/document.ts';
import { obstacles } from '../../../shared/studio/effective.ts';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Picture } from '../../components/picture.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { formatDuration } from '../../i18n/format.ts';
import { notify } from '../../stores/notices.ts';
import { useObstacleWords } from '../studio/obstacle-words.ts';
import { batchDocuments, type BatchKind } from './batch-documents.ts';
import styles from './batch.module.css';
import { useAddPictures } from './add-pictures.ts';

/** Many pictures at once: a job each, one after the other. */
export function Batch({ onStarted }: { readonly onStarted: () => void }) {
  const { ask, notices } = useProgram();
  const { t } = useTranslation();
  const document = useDocument((value) => value);
  const [kind, setKind] = useState<BatchKind>('photos');
  const [chosen, setChosen] = useState<Readonly<Record<BatchKind, readonly StudioPicture[]>>>({
    photos: [],
    paintings: [],
  });
  const pictures = chosen[kind];
  const change = (next: (before: readonly StudioPicture[]) => readonly StudioPicture[]): void =>
    setChosen((before) => ({ ...before, [kind]: next(before[kind]) }));
  const add = (added: readonly StudioPicture[]): void =>
    change((before) => [...before, ...added.filter((a) => !before.some((b) => b.sha256 === a.sha256))]);
  const { choose, reading } = useAddPictures(add);

  const start = async (): Promise<void> => {
    const begun = await ask('startBatch', { documents: batchDocuments(document, kind, pictures) });
    if (!begun) return;
    notify(notices, { tone: 'success', title: t('queue.batch.started', { count: begun.value.jobs.length }) });
    setChosen({ photos: [], paintings: [] });
    onStarted();
  };

  return (
    <div className={styles.batch}>
      <Segmented
        label={t('queue.batch.kind')}
        value={kind}
        segments={[
          { value: 'photos', label: t('queue.batch.photos') },
          { value: 'paintings', label: t('queue.batch.paintings') },
        ]}
        onChange={setKind}
      />
      <p className={styles.hint}>{t(`queue.batch.hint.${kind}`)}</p>
      <Samples kind={kind} pictures={pictures} onChange={change} />
      <Chosen pictures={pictures} onRemove={(sha256) => change((all) => all.filter((p) => p.sha256 !== sha256))} />
      <div className={styles.foot}>
        <Button icon={FolderOpen} onClick={choose}>
          {t(reading ? 'queue.batch.reading' : 'queue.batch.choose')}
        </Button>
        <Summary kind={kind} pictures={pictures} onStart={() => void start()} />
      </div>
    </div>
  );
}

interface SamplesProps {
  readonly kind: BatchKind;
  readonly pictures: readonly StudioPicture[];
  readonly onChange: (next: (before: readonly StudioPicture[]) => readonly StudioPicture[]) => void;
}

/** The samples, each on or off. */
function Samples({ kind, pictures, onChange }: SamplesProps) {
  const { t } = useTranslation();
  const samples = useSession((session) => session.samples);
  const wanted = kind === 'photos' ? 'photo' : 'painting';
  return (
    <section aria-label={t('queue.batch.samples')}>
      <h3 className={styles.heading}>{t('queue.batch.samples')}</h3>
      <ul className={styles.grid}>
        {samples
          .filter((sample) => sample.kind === wanted)
          .map(({ name, title, picture }) => {
            const on = pictures.some(({ sha256 }) => sha256 === picture.sha256);
            return (
              <li key={name}>
                <button
                  type="button"
                  className={styles.sample}
                  aria-pressed={on}
                  onClick={() =>
                    onChange((all) => (on ? all.filter((p) => p.sha256 !== picture.sha256) : [...all, picture]))
                  }
                >
                  <Picture kind="thumbnail" id={picture.sha256} className={styles.picture} />
                  <span className={styles.title}>{title}</span>
                </button>
              </li>
            );
          })}
      </ul>
    </section>
  );
}

/** Those that came out of files, and samples that were switched on. */
function Chosen({
  pictures,
  onRemove,
}: {
  readonly pictures: readonly StudioPicture[];
  readonly onRemove: (sha256: string) => void;
}) {
  const { t } = useTranslation();
  if (pictures.length === 0) return null;
  return (
    <section aria-label={t('queue.batch.chosen', { count: pictures.length })}>
      <h3 className={styles.heading}>{t('queue.batch.chosen', { count: pictures.length })}</h3>
      <ul className={styles.chosen}>
        {pictures.map(({ sha256, name }) => (
          <li key={sha256} className={styles.chip}>
            <Picture kind="thumbnail" id={sha256} className={styles.chipPicture} />
            <span className={styles.chipName}>{name}</span>
            <IconButton icon={X} label={t('queue.batch.remove', { name })} onClick={() => onRemove(sha256)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface SummaryProps {
  readonly kind: BatchKind;
  readonly pictures: readonly StudioPicture[];
  readonly onStart: () => void;
}

/** How many there will be, how long they take, and what is missing. */
function Summary({ kind, pictures, onStart }: SummaryProps) {
  const { t } = useTranslation();
  const words = useObstacleWords();
  const document = useDocument((value) => value);
  const networks = useSession((session) => session.networks);
  const connected = useSession((session) => session.connected);
  const estimate = useSession((session) => session.estimate);
  const missing = useMemo(() => {
    const [first] = batchDocuments(document, kind, pictures);
    return first && obstacles(first, { connected, networks })[0];
  }, [document, kind, pictures, connected, networks]);
  const seconds = estimate?.seconds;
  const count = pictures.length;
  const text =
    count === 0
      ? t(`queue.batch.none.${kind}`)
      : missing
        ? words(missing)
        : seconds
          ? t('queue.batch.summary', { count, time: formatDuration(seconds * count) })
          : t('queue.batch.count', { count });
  return (
    <>
      <p id="batch-summary" className={styles.summary} role="status">
        {text}
      </p>
      <Button
        variant="primary"
        icon={ListPlus}
        disabled={count === 0 || missing !== undefined}
        aria-describedby="batch-summary"
        onClick={onStart}
      >
        {t('queue.batch.start')}
      </Button>
    </>
  );
}
