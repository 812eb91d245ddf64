import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';

/** Lets a person choose the file of a preset and adds it. */
export function useImportPreset(onAdded: (id: string) => void): () => void {
  const { ask, notices } = useProgram();
  const { t } = useTranslation();
  const take = async (file: File): Promise<void> => {
    const added = await ask('importPreset', { text: await file.text() });
    if (!added) return;
    notify(notices, { tone: 'success', title: t('intake.presetAdded', { name: added.value.value.name }) });
    onAdded(added.value.id);
  };
  return () => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = '.json,application/json';
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file) void take(file);
    });
    input.click();
  };
}

/** Hands a preset out as a file. */
export function useExportPreset(): (id: string) => Promise<void> {
  const { ask } = useProgram();
  return async (id) => {
    const exported = await ask('exportPreset', { id });
    if (!exported) return;
    const { fileName, text } = exported.value;
    const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = fileName;
    link.click();
    // The browser has begun to save it by then.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
}
