import { clsx } from 'clsx';
import { Check, Info, ScanEye } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NetworkCard as Network } from '../../../shared/studio/contract.ts';
import { useDocument, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Picture } from '../../components/picture.tsx';
import { Popover } from '../../components/popover.tsx';
import { Slider } from '../../components/slider.tsx';
import { formatBytes } from '../../i18n/format.ts';
import { Details } from './details.tsx';
import { Download } from './download.tsx';
import { firstMember, isReady, placeIn, type NetworkGroup } from './groups.ts';
import styles from './network-card.module.css';
import { useChooseNetwork } from './use-choose.ts';

/** A network, or a family of them under one slider. */
export function NetworkCard({ group }: { readonly group: NetworkGroup }) {
  const { t } = useTranslation();
  const choose = useChooseNetwork();
  const used = useDocument((document) => document.network);
  const [wanted, setWanted] = useState<string>();
  const { members } = group;
  const member = members.find(({ id }) => id === wanted) ?? firstMember(group, used);
  const inUse = members.some(({ id }) => id === used);
  const chosen = member.id === used;

  const moveTo = (position: number): void => {
    const next = members[position]!;
    setWanted(next.id);
    // Within the family that is painted with, the slider is the choice.
    if (inUse && isReady(next)) choose(next);
  };

  return (
    <li className={clsx(styles.card, inUse && styles.inUse)}>
      <div className={styles.head}>
        <Picture
          kind="network-sample"
          id={member.sample ? member.id : undefined}
          icon={ScanEye}
          className={styles.picture}
        />
        <div className={styles.words}>
          <h4 className={styles.name}>{group.name}</h4>
          <p className={styles.state}>{useStateWords(member)}</p>
        </div>
        <Popover
          label={t('networks.details', { name: member.name })}
          align="end"
          trigger={<IconButton icon={Info} label={t('networks.details', { name: member.name })} />}
        >
          <Details network={member} family={members.length > 1} />
        </Popover>
      </div>
      <p className={styles.description}>{member.description}</p>
      {members.length > 1 && <Robustness group={group} member={member} onMove={moveTo} />}
      <div className={styles.foot}>
        {chosen ? (
          <span className={styles.chosen}>
            <Icon icon={Check} size={14} />
            {t('networks.inUse')}
          </span>
        ) : isReady(member) ? (
          <Button
            className={styles.action}
            aria-label={t('networks.useNamed', { name: member.name })}
            onClick={() => choose(member)}
          >
            {t('networks.use')}
          </Button>
        ) : (
          <Download network={member} />
        )}
      </div>
    </li>
  );
}

function useStateWords({ id, state, bytes }: Network): string {
  const { t } = useTranslation();
  const loading = useSession(({ downloads }) => downloads[id] !== undefined && !downloads[id].problem);
  const size = formatBytes(bytes);
  if (loading) return t('networks.state.loading');
  return bytes > 0 && state !== 'available'
    ? t('networks.stateSized', { state: t(`networks.state.${state}`), size })
    : t(`networks.state.${state}`);
}

interface RobustnessProps {
  readonly group: NetworkGroup;
  readonly member: Network;
  readonly onMove: (position: number) => void;
}

/** From the standard member of a family to its most robust. */
function Robustness({ group, member, onMove }: RobustnessProps) {
  const { t } = useTranslation();
  const { members } = group;
  const label = (network: Network): string => {
    const said = placeIn(network, group.id)?.label ?? (network.id.endsWith('-robust') ? 'robust' : 'standard');
    return said === 'standard' || said === 'robust' ? t(`networks.${said}`) : said;
  };
  return (
    <div className={styles.robustness}>
      <span aria-hidden="true">{t('networks.robustness')}</span>
      <span className={styles.epsilon} aria-hidden="true">
        {label(member)}
      </span>
      <Slider
        bare
        label={t('networks.robustness')}
        value={members.indexOf(member)}
        min={0}
        max={members.length - 1}
        step={1}
        fineStep={1}
        valueText={(position) => label(members[position]!)}
        onChange={onMove}
      />
      <span className={styles.ends} aria-hidden="true">
        <span>{label(members[0]!)}</span>
        <span>{label(members.at(-1)!)}</span>
      </span>
      {members.length === 2 && <p className={styles.twins}>{t('networks.twinsShort')}</p>}
    </div>
  );
}
