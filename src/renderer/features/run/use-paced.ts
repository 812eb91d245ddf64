import { useEffect, useState } from 'react';
import { useProgram } from '../../app/program.ts';
import type { Session } from '../../stores/session.ts';

/** Shortest time between two looks, ms: numbers that change faster cannot be read. */
const PACE = 1000;

/**
 * What the session says, looked at once a second; at once where `key` changes, such as the job or its state.
 * @param read called with what it gave the last time, and the seconds since then
 */
export function usePaced<T>(
  read: (session: Session, before: T | undefined, seconds: number) => T,
  keyOf: (session: Session) => string,
): T {
  const { session } = useProgram();
  const [value, setValue] = useState(() => read(session.getState(), undefined, 0));

  useEffect(() => {
    let last = performance.now();
    let key = keyOf(session.getState());
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      clearTimeout(timer);
      timer = undefined;
      const state = session.getState();
      const now = performance.now();
      const seconds = (now - last) / 1000;
      const same = keyOf(state) === key;
      last = now;
      key = keyOf(state);
      setValue((before) => read(state, same ? before : undefined, seconds));
    };
    look();
    const end = session.subscribe((state) => {
      if (keyOf(state) !== key) look();
      else timer ??= setTimeout(look, Math.max(0, last + PACE - performance.now()));
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [session, read, keyOf]);
  return value;
}
