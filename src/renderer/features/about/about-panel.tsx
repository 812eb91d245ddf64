import { ExternalLink } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import styles from './about-panel.module.css';

/** The article whose pictures Madder began with. */
const ARTICLE = 'https://doi.org/10.23915/distill.00019.4';

/** What Madder is, under which terms, and where its idea comes from. */
export function AboutPanel() {
  const { ask } = useProgram();
  const { t } = useTranslation();
  const version = useSession((session) => session.version);
  const desktop = useSession(({ shell }) => shell === 'desktop');
  const open = (): void => {
    if (desktop) void ask('openLink', { url: ARTICLE });
    else window.open(ARTICLE, '_blank', 'noopener,noreferrer');
  };
  return (
    <div className={styles.about}>
      <img className={styles.logo} src="icon.svg" alt="" width={56} height={56} />
      <div>
        <h3 className={styles.name}>{t('appName')}</h3>
        <p className={styles.line}>{t('about.version', { version })}</p>
      </div>
      <p>{t('about.line')}</p>
      <p>{t('about.licences')}</p>
      <p>{t('about.privacy')}</p>
      <Button icon={ExternalLink} onClick={open}>
        {t('about.article')}
      </Button>
    </div>
  );
}
