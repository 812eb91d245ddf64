import { useTranslation } from 'react-i18next';
import type { PresetEntry } from '../../../shared/studio/contract.ts';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { chooseNetwork } from '../../stores/edits.ts';
import { notify } from '../../stores/notices.ts';
import { useEffective, useNetwork } from '../../stores/selectors.ts';
import { shownResult } from '../history/shown-result.ts';
import { applyPreset, fitOf, isModified, presetFrom, type PresetFit } from './preset-edits.ts';

/** Whether a preset can be used now, and using it: one step for undo, and no result is touched. */
export function usePresetUse(entry: PresetEntry): {
  readonly fit: PresetFit;
  readonly applied: boolean;
  readonly apply: () => void;
} {
  const { documents, notices } = useProgram();
  const { t } = useTranslation();
  const document = useDocument((value) => value);
  const networks = useSession((session) => session.networks);
  const fit = fitOf(entry.value, document, networks);
  return {
    fit,
    applied: document.preset?.id === entry.id,
    apply: () => {
      documents.edit((draft) => {
        draft.preset = null;
        if (fit.kind === 'switch') chooseNetwork(draft, fit.network);
        applyPreset(draft, entry);
      });
      const title = t('presets.applied', { name: entry.value.name });
      notify(notices, { tone: 'success', title, action: { label: t('actions.undo'), run: documents.undo } });
    },
  };
}

/** Takes what was changed since into one's own preset. */
export function usePresetUpdate(entry: PresetEntry): {
  readonly modified: boolean;
  readonly update: () => Promise<void>;
} {
  const { ask, documents, notices, session, view } = useProgram();
  const { t } = useTranslation();
  const document = useDocument((value) => value);
  const effective = useEffective();
  const network = useNetwork();
  const { name, description } = entry.value;
  const update = async (): Promise<void> => {
    const value = presetFrom(document, effective, network, { name, description });
    const result = shownResult(session.getState(), view.getState().shown)?.id ?? null;
    const saved = await ask('savePreset', { id: entry.id, value, result });
    if (!saved) return;
    documents.edit((draft) => applyPreset(draft, saved.value));
    notify(notices, { tone: 'success', title: t('presets.updated', { name }) });
  };
  return { modified: document.preset?.id === entry.id && isModified(document, effective), update };
}
