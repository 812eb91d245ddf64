import { Columns2, Download, Eye, ImagePlus, ImageUpscale, Pencil, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Result } from '../../../shared/studio/contract.ts';
import { useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Facts } from '../../components/facts.tsx';
import { Picture } from '../../components/picture.tsx';
import { RenameForm } from '../../components/rename-form.tsx';
import { formatBytes, formatDate, formatDuration, formatPixels } from '../../i18n/format.ts';
import { notify } from '../../stores/notices.ts';
import { findNetwork } from '../../stores/session.ts';
import { usePhotoOfResult } from '../photo/use-result.ts';
import { openRender } from '../render/source.ts';
import styles from './result-details.module.css';

interface ResultDetailsProps {
  readonly result: Result;
  readonly onShow: () => void;
  readonly onClose: () => void;
  /** Absent: there is nothing to compare it with. */
  readonly onCompare?: () => void;
}

/** What a finished picture is, and everything that can be done with it. */
export function ResultDetails({ result, onShow, onClose, onCompare }: ResultDetailsProps) {
  const { ask, view } = useProgram();
  const { t } = useTranslation();
  const takeAsPhoto = usePhotoOfResult();
  const restore = useRestore();
  const [renaming, setRenaming] = useState(false);
  const { id, name } = result;
  return (
    <div className={styles.details}>
      <button type="button" className={styles.show} onClick={onShow}>
        <Picture whole kind="result-thumbnail" id={id} className={styles.picture} />
        <span className="visually-hidden">{t('history.show')}</span>
      </button>
      {renaming ? (
        <RenameForm
          label={t('history.name')}
          name={name}
          most={200}
          onEnd={(next) => {
            setRenaming(false);
            if (next !== undefined) void ask('renameResult', { result: id, name: next });
          }}
        />
      ) : (
        <div className={styles.head}>
          <h3 className={styles.name}>{name}</h3>
          <IconButton icon={Pencil} label={t('history.rename')} onClick={() => setRenaming(true)} />
        </div>
      )}
      <About result={result} />
      <div className={styles.actions}>
        <Button variant="primary" icon={Eye} onClick={onShow}>
          {t('history.show')}
        </Button>
        <Button
          icon={RotateCcw}
          onClick={() => {
            restore(result);
            onClose();
          }}
        >
          {t('history.restore')}
        </Button>
        <Button
          icon={ImagePlus}
          onClick={() => {
            takeAsPhoto(id);
            onClose();
          }}
        >
          {t('history.usePhoto')}
        </Button>
        <Button icon={Columns2} disabled={!onCompare} onClick={onCompare}>
          {t('history.compare')}
        </Button>
        <Button
          icon={Download}
          onClick={() => view.setState({ shown: { kind: 'result', id }, mode: 'result', dialog: 'export' })}
        >
          {t('history.export')}
        </Button>
        <Button icon={ImageUpscale} onClick={() => openRender({ view }, { kind: 'result', id })}>
          {t('history.render')}
        </Button>
        <ConfirmButton
          icon={Trash2}
          label={t('history.delete')}
          question={t('history.deleteQuestion', { name })}
          confirm={t('history.delete')}
          onConfirm={() => void ask('deleteResult', { result: id })}
        />
      </div>
    </div>
  );
}

export function About({ result }: { readonly result: Result }) {
  const { t } = useTranslation();
  const { document, createdAt, bytes, seconds, completed } = result;
  const network = useSession((session) => findNetwork(session, document.network)?.name ?? document.network);
  return (
    <Facts
      facts={[
        [t('history.date'), formatDate(createdAt)],
        [t('history.size'), formatPixels(result)],
        [t('history.network'), network],
        [t('history.paintings'), document.styles.map(({ picture }) => picture.name).join(', ')],
        [t('history.preset'), document.preset?.value.name],
        [t('history.time'), formatDuration(seconds)],
        [t('history.disk'), formatBytes(bytes)],
        [t('history.ended'), completed ? undefined : t('history.stopped')],
      ]}
    />
  );
}

/** Puts the settings back that a picture was painted with; undo brings the present ones back. */
function useRestore(): (result: Result) => void {
  const { documents, notices, view } = useProgram();
  const { t } = useTranslation();
  return ({ id, name, document }) => {
    documents.edit((draft) => void Object.assign(draft, document));
    view.setState({ shown: { kind: 'result', id }, mode: 'result' });
    const title = t('history.restored', { name });
    notify(notices, { tone: 'success', title, action: { label: t('actions.undo'), run: documents.undo } });
  };
}
