import 'i18next';
import type { en } from './resources.ts';

declare module 'i18next' {
  /** A key that is missing in English does not compile. */
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
    returnNull: false;
  }
}
