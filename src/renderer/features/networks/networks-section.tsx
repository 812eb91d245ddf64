import { ChevronRight, Search } from 'lucide-react';
import { Collapsible } from 'radix-ui';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Icon } from '../../components/icon.tsx';
import { Section } from '../../components/section.tsx';
import { TextField } from '../../components/text-field.tsx';
import { notify } from '../../stores/notices.ts';
import { useNetwork } from '../../stores/selectors.ts';
import { findNetwork } from '../../stores/session.ts';
import { ContentNetwork } from './content-network.tsx';
import { groupNetworks, isReady, matchesSearch, type NetworkGroup } from './groups.ts';
import { NetworkCard } from './network-card.tsx';
import styles from './networks-section.module.css';
import { useChooseNetwork } from './use-choose.ts';

/** More cards than these are easier to search than to look through. */
const MANY = 8;

/** The networks to look with: those at hand, then those to be had. */
export function NetworksSection() {
  const { t } = useTranslation();
  const networks = useSession((session) => session.networks);
  const used = useDocument((document) => document.network);
  const groups = useMemo(() => groupNetworks(networks), [networks]);
  const [search, setSearch] = useState('');
  const name = useNetwork()?.name;
  useDownloadNews();

  const found = groups.filter((group) => matchesSearch(group, search));
  const holds = (group: NetworkGroup): boolean => group.members.some(({ id }) => id === used);
  const ready = found.filter(({ members }) => members.some(isReady));
  const here = [...ready.filter(holds), ...ready.filter((group) => !holds(group))];
  const others = found.filter((group) => !here.includes(group));
  return (
    <Section id="networks" title={t('networks.title')} summary={name}>
      <p className={styles.intro}>{t('networks.intro')}</p>
      {groups.length > MANY && (
        <TextField
          bare
          type="search"
          icon={Search}
          label={t('networks.search')}
          placeholder={t('networks.search')}
          value={search}
          onChange={setSearch}
        />
      )}
      <ul className={styles.list} aria-label={t('networks.here')}>
        {here.map((group) => (
          <NetworkCard key={group.id} group={group} />
        ))}
      </ul>
      {found.length === 0 && <p className={styles.intro}>{t('networks.nothing', { search })}</p>}
      {others.length > 0 && <Others groups={others} searching={search !== ''} />}
      <ContentNetwork />
    </Section>
  );
}

function Others({ groups, searching }: { readonly groups: readonly NetworkGroup[]; readonly searching: boolean }) {
  const { view } = useProgram();
  const { t } = useTranslation();
  const [open, setOpen] = useState(view.getState().sections['networks-more'] ?? false);
  const shown = open || searching;
  const change = (next: boolean): void => {
    setOpen(next);
    view.setState(({ sections }) => ({ sections: { ...sections, 'networks-more': next } }));
  };
  return (
    <Collapsible.Root open={shown} onOpenChange={change}>
      <h4>
        <Collapsible.Trigger className={styles.more}>
          <span className={styles.chevron}>
            <Icon icon={ChevronRight} size={14} />
          </span>
          {t('networks.more', { count: groups.length })}
        </Collapsible.Trigger>
      </h4>
      <Collapsible.Content>
        <ul className={styles.list} aria-label={t('networks.more', { count: groups.length })}>
          {groups.map((group) => (
            <NetworkCard key={group.id} group={group} />
          ))}
        </ul>
      </Collapsible.Content>
    </Collapsible.Root>
  );
}

/** Says when a download has come, and offers what it was made for. */
function useDownloadNews(): void {
  const { notices, onEvent, session } = useProgram();
  const { t } = useTranslation();
  const choose = useChooseNetwork();
  useEffect(
    () =>
      onEvent((event) => {
        if (event.type !== 'download' || event.ended !== 'installed') return;
        const network = findNetwork(session.getState(), event.network);
        if (!network) return;
        const title = t('networks.arrived', { network: network.name });
        notify(notices, {
          tone: 'success',
          title,
          action: { label: t('networks.use'), run: () => choose(network) },
        });
      }),
    [onEvent, session, notices, t, choose],
  );
}
