import { CircleCheck, Download, FolderOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Facts } from '../../components/facts.tsx';
import { Icon } from '../../components/icon.tsx';
import { formatBytes, formatPixels } from '../../i18n/format.ts';
import { fileName, saveDownload, type Written } from './export-run.ts';
import styles from './exported.module.css';

/** Where the file is now, and what is in it. */
export function Exported({ written }: { readonly written: Written }) {
  const program = useProgram();
  const { t } = useTranslation();
  const desktop = useSession(({ shell }) => shell === 'desktop');
  const { path, bytes, width, height, skipped, notes, download } = written;
  return (
    <div className={styles.exported}>
      <p className={styles.said} role="status">
        <span className={styles.icon}>
          <Icon icon={CircleCheck} size={20} />
        </span>
        {t(skipped ? 'export.skipped' : download ? 'export.ready' : 'export.done')}
      </p>
      <p className={styles.path}>{download ? fileName(written) : path}</p>
      <Facts
        facts={[
          [t('export.pixels'), formatPixels({ width, height })],
          [t('export.bytes'), formatBytes(bytes)],
        ]}
      />
      {notes.length > 0 && (
        <ul className={styles.notes}>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {download !== undefined && (
        <Button icon={Download} onClick={() => saveDownload(program, written)}>
          {t('export.download')}
        </Button>
      )}
      {desktop && (
        <Button icon={FolderOpen} onClick={() => void program.ask('showInFolder', { path })}>
          {t('export.showInFolder')}
        </Button>
      )}
    </div>
  );
}
