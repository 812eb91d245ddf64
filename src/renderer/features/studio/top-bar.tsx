import { MonitorCog, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useAction } from '../../actions/use-action.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { ActionIconButton } from '../../components/action-button.tsx';
import { IconButton } from '../../components/button.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { activeStudy } from '../../stores/session.ts';
import { COMPARE_MODES, SCREENS, type CompareMode, type Screen } from '../../stores/view.ts';
import styles from './top-bar.module.css';
import { ZoomMenu } from './zoom-menu.tsx';

/** The bar above: undo, what is shown and how large, and the ways to everything else. */
export function TopBar() {
  const { t } = useTranslation();
  return (
    <header className={styles.bar} aria-label={t('studio.toolbar')}>
      <div className={styles.group}>
        <ActionIconButton action="toggleLeft" />
        <h1 className={styles.word}>{t('appName')}</h1>
        <Screens />
        <span className={styles.line} />
        <ActionIconButton action="undo" />
        <ActionIconButton action="redo" />
      </div>
      <div className={styles.group}>
        <CompareModes />
        <ActionIconButton action="peek" />
        <ZoomMenu />
      </div>
      <div className={styles.group}>
        <ActionIconButton action="openPresets" />
        <ActionIconButton action="openHistory" />
        <ActionIconButton action="openQueue" />
        <ActionIconButton action="openExport" />
        <span className={styles.line} />
        <ThemeButton />
        <ActionIconButton action="openShortcuts" />
        <ActionIconButton action="openPreferences" />
        <ActionIconButton action="toggleRight" />
      </div>
    </header>
  );
}

function CompareModes() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const mode = useView((state) => state.mode);
  const photo = useAction('showPhoto');
  const style = useAction('showStyle');
  const result = useAction('showResult');
  const split = useAction('showSplit');
  const side = useAction('showSide');
  const actions = { photo, style, result, split, side };
  return (
    <Segmented<CompareMode>
      label={t('canvas.modes')}
      value={mode}
      segments={COMPARE_MODES.map((value) => {
        const { label, icon, shortcut } = actions[value];
        return { value, label, icon, shortcut };
      })}
      onChange={(next) => view.setState({ mode: next })}
    />
  );
}

/** The way from the studio to the laboratory, and back. */
export function Screens() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const screen = useView((state) => state.screen);
  const { shortcut, ariaShortcut } = useAction('switchScreen');
  const running = useSession((session) => activeStudy(session) !== undefined);
  return (
    <span className={styles.screens} title={shortcut} aria-keyshortcuts={ariaShortcut}>
      <Segmented<Screen>
        label={t('studio.screens.title')}
        value={screen}
        segments={SCREENS.map((value) => ({ value, label: t(`studio.screens.${value}`) }))}
        onChange={(next) => view.setState({ screen: next })}
      />
      {running && screen === 'studio' && (
        <span className={styles.running} role="status">
          <span className="visually-hidden">{t('studio.screens.running')}</span>
        </span>
      )}
    </span>
  );
}

const THEME_ICONS = { dark: Moon, light: Sun, system: MonitorCog };

/** Dark, light, or as the system. */
export function ThemeButton() {
  const { t } = useTranslation();
  const { run } = useAction('switchTheme');
  const theme = useSession((session) => session.preferences.theme);
  return <IconButton icon={THEME_ICONS[theme]} label={t(`studio.themes.${theme}`)} onClick={run} />;
}
