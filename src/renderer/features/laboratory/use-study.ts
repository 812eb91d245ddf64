import { useEffect, useRef, useState } from 'react';
import type { StudyEntry, StudyView } from '../../../shared/studio/studies.ts';
import { useProgram } from '../../app/program.ts';

/** What is shown of a study, asked for again whenever there is something new; the old one stays until then. */
export function useStudyView({ id, version }: StudyEntry): StudyView | undefined {
  const { ask } = useProgram();
  const [shown, setShown] = useState<StudyView>();
  // One question at a time: a study that runs changes several times a second.
  const asked = useRef<{ wanted: number; busy: boolean }>({ wanted: 0, busy: false });
  useEffect(() => {
    const state = asked.current;
    state.wanted = version;
    const next = async (): Promise<void> => {
      if (state.busy) return;
      state.busy = true;
      const now = state.wanted;
      const answer = await ask('openStudy', { study: id });
      state.busy = false;
      if (answer) setShown(answer.value);
      if (answer && state.wanted !== now) void next();
    };
    void next();
  }, [ask, id, version]);
  return shown;
}
