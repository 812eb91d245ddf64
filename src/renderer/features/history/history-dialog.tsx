import { Settings2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Gallery, GalleryCard } from '../../components/gallery.tsx';
import { Picture } from '../../components/picture.tsx';
import { formatBytes, formatDate, formatPixels } from '../../i18n/format.ts';
import { findResult } from '../../stores/session.ts';
import type { DialogProps } from '../studio/dialog-host.tsx';
import { Compare } from './compare.tsx';
import styles from './history-dialog.module.css';
import { ResultDetails } from './result-details.tsx';
import { shownResult } from './shown-result.ts';

/** Every finished picture: to look at again, to go on from, to compare. */
export function HistoryDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const { view } = useProgram();
  const results = useSession((session) => session.results);
  const shownId = useView((state) => state.shown);
  const onCanvas = useSession((session) => shownResult(session, shownId)?.id);
  const [selected, setSelected] = useState(onCanvas);
  /** `choosing`: the next one that is clicked is compared with the selected one. */
  const [other, setOther] = useState<string>();
  const [choosing, setChoosing] = useState(false);

  const result = results.find(({ id }) => id === selected) ?? results[0];
  const compared = useSession((session) => findResult(session, other));
  const show = (id: string): void => {
    view.setState({ shown: { kind: 'result', id }, mode: 'result' });
    onClose();
  };
  const choose = (id: string): void => {
    if (choosing && id !== result?.id) setOther(id);
    else setSelected(id);
    setChoosing(false);
  };

  if (result && compared) {
    return (
      <Dialog open size="large" onClose={onClose} title={t('history.compareTitle')}>
        <Compare left={result} right={compared} onBack={() => setOther(undefined)} onShow={show} />
      </Dialog>
    );
  }
  return (
    <Dialog open size="large" onClose={onClose} title={t('history.title')} description={t('history.description')}>
      {result ? (
        <Gallery
          label={t('history.title')}
          toolbar={
            choosing && (
              <p className={styles.choosing} role="status">
                <span>{t('history.choosing', { name: result.name })}</span>
                <Button variant="quiet" onClick={() => setChoosing(false)}>
                  {t('cancel')}
                </Button>
              </p>
            )
          }
          details={
            <ResultDetails
              key={result.id}
              result={result}
              onShow={() => show(result.id)}
              onClose={onClose}
              {...(results.length > 1 ? { onCompare: () => setChoosing(true) } : {})}
            />
          }
          foot={<Use />}
        >
          {results.map(({ id, name, createdAt, width, height }) => (
            <GalleryCard
              key={id}
              picture={<Picture kind="result-thumbnail" id={id} />}
              title={name}
              line={
                <>
                  {formatDate(createdAt)}
                  <br />
                  {formatPixels({ width, height })}
                </>
              }
              corner={id === onCanvas && <span className={styles.onCanvas}>{t('history.onCanvas')}</span>}
              chosen={id === result.id}
              onChoose={() => choose(id)}
              onOpen={() => show(id)}
            />
          ))}
        </Gallery>
      ) : (
        <EmptyState title={t('history.empty')} text={t('history.emptyHint')} />
      )}
    </Dialog>
  );
}

/** How much room the history takes, of how much it may. */
function Use() {
  const { view } = useProgram();
  const { t } = useTranslation();
  const results = useSession((session) => session.results);
  const cap = useSession((session) => session.preferences.historyCap);
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const used = formatBytes(bytes);
  return (
    <>
      <p className={styles.use}>
        {cap > 0 && (
          <meter
            className={styles.meter}
            min={0}
            max={1}
            value={Math.min(1, bytes / cap)}
            aria-label={t('history.room')}
          />
        )}
        {t('history.use', { count: results.length, used, cap: formatBytes(cap) })}
      </p>
      <Button variant="quiet" icon={Settings2} onClick={() => view.setState({ dialog: 'preferences' })}>
        {t('history.changeCap')}
      </Button>
    </>
  );
}
