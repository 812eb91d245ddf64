import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { panelOpen } from '../../stores/view.ts';
import { CanvasArea } from '../canvas/canvas-area.tsx';
import { DialogHost } from './dialog-host.tsx';
import { LeftPanel } from './left-panel.tsx';
import { RightPanel } from './right-panel.tsx';
import { RunBar } from './run-bar.tsx';
import styles from './studio.module.css';
import { TopBar } from './top-bar.tsx';

/** Below this width of the window, in CSS px, only one panel is open at a time ... */
const NARROW = 1100;
/** ... and below this one it lies over the picture; studio.module.css knows it too. */
const SMALL = 800;

/** The window's layout: bars above and below, panels that fold away, and the picture. */
export function Studio() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const left = useView((state) => panelOpen(state, 'left'));
  const right = useView((state) => panelOpen(state, 'right'));
  const connected = useSession((session) => session.connected);

  useEffect(() => {
    const narrow = matchMedia(`(max-width: ${NARROW - 1}px)`);
    const small = matchMedia(`(max-width: ${SMALL - 1}px)`);
    // As long as a panel stands beside the picture, one of them may stay.
    const adapt = (): void => view.setState({ narrow: narrow.matches, drawer: small.matches ? null : 'left' });
    adapt();
    narrow.addEventListener('change', adapt);
    small.addEventListener('change', adapt);
    return () => {
      narrow.removeEventListener('change', adapt);
      small.removeEventListener('change', adapt);
    };
  }, [view]);

  return (
    <div className={styles.studio}>
      <TopBar />
      {!connected && (
        <p className={styles.lost} role="alert">
          {t('connectionLost')}
        </p>
      )}
      <div className={styles.middle}>
        <aside className={styles.left} aria-label={t('studio.leftPanel')} hidden={!left}>
          <LeftPanel />
        </aside>
        <main className={styles.canvas} aria-label={t('studio.canvas')}>
          <CanvasArea />
        </main>
        <aside className={styles.right} aria-label={t('studio.rightPanel')} hidden={!right}>
          <RightPanel />
        </aside>
      </div>
      <footer className={styles.run} aria-label={t('studio.runBar')}>
        <RunBar />
      </footer>
      <DialogHost />
    </div>
  );
}
