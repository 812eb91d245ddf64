import { clsx } from 'clsx';
import { Check, type LucideIcon } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useAction } from '../actions/use-action.ts';
import type { ActionId } from '../actions/index.ts';
import { Icon } from './icon.tsx';
import styles from './menu.module.css';

interface MenuProps {
  /** One button. */
  readonly trigger: ReactNode;
  readonly align?: 'start' | 'center' | 'end';
  readonly side?: 'top' | 'bottom' | 'left' | 'right';
  /** `MenuItem`, `ActionMenuItem` and `MenuLine`. */
  readonly children: ReactNode;
}

/** A menu of things to do beside the button that opens it. */
export const Menu = ({ trigger, align = 'start', side = 'bottom', children }: MenuProps) => (
  <Radix.Root modal={false}>
    <Radix.Trigger asChild>{trigger}</Radix.Trigger>
    <Radix.Portal>
      <Radix.Content className={styles.menu} side={side} align={align} sideOffset={6} collisionPadding={8} loop>
        {children}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);

export const MenuLine = () => <Radix.Separator className={styles.line} />;

interface MenuItemProps {
  readonly label: string;
  readonly icon?: LucideIcon | undefined;
  readonly shortcut?: string | undefined;
  /** Of things that are on or off. */
  readonly checked?: boolean | undefined;
  readonly disabled?: boolean;
  readonly danger?: boolean;
  readonly onSelect: () => void;
}

export function MenuItem({ label, icon, shortcut, checked, disabled = false, danger, onSelect }: MenuItemProps) {
  const className = clsx(styles.item, danger && styles.danger);
  const inside = (
    <>
      <span className={styles.icon}>{checked ? <Icon icon={Check} /> : icon && <Icon icon={icon} />}</span>
      <span className={styles.label}>{label}</span>
      {shortcut !== undefined && <kbd className={styles.keys}>{shortcut}</kbd>}
    </>
  );
  return checked === undefined ? (
    <Radix.Item className={className} disabled={disabled} onSelect={onSelect}>
      {inside}
    </Radix.Item>
  ) : (
    <Radix.CheckboxItem className={className} disabled={disabled} checked={checked} onSelect={onSelect}>
      {inside}
    </Radix.CheckboxItem>
  );
}

/** A menu entry made of an action. */
export function ActionMenuItem({ action }: { readonly action: ActionId }) {
  const { label, icon, shortcut, active, enabled, run } = useAction(action);
  return <MenuItem label={label} icon={icon} shortcut={shortcut} checked={active} disabled={!enabled} onSelect={run} />;
}
