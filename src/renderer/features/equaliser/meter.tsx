import { useSession } from '../../app/program.ts';
import { activeJob } from '../../stores/session.ts';
import { useLosses } from '../losses/store.ts';
import styles from './equaliser.module.css';
import { meterLevel } from './weights.ts';

/** How far a layer still is from the painting: full when the run begins, and falling while the picture grows. */
export function Meter({ layer, heard }: { readonly layer: string; readonly heard: boolean }) {
  const job = useSession((session) => activeJob(session)?.id);
  const level = useLosses(({ runs }) => {
    const terms = [...(runs.get(job ?? '')?.terms.values() ?? [])];
    const term = terms.find((each) => each.kind === 'style' && each.layer === layer);
    return term ? Math.round(100 * meterLevel(term.newest, term.first)) / 100 : 0;
  });
  return (
    <span className={styles.meter} data-heard={heard || undefined} aria-hidden="true">
      <span className={styles.level} style={{ scale: `1 ${level}` }} />
    </span>
  );
}
