import { useEffect, useState } from 'react';
import { useProgram, useSession } from '../../app/program.ts';
import type { MeasuredStudy } from './draft.ts';

/** The studies of R(f) of the list with the layers whose features they have measured. */
export function useMeasuredStudies(): readonly MeasuredStudy[] {
  const { transport } = useProgram();
  const studies = useSession((session) => session.studies);
  const [found, setFound] = useState<readonly MeasuredStudy[]>([]);
  // Asked for again only when one of them has come, gone, or ended.
  const wanted = studies
    .filter(({ kind, done, state }) => kind === 'robustness' && done > 0 && state !== 'running')
    .map(({ id, done }) => `${id} ${done}`)
    .join('\n');
  useEffect(() => {
    let ended = false;
    const ask = async (): Promise<void> => {
      const all: MeasuredStudy[] = [];
      for (const line of wanted.split('\n').filter(Boolean)) {
        const answer = await transport.call('openStudy', { study: line.split(' ')[0]! });
        // One that cannot be opened is not offered; the list says so itself.
        if (!answer.ok || !answer.value.robustness) continue;
        const { networks, results } = answer.value.robustness;
        const layers: Record<string, string[]> = {};
        for (const { network, layer, statistic } of results) {
          const id = networks.find(({ key }) => key === network)?.id;
          if (id !== undefined && statistic === 'features') (layers[id] ??= []).push(layer);
        }
        all.push({ study: answer.value.study, title: '', layers });
      }
      if (!ended) setFound(all);
    };
    void ask();
    return () => {
      ended = true;
    };
  }, [transport, wanted]);
  return found.flatMap((one) => {
    const entry = studies.find(({ id }) => id === one.study);
    return entry ? [{ ...one, title: entry.title }] : [];
  });
}
