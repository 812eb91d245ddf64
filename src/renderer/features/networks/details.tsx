import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import { useDocument, useProgram } from '../../app/program.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Facts } from '../../components/facts.tsx';
import { formatBytes } from '../../i18n/format.ts';
import styles from './details.module.css';

interface DetailsProps {
  readonly network: NetworkCard;
  /** One of several that differ in robustness. */
  readonly family: boolean;
}

/** Whose a network is, what it may be used for, and the way to remove it. */
export function Details({ network, family }: DetailsProps) {
  const { ask } = useProgram();
  const { t } = useTranslation();
  const used = useDocument(({ network: style, contentNetwork }) => [style, contentNetwork].includes(network.id));
  const { id, name, licence, citation, bytes, layers, manifest, state } = network;
  return (
    <div className={styles.details}>
      <h4>{name}</h4>
      {family && <p>{t('networks.twins')}</p>}
      <Facts
        facts={[
          [t('networks.architecture'), manifest?.architecture],
          [t('networks.layers'), layers.length > 0 ? layers.length : undefined],
          [t('networks.size'), bytes > 0 ? formatBytes(bytes) : undefined],
        ]}
      />
      {licence && (
        <div>
          <h5 className={styles.heading}>{t('networks.licence')}</h5>
          <p>{licence}</p>
        </div>
      )}
      {citation && (
        <div>
          <h5 className={styles.heading}>{t('networks.citation')}</h5>
          <p>{citation}</p>
        </div>
      )}
      {state === 'installed' && (
        <ConfirmButton
          icon={Trash2}
          label={t('networks.remove')}
          question={t('networks.removeQuestion', { name, size: formatBytes(bytes) })}
          confirm={t('networks.remove')}
          disabled={used}
          onConfirm={() => void ask('removeNetwork', { id })}
        />
      )}
      {state === 'installed' && used && <p className={styles.hint}>{t('networks.removeUsed')}</p>}
    </div>
  );
}
