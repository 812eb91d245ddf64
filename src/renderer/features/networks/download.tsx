import { DownloadIcon, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import { useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { formatBytes, formatDuration, formatPercent, formatSpeed } from '../../i18n/format.ts';
import styles from './download.module.css';

/** Gets a network: the offer with its size, how far it is, and what went wrong. */
export function Download({ network }: { readonly network: NetworkCard }) {
  const { ask } = useProgram();
  const { t } = useTranslation();
  const download = useSession((session) => session.downloads[network.id]);
  const begin = (): void => void ask('downloadNetwork', { id: network.id });
  const { id, name, bytes } = network;
  // Some sources do not say.
  const size = bytes > 0 ? formatBytes(bytes) : undefined;

  if (download && !download.problem) {
    const { fraction, bytesPerSecond, secondsLeft } = download;
    const words = [
      fraction === undefined ? undefined : formatPercent(fraction),
      bytesPerSecond > 0 ? formatSpeed(bytesPerSecond) : undefined,
      secondsLeft === undefined ? undefined : t('networks.left', { time: formatDuration(secondsLeft) }),
    ];
    const text = words.filter((word) => word !== undefined).join(' · ') || t('networks.beginning');
    return (
      <div className={styles.loading}>
        <div className={styles.bar}>
          <Progress label={t('networks.downloading', { name })} value={fraction} text={text} />
          <p className={styles.words}>{text}</p>
        </div>
        <IconButton
          icon={X}
          label={t('networks.cancel', { name })}
          onClick={() => void ask('cancelDownload', { id })}
        />
      </div>
    );
  }
  return (
    <div className={styles.offer}>
      {download?.problem && (
        <p className={styles.problem} role="alert">
          {download.problem.message}
        </p>
      )}
      <Button
        icon={DownloadIcon}
        aria-label={
          size === undefined ? t('networks.downloadNamed', { name }) : t('networks.downloadNamedSized', { name, size })
        }
        onClick={begin}
      >
        {download?.problem
          ? t('retry')
          : size === undefined
            ? t('networks.download')
            : t('networks.downloadSized', { size })}
      </Button>
    </div>
  );
}
