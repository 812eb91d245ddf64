import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { TextField } from '../../components/text-field.tsx';
import { formatBytes } from '../../i18n/format.ts';
import { ExportForm } from '../export/export-form.tsx';
import styles from './preferences-dialog.module.css';

/** What is kept, and how files are written unless something else is chosen. */
export function Files() {
  const { prefer } = useProgram();
  const { t } = useTranslation();
  const preferences = useSession((session) => session.preferences);
  const results = useSession((session) => session.results);
  const used = results.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <div className={styles.page}>
      <div className={styles.row}>
        <span aria-hidden="true">{t('preferences.historyCap')}</span>
        <NumberField
          className={styles.number!}
          label={t('preferences.historyCap')}
          value={preferences.historyCap / 1e9}
          min={0.1}
          max={10_000}
          step={1}
          precision={0.1}
          unit="GB"
          onChange={(gigabytes) => prefer({ historyCap: gigabytes * 1e9 })}
        />
      </div>
      <p className={styles.hint}>{t('preferences.historyCapHint', { used: formatBytes(used) })}</p>
      <Folder />
      <section className={styles.group} aria-label={t('preferences.exportHabits')}>
        <h3 className={styles.heading}>{t('preferences.exportHabits')}</h3>
        <ExportForm options={preferences.export} onChange={(next) => prefer({ export: next })} />
      </section>
    </div>
  );
}

/** The folder for files whose place is not chosen: typed, which counts when the field is left, or chosen where the shell has a dialog. */
function Folder() {
  const { ask, prefer } = useProgram();
  const { t } = useTranslation();
  const desktop = useSession(({ shell }) => shell === 'desktop');
  const folder = useSession((session) => session.preferences.exportFolder) ?? '';
  const [draft, setDraft] = useState<string>();
  const commit = (): void => {
    if (draft !== undefined && draft.trim() !== folder) prefer({ exportFolder: draft.trim() || null });
    setDraft(undefined);
  };
  const choose = async (): Promise<void> => {
    const chosen = await ask('chooseExportFolder', {});
    if (chosen?.value.path) prefer({ exportFolder: chosen.value.path });
  };
  return (
    <div className={styles.row}>
      <span aria-hidden="true">{t('preferences.exportFolder')}</span>
      <div className={styles.place}>
        <TextField
          bare
          className={styles.field!}
          label={t('preferences.exportFolder')}
          placeholder={t('preferences.exportFolderUsual')}
          value={draft ?? folder}
          onChange={setDraft}
          onBlur={commit}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
        {desktop && <Button onClick={() => void choose()}>{t('preferences.chooseFolder')}</Button>}
      </div>
    </div>
  );
}
