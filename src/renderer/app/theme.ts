import type { Program } from './program.ts';

/** Keeps the page's theme and the grey around the picture as the preferences have them. */
export function followTheme({ session }: Program): () => void {
  const light = matchMedia('(prefers-color-scheme: light)');
  const follow = (): void => {
    const { theme, surround } = session.getState().preferences;
    const root = document.documentElement;
    root.dataset['theme'] = theme === 'system' ? (light.matches ? 'light' : 'dark') : theme;
    const grey = Math.round(surround * 255);
    root.style.setProperty('--surround', `rgb(${grey} ${grey} ${grey})`);
    // Words on the surround: whichever of black and white reads better.
    root.dataset['surround'] = surround > 0.45 ? 'light' : 'dark';
  };
  follow();
  const end = session.subscribe((state, before) => {
    if (state.preferences !== before.preferences) follow();
  });
  light.addEventListener('change', follow);
  return () => {
    end();
    light.removeEventListener('change', follow);
  };
}
