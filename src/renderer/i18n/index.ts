import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Preferences } from '../../shared/studio/contract.ts';
import { de, en } from './resources.ts';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first of the system's languages that Madder speaks. */
export function resolveLanguage(preference: Preferences['language'], system: readonly string[]): Language {
  if (preference !== 'system') return preference;
  const spoken = system.map((tag) => tag.split('-')[0]!.toLowerCase());
  return spoken.flatMap((code) => LANGUAGES.find((language) => language === code) ?? [])[0] ?? 'en';
}

export async function startTranslation(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, de: { translation: de } },
    // React escapes already.
    interpolation: { escapeValue: false },
    initAsync: false,
    showSupportNotice: false,
  });
  document.documentElement.lang = language;
}

export function speak(language: Language): void {
  if (i18next.language === language) return;
  void i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
