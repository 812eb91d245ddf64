import { Popover as Radix } from 'radix-ui';
import type { ReactNode, RefObject } from 'react';
import styles from './popover.module.css';

interface PopoverProps {
  /** One button; it is told whether the popover is open. */
  readonly trigger: ReactNode;
  /** Name for screen readers. */
  readonly label: string;
  readonly side?: 'top' | 'bottom' | 'left' | 'right';
  readonly align?: 'start' | 'center' | 'end';
  /** What it opens beside, where that is not its button. */
  readonly beside?: RefObject<HTMLElement | null>;
  readonly children: ReactNode;
}

/** A few controls or lines beside the button that opens them. */
export const Popover = ({ trigger, label, side = 'bottom', align = 'center', beside, children }: PopoverProps) => (
  <Radix.Root>
    {beside && <Radix.Anchor virtualRef={beside as RefObject<HTMLElement>} />}
    <Radix.Trigger asChild>{trigger}</Radix.Trigger>
    <Radix.Portal>
      <Radix.Content
        className={styles.content}
        side={side}
        align={align}
        sideOffset={6}
        collisionPadding={8}
        aria-label={label}
      >
        {children}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
