import { useEffect, useState } from 'react';
import type { Problem } from '../../../shared/studio/contract.ts';
import type { RenderPlan, RenderRequest } from '../../../shared/studio/render.ts';
import { useProgram } from '../../app/program.ts';

/** ms of quiet before the program is asked again. */
const QUIET = 250;

export interface Planned {
  /** Of the newest request that was answered. */
  readonly plan: RenderPlan | undefined;
  /** Why there is none. */
  readonly problem: Problem | undefined;
  /** The answer to the present request is on its way. */
  readonly working: boolean;
}

/** What a render would take; the figures of before stay until the new ones are there. */
export function usePlan(request: RenderRequest): Planned {
  const { transport } = useProgram();
  const key = JSON.stringify(request);
  const [answer, setAnswer] = useState<Omit<Planned, 'working'> & { readonly key: string }>();

  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => {
      void transport.call('planRender', JSON.parse(key) as RenderRequest).then((given) => {
        if (stale) return;
        setAnswer({
          key,
          plan: given.ok ? given.value : undefined,
          problem: given.ok ? undefined : given.problem,
        });
      });
    }, QUIET);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [transport, key]);

  return { plan: answer?.plan, problem: answer?.problem, working: answer?.key !== key };
}
