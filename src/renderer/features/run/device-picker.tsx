import { clsx } from 'clsx';
import { Cpu } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Verdict } from '../../../shared/devices.ts';
import type { Preferences } from '../../../shared/studio/contract.ts';
import { useProgram, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Popover } from '../../components/popover.tsx';
import { Switch } from '../../components/switch.tsx';
import { activeJob } from '../../stores/session.ts';
import styles from './device-picker.module.css';
import { rate } from './words.ts';

const MOST_THREADS = 256;

/** Where pictures are computed: what it is now, and behind it what else there is and why not. */
export function DevicePicker() {
  const { t } = useTranslation();
  const { ask, prefer } = useProgram();
  const { verdicts, probing, chosen } = useSession((session) => session.devices);
  const { device, lowPriority } = useSession((session) => session.preferences);
  const running = useSession((session) => activeJob(session)?.provider);
  const used = running ?? (device === 'auto' ? chosen : device);
  const name = t(`run.device.short.${used}`);
  return (
    <Popover
      label={t('run.device.title')}
      side="top"
      align="start"
      trigger={
        <Button variant="quiet" icon={Cpu} aria-label={t('run.device.button', { name })}>
          {name}
        </Button>
      }
    >
      <div className={styles.picker}>
        <h3>{t('run.device.title')}</h3>
        <RadioGroup.Root
          className={styles.list}
          aria-label={t('run.device.title')}
          value={device}
          onValueChange={(next) => prefer({ device: next as Preferences['device'] })}
        >
          <Option
            value="auto"
            name={t('run.device.autoChosen', { name: t(`run.device.short.${chosen}`) })}
            detail={t('run.device.autoHint')}
          />
          {verdicts.map((verdict) => (
            <DeviceOption key={verdict.provider} verdict={verdict} />
          ))}
        </RadioGroup.Root>
        <Button disabled={probing} onClick={() => void ask('probeDevices', {})}>
          {t(probing ? 'run.device.probing' : 'run.device.probe')}
        </Button>
        <Threads />
        <Switch
          label={t('run.device.lowPriority')}
          hint={t('run.device.lowPriorityHint')}
          checked={lowPriority}
          onChange={(next) => prefer({ lowPriority: next })}
        />
        {running && <p className={styles.detail}>{t('run.device.later')}</p>}
      </div>
    </Popover>
  );
}

const usable = ({ outcome }: Verdict): boolean => outcome === 'works' || outcome === 'slow';

function DeviceOption({ verdict }: { readonly verdict: Verdict }) {
  const { t, i18n } = useTranslation();
  const { provider, outcome, speed, reason } = verdict;
  const speedWords =
    speed !== undefined && provider !== 'cpu' && usable(verdict)
      ? t('run.device.speed', { speed: rate(speed, i18n.language) })
      : undefined;
  return (
    <Option
      value={provider}
      name={t(`run.device.names.${provider}`)}
      disabled={!usable(verdict)}
      detail={[t(`run.device.outcomes.${outcome}`), speedWords, reason].filter(Boolean).join(' · ')}
    />
  );
}

interface OptionProps {
  readonly value: string;
  readonly name: string;
  readonly detail: ReactNode;
  readonly disabled?: boolean;
}

function Option({ value, name, detail, disabled = false }: OptionProps) {
  const id = useId();
  return (
    <div className={clsx(styles.option, disabled && styles.disabled)}>
      <RadioGroup.Item
        id={id}
        className={styles.radio}
        value={value}
        disabled={disabled}
        aria-describedby={`${id}-detail`}
      >
        <RadioGroup.Indicator className={styles.dot} />
      </RadioGroup.Item>
      <label htmlFor={id}>{name}</label>
      <p id={`${id}-detail`} className={styles.detail}>
        {detail}
      </p>
    </div>
  );
}

/** Threads of the processor: as many as suit, or a number. */
function Threads() {
  const { t } = useTranslation();
  const { prefer } = useProgram();
  const threads = useSession((session) => session.preferences.threads);
  return (
    <>
      <Switch
        label={t('run.device.allThreads')}
        checked={threads === null}
        onChange={(all) => prefer({ threads: all ? null : Math.min(MOST_THREADS, navigator.hardwareConcurrency) })}
        hint={threads === null ? t('run.device.allThreadsHint') : undefined}
      />
      {threads !== null && (
        <div className={styles.threads}>
          <span aria-hidden="true">{t('run.device.threads')}</span>
          <NumberField
            label={t('run.device.threads')}
            value={threads}
            min={1}
            max={MOST_THREADS}
            step={1}
            onChange={(next) => prefer({ threads: next })}
          />
        </div>
      )}
    </>
  );
}
