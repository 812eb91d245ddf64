import { useTranslation } from 'react-i18next';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import { changeNetwork } from '../../../shared/studio/network-change.ts';
import { useProgram } from '../../app/program.ts';
import { chooseNetwork } from '../../stores/edits.ts';
import { notify } from '../../stores/notices.ts';

/** Paints with another network from now on, and says what that costs. */
export function useChooseNetwork(): (network: NetworkCard) => void {
  const { documents, notices } = useProgram();
  const { t } = useTranslation();
  return (network) => {
    const { document } = documents.getState();
    if (document.network === network.id) return;
    const { lost } = changeNetwork(document, network);
    documents.edit((draft) => chooseNetwork(draft, network));
    if (lost === 'nothing') return;
    notify(notices, {
      tone: 'info',
      title: t(`networks.lost.${lost}`, { network: network.name, preset: document.preset?.value.name ?? '' }),
      action: { label: t('actions.undo'), run: documents.undo },
    });
  };
}
