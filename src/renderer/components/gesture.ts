import { createContext, use, useMemo, useRef } from 'react';

/** Brackets around what undo is to take as one step. The program gives the document's; elsewhere they do nothing. */
export interface Gesture {
  begin(): void;
  end(): void;
}

export const GestureContext = createContext<Gesture>({ begin: () => undefined, end: () => undefined });

/**
 * The gestures of one control, which ends only those that it began: one that loses the focus because another is touched
 * would otherwise end the other's, and each movement of that drag would be an undo step.
 */
export function useGesture(): Gesture {
  const gesture = use(GestureContext);
  const going = useRef(false);
  return useMemo(
    () => ({
      begin: () => {
        going.current = true;
        gesture.begin();
      },
      end: () => {
        if (going.current) gesture.end();
        going.current = false;
      },
    }),
    [gesture],
  );
}
