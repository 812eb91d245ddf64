import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import styles from './dialog.module.css';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** One sentence below the title. */
  readonly description?: string | undefined;
  readonly size?: 'small' | 'medium' | 'large';
  /** Buttons at the bottom, the main one last. */
  readonly footer?: ReactNode;
  /** What is marked with `data-autofocus` gets the focus first. */
  readonly children?: ReactNode;
}

/** A modal dialog: focus stays inside and goes back to where it came from, Escape closes. */
export function Dialog({ open, onClose, title, description, size = 'medium', footer, children }: DialogProps) {
  const { t } = useTranslation();
  // Opened by an action rather than by a trigger of Radix's, so that the way back has to be remembered.
  const [opener] = useState(() => document.activeElement);
  const content = useRef<HTMLDivElement>(null);
  // To the dialog itself, whose title is then read, not to its close button with a tooltip.
  const takeFocus = (event: Event): void => {
    event.preventDefault();
    (content.current?.querySelector<HTMLElement>('[data-autofocus]') ?? content.current)?.focus();
  };
  const returnFocus = (event: Event): void => {
    event.preventDefault();
    if (opener instanceof HTMLElement) opener.focus();
  };
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        {/* Not Radix's overlay: its scroll lock adds a style sheet, which the security policy forbids. Nothing scrolls here. */}
        <div className={styles.scrim} />
        <Radix.Content
          className={clsx(styles.dialog, styles[size])}
          ref={content}
          onOpenAutoFocus={takeFocus}
          onCloseAutoFocus={returnFocus}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <header className={styles.header}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            {description !== undefined && (
              <Radix.Description className={styles.description}>{description}</Radix.Description>
            )}
            <div className={styles.close}>
              <IconButton icon={X} label={t('close')} onClick={onClose} />
            </div>
          </header>
          <div className={styles.body}>{children}</div>
          {footer && <footer className={styles.footer}>{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
