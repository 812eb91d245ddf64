import {
  ArrowDown,
  ArrowUp,
  CircleAlert,
  CircleCheck,
  CirclePause,
  CirclePlay,
  CircleStop,
  CircleX,
  Eye,
  Hourglass,
  ImageUpscale,
  MemoryStick,
  Pause,
  Play,
  RotateCcw,
  Square,
  Unplug,
  X,
  type LucideIcon,
} from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Job, MethodName } from '../../../shared/studio/contract.ts';
import { effectiveSettings, finalSize } from '../../../shared/studio/effective.ts';
import { useProgram, useSession } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Picture } from '../../components/picture.tsx';
import { Progress } from '../../components/progress.tsx';
import { formatBytes, formatDuration, formatPercent, formatPixels } from '../../i18n/format.ts';
import { findJob, findNetwork } from '../../stores/session.ts';
import { jobSource, openRender } from '../render/source.ts';
import { shareDone, whereOf } from '../run/where.ts';
import styles from './job-row.module.css';

const ICONS: Readonly<Record<Job['state'], LucideIcon>> = {
  waiting: Hourglass,
  running: CirclePlay,
  paused: CirclePause,
  done: CircleCheck,
  stopped: CircleStop,
  failed: CircleAlert,
  cancelled: CircleX,
  interrupted: Unplug,
};

interface JobRowProps {
  readonly job: Job;
  /** Among those that wait. */
  readonly place?: { readonly at: number; readonly of: number };
  readonly onClose: () => void;
}

/** A job: its picture, how far it is, and what can be done. Alt and an arrow key move one that waits. */
export function JobRow({ job, place, onClose }: JobRowProps) {
  const { ask } = useProgram();
  const { t } = useTranslation();
  const row = useRef<HTMLLIElement>(null);
  const { id, name, state, preview, result, problem, document, notes } = job;

  const move = async (step: -1 | 1): Promise<void> => {
    const to = (place?.at ?? -1) + step;
    if (!place || to < 0 || to >= place.of) return;
    const held = globalThis.document.activeElement;
    await ask('moveJob', { job: id, position: to });
    // Moving its element takes the focus away from what is inside.
    requestAnimationFrame(() => held instanceof HTMLElement && row.current?.contains(held) && held.focus());
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    void move(event.key === 'ArrowUp' ? -1 : 1);
  };
  const picture =
    result !== undefined
      ? ({ kind: 'result-thumbnail', id: result } as const)
      : preview > 0
        ? ({ kind: 'preview', id, version: preview } as const)
        : ({ kind: 'thumbnail', id: document.photo?.sha256 } as const);
  return (
    // Keys reach it from the buttons inside.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li ref={row} className={styles.row} onKeyDown={onKeyDown}>
      <Picture {...picture} className={styles.picture} />
      <div className={styles.words}>
        <p className={styles.name}>{name}</p>
        <p className={styles.state} data-state={state}>
          <Icon icon={ICONS[state]} size={14} />
          <span>
            {job.saving ? t('run.saving') : t(`canvas.state.${state}`)}
            {place && ` · ${t('queue.place', { place: place.at + 1 })}`}
            <Waiting job={job} />
          </span>
        </p>
        <JobProgress job={job} />
        {problem && <p className={styles.problem}>{problem.message}</p>}
        {!problem && notes.length > 0 && state === 'running' && <p className={styles.note}>{notes.at(-1)}</p>}
      </div>
      <JobActions job={job} {...(place ? { place } : {})} onMove={(step) => void move(step)} onClose={onClose} />
    </li>
  );
}

/** How large a job that waits will be, where that was asked for, and which one it waits for. */
function Waiting({ job }: { readonly job: Job }) {
  const { t } = useTranslation();
  const before = useSession((session) => findJob(session, job.after)?.name);
  const final = useFinalSize(job);
  if (job.state !== 'waiting') return null;
  const isRender = job.after !== undefined || job.document.settings.init?.kind === 'image';
  return (
    <>
      {isRender && final && ` · ${t('queue.toBe', { size: formatPixels(final) })}`}
      {before !== undefined && ` · ${t('queue.after', { name: before })}`}
    </>
  );
}

