import { useEffect, useEffectEvent, type RefObject } from 'react';

/**
 * Escape inside an element, before the dialog around it hears of it.
 * @param active whether it counts now
 */
export function useEscape(element: RefObject<HTMLElement | null>, active: boolean, onEscape: () => void): void {
  const escaped = useEffectEvent(onEscape);
  useEffect(() => {
    if (!active) return undefined;
    const listener = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || !element.current?.contains(document.activeElement)) return;
      event.stopPropagation();
      event.preventDefault();
      escaped();
    };
    // Dialogs listen at the document while events come down.
    window.addEventListener('keydown', listener, { capture: true });
    return () => window.removeEventListener('keydown', listener, { capture: true });
  }, [element, active]);
}
