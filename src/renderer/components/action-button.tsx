import { useAction } from '../actions/use-action.ts';
import type { ActionId } from '../actions/index.ts';
import { Button, IconButton } from './button.tsx';

interface ActionButtonProps {
  readonly action: ActionId;
  readonly variant?: 'primary' | 'normal' | 'quiet' | 'danger';
  readonly size?: 'normal' | 'large';
  readonly className?: string;
  readonly 'aria-describedby'?: string;
}

/** A button made of an action: icon, words, and whether it can be done. */
export function ActionButton({ action, ...rest }: ActionButtonProps) {
  const { icon, label, enabled, ariaShortcut, run } = useAction(action);
  return (
    <Button {...rest} icon={icon} disabled={!enabled} aria-keyshortcuts={ariaShortcut} onClick={run}>
      {label}
    </Button>
  );
}

/** The same as an icon; its tooltip has the words and the shortcut. */
export function ActionIconButton({ action, className }: { readonly action: ActionId; readonly className?: string }) {
  const { icon, label, shortcut, ariaShortcut, enabled, active, run, release } = useAction(action);
  const held = release && {
    onPointerDown: () => enabled && run(),
    onPointerUp: release,
    onPointerLeave: release,
    onPointerCancel: release,
    onKeyDown: (event: React.KeyboardEvent) => (event.key === ' ' || event.key === 'Enter') && enabled && run(),
    onKeyUp: release,
    onBlur: release,
  };
  return (
    <IconButton
      icon={icon}
      label={label}
      shortcut={shortcut}
      aria-keyshortcuts={ariaShortcut}
      pressed={active}
      disabled={!enabled}
      {...(held ?? { onClick: run })}
      {...(className === undefined ? {} : { className })}
    />
  );
}
