import { useTranslation } from 'react-i18next';
import { ACTION_GROUPS, shownShortcuts, type ActionGroup } from '../../actions/action.ts';
import { ACTION_IDS, actionOf, type ActionId } from '../../actions/index.ts';
import { formatShortcut, parseShortcut } from '../../actions/shortcuts.ts';
import { useMac } from '../../actions/use-action.ts';
import { Dialog } from '../../components/dialog.tsx';
import type { DialogProps } from '../studio/dialog-host.tsx';
import styles from './shortcuts-dialog.module.css';

/** Every shortcut there is, out of the actions themselves. */
export function ShortcutsDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const keys = { ctrl: t('keys.ctrl'), space: t('keys.space'), shift: t('keys.shift') };
  const mouse = [
    { label: t('studio.shortcuts.zoomAtPointer'), keys: [t('keys.wheel'), `${keys.ctrl}+${t('keys.wheel')}`] },
    { label: t('studio.shortcuts.pan'), keys: [t('keys.drag'), `${keys.space}+${t('keys.drag')}`] },
    { label: t('studio.shortcuts.fineStep'), keys: [`${keys.shift}+${t('keys.drag')}`] },
  ];
  return (
    <Dialog
      open
      size="large"
      onClose={onClose}
      title={t('studio.shortcuts.title')}
      description={t('studio.shortcuts.description')}
    >
      {/* What scrolls must be in reach of keys, in every browser. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.columns} role="group" aria-label={t('studio.shortcuts.title')} tabIndex={0}>
        {ACTION_GROUPS.map((group) => (
          <Group key={group} group={group} />
        ))}
        <section className={styles.group}>
          <h3 className={styles.heading}>{t('studio.shortcuts.mouse')}</h3>
          <dl className={styles.list}>
            {mouse.map((line) => (
              <Line key={line.label} {...line} />
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

const withShortcut = (id: ActionId, group: ActionGroup): boolean =>
  actionOf(id).group === group && shownShortcuts(actionOf(id)).length > 0;

function Group({ group }: { readonly group: ActionGroup }) {
  const { t } = useTranslation();
  const mac = useMac();
  const names = { ctrl: t('keys.ctrl'), shift: t('keys.shift'), alt: t('keys.alt') };
  return (
    <section className={styles.group}>
      <h3 className={styles.heading}>{t(`actions.groups.${group}`)}</h3>
      <dl className={styles.list}>
        {ACTION_IDS.filter((id) => withShortcut(id, group)).map((id) => (
          <Line
            key={id}
            label={t(`actions.${id}`)}
            keys={shownShortcuts(actionOf(id)).map((text) => formatShortcut(parseShortcut(text), mac, names))}
          />
        ))}
      </dl>
    </section>
  );
}

function Line({ label, keys }: { readonly label: string; readonly keys: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <div className={styles.line}>
      <dt>{label}</dt>
      <dd className={styles.keys}>
        {keys.map((key, i) => (
          <span key={key}>
            {i > 0 && <span className={styles.or}> {t('studio.shortcuts.or')} </span>}
            <kbd className={styles.key}>{key}</kbd>
          </span>
        ))}
      </dd>
    </div>
  );
}
