import { FolderOpen, Plus } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import type { StudioPicture } from '../../../shared/studio/document.ts';
import { useDocument, useSession } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Picture } from '../../components/picture.tsx';
import { useAddPictures } from '../queue/add-pictures.ts';
import { isReady, layersIn } from './draft.ts';
import styles from './fields.module.css';

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly children: ReactNode;
}

/** A part of the form, with its name above it. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div
      className={styles.field}
      role="group"
      aria-labelledby={id}
      {...(hint ? { 'aria-describedby': `${id}-hint` } : {})}
    >
      <p id={id} className={styles.label}>
        {label}
      </p>
      {hint !== undefined && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {children}
    </div>
  );
}

interface ChipsProps<T extends string> {
  readonly options: readonly { readonly value: T; readonly label: string; readonly detail?: string | undefined }[];
  readonly value: readonly T[];
  readonly onChange: (value: readonly T[]) => void;
  /** One of them and no more. */
  readonly single?: boolean;
}

/** Some out of several, each on or off. */
export const Chips = <T extends string>({ options, value, onChange, single }: ChipsProps<T>) => (
  <ul className={styles.chips}>
    {options.map(({ value: id, label, detail }) => {
      const on = value.includes(id);
      // In the order in which they are offered, whatever was clicked first.
      const toggled = options
        .map((option) => option.value)
        .filter((other) => (other === id ? !on : value.includes(other)));
      return (
        <li key={id}>
          <button
            type="button"
            className={styles.chip}
            aria-pressed={on}
            onClick={() => onChange(single ? [id] : toggled)}
          >
            {label}
            {detail !== undefined && <span className={styles.detail}>{detail}</span>}
          </button>
        </li>
      );
    })}
  </ul>
);

interface NetworksProps {
  readonly value: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
  readonly single?: boolean;
}

/** The networks that can paint now. */
export function Networks({ value, onChange, single = false }: NetworksProps) {
  const networks = useSession((session) => session.networks);
  const ready = networks.filter(isReady);
  return (
    <Chips
      single={single}
      options={ready.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
    />
  );
}

interface LayersProps {
  readonly network: NetworkCard;
  readonly value: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
}

/** The layers of one network, from fine to coarse; those that few people look at are behind a fold. */
export function Layers({ network, value, onChange }: LayersProps) {
  const { t } = useTranslation();
  const { usual, others } = layersIn(network);
  const [open, setOpen] = useState(() => others.some((name) => value.includes(name)));
  const names = network.layers
    .map(({ name }) => name)
    .filter((name) => usual.includes(name) || (open && others.includes(name)));
  return (
    <div className={styles.layers} role="group" aria-label={network.name}>
      <p className={styles.detail}>{network.name}</p>
      <Chips
        options={names.map((name) => ({ value: name, label: name }))}
        value={value}
        onChange={(next) => next.length > 0 && onChange(next)}
      />
      {others.length > 0 && !open && (
        <Button variant="quiet" icon={Plus} className={styles.choose} onClick={() => setOpen(true)}>
          {t('laboratory.moreLayers', { count: others.length })}
        </Button>
      )}
    </div>
  );
}

interface PicturesProps {
  readonly kind: 'photo' | 'painting';
  readonly value: readonly StudioPicture[];
  readonly onChange: (value: readonly StudioPicture[]) => void;
  readonly single?: boolean;
}

/** Pictures out of the studio, the samples, and files. */
export function Pictures({ kind, value, onChange, single }: PicturesProps) {
  const { t } = useTranslation();
  const samples = useSession((session) => session.samples);
  const photo = useDocument((document) => document.photo);
  const paintings = useDocument((document) => document.styles);
  const { choose, reading } = useAddPictures((added) => onChange(single ? added.slice(-1) : [...value, ...added]));
  const own = kind === 'photo' ? (photo ? [photo] : []) : paintings.map(({ picture }) => picture);
  const offered = new Map<string, { picture: StudioPicture; title: string }>();
  for (const picture of [...own, ...value]) offered.set(picture.sha256, { picture, title: picture.name });
  for (const sample of samples) {
    if (sample.kind === kind) offered.set(sample.picture.sha256, { picture: sample.picture, title: sample.title });
  }
  const toggle = (picture: StudioPicture): void => {
    const on = value.some(({ sha256 }) => sha256 === picture.sha256);
    if (single) onChange([picture]);
    else onChange(on ? value.filter(({ sha256 }) => sha256 !== picture.sha256) : [...value, picture]);
  };
  return (
    <>
      <ul className={styles.pictures}>
        {[...offered.values()].map(({ picture, title }) => (
          <li key={picture.sha256}>
            <button
              type="button"
              className={styles.picture}
              aria-pressed={value.some(({ sha256 }) => sha256 === picture.sha256)}
              onClick={() => toggle(picture)}
            >
              <Picture kind="thumbnail" id={picture.sha256} className={styles.thumbnail} />
              <span className={styles.pictureName}>{title}</span>
            </button>
          </li>
        ))}
      </ul>
      <Button icon={FolderOpen} onClick={choose} className={styles.choose}>
        {t(reading ? 'queue.batch.reading' : 'queue.batch.choose')}
      </Button>
    </>
  );
}

interface NumberRowProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly precision?: number;
  readonly unit?: string;
  readonly onChange: (value: number) => void;
}

/** A number with its name beside it. */
export function NumberRow({ label, precision, ...rest }: NumberRowProps) {
  const id = useId();
  return (
    <div className={styles.number}>
      <label htmlFor={id}>{label}</label>
      <NumberField id={id} className={styles.numberField!} precision={precision ?? rest.step} {...rest} />
    </div>
  );
}
