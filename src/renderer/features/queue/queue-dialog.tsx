import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../app/program.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Tabs } from '../../components/tabs.tsx';
import type { DialogProps } from '../studio/dialog-host.tsx';
import { Batch } from './batch.tsx';
import { JobList } from './job-list.tsx';
import styles from './queue-dialog.module.css';

/** What is painted now, what comes next, and many pictures at once. */
export function QueueDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const count = useSession(({ jobs }) => jobs.filter(isOpen).length);
  const [tab, setTab] = useState<'jobs' | 'batch'>('jobs');
  return (
    <Dialog open onClose={onClose} title={t('queue.title')} description={t('queue.description')}>
      <div className={styles.body}>
        <Tabs
          label={t('queue.title')}
          value={tab}
          onChange={setTab}
          tabs={[
            { id: 'jobs', label: t('queue.tabJobs', { count }), content: <JobList onClose={onClose} /> },
            { id: 'batch', label: t('queue.tabBatch'), content: <Batch onStarted={() => setTab('jobs')} /> },
          ]}
        />
      </div>
    </Dialog>
  );
}

const isOpen = ({ state }: { readonly state: string }): boolean => ['waiting', 'running', 'paused'].includes(state);
