import { useTranslation } from 'react-i18next';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { ActionIconButton } from '../../components/action-button.tsx';
import { findStudy } from '../../stores/session.ts';
import { DialogHost } from '../studio/dialog-host.tsx';
import { Screens, ThemeButton } from '../studio/top-bar.tsx';
import bar from '../studio/top-bar.module.css';
import styles from './laboratory.module.css';
import { NewStudy } from './new-study.tsx';
import { StudyList } from './study-list.tsx';
import { StudyPage } from './study-page.tsx';

/** The other room: the studies at the left, the one that is open, or the choice of a new one, beside them. */
export function Laboratory() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const connected = useSession((session) => session.connected);
  const open = useView((state) => state.study);
  const study = useSession((session) => findStudy(session, open));
  return (
    <div className={styles.laboratory}>
      <header className={bar.bar} aria-label={t('studio.toolbar')}>
        <div className={bar.group}>
          <h1 className={bar.word}>{t('appName')}</h1>
          <Screens />
        </div>
        <div className={bar.group}>
          <ThemeButton />
          <ActionIconButton action="openShortcuts" />
          <ActionIconButton action="openPreferences" />
        </div>
      </header>
      {!connected && (
        <p className={styles.lost} role="alert">
          {t('connectionLost')}
        </p>
      )}
      <div className={styles.middle}>
        <aside className={styles.list} aria-label={t('laboratory.studies')}>
          <StudyList open={study?.id ?? null} onOpen={(id) => view.setState({ study: id })} />
        </aside>
        <main className={styles.page} aria-label={t('laboratory.title')}>
          {study ? <StudyPage key={study.id} study={study} /> : <NewStudy />}
        </main>
      </div>
      <DialogHost />
    </div>
  );
}
