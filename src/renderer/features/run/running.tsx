import { useTranslation } from 'react-i18next';
import { useSession } from '../../app/program.ts';
import { Progress } from '../../components/progress.tsx';
import { activeJob } from '../../stores/session.ts';
import { readout, readoutKey, shareDone, type Readout } from './readout.ts';
import styles from './run.module.css';
import { usePaced } from './use-paced.ts';
import { bytes, duration, rate } from './words.ts';

/** How far the run is. */
export function Running() {
  const { t, i18n } = useTranslation();
  const look = usePaced<Readout | undefined>(readout, readoutKey);
  const share = useSession((session) => {
    const progress = activeJob(session)?.progress;
    return progress ? Math.round(1000 * shareDone(progress)) / 1000 : undefined;
  });
  if (!look) return null;
  const { progress, paused, left = 0 } = look;
  const values = progress && {
    level: progress.level + 1,
    levels: progress.levels,
    iteration: progress.evaluation,
    iterations: progress.evaluations,
    time: duration(left, i18n.language),
  };
  return (
    <div className={styles.running}>
      <div className={styles.line}>
        <p className={styles.where}>
          {paused && <strong>{t('run.paused')}</strong>}
          {values ? (
            <>
              {values.levels > 1 && <span>{t('run.level', values)}</span>}
              <span>{t('run.iteration', values)}</span>
            </>
          ) : (
            !paused && <span>{t('run.preparing')}</span>
          )}
        </p>
        <Numbers look={look} />
      </div>
      <Progress
        label={t('run.progress')}
        value={share}
        text={values ? t('run.announce', values) : t('run.preparing')}
      />
    </div>
  );
}

/** Time left, speed and memory. */
function Numbers({ look: { progress, paused, left, speed } }: { readonly look: Readout }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  if (!progress) return null;
  return (
    <p className={styles.numbers}>
      {left !== undefined && (
        <span className={styles.left}>{t('run.timeLeft', { time: duration(left, language) })}</span>
      )}
      {!paused && speed !== undefined && (
        <span>
          {speed >= 0.95
            ? t('run.speed', { rate: rate(speed, language) })
            : t('run.slowness', { rate: rate(1 / speed, language) })}
        </span>
      )}
      {progress.memoryBytes > 0 && <span title={t('run.memory')}>{bytes(progress.memoryBytes, language)}</span>}
    </p>
  );
}
