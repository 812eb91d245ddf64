import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RenderSize } from '../../../shared/studio/render.ts';
import { effectiveSettings, finalSize } from '../../../shared/studio/effective.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Picture } from '../../components/picture.tsx';
import { Switch } from '../../components/switch.tsx';
import { notify } from '../../stores/notices.ts';
import { activeJob, findJob, findNetwork, findResult, type Session } from '../../stores/session.ts';
import type { DialogProps } from '../studio/dialog-host.tsx';
import type { LengthUnit } from './lengths.ts';
import { PlanFigures } from './plan-figures.tsx';
import styles from './render-dialog.module.css';
import { Row, SizeFields } from './size-fields.tsx';
import type { RenderSource } from './source.ts';
import { usePlan } from './use-plan.ts';

/** How much larger a picture is to be before anything is chosen. */
const USUAL_FACTOR = 2;
/** Least memory that is worth choosing, and a usual amount, GB. */
const LEAST_GB = 0.5;
const USUAL_GB = 8;

/** The picture that is on the canvas, or in the history or the queue, larger: what that takes is said before it begins. */
export function RenderDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const source = useView((view) => view.rendering);
  // It may go while the dialog is open: deleted, or cancelled.
  const there = useSession((session) => source !== null && subjectOf(session, source) !== undefined);
  if (source && there) return <RenderOf source={source} onClose={onClose} />;
  return (
    <Dialog open size="small" onClose={onClose} title={t('render.title')}>
      <EmptyState title={t('render.gone')} text={t('render.goneHint')} />
    </Dialog>
  );
}

function RenderOf({ source, onClose }: DialogProps & { readonly source: RenderSource }) {
  const { session, ask, notices, view } = useProgram();
  const { t } = useTranslation();
  const [{ name, from }] = useState(() => subjectOf(session.getState(), source)!);
  const { preferences } = session.getState();
  const [size, setSize] = useState<RenderSize>({
    unit: 'px',
    longSide: USUAL_FACTOR * Math.max(from.width, from.height),
  });
  const [lengths, setLengths] = useState<LengthUnit>(preferences.export.size.unit === 'inch' ? 'inch' : 'cm');
  const [memoryBytes, setMemoryBytes] = useState(preferences.memoryBytes);
  const busy = useSession((state) => activeJob(state) !== undefined);
  const request = { source, size, memoryBytes };
  const { plan, problem, working } = usePlan(request);
  const ready = plan !== undefined && !working && plan.obstacle === null;

  const start = async (): Promise<void> => {
    const begun = await ask('startRender', request);
    if (!begun) return;
    const { job } = begun.value;
    onClose();
    if (source.kind === 'job') notify(notices, { tone: 'success', title: t('render.enqueuedAfter', { name }) });
    else if (busy) notify(notices, { tone: 'success', title: t('render.enqueued') });
    else view.setState({ shown: { kind: 'job', id: job }, mode: 'result' });
  };
  return (
    <Dialog
      open
      size="medium"
      onClose={onClose}
      title={t('render.title')}
      description={t('render.description', { name })}
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button variant="primary" disabled={!ready} onClick={() => void start()}>
            {t(source.kind === 'job' ? 'render.later' : busy ? 'render.enqueue' : 'render.start')}
          </Button>
        </>
      }
    >
      <div className={styles.body}>
        <div className={styles.form}>
          <section className={styles.group} aria-label={t('render.size')}>
            <h3 className={styles.heading}>{t('render.size')}</h3>
            <SizeFields
              size={size}
              from={from}
              dpi={preferences.export.dpi}
              onChange={setSize}
              lengths={lengths}
              onLengths={setLengths}
            />
          </section>
          <section className={styles.group} aria-label={t('render.memory')}>
            <h3 className={styles.heading}>{t('render.memory')}</h3>
            <Memory bytes={memoryBytes} total={plan?.memory.total} onChange={setMemoryBytes} />
          </section>
        </div>
        <section className={styles.plan} aria-label={t('render.plan')} aria-busy={working}>
          <Scale source={source} from={from} to={plan ?? from} />
          {problem && (
            <p className={styles.warning} role="status">
              <Icon icon={TriangleAlert} />
              <span>{problem.message}</span>
            </p>
          )}
          {plan ? (
            <PlanFigures plan={plan} size={size} lengths={lengths} onSize={setSize} onMemory={setMemoryBytes} />
          ) : (
            !problem && <p className={styles.muted}>{t('render.working')}</p>
          )}
        </section>
      </div>
    </Dialog>
  );
}

interface MemoryProps {
  readonly bytes: number | null;
  readonly total: number | undefined;
  readonly onChange: (bytes: number | null) => void;
}

/** How much of the memory it may take: most of what is free, or an amount. */
function Memory({ bytes, total, onChange }: MemoryProps) {
  const { t } = useTranslation();
  const most = total === undefined ? 1e5 : Math.floor(total / 1e9);
  return (
    <>
      <Switch
        label={t('render.memoryFree')}
        hint={t('render.memoryHint')}
        checked={bytes === null}
        onChange={(free) => onChange(free ? null : Math.min(USUAL_GB, most) * 1e9)}
      />
      {bytes !== null && (
        <Row label={t('render.memoryMost')}>
          {(id) => (
            <NumberField
              id={id}
              className={styles.number!}
              value={bytes / 1e9}
              min={LEAST_GB}
              max={Math.max(1, most)}
              step={1}
              precision={0.1}
              unit="GB"
              onChange={(gigabytes) => onChange(Math.round(gigabytes * 1e9))}
            />
          )}
        </Row>
      )}
    </>
  );
}

interface ScaleProps {
  readonly source: RenderSource;
  readonly from: Size;
  readonly to: Size;
}

/** The picture as large as it will be, and in its corner as large as it is. */
function Scale({ source, from, to }: ScaleProps) {
  const { t } = useTranslation();
  const preview = useSession((session) => (source.kind === 'job' ? (findJob(session, source.id)?.preview ?? 0) : 0));
  const photo = useSession((session) => findJob(session, source.id)?.document.photo?.sha256);
  const share = Math.min(1, from.width / to.width);
  const picture =
    source.kind === 'result'
      ? ({ kind: 'result-thumbnail', id: source.id } as const)
      : preview > 0
        ? ({ kind: 'preview', id: source.id, version: preview } as const)
        : ({ kind: 'thumbnail', id: photo } as const);
  return (
    <div className={styles.scale} style={{ aspectRatio: `${to.width} / ${to.height}` }}>
      <Picture {...picture} className={styles.picture} />
      {share < 1 && (
        <div className={styles.now} style={{ width: `${100 * share}%`, height: `${100 * share}%` }}>
          <span className={styles.nowTag}>{t('render.now')}</span>
        </div>
      )}
    </div>
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is rendered: its name, and the size that it has or will have. */
function subjectOf(session: Session, { kind, id }: RenderSource): { name: string; from: Size } | undefined {
  const job = kind === 'job' ? findJob(session, id) : undefined;
  const result = findResult(session, kind === 'result' ? id : job?.result);
  if (result) return { name: result.name, from: { width: result.width, height: result.height } };
  if (!job) return undefined;
  const [network, content] = [job.document.network, job.document.contentNetwork].map((n) => findNetwork(session, n));
  const from = finalSize(job.document, effectiveSettings(job.document, network, content));
  return from && { name: job.name, from };
}
