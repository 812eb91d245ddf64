import { Check, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import styles from './rename-form.module.css';
import { TextField } from './text-field.tsx';
import { useEscape } from './use-escape.ts';

interface RenameFormProps {
  readonly label: string;
  readonly name: string;
  /** Characters. */
  readonly most: number;
  /** With the new name, or without when everything stays. */
  readonly onEnd: (name?: string) => void;
}

/** A name that is being changed: Enter keeps the new one, Escape the old one. */
export function RenameForm({ label, name, most, onEnd }: RenameFormProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(name);
  const form = useRef<HTMLFormElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEscape(form, true, () => onEnd());
  useEffect(() => input.current?.select(), []);
  const end = (): void => {
    const next = draft.trim();
    onEnd(next !== '' && next !== name ? next : undefined);
  };
  return (
    <form
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        end();
      }}
    >
      <TextField
        ref={input}
        bare
        className={styles.field!}
        label={label}
        value={draft}
        maxLength={most}
        onChange={setDraft}
      />
      <IconButton icon={Check} label={t('save')} onClick={end} />
      <IconButton icon={X} label={t('cancel')} onClick={() => onEnd()} />
    </form>
  );
}
