import type { LucideIcon } from 'lucide-react';
import { Popover as Radix } from 'radix-ui';
import { IconButton } from '../../components/button.tsx';
import { Picture } from '../../components/picture.tsx';
import { Popover } from '../../components/popover.tsx';
import styles from './picker.module.css';

export interface Pick {
  readonly id: string;
  readonly title: string;
}

interface PickerProps {
  readonly icon: LucideIcon;
  readonly label: string;
  /** Where the pictures come from; their ids are its. */
  readonly kind: 'thumbnail' | 'result-thumbnail';
  readonly pictures: readonly Pick[];
  /** Ids of those that are in use. */
  readonly chosen: readonly string[];
  readonly onPick: (id: string) => void;
  readonly disabled?: boolean;
}

/** A small button that offers pictures to choose from. */
export const Picker = ({ icon, label, kind, pictures, chosen, onPick, disabled }: PickerProps) => {
  const button = <IconButton icon={icon} label={label} disabled={disabled} />;
  if (disabled) return button;
  return (
    <Popover label={label} align="end" trigger={button}>
      <h4 className={styles.heading}>{label}</h4>
      <ul className={styles.grid}>
        {pictures.map(({ id, title }) => (
          <li key={id}>
            <Radix.Close asChild>
              <button
                type="button"
                className={styles.pick}
                aria-pressed={chosen.includes(id)}
                onClick={() => onPick(id)}
              >
                <Picture kind={kind} id={id} className={styles.picture} />
                <span className={styles.title}>{title}</span>
              </button>
            </Radix.Close>
          </li>
        ))}
      </ul>
    </Popover>
  );
};