/** The size that a job's picture has at the end. */
function useFinalSize({ document }: Job): ReturnType<typeof finalSize> {
  const network = useSession((session) => findNetwork(session, document.network));
  const content = useSession((session) => findNetwork(session, document.contentNetwork));
  return finalSize(document, effectiveSettings(document, network, content));
}

function JobProgress({ job }: { readonly job: Job }) {
  const { t } = useTranslation();
  const final = useFinalSize(job);
  const { name, state, saving } = job;
  const where = whereOf(job);
  if (!where || saving || (state !== 'running' && state !== 'paused')) return null;
  const share = shareDone(where);
  const { tile, secondsLeft } = where;
  const grows = final && (final.width !== where.width || final.height !== where.height);
  const text = [
    formatPercent(share),
    grows ? t('queue.at', { size: formatPixels(where), final: formatPixels(final) }) : formatPixels(where),
    ...(tile ? [t('queue.piece', { piece: tile.tile + 1, pieces: tile.tiles })] : []),
    ...(secondsLeft === null ? [] : [t('queue.left', { time: formatDuration(secondsLeft) })]),
  ].join(' · ');
  return (
    <div className={styles.progress}>
      <Progress silent label={t('queue.progress', { name })} value={share} text={text} />
      <p className={styles.note}>{text}</p>
    </div>
  );
}

interface JobActionsProps extends JobRowProps {
  readonly onMove: (step: -1 | 1) => void;
}

function JobActions({ job, place, onMove, onClose }: JobActionsProps) {
  const { ask, view } = useProgram();
  const { t } = useTranslation();
  const { id, name, state, result, tryMemoryBytes } = job;
  const source = jobSource(job);
  type JobMethod = Extract<MethodName, 'pause' | 'resume' | 'stop' | 'cancel' | 'retry' | 'dismiss'>;
  const button = (method: JobMethod, icon: LucideIcon): React.ReactNode => (
    <IconButton
      key={method}
      icon={icon}
      label={t(`queue.${method}`, { name })}
      onClick={() => void ask(method, { job: id })}
    />
  );
  const buttons: Readonly<Record<Job['state'], React.ReactNode>> = {
    running: [button('pause', Pause), button('stop', Square), button('cancel', X)],
    paused: [button('resume', Play), button('stop', Square), button('cancel', X)],
    waiting: button('cancel', X),
    done: button('dismiss', X),
    stopped: button('dismiss', X),
    failed: [
      tryMemoryBytes !== undefined && (
        <IconButton
          key="retryWithin"
          icon={MemoryStick}
          label={t('queue.retryWithin', { name, bytes: formatBytes(tryMemoryBytes) })}
          onClick={() => void ask('retry', { job: id, memoryBytes: tryMemoryBytes })}
        />
      ),
      button('retry', RotateCcw),
      button('dismiss', X),
    ],
    cancelled: [button('retry', RotateCcw), button('dismiss', X)],
    interrupted: [button('retry', RotateCcw), button('dismiss', X)],
  };
  return (
    <div className={styles.actions}>
      {place && (
        <>
          <IconButton
            icon={ArrowUp}
            label={t('queue.up', { name })}
            shortcut={`${t('keys.alt')}+↑`}
            disabled={place.at === 0}
            onClick={() => onMove(-1)}
          />
          <IconButton
            icon={ArrowDown}
            label={t('queue.down', { name })}
            shortcut={`${t('keys.alt')}+↓`}
            disabled={place.at === place.of - 1}
            onClick={() => onMove(1)}
          />
        </>
      )}
      {(result !== undefined || job.preview > 0) && (
        <IconButton
          icon={Eye}
          label={t('queue.show', { name })}
          onClick={() => {
            view.setState({
              shown: result === undefined ? { kind: 'job', id } : { kind: 'result', id: result },
              mode: 'result',
            });
            onClose();
          }}
        />
      )}
      {source && (
        <IconButton
          icon={ImageUpscale}
          label={t('queue.render', { name })}
          onClick={() => openRender({ view }, source)}
        />
      )}
      {buttons[state]}
    </div>
  );
}
