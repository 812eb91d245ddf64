import { useTranslation } from 'react-i18next';
import { Settings } from '../settings/settings.tsx';

/** The panel at the right side: sections below each other. */
export function RightPanel() {
  const { t } = useTranslation();
  return (
    <>
      <h2 className="visually-hidden">{t('studio.rightPanel')}</h2>
      <Settings />
    </>
  );
}
