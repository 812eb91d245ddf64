import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer, ResponseOf } from '../../../shared/studio/contract.ts';
import type { SheetCell } from '../../../shared/studio/studies.ts';
import { useProgram } from '../../app/program.ts';
import { Facts } from '../../components/facts.tsx';
import { Picture } from '../../components/picture.tsx';
import styles from './spectra.module.css';
import { formatFigure } from './words.ts';

/** What repeats in pictures, and how finely: their spectra, and how strong patterns with a network's strides are. */
export function Spectra({ cells }: { readonly cells: readonly SheetCell[] }) {
  const { t } = useTranslation();
  return (
    <div className={styles.spectra}>
      {cells.map(
        (cell) => cell.picture !== null && <Spectrum key={cell.id} picture={cell.picture} label={cell.label} />,
      )}
      <p className={styles.hint}>{t('laboratory.viewer.spectrumHint')}</p>
    </div>
  );
}

interface SpectrumProps {
  readonly picture: string;
  readonly label: string;
}

function Spectrum({ picture, label }: SpectrumProps) {
  const { t, i18n } = useTranslation();
  const { transport } = useProgram();
  const [found, setFound] = useState<Answer<ResponseOf<'checkerboard'>>>();
  useEffect(() => {
    let ended = false;
    void transport.call('checkerboard', { picture }).then((answer) => {
      if (!ended) setFound(answer);
    });
    return () => {
      ended = true;
    };
  }, [transport, picture]);
  return (
    <figure className={styles.figure}>
      <Picture
        whole
        kind="study-spectrum"
        id={picture}
        alt={t('laboratory.viewer.spectrumOf', { name: label })}
        className={styles.picture}
      />
      <figcaption className={styles.caption}>
        {label}
        {found?.ok && (
          <Facts
            facts={[
              [t('laboratory.viewer.overall'), formatFigure(found.value.overall, i18n.language)],
              ...found.value.periods.map(
                ({ period, value }) =>
                  [t('laboratory.viewer.period', { period }), formatFigure(value, i18n.language)] as const,
              ),
            ]}
          />
        )}
        {found && !found.ok && <span className={styles.hint}>{found.problem.message}</span>}
      </figcaption>
    </figure>
  );
}
