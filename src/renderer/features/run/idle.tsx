import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Job } from '../../../shared/studio/contract.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { set } from '../../stores/edits.ts';
import { useEffective, useObstacles } from '../../stores/selectors.ts';
import { findJob } from '../../stores/session.ts';
import { useObstacleWords } from '../studio/obstacle-words.ts';
import styles from './run.module.css';
import { bytes, duration } from './words.ts';

/** By which Start names its reasons. */
export const OBSTACLES_ID = 'start-obstacles';

/** Before a start: what is missing, or how long it will take and how much memory; and how the last run ended. */
export function Idle() {
  const { t } = useTranslation();
  const words = useObstacleWords();
  const obstacles = useObstacles();
  const missing = obstacles.filter(({ kind }) => kind !== 'tooLarge');
  return (
    <div className={styles.idle}>
      <Ended />
      {missing.length > 0 ? (
        <p id={OBSTACLES_ID} className={styles.why}>
          {t('run.missing', { count: missing.length })} {missing.map(words).join(' ')}
        </p>
      ) : (
        <Estimate />
      )}
    </div>
  );
}

/** What a run would take; and when it does not fit, a size that does. */
function Estimate() {
  const { t, i18n } = useTranslation();
  const { documents } = useProgram();
  const { size } = useEffective().settings;
  const estimate = useSession((session) => session.estimate);
  if (!estimate) return null;
  const values = {
    size,
    bytes: bytes(estimate.bytes, i18n.language),
    available: bytes(estimate.availableBytes, i18n.language),
  };
  const { smallerSize } = estimate;
  if (!estimate.fits) {
    return (
      <div className={styles.tooLarge}>
        <p id={OBSTACLES_ID} className={styles.warning} role="status">
          <Icon icon={TriangleAlert} />
          {t('run.estimate.tooLarge', values)}
        </p>
        {smallerSize !== undefined && (
          <Button onClick={() => documents.edit((draft) => set(draft, 'size', smallerSize))}>
            {t('run.estimate.useSize', { size: smallerSize })}
          </Button>
        )}
      </div>
    );
  }
  return (
    <p className={styles.numbers}>
      <span>
        {estimate.seconds === null
          ? t('run.estimate.unknownTime')
          : t('run.estimate.time', { time: duration(estimate.seconds, i18n.language) })}
      </span>
      <span>{t('run.estimate.memory', values)}</span>
      {estimate.pieces !== null && <span>{t('run.estimate.pieces', { count: estimate.pieces })}</span>}
    </p>
  );
}

type Ending = 'done' | 'stopped' | 'cancelled' | 'interrupted' | 'failed';
const isEnding = (state: Job['state']): state is Ending => !['waiting', 'running', 'paused'].includes(state);

/** How the run that is looked at ended, and how it goes on where it did not end well. */
function Ended() {
  const { t, i18n } = useTranslation();
  const { ask } = useProgram();
  const shown = useView((view) => (view.shown?.kind === 'job' ? view.shown.id : undefined));
  const job = useSession((session) => findJob(session, shown));
  if (!job || !isEnding(job.state)) return null;
  const { state, problem, tryMemoryBytes } = job;
  const failed = state === 'failed';
  return (
    <div className={styles.ended}>
      <p className={failed ? styles.warning : styles.endedWords} role={failed ? 'alert' : undefined}>
        {failed && <Icon icon={TriangleAlert} />}
        <span>
          {t(`run.ended.${state}`)}
          {problem && `: ${problem.message}`}
        </span>
      </p>
      {failed && tryMemoryBytes !== undefined && (
        <Button onClick={() => void ask('retry', { job: job.id, memoryBytes: tryMemoryBytes })}>
          {t('run.retryWithin', { bytes: bytes(tryMemoryBytes, i18n.language) })}
        </Button>
      )}
      {(failed || state === 'interrupted') && (
        <Button onClick={() => void ask('retry', { job: job.id })}>{t(failed ? 'run.retry' : 'run.continue')}</Button>
      )}
    </div>
  );
}
