import { Dices } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { Choice } from './choice.tsx';
import { SettingsSection } from './settings-section.tsx';
import styles from './settings.module.css';
import { chooseStart, startFromResult } from './start-picture.ts';

const KINDS = ['content', 'noise', 'image'] as const;
const MOST_SEED = 0xffffffff;

/** Where the picture begins. */
export function Beginning() {
  const { t } = useTranslation();
  const program = useProgram();
  const { documents } = program;
  const { init, seed } = useEffective().settings;
  const choose = (kind: (typeof KINDS)[number]): void => {
    if (kind === 'image') chooseStart(program);
    else documents.edit((draft) => set(draft, 'init', { kind }));
  };
  return (
    <SettingsSection
      id="beginning"
      title={t('settings.beginning.title')}
      names={['init', 'seed']}
      summary={t(`settings.beginning.kinds.${init.kind}`)}
    >
      <Choice
        label={t('settings.beginning.init')}
        value={init.kind}
        segments={KINDS.map((value) => ({ value, label: t(`settings.beginning.kinds.${value}`) }))}
        hint={t(`settings.beginning.hints.${init.kind}`)}
        onChange={choose}
      />
      <StartPicture />
      <Seed seed={seed} counts={init.kind === 'noise'} />
    </SettingsSection>
  );
}

/** The picture that it begins with, and others to take instead. */
function StartPicture() {
  const { t } = useTranslation();
  const program = useProgram();
  const { init } = useEffective().settings;
  const result = useSession(({ results }) => results[0]?.id);
  if (init.kind !== 'image') return null;
  return (
    <div className={styles.start}>
      <img className={styles.thumbnail} src={program.transport.assetUrl('thumbnail', init.image.sha256)} alt="" />
      <span className={styles.startName}>{init.image.name}</span>
      <div className={styles.startButtons}>
        <Button onClick={() => chooseStart(program)}>{t('settings.beginning.choosePicture')}</Button>
        {result !== undefined && (
          <Button onClick={() => void startFromResult(program, result)}>{t('settings.beginning.lastResult')}</Button>
        )}
      </div>
    </div>
  );
}

interface SeedProps {
  readonly seed: number;
  /** Whether it makes a difference. */
  readonly counts: boolean;
}

function Seed({ seed, counts }: SeedProps) {
  const id = useId();
  const { t } = useTranslation();
  const { documents } = useProgram();
  const change = (next: number): void => documents.edit((draft) => set(draft, 'seed', next));
  return (
    <div className={styles.choice}>
      <div className={styles.row}>
        <label htmlFor={id}>{t('settings.beginning.seed')}</label>
        <NumberField id={id} className={styles.seed!} value={seed} min={0} max={MOST_SEED} step={1} onChange={change} />
        <IconButton
          icon={Dices}
          label={t('settings.beginning.variation')}
          tooltipSide="left"
          onClick={() => change(Math.floor(Math.random() * (MOST_SEED + 1)))}
        />
      </div>
      <p className={styles.hint}>{t(counts ? 'settings.beginning.seedHint' : 'settings.beginning.seedUnused')}</p>
    </div>
  );
}
