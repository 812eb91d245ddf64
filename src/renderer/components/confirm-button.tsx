import type { LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import styles from './confirm-button.module.css';
import { useEscape } from './use-escape.ts';

interface ConfirmButtonProps {
  readonly label: string;
  readonly icon?: LucideIcon;
  /** What is asked once it was pressed. */
  readonly question: string;
  /** What then does it. */
  readonly confirm: string;
  readonly onConfirm: () => void;
  readonly disabled?: boolean;
}

/** For what cannot be taken back: it asks in its own place, with the focus on the way out. */
export function ConfirmButton({ label, icon, question, confirm, onConfirm, disabled }: ConfirmButtonProps) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const wayOut = useRef<HTMLButtonElement>(null);
  const [returning, setReturning] = useState(false);
  useEffect(() => {
    if (asked) wayOut.current?.focus();
    else if (returning) opener.current?.focus();
  }, [asked, returning]);

  const leave = (): void => {
    setReturning(true);
    setAsked(false);
  };
  useEscape(box, asked, leave);

  if (!asked) {
    return (
      <Button ref={opener} variant="quiet" icon={icon} disabled={disabled} onClick={() => setAsked(true)}>
        {label}
      </Button>
    );
  }
  return (
    <div ref={box} className={styles.question} role="alertdialog" tabIndex={-1} aria-label={question}>
      <p className={styles.words}>{question}</p>
      <Button ref={wayOut} onClick={leave}>
        {t('cancel')}
      </Button>
      <Button
        variant="danger"
        onClick={() => {
          setAsked(false);
          onConfirm();
        }}
      >
        {confirm}
      </Button>
    </div>
  );
}
