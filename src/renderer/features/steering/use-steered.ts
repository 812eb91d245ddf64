import { useMemo } from 'react';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import { effectiveSettings, type Effective, type SettingName } from '../../../shared/studio/effective.ts';
import { useDocument, useSession } from '../../app/program.ts';
import { useEffective, useNetwork } from '../../stores/selectors.ts';
import { activeJob, findNetwork } from '../../stores/session.ts';
import { isPictureOf } from './steering.ts';

/** What the picture that the faders act on began with; undefined while they act on none. */
export function useSteered(): StudioDocument | undefined {
  const document = useDocument((value) => value);
  const run = useSession((session) => activeJob(session)?.document);
  return run && isPictureOf(document, run) ? run : undefined;
}

/** The settings that the running picture began with. */
export function useRunSettings(): Effective['settings'] | undefined {
  const run = useSteered();
  const network = useNetwork();
  const content = useSession((session) => findNetwork(session, run?.contentNetwork ?? null));
  return useMemo(() => (run ? effectiveSettings(run, network, content).settings : undefined), [run, network, content]);
}

/** Whether one of these settings differs from what the running picture began with, and so waits for the next start. */
export function useWaiting(names: readonly SettingName[]): boolean {
  const run = useRunSettings();
  const { settings } = useEffective();
  return run !== undefined && names.some((name) => JSON.stringify(settings[name]) !== JSON.stringify(run[name]));
}
