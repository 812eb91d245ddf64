import { Clock, RotateCcw } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SettingName } from '../../../shared/studio/effective.ts';
import { useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Section } from '../../components/section.tsx';
import { reset } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { useWaiting } from '../steering/use-steered.ts';
import styles from './settings.module.css';

interface SettingsSectionProps {
  readonly id: string;
  readonly title: string;
  /** The settings inside: what the mark, the reset and the line about the next start go by. */
  readonly names: readonly SettingName[];
  /** Those of them that a running picture takes in at once. */
  readonly live?: readonly SettingName[];
  readonly summary?: ReactNode;
  readonly children: ReactNode;
}

/** A foldable part of the settings: it shows what was changed, takes it back, and says what waits for the next start. */
export function SettingsSection({ id, title, names, live = [], summary, children }: SettingsSectionProps) {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const modified = useModified(names);
  const waiting = useWaiting(names.filter((name) => !live.includes(name)));
  const label = t('settings.resetSection', { section: title });
  return (
    <Section
      id={`settings.${id}`}
      title={title}
      defaultOpen={false}
      summary={summary}
      mark={modified ? t('settings.modified') : undefined}
      actions={
        modified && (
          <IconButton
            icon={RotateCcw}
            label={label}
            onClick={() => documents.edit((draft) => reset(draft, ...names))}
          />
        )
      }
    >
      {children}
      {waiting && <Later>{t('settings.later')}</Later>}
    </Section>
  );
}

/** A line that says that something waits. */
export const Later = ({ children }: { readonly children: ReactNode }) => (
  <p className={styles.later} role="status">
    <Icon icon={Clock} size={14} />
    {children}
  </p>
);

/** Whether one of these settings differs from what the preset or the network suggests. */
export function useModified(names: readonly SettingName[]): boolean {
  const { settings, base } = useEffective();
  return names.some((name) => JSON.stringify(settings[name]) !== JSON.stringify(base[name]));
}
