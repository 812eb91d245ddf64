import { useEffect, useState } from 'react';
import { LEAST_PATTERN_SIDE, type SheetCell } from '../../../shared/studio/studies.ts';
import { useProgram } from '../../app/program.ts';

/** How much of each picture is a fine pattern, by its address; null where that cannot be measured. */
export type Patterns = Readonly<Record<string, number | null>>;

/** Whether a picture is large enough to look for patterns in. */
export const hasPattern = ({ picture, width = 0, height = 0 }: SheetCell): boolean =>
  picture !== null && Math.min(width, height) >= LEAST_PATTERN_SIDE;

/** The fine patterns of pictures, which the program measures one after another. */
export function usePatterns(cells: readonly SheetCell[]): Patterns {
  const { transport } = useProgram();
  const [found, setFound] = useState<Patterns>({});
  const wanted = cells
    .filter(hasPattern)
    .map(({ picture }) => picture)
    .join(' ');
  useEffect(() => {
    let ended = false;
    const ask = async (): Promise<void> => {
      for (const picture of wanted.split(' ').filter(Boolean)) {
        if (ended) return;
        const answer = await transport.call('checkerboard', { picture });
        setFound((before) => ({ ...before, [picture]: answer.ok ? answer.value.overall : null }));
      }
    };
    void ask();
    return () => {
      ended = true;
    };
  }, [transport, wanted]);
  return found;
}
