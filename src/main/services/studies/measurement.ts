import type { MeasureJob } from '../../../shared/engine-contract.ts';
import { withFinding, type Finding, type WorstCaseFiles } from '../../../shared/robustness.ts';
import { workInEngine, type EngineWorkOptions } from './engine-work.ts';

export interface MeasurementOptions extends EngineWorkOptions {
  readonly onFinding: (finding: Finding) => void;
  readonly onWorstCase: (worst: WorstCaseFiles) => void;
}

/**
 * Measures in an engine process. Should it die, another one goes on behind the last finding.
 * @returns whether all was measured; false where the signal ended it
 * @throws MadderError for what cannot be measured, or where engines end again and again
 */
export function measureInEngine(
  job: MeasureJob,
  { onFinding, onWorstCase, ...options }: MeasurementOptions,
): Promise<boolean> {
  let known = job.from;
  return workInEngine(
    {
      begin: () => ({ type: 'measure', job: { ...job, from: known } }),
      hear: (event) => {
        if (event.type === 'worst-case') onWorstCase(event.worst);
        if (event.type !== 'finding') return false;
        known = withFinding(known, event.finding);
        onFinding(event.finding);
        return true;
      },
    },
    options,
  );
}
