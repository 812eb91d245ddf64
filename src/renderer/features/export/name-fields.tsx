import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import {
  EXPORT_SUFFIXES,
  exportName,
  NAME_FIELDS,
  nameSourceOf,
  type NameSource,
} from '../../../shared/studio/export-plan.ts';
import { TextField } from '../../components/text-field.tsx';
import styles from './export-form.module.css';
import type { ExportFormProps } from './export-form.tsx';

/** What names are shown with where there is no picture. */
const EXAMPLE: NameSource = {
  photo: 'lake.jpg',
  styles: ['woodcut.jpg'],
  network: 'madder-vgg',
  width: 1536,
  height: 1024,
  createdAt: new Date(2026, 4, 17),
};

/** The name as a template, its fields as buttons, and what comes of it. */
export function NameFields({ options, onChange, result }: ExportFormProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const { nameTemplate, format } = options;
  const change = (next: string): void => {
    // An empty template would be no name.
    onChange({ ...options, nameTemplate: next === '' ? '{photo}' : next });
  };
  const insert = (field: string): void => {
    const at = input.current?.selectionEnd ?? nameTemplate.length;
    change(`${nameTemplate.slice(0, at)}{${field}}${nameTemplate.slice(at)}`.slice(0, 200));
    input.current?.focus();
  };
  const source = result ? nameSourceOf(result) : EXAMPLE;
  return (
    <>
      <TextField ref={input} bare label={t('export.template')} value={nameTemplate} maxLength={200} onChange={change} />
      <div className={styles.fields} role="group" aria-label={t('export.fieldsLabel')}>
        {NAME_FIELDS.map((field) => (
          <button key={field} type="button" className={styles.field} onClick={() => insert(field)}>
            {t(`export.fields.${field}`)}
          </button>
        ))}
      </div>
      <p className={styles.preview}>
        <span className="visually-hidden">{t('export.preview')} </span>
        {`${exportName(nameTemplate, source)}${EXPORT_SUFFIXES[format]}`}
      </p>
    </>
  );
}
