import { useTranslation } from 'react-i18next';
import { useSession } from '../../app/program.ts';
import { Progress } from '../../components/progress.tsx';
import { formatPixels } from '../../i18n/format.ts';
import { activeJob } from '../../stores/session.ts';
import { readout, readoutKey, type Readout } from './readout.ts';
import styles from './run.module.css';
import { usePaced } from './use-paced.ts';
import { shareDone, whereOf } from './where.ts';
import { bytes, duration, rate } from './words.ts';

/** How far the run is. */
export function Running() {
  const { t, i18n } = useTranslation();
  const look = usePaced<Readout | undefined>(readout, readoutKey);
  const share = useSession((session) => {
    const job = activeJob(session);
    const where = job && whereOf(job);
    return where ? Math.round(1000 * shareDone(where)) / 1000 : undefined;
  });
  if (!look) return null;
  const { where, paused, saving, left = 0 } = look;
  const values = where && {
    level: where.level + 1,
    levels: where.levels,
    // Within one it is that one's number.
    iteration: where.evaluation + (where.tile && where.evaluation < where.evaluations ? 1 : 0),
    iterations: where.evaluations,
    time: duration(left, i18n.language),
  };
  const piece = where?.tile && { piece: where.tile.tile + 1, pieces: where.tile.tiles };
  return (
    <div className={styles.running}>
      <div className={styles.line}>
        <p className={styles.where}>
          {paused && <strong>{t('run.paused')}</strong>}
          {saving ? (
            <span>{t('run.saving')}</span>
          ) : values ? (
            <>
              {values.levels > 1 && <span>{t('run.level', values)}</span>}
              {piece && where.tile?.preparing ? (
                <span>{t('run.looking', piece)}</span>
              ) : (
                <>
                  <span>{t('run.iteration', values)}</span>
                  {piece && <span>{t('run.piece', piece)}</span>}
                </>
              )}
            </>
          ) : (
            !paused && <span>{t('run.preparing')}</span>
          )}
        </p>
        {!saving && <Numbers look={look} />}
      </div>
      <Progress
        label={t('run.progress')}
        value={saving ? undefined : share}
        text={saving ? t('run.saving') : values ? t('run.announce', values) : t('run.preparing')}
      />
    </div>
  );
}

/** Time left, speed and memory. */
function Numbers({ look: { progress, where, paused, left, speed } }: { readonly look: Readout }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  if (!where) return null;
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
      {where.tile && <span>{formatPixels(where)}</span>}
      {progress && progress.memoryBytes > 0 && (
        <span title={t('run.memory')}>{bytes(progress.memoryBytes, language)}</span>
      )}
    </p>
  );
}
