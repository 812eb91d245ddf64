import { useTranslation } from 'react-i18next';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Select } from '../../components/select.tsx';
import { Switch } from '../../components/switch.tsx';
import { chooseContentNetwork } from '../../stores/edits.ts';
import { findNetwork } from '../../stores/session.ts';
import { isReady } from './groups.ts';

/** Lets another network watch over what the photo shows. */
export function ContentNetwork() {
  const { documents, session } = useProgram();
  const { t } = useTranslation();
  const networks = useSession((state) => state.networks);
  const chosen = useDocument((document) => document.contentNetwork);
  const style = useDocument((document) => document.network);
  const options = networks.filter((network) => isReady(network) || network.id === chosen);
  const choose = (id: string | null): void => {
    const network = findNetwork(session.getState(), id) ?? null;
    documents.edit((draft) => chooseContentNetwork(draft, network));
  };
  return (
    <div>
      <Switch
        label={t('networks.content')}
        hint={t('networks.contentHint')}
        checked={chosen !== null}
        onChange={(on) => choose(on ? ((options.find(({ id }) => id !== style) ?? options[0])?.id ?? null) : null)}
      />
      {chosen !== null && (
        <Select
          bare
          label={t('networks.contentLabel')}
          value={chosen}
          options={options.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={choose}
        />
      )}
    </div>
  );
}
