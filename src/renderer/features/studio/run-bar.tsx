import { useEffect } from 'react';
import { LOSSES } from '../../actions/run.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { ActionIconButton } from '../../components/action-button.tsx';
import { activeJob } from '../../stores/session.ts';
import { LossStrip } from '../losses/loss-strip.tsx';
import { recordLosses } from '../losses/store.ts';
import { DevicePicker } from '../run/device-picker.tsx';
import { Idle } from '../run/idle.tsx';
import { RunButtons } from '../run/run-buttons.tsx';
import { Running } from '../run/running.tsx';
import styles from '../run/run.module.css';
import { steerRuns } from '../steering/steer.ts';

/** Start, and what goes on: always in the same place. */
export function RunBar() {
  const program = useProgram();
  const busy = useSession((session) => activeJob(session) !== undefined);
  const losses = useView((view) => view.sections[LOSSES] ?? false);
  useEffect(() => {
    const ends = [recordLosses(program), steerRuns(program)];
    return () => ends.forEach((end) => end());
  }, [program]);
  return (
    <>
      {losses && <LossStrip />}
      <div className={styles.bar}>
        <div className={styles.tools}>
          <DevicePicker />
          <ActionIconButton action="toggleLosses" />
        </div>
        <div className={styles.state}>{busy ? <Running /> : <Idle />}</div>
        <RunButtons />
      </div>
    </>
  );
}
