import { Copy, Ellipsis, FileDown, Pencil, Star, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PresetEntry } from '../../../shared/studio/contract.ts';
import { useProgram } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Facts } from '../../components/facts.tsx';
import { Menu, MenuItem, MenuLine } from '../../components/menu.tsx';
import { RenameForm } from '../../components/rename-form.tsx';
import { notify } from '../../stores/notices.ts';
import { Download } from '../networks/download.tsx';
import { usePresetMark } from './preset-card.tsx';
import { leavePreset } from './preset-edits.ts';
import styles from './preset-details.module.css';
import { useExportPreset } from './preset-files.ts';
import { PresetPicture } from './preset-picture.tsx';
import { usePresetUpdate, usePresetUse } from './use-preset.ts';

interface PresetDetailsProps {
  readonly entry: PresetEntry;
  readonly onClose: () => void;
  readonly onSelect: (id: string) => void;
}

/** What a preset is, what it needs, and everything that can be done with it. */
export function PresetDetails({ entry, onClose, onSelect }: PresetDetailsProps) {
  const { ask } = useProgram();
  const { t } = useTranslation();
  const { id, value, builtIn, favourite, thumbnail } = entry;
  const mark = usePresetMark(id);
  const [renaming, setRenaming] = useState(false);
  const { objective, schedule, networkArchitecture, notes = [], citation } = value;
  return (
    <div className={styles.details}>
      {thumbnail && <PresetPicture entry={entry} className={styles.picture} />}
      {renaming ? (
        <RenameForm
          label={t('presets.name')}
          name={value.name}
          most={100}
          onEnd={(name) => {
            setRenaming(false);
            if (name !== undefined) void ask('savePreset', { id, value: { ...value, name }, result: null });
          }}
        />
      ) : (
        <div className={styles.head}>
          <h3 className={styles.name}>{value.name}</h3>
          <IconButton
            icon={Star}
            label={t(favourite ? 'presets.unfavourite' : 'presets.makeFavourite')}
            pressed={favourite}
            className={favourite ? styles.starred! : ''}
            onClick={() => void ask('favouritePreset', { id, favourite: !favourite })}
          />
          <More entry={entry} onRename={() => setRenaming(true)} onSelect={onSelect} />
        </div>
      )}
      {mark && <p className={styles.mark}>{mark}</p>}
      <p>{value.description}</p>
      <Use entry={entry} onClose={onClose} />
      <Facts
        facts={[
          [t('presets.madeFor'), networkArchitecture],
          [t('presets.size'), schedule && t(`presets.side.${schedule.side}`, { size: schedule.size })],
          [t('presets.iterations'), schedule?.levels.at(-1)!.evaluations],
          [t('presets.layers'), objective?.styleLayers && Object.keys(objective.styleLayers).join(', ')],
        ]}
      />
      {notes.length > 0 && (
        <section>
          <h4 className={styles.heading}>{t('presets.notes')}</h4>
          <ul className={styles.notes}>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      {citation !== undefined && (
        <section>
          <h4 className={styles.heading}>{t('presets.citation')}</h4>
          <p className={styles.citation}>{citation}</p>
        </section>
      )}
      {builtIn && <p className={styles.hint}>{t('presets.readOnly')}</p>}
    </div>
  );
}

/** The main button, and what must be done before it can be used. */
function Use({ entry, onClose }: { readonly entry: PresetEntry; readonly onClose: () => void }) {
  const { documents } = useProgram();
  const { t } = useTranslation();
  const { fit, apply, applied } = usePresetUse(entry);
  const { update, modified } = usePresetUpdate(entry);
  if (fit.kind === 'download') {
    const { network } = fit;
    return (
      <div className={styles.use}>
        <p className={styles.hint}>{t('presets.needs', { network: network.name })}</p>
        <Download network={network} />
      </div>
    );
  }
  const reason =
    fit.kind === 'none'
      ? t('presets.noNetwork', { architecture: entry.value.networkArchitecture ?? '' })
      : fit.kind === 'switch'
        ? t('presets.switches', { network: fit.network.name })
        : undefined;
  return (
    <div className={styles.use}>
      <Button
        variant="primary"
        disabled={fit.kind === 'none'}
        aria-describedby={reason === undefined ? undefined : 'preset-reason'}
        onClick={() => {
          apply();
          onClose();
        }}
      >
        {t(applied ? 'presets.applyAgain' : 'presets.apply')}
      </Button>
      {applied && modified && !entry.builtIn && <Button onClick={() => void update()}>{t('presets.update')}</Button>}
      {applied && (
        <Button variant="quiet" onClick={() => documents.edit(leavePreset)}>
          {t('presets.leave')}
        </Button>
      )}
      {reason !== undefined && (
        <p id="preset-reason" className={styles.hint}>
          {reason}
        </p>
      )}
    </div>
  );
}

interface MoreProps {
  readonly entry: PresetEntry;
  readonly onRename: () => void;
  readonly onSelect: (id: string) => void;
}

function More({ entry, onRename, onSelect }: MoreProps) {
  const { ask, notices } = useProgram();
  const { t } = useTranslation();
  const exportPreset = useExportPreset();
  const { id, value, builtIn } = entry;
  const duplicate = async (): Promise<void> => {
    const copy = await ask('duplicatePreset', { id, name: t('presets.copyOf', { name: value.name }).slice(0, 100) });
    if (copy) onSelect(copy.value.id);
  };
  const remove = async (): Promise<void> => {
    if (!(await ask('deletePreset', { id }))) return;
    const undo = (): void => void ask('restorePreset', { id });
    const title = t('presets.deleted', { name: value.name });
    notify(notices, { tone: 'info', title, action: { label: t('actions.undo'), run: undo } });
  };
  return (
    <Menu align="end" trigger={<IconButton icon={Ellipsis} label={t('presets.more')} />}>
      <MenuItem icon={Copy} label={t('presets.duplicate')} onSelect={() => void duplicate()} />
      <MenuItem icon={Pencil} label={t('presets.rename')} disabled={builtIn} onSelect={onRename} />
      <MenuItem icon={FileDown} label={t('presets.export')} onSelect={() => void exportPreset(id)} />
      <MenuLine />
      <MenuItem danger icon={Trash2} label={t('presets.delete')} disabled={builtIn} onSelect={() => void remove()} />
    </Menu>
  );
}
