import './app/no-eval.ts';
// Before any component, since it sets the order of the layers.
import './styles/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Boot } from './app/boot.tsx';
import { resolveLanguage, startTranslation } from './i18n/index.ts';
import { browserTransport, takeToken } from './transport/browser.ts';
import { desktopTransport } from './transport/desktop.ts';

const transport = window.madder ? desktopTransport(window.madder) : browserTransport(takeToken());
await startTranslation(resolveLanguage('system', navigator.languages));

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Boot transport={transport} />
  </StrictMode>,
);
