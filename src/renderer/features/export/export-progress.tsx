import { useTranslation } from 'react-i18next';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { formatDuration, formatPercent } from '../../i18n/format.ts';
import styles from './export-progress.module.css';
import type { ExportRun } from './export-run.ts';

interface ExportProgressProps {
  readonly run: ExportRun;
  readonly onCancel: () => void;
  readonly onClose: () => void;
}

/** How far a file is, with the choice to let it go on unseen or to end it. */
export function ExportProgress({ run, onCancel, onClose }: ExportProgressProps) {
  const { t } = useTranslation();
  const { fraction, secondsLeft, cancelling, result } = run;
  const words = [
    fraction > 0 ? formatPercent(fraction) : t('export.reading'),
    secondsLeft === undefined ? undefined : t('export.left', { time: formatDuration(secondsLeft) }),
  ];
  const text = words.filter((word) => word !== undefined).join(' · ');
  return (
    <>
      <div className={styles.progress}>
        <Progress
          label={t('export.writingNamed', { name: result.name })}
          value={fraction > 0 ? fraction : undefined}
          text={text}
        />
        <p className={styles.words}>{text}</p>
      </div>
      <Button variant="quiet" onClick={onClose}>
        {t('export.background')}
      </Button>
      <Button disabled={cancelling} onClick={onCancel}>
        {t(cancelling ? 'export.cancelling' : 'export.cancelWriting')}
      </Button>
    </>
  );
}
