import { Ellipsis } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../app/program.ts';
import { ActionButton } from '../../components/action-button.tsx';
import { IconButton } from '../../components/button.tsx';
import { ActionMenuItem, Menu, MenuLine } from '../../components/menu.tsx';
import { Tooltip } from '../../components/tooltip.tsx';
import { useObstacles } from '../../stores/selectors.ts';
import { activeJob } from '../../stores/session.ts';
import { useObstacleWords } from '../studio/obstacle-words.ts';
import { OBSTACLES_ID } from './idle.tsx';
import styles from './run.module.css';

/** Start; and while a run goes on, pausing, stopping and beginning anew as different buttons. */
export function RunButtons() {
  const state = useSession((session) => activeJob(session)?.state);
  const { t } = useTranslation();
  const painted = useSession((session) => session.results.length > 0);
  if (state === undefined) {
    return (
      <div className={styles.buttons}>
        {painted && <ActionButton action="openRender" variant="quiet" />}
        <StartButton />
      </div>
    );
  }
  return (
    <div className={styles.buttons}>
      <ActionButton
        action={state === 'paused' ? 'resume' : 'pause'}
        variant={state === 'paused' ? 'primary' : 'normal'}
      />
      <ActionButton action="stop" />
      <ActionButton action="restart" />
      <Menu side="top" align="end" trigger={<IconButton icon={Ellipsis} label={t('run.moreActions')} />}>
        <ActionMenuItem action="enqueue" />
        <ActionMenuItem action="openRender" />
        <MenuLine />
        <ActionMenuItem action="cancel" />
      </Menu>
    </div>
  );
}

function StartButton() {
  const words = useObstacleWords();
  const obstacles = useObstacles();
  const button = <ActionButton action="start" variant="primary" size="large" aria-describedby={OBSTACLES_ID} />;
  if (obstacles.length === 0) return button;
  return (
    <Tooltip
      side="top"
      text={
        <ul className={styles.reasons}>
          {obstacles.map((obstacle) => (
            <li key={words(obstacle)}>{words(obstacle)}</li>
          ))}
        </ul>
      }
    >
      {button}
    </Tooltip>
  );
}
