import { useTranslation } from 'react-i18next';
import { NetworksSection } from '../networks/networks-section.tsx';
import { PhotoSection } from '../photo/photo-section.tsx';
import { StylesSection } from '../styles/styles-section.tsx';

/** The panel at the left side: what is painted, after what, and with which eye. */
export function LeftPanel() {
  const { t } = useTranslation();
  return (
    <>
      <h2 className="visually-hidden">{t('studio.leftPanel')}</h2>
      <PhotoSection />
      <StylesSection />
      <NetworksSection />
    </>
  );
}
