import { ListX, Pause, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { JobRow } from './job-row.tsx';
import styles from './job-list.module.css';

const OVER: readonly string[] = ['done', 'stopped', 'failed', 'cancelled', 'interrupted'];

/** The jobs in their order: running, waiting, ended. */
export function JobList({ onClose }: { readonly onClose: () => void }) {
  const { ask } = useProgram();
  const { t } = useTranslation();
  const jobs = useSession((session) => session.jobs);
  const paused = useSession((session) => session.queuePaused);
  const active = jobs.filter(({ state }) => state === 'running' || state === 'paused');
  const waiting = jobs.filter(({ state }) => state === 'waiting');
  const over = jobs.filter(({ state }) => OVER.includes(state)).reverse();
  if (jobs.length === 0) return <EmptyState title={t('queue.empty')} text={t('queue.emptyHint')} />;
  return (
    <div className={styles.list}>
      <div className={styles.bar}>
        <p className={styles.state} role="status">
          {paused ? t('queue.paused') : t('queue.waiting', { count: waiting.length })}
        </p>
        {over.length > 0 && (
          <Button
            variant="quiet"
            icon={ListX}
            onClick={() => over.forEach(({ id }) => void ask('dismiss', { job: id }))}
          >
            {t('queue.dismissAll')}
          </Button>
        )}
        <Button icon={paused ? Play : Pause} onClick={() => void ask('pauseQueue', { paused: !paused })}>
          {t(paused ? 'queue.resumeQueue' : 'queue.pauseQueue')}
        </Button>
      </div>
      <ol className={styles.jobs} aria-label={t('queue.title')}>
        {[...active, ...waiting, ...over].map((job) => {
          const place = waiting.indexOf(job);
          return (
            <JobRow
              key={job.id}
              job={job}
              {...(place < 0 ? {} : { place: { at: place, of: waiting.length } })}
              onClose={onClose}
            />
          );
        })}
      </ol>
    </div>
  );
}
