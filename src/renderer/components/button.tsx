import { clsx } from 'clsx';
import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import styles from './button.module.css';
import { Icon } from './icon.tsx';
import { Tooltip } from './tooltip.tsx';

interface ButtonProps extends ComponentProps<'button'> {
  /** `primary` is for the one thing to do next; there is at most one of it in view. */
  readonly variant?: 'primary' | 'normal' | 'quiet' | 'danger';
  readonly size?: 'normal' | 'large';
  readonly icon?: LucideIcon | undefined;
}

/**
 * A button with words. A disabled one stays focusable (`aria-disabled`), so that its reason, given as a tooltip or
 * `aria-describedby`, can be read.
 */
export function Button({
  variant = 'normal',
  size = 'normal',
  icon,
  className,
  disabled,
  onClick,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={clsx(styles.button, styles[variant], size === 'large' && styles.large, className)}
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
    >
      {icon && <Icon icon={icon} size={size === 'large' ? 18 : 16} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  readonly icon: LucideIcon;
  /** Name for screen readers, and the tooltip. */
  readonly label: string;
  readonly shortcut?: string | undefined;
  /** Of buttons that are on or off. */
  readonly pressed?: boolean | undefined;
  readonly tooltipSide?: 'top' | 'bottom' | 'left' | 'right';
}

/** A button that is only an icon: it has a name and a tooltip with the shortcut. */
export function IconButton({
  icon,
  label,
  shortcut,
  pressed,
  tooltipSide,
  className,
  disabled,
  onClick,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} shortcut={shortcut} {...(tooltipSide ? { side: tooltipSide } : {})}>
      <button
        type="button"
        {...rest}
        className={clsx(styles.button, styles.quiet, styles.iconOnly, className)}
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={disabled || undefined}
        onClick={disabled ? undefined : onClick}
      >
        <Icon icon={icon} />
      </button>
    </Tooltip>
  );
}
