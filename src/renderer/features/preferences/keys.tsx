import { ClipboardCopy, Keyboard } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Switch } from '../../components/switch.tsx';
import { notify } from '../../stores/notices.ts';
import styles from './preferences-dialog.module.css';

/** Shortcuts, and what helps when something does not work. */
export function Keys() {
  const { prefer, view } = useProgram();
  const { t } = useTranslation();
  const single = useSession((session) => session.preferences.singleKeyShortcuts);
  const copyDiagnostics = useCopyDiagnostics();
  return (
    <div className={styles.page}>
      <Switch
        label={t('preferences.singleKeys')}
        hint={t('preferences.singleKeysHint')}
        checked={single}
        onChange={(next) => prefer({ singleKeyShortcuts: next })}
      />
      <div>
        <Button icon={Keyboard} onClick={() => view.setState({ dialog: 'shortcuts' })}>
          {t('actions.openShortcuts')}
        </Button>
      </div>
      <div className={styles.group}>
        <h3 className={styles.heading}>{t('preferences.help')}</h3>
        <p className={styles.hint}>{t('preferences.diagnosticsHint')}</p>
        <div>
          <Button icon={ClipboardCopy} onClick={() => void copyDiagnostics()}>
            {t('preferences.diagnostics')}
          </Button>
        </div>
      </div>
    </div>
  );
}

function useCopyDiagnostics(): () => Promise<void> {
  const { ask, notices } = useProgram();
  const { t } = useTranslation();
  return async () => {
    const answer = await ask('diagnostics', {});
    if (!answer) return;
    try {
      await navigator.clipboard.writeText(answer.value.text);
      notify(notices, { tone: 'success', title: t('preferences.copied') });
    } catch {
      notify(notices, { tone: 'warning', title: t('preferences.notCopied') });
    }
  };
}
