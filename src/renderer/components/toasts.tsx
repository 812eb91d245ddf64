import { CircleAlert, CircleCheck, Info, TriangleAlert, X } from 'lucide-react';
import { Toast } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useProgram } from '../app/program.ts';
import { dismiss } from '../stores/notices.ts';
import { Button, IconButton } from './button.tsx';
import { Icon } from './icon.tsx';
import styles from './toasts.module.css';

const ICONS = { info: Info, success: CircleCheck, warning: TriangleAlert, error: CircleAlert };
/** ms; errors stay until they are read. */
const DURATION = { info: 5000, success: 5000, warning: 10_000, error: Infinity };

/** The notices, in a corner of the window. Errors interrupt a screen reader, everything else waits for its turn. */
export function Toasts() {
  const { notices } = useProgram();
  const { t } = useTranslation();
  const list = useStore(notices, (state) => state.list);
  return (
    <Toast.Provider label={t('notices')} swipeDirection="right">
      {list.map(({ id, tone, title, detail, action }) => (
        <Toast.Root
          key={id}
          className={styles.toast}
          data-tone={tone}
          type={tone === 'error' ? 'foreground' : 'background'}
          duration={DURATION[tone]}
          onOpenChange={(open) => !open && dismiss(notices, id)}
        >
          <span className={styles.icon}>
            <Icon icon={ICONS[tone]} size={18} />
          </span>
          <div className={styles.words}>
            <Toast.Title className={styles.title}>{title}</Toast.Title>
            {detail !== undefined && <Toast.Description className={styles.detail}>{detail}</Toast.Description>}
            {action && (
              <Toast.Action asChild altText={action.label}>
                <Button onClick={action.run}>{action.label}</Button>
              </Toast.Action>
            )}
          </div>
          <Toast.Close asChild>
            <IconButton icon={X} label={t('close')} />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className={styles.viewport} />
    </Toast.Provider>
  );
}
