import { FileUp, Plus, Search } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocument, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Gallery } from '../../components/gallery.tsx';
import { TextField } from '../../components/text-field.tsx';
import type { DialogProps } from '../studio/dialog-host.tsx';
import { matchesPreset } from './preset-edits.ts';
import { PresetCard } from './preset-card.tsx';
import { PresetDetails } from './preset-details.tsx';
import { SavePreset } from './save-preset.tsx';
import { useImportPreset } from './preset-files.ts';

/** Ways of painting that were set up before: those that come with Madder, and one's own. */
export function PresetsDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const presets = useSession((session) => session.presets);
  const used = useDocument((document) => document.preset?.id);
  const [search, setSearch] = useState('');
  const [selected, setSelected] = useState(used);
  const [saving, setSaving] = useState(false);
  const importPreset = useImportPreset(setSelected);

  // Favourites first, one's own before those that come with Madder.
  const found = presets
    .filter((entry) => matchesPreset(entry, search))
    .sort((a, b) => Number(b.favourite) - Number(a.favourite) || Number(a.builtIn) - Number(b.builtIn));
  const shown = found.find(({ id }) => id === selected) ?? found[0];
  return (
    <Dialog open size="large" onClose={onClose} title={t('presets.title')} description={t('presets.description')}>
      <Gallery
        label={t('presets.title')}
        toolbar={
          <>
            <TextField
              bare
              type="search"
              icon={Search}
              label={t('presets.search')}
              placeholder={t('presets.search')}
              value={search}
              onChange={setSearch}
            />
            <span style={{ flex: 1 }} />
            <Button variant="quiet" icon={FileUp} onClick={importPreset}>
              {t('presets.import')}
            </Button>
            <Button icon={Plus} onClick={() => setSaving(true)}>
              {t('presets.saveCurrent')}
            </Button>
          </>
        }
        instead={
          found.length === 0 ? (
            <EmptyState icon={Search} title={t('presets.nothing', { search })} text={t('presets.nothingHint')} />
          ) : undefined
        }
        details={
          saving ? (
            <SavePreset
              onEnd={(id) => {
                setSaving(false);
                if (id !== undefined) {
                  setSearch('');
                  setSelected(id);
                }
              }}
            />
          ) : (
            shown && <PresetDetails key={shown.id} entry={shown} onClose={onClose} onSelect={setSelected} />
          )
        }
      >
        {found.map((entry) => (
          <PresetCard
            key={entry.id}
            entry={entry}
            chosen={!saving && entry.id === shown?.id}
            onChoose={() => {
              setSaving(false);
              setSelected(entry.id);
            }}
          />
        ))}
      </Gallery>
    </Dialog>
  );
}
