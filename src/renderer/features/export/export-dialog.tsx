import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExportOptions, ResponseOf, Result } from '../../../shared/studio/contract.ts';
import { settledOptions } from '../../../shared/studio/export-plan.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Picture } from '../../components/picture.tsx';
import { shownResult } from '../history/shown-result.ts';
import type { DialogProps } from '../studio/dialog-host.tsx';
import styles from './export-dialog.module.css';
import { ExportForm } from './export-form.tsx';
import { Exported } from './exported.tsx';

type Written = ResponseOf<'exportResult'>;

/** The picture on the canvas, or the newest one, as a file. */
export function ExportDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const shown = useView((view) => view.shown);
  const result = useSession((session) => shownResult(session, shown) ?? session.results[0]);
  if (result) return <ExportOf result={result} onClose={onClose} />;
  return (
    <Dialog open size="small" onClose={onClose} title={t('export.title')}>
      <EmptyState title={t('export.empty')} text={t('export.emptyHint')} />
    </Dialog>
  );
}

function ExportOf({ result, onClose }: DialogProps & { readonly result: Result }) {
  const { session, prefer } = useProgram();
  const { t } = useTranslation();
  const [options, setOptions] = useState<ExportOptions>(session.getState().preferences.export);
  const [written, setWritten] = useState<Written>();
  const { writing, write } = useExport(result);
  const desktop = useSession(({ shell }) => shell === 'desktop');

  const run = async (choosing: boolean): Promise<void> => {
    const settled = settledOptions(options);
    const done = await write(settled, choosing);
    if (!done) return;
    prefer({ export: settled });
    setWritten(done);
  };
  if (written) {
    return (
      <Dialog
        open
        size="small"
        onClose={onClose}
        title={t(written.skipped ? 'export.skippedTitle' : 'export.doneTitle')}
        footer={
          <>
            <Button variant="quiet" onClick={() => setWritten(undefined)}>
              {t('export.again')}
            </Button>
            <Button variant="primary" onClick={onClose}>
              {t('close')}
            </Button>
          </>
        }
      >
        <Exported written={written} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      size="medium"
      onClose={onClose}
      title={t('export.title')}
      description={result.name}
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            {t('cancel')}
          </Button>
          {desktop && (
            <Button disabled={writing} onClick={() => void run(false)}>
              {t('export.toFolder')}
            </Button>
          )}
          <Button variant="primary" disabled={writing} onClick={() => void run(desktop)}>
            {t(writing ? 'export.writing' : desktop ? 'export.saveAs' : 'export.export')}
          </Button>
        </>
      }
    >
      <div className={styles.body}>
        <Picture whole kind="result-thumbnail" id={result.id} className={styles.picture} alt={result.name} />
        <ExportForm options={options} onChange={setOptions} result={result} />
      </div>
    </Dialog>
  );
}

/** Writes the file; on the desktop the person may say where first. */
function useExport(result: Result): {
  readonly writing: boolean;
  readonly write: (options: ExportOptions, choosing: boolean) => Promise<Written | undefined>;
} {
  const { ask } = useProgram();
  const [writing, setWriting] = useState(false);
  const write = async (options: ExportOptions, choosing: boolean): Promise<Written | undefined> => {
    let path: string | null = null;
    if (choosing) {
      const chosen = await ask('chooseExportPath', { result: result.id, options });
      if (!chosen?.value.path) return undefined;
      ({ path } = chosen.value);
    }
    setWriting(true);
    const done = await ask('exportResult', { result: result.id, options, ...(path === null ? {} : { path }) });
    setWriting(false);
    return done?.value;
  };
  return { writing, write };
}
