import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, useView, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Picture } from '../../components/picture.tsx';
import { TextField } from '../../components/text-field.tsx';
import { useEffective, useNetwork } from '../../stores/selectors.ts';
import { shownResult } from '../history/shown-result.ts';
import { presetFrom } from './preset-edits.ts';
import styles from './preset-details.module.css';

/** Keeps the settings as they are under a name; the picture that is shown becomes their thumbnail. */
export function SavePreset({ onEnd }: { readonly onEnd: (id?: string) => void }) {
  const { ask, documents } = useProgram();
  const { t } = useTranslation();
  const effective = useEffective();
  const network = useNetwork();
  const shown = useView((view) => view.shown);
  const result = useSession((session) => shownResult(session, shown)?.id);
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  const save = async (): Promise<void> => {
    const about = { name: name.trim(), description: description.trim() || t('presets.ownDescription') };
    if (about.name === '') return;
    const value = presetFrom(documents.getState().document, effective, network, about);
    const saved = await ask('savePreset', { id: null, value, result: result ?? null });
    if (saved) onEnd(saved.value.id);
  };
  return (
    <form
      className={styles.details}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h3 className={styles.name}>{t('presets.saveTitle')}</h3>
      {result !== undefined && <Picture kind="result-thumbnail" id={result} className={styles.picture} />}
      <TextField ref={first} label={t('presets.name')} value={name} maxLength={100} onChange={setName} />
      <TextField label={t('presets.line')} value={description} maxLength={200} onChange={setDescription} />
      <p className={styles.hint}>{t(result === undefined ? 'presets.saveHint' : 'presets.saveHintPicture')}</p>
      <div className={styles.use}>
        <Button variant="primary" type="submit" disabled={name.trim() === ''}>
          {t('presets.save')}
        </Button>
        <Button variant="quiet" onClick={() => onEnd()}>
          {t('cancel')}
        </Button>
      </div>
    </form>
  );
}
