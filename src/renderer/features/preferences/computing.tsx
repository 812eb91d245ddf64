import { CircleCheck, CircleMinus, RotateCcw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Select } from '../../components/select.tsx';
import { Switch } from '../../components/switch.tsx';
import { formatDecimal } from '../../i18n/format.ts';
import styles from './preferences-dialog.module.css';

/** Memory that is chosen where all that is free is too much, bytes. */
const USUAL_MEMORY = 8e9;

/** On what is painted, and how much of the computer that may take. */
export function Computing() {
  const { ask, prefer } = useProgram();
  const { t } = useTranslation();
  const { device, threads, lowPriority, memoryBytes } = useSession((session) => session.preferences);
  const { verdicts, probing, chosen } = useSession((session) => session.devices);
  const present = verdicts.filter(({ outcome }) => outcome !== 'absent');
  const cores = navigator.hardwareConcurrency || 4;
  return (
    <div className={styles.page}>
      <Select
        label={t('preferences.device')}
        value={device}
        options={[
          { value: 'auto', label: t('run.device.autoChosen', { name: t(`run.device.names.${chosen}`) }) },
          ...present.map(({ provider, outcome }) => ({
            value: provider,
            label: t(`run.device.names.${provider}`),
            disabled: outcome !== 'works' && outcome !== 'slow',
          })),
        ]}
        onChange={(next) => prefer({ device: next })}
      />
      <ul className={styles.devices} aria-label={t('preferences.found')}>
        {present.map(({ provider, outcome, speed, reason }) => (
          <li key={provider} className={styles.device} data-outcome={outcome}>
            <Icon icon={outcome === 'works' ? CircleCheck : CircleMinus} size={14} />
            <span>{t(`run.device.names.${provider}`)}</span>
            <span className={styles.outcome}>
              {speed !== undefined && outcome === 'works' && provider !== 'cpu'
                ? t('run.device.speed', { speed: formatDecimal(speed) })
                : t(`run.device.outcomes.${outcome}`)}
            </span>
            {reason !== undefined && <span className={styles.reason}>{reason}</span>}
          </li>
        ))}
      </ul>
      <div>
        <Button icon={RotateCcw} disabled={probing} onClick={() => void ask('probeDevices', {})}>
          {t(probing ? 'run.device.probing' : 'run.device.probe')}
        </Button>
      </div>
      <div className={styles.group}>
        <Switch
          label={t('run.device.allThreads')}
          hint={t('run.device.allThreadsHint')}
          checked={threads === null}
          onChange={(all) => prefer({ threads: all ? null : Math.max(1, Math.floor(cores / 2)) })}
        />
        {threads !== null && (
          <div className={styles.row}>
            <span aria-hidden="true">{t('run.device.threads')}</span>
            <NumberField
              className={styles.number!}
              label={t('run.device.threads')}
              value={threads}
              min={1}
              max={256}
              step={1}
              onChange={(next) => prefer({ threads: next })}
            />
          </div>
        )}
        <Switch
          label={t('preferences.memory')}
          hint={t('preferences.memoryHint')}
          checked={memoryBytes === null}
          onChange={(free) => prefer({ memoryBytes: free ? null : USUAL_MEMORY })}
        />
        {memoryBytes !== null && (
          <div className={styles.row}>
            <span aria-hidden="true">{t('preferences.memoryMost')}</span>
            <NumberField
              className={styles.number!}
              label={t('preferences.memoryMost')}
              value={memoryBytes / 1e9}
              min={0.5}
              max={100_000}
              step={1}
              precision={0.1}
              unit="GB"
              onChange={(gigabytes) => prefer({ memoryBytes: Math.round(gigabytes * 1e9) })}
            />
          </div>
        )}
        <Switch
          label={t('run.device.lowPriority')}
          hint={t('run.device.lowPriorityHint')}
          checked={lowPriority}
          onChange={(next) => prefer({ lowPriority: next })}
        />
      </div>
    </div>
  );
}
