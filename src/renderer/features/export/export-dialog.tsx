import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExportOptions, Result } from '../../../shared/studio/contract.ts';
import { exceededSide, settledOptions } from '../../../shared/studio/export-plan.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Picture } from '../../components/picture.tsx';
import { shownResult } from '../history/shown-result.ts';
import type { DialogProps } from '../studio/dialog-host.tsx';
import styles from './export-dialog.module.css';
import { ExportForm, TOO_LARGE_ID } from './export-form.tsx';
import { ExportProgress } from './export-progress.tsx';
import { exportPicture, useExports } from './export-run.ts';
import { Exported } from './exported.tsx';

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
  const program = useProgram();
  const { t } = useTranslation();
  const [options, setOptions] = useState<ExportOptions>(program.session.getState().preferences.export);
  const { run, written, cancel, forget } = useExports();
  const desktop = useSession(({ shell }) => shell === 'desktop');
  // What was written is said once.
  useEffect(() => forget, [forget]);

  const write = async (choosing: boolean): Promise<void> => {
    const settled = settledOptions(options);
    let path: string | null = null;
    if (choosing) {
      const chosen = await program.ask('chooseExportPath', { result: result.id, options: settled });
      if (!chosen?.value.path) return;
      ({ path } = chosen.value);
    }
    if (await exportPicture(program, result, settled, path)) program.prefer({ export: settled });
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
            <Button variant="quiet" onClick={forget}>
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
  const impossible = exceededSide(result, options) !== undefined;
  const disabled = run !== undefined || impossible;
  return (
    <Dialog
      open
      size="medium"
      onClose={onClose}
      title={t('export.title')}
      description={(run?.result ?? result).name}
      footer={
        run?.slow ? (
          <ExportProgress run={run} onCancel={cancel} onClose={onClose} />
        ) : (
          <>
            <Button variant="quiet" onClick={onClose}>
              {t('cancel')}
            </Button>
            {desktop && (
              <Button disabled={disabled} onClick={() => void write(false)}>
                {t('export.toFolder')}
              </Button>
            )}
            <Button
              variant="primary"
              disabled={disabled}
              aria-describedby={impossible ? TOO_LARGE_ID : undefined}
              onClick={() => void write(desktop)}
            >
              {t(run ? 'export.writing' : desktop ? 'export.saveAs' : 'export.export')}
            </Button>
          </>
        )
      }
    >
      <div className={styles.body} inert={run !== undefined} data-idle={run?.slow}>
        <Picture
          whole
          kind="result-thumbnail"
          id={(run?.result ?? result).id}
          className={styles.picture}
          alt={(run?.result ?? result).name}
        />
        <ExportForm options={options} onChange={setOptions} result={result} />
      </div>
    </Dialog>
  );
}
