import { ChevronRight } from 'lucide-react';
import { Collapsible } from 'radix-ui';
import type { ReactNode } from 'react';
import { useProgram, useView } from '../app/program.ts';
import { Icon } from './icon.tsx';
import styles from './section.module.css';

interface SectionProps {
  /** Under which it is remembered whether it is open. */
  readonly id: string;
  readonly title: string;
  readonly defaultOpen?: boolean;
  /** Small buttons at the right of the title. */
  readonly actions?: ReactNode;
  /** Said beside the title while it is folded, such as what is chosen inside. */
  readonly summary?: ReactNode;
  /** A dot behind the title, and what it says: that something inside was changed, for instance. */
  readonly mark?: string | undefined;
  readonly children: ReactNode;
}

/** A part of a panel that folds away. */
export function Section({ id, title, defaultOpen = true, actions, summary, mark, children }: SectionProps) {
  const { view } = useProgram();
  const open = useView((state) => state.sections[id]) ?? defaultOpen;
  const setOpen = (next: boolean): void => view.setState(({ sections }) => ({ sections: { ...sections, [id]: next } }));
  return (
    <Collapsible.Root className={styles.section} open={open} onOpenChange={setOpen}>
      <div className={styles.header}>
        <h3 className={styles.heading}>
          <Collapsible.Trigger className={styles.trigger}>
            <span className={styles.chevron}>
              <Icon icon={ChevronRight} size={14} />
            </span>
            {title}
            {mark !== undefined && (
              <span className={styles.mark} title={mark}>
                <span className="visually-hidden">{mark}</span>
              </span>
            )}
            {!open && summary && <span className={styles.summary}>{summary}</span>}
          </Collapsible.Trigger>
        </h3>
        {open && actions}
      </div>
      <Collapsible.Content className={styles.content}>{children}</Collapsible.Content>
    </Collapsible.Root>
  );
}
