import { ClipboardPaste, FolderOpen, History, Images } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useAction } from '../../actions/use-action.ts';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Picture } from '../../components/picture.tsx';
import { Section } from '../../components/section.tsx';
import { formatPixels } from '../../i18n/format.ts';
import { pasteFiles } from '../intake/paste.ts';
import { MaskControls } from '../masks/mask-controls.tsx';
import { PHOTO } from '../masks/target.ts';
import styles from './photo-section.module.css';
import { Picker } from './picker.tsx';
import { takePhoto } from './take-photo.ts';
import { usePhotoOfResult } from './use-result.ts';

/** The photo that is painted, and the ways to another one. */
export function PhotoSection() {
  const { t } = useTranslation();
  const photo = useDocument((document) => document.photo);
  return (
    <Section id="photo" title={t('photo.title')} summary={photo?.name} actions={<Ways />}>
      {photo ? <Card /> : <Empty />}
    </Section>
  );
}

function Ways() {
  const program = useProgram();
  const { t } = useTranslation();
  const open = useAction('openPhoto');
  const samples = useSession((session) => session.samples);
  const results = useSession((session) => session.results);
  const chosen = useDocument((document) => document.photo?.sha256);
  const takeResult = usePhotoOfResult();
  const photos = samples.filter(({ kind }) => kind === 'photo').map(({ title, picture }) => ({ title, picture }));
  return (
    <>
      <IconButton icon={FolderOpen} label={open.label} shortcut={open.shortcut} onClick={open.run} />
      <IconButton icon={ClipboardPaste} label={t('photo.paste')} onClick={() => void pasteFiles(program, 'photo')} />
      <Picker
        icon={Images}
        label={t('photo.samples')}
        kind="thumbnail"
        pictures={photos.map(({ title, picture }) => ({ id: picture.sha256, title }))}
        chosen={chosen === undefined ? [] : [chosen]}
        onPick={(id) => {
          const sample = photos.find(({ picture }) => picture.sha256 === id);
          if (sample) takePhoto(program, sample.picture);
        }}
      />
      <Picker
        icon={History}
        label={results.length > 0 ? t('photo.fromResults') : t('photo.noResults')}
        kind="result-thumbnail"
        pictures={results.map(({ id, name }) => ({ id, title: name }))}
        chosen={[]}
        onPick={takeResult}
        disabled={results.length === 0}
      />
    </>
  );
}

function Card() {
  const { t } = useTranslation();
  const { run } = useAction('openPhoto');
  const photo = useDocument((document) => document.photo)!;
  return (
    <div className={styles.card}>
      <button type="button" className={styles.replace} title={t('photo.replace')} onClick={run}>
        <Picture kind="thumbnail" id={photo.sha256} className={styles.picture} />
        <span className="visually-hidden">{`${t('photo.replace')}: ${photo.name}`}</span>
      </button>
      <p className={styles.line}>
        <span className={styles.name} title={photo.name}>
          {photo.name}
        </span>
        <span className={styles.size}>{formatPixels(photo)}</span>
      </p>
      <MaskControls target={PHOTO} number="photo" name={photo.name} />
    </div>
  );
}

function Empty() {
  const { t } = useTranslation();
  const { run } = useAction('openPhoto');
  return (
    <div className={styles.empty}>
      <p>{t('photo.empty')}</p>
      <Button icon={FolderOpen} onClick={run}>
        {t('photo.open')}
      </Button>
    </div>
  );
}
