import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { AboutPanel } from '../about/about-panel.tsx';
import type { DialogProps } from '../studio/dialog-host.tsx';
import { Appearance } from './appearance.tsx';
import { Computing } from './computing.tsx';
import { Files } from './files.tsx';
import { Keys } from './keys.tsx';
import styles from './preferences-dialog.module.css';

/** How Madder looks and works on this computer; everything counts at once. */
export function PreferencesDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog open onClose={onClose} title={t('preferences.title')}>
      <div className={styles.body}>
        <Tabs
          label={t('preferences.title')}
          tabs={[
            { id: 'appearance', label: t('preferences.appearance'), content: <Appearance /> },
            { id: 'computing', label: t('preferences.computing'), content: <Computing /> },
            { id: 'files', label: t('preferences.files'), content: <Files /> },
            { id: 'keys', label: t('preferences.keys'), content: <Keys /> },
            { id: 'about', label: t('preferences.about'), content: <AboutPanel /> },
          ]}
        />
      </div>
    </Dialog>
  );
}
