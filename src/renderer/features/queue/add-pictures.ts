import { useState } from 'react';
import type { StudioPicture } from '../../../shared/studio/document.ts';
import { useProgram } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';

/** Lets a person choose files for a batch; each is added to the library as it has been read. */
export function useAddPictures(onAdd: (pictures: readonly StudioPicture[]) => void): {
  readonly choose: () => void;
  readonly reading: boolean;
} {
  const { transport, notices } = useProgram();
  const [reading, setReading] = useState(false);
  const take = async (files: readonly File[]): Promise<void> => {
    setReading(true);
    for (const file of files) {
      const answer = await transport.upload(file, file.name);
      if (answer.ok) onAdd([answer.value.picture]);
      else notify(notices, { tone: 'error', title: answer.problem.message });
    }
    setReading(false);
  };
  return {
    reading,
    choose: () => {
      const input = document.createElement('input');
      input.type = 'file';
      input.accept = 'image/*,.tif,.tiff';
      input.multiple = true;
      input.addEventListener('change', () => void take([...(input.files ?? [])]));
      input.click();
    },
  };
}
