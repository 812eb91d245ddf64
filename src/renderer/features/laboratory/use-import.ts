import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { STUDY_PICTURE_PATH } from '../../../shared/studio/studies.ts';
import { useProgram } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';

const RECORD = 'record.json';

/** Lets a person choose the folder of a study, such as one of the command line, and adds it to the laboratory. */
export function useImport(onImported: (study: string) => void): {
  readonly choose: () => void;
  readonly reading: boolean;
} {
  const { ask, transport, notices } = useProgram();
  const { t } = useTranslation();
  const [reading, setReading] = useState(false);

  const take = async (files: readonly File[]): Promise<void> => {
    // Paths begin with the name of the folder that was chosen.
    const inside = (file: File): string => file.webkitRelativePath.split('/').slice(1).join('/');
    const record = files.find((file) => inside(file) === RECORD);
    if (!record) {
      notify(notices, { tone: 'warning', title: t('laboratory.noRecord') });
      return;
    }
    const pictures: { path: string; sha256: string }[] = [];
    for (const file of files) {
      if (!inside(file).includes('/') || !STUDY_PICTURE_PATH.test(inside(file))) continue;
      const added = await transport.upload(file, file.name);
      if (added.ok) pictures.push({ path: inside(file), sha256: added.value.picture.sha256 });
      else notify(notices, { tone: 'error', title: added.problem.message });
    }
    const name = record.webkitRelativePath.split('/')[0]!.slice(0, 200) || RECORD;
    const imported = await ask('importStudy', { folder: { name, record: await record.text(), pictures } });
    if (imported) onImported(imported.value.study);
  };

  return {
    reading,
    choose: () => {
      const input = document.createElement('input');
      input.type = 'file';
      input.webkitdirectory = true;
      input.addEventListener('change', () => {
        setReading(true);
        void take([...(input.files ?? [])]).finally(() => setReading(false));
      });
      input.click();
    },
  };
}
