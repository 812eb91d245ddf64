import type { TFunction } from 'i18next';
import { FileDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { StudyEntry, StudyView } from '../../../shared/studio/studies.ts';
import { useProgram, useSession } from '../../app/program.ts';
import { Facts } from '../../components/facts.tsx';
import { Icon } from '../../components/icon.tsx';
import { formatBytes, formatDate } from '../../i18n/format.ts';
import styles from './about-study.module.css';
import { formatFigure } from './words.ts';

interface AboutStudyProps {
  readonly study: StudyEntry;
  readonly view: StudyView;
}

/** What a study was made of, what should be known of it, and its files. */
export function AboutStudy({ study, view }: AboutStudyProps) {
  const { t, i18n } = useTranslation();
  const { transport } = useProgram();
  const desktop = useSession((session) => session.shell === 'desktop');
  const { settings } = view.robustness ?? {};
  return (
    <div className={styles.about}>
      <section className={styles.part}>
        <p className={styles.measured}>{t(`laboratory.kinds.${study.kind}.measured`)}</p>
        <Facts
          facts={[
            [t('laboratory.about.begun'), formatDate(study.createdAt)],
            [t('laboratory.about.program'), view.program],
            [t('laboratory.about.networks'), view.networks.join(', ')],
            [t('laboratory.about.pictures'), view.sources.join(', ')],
            ...(settings
              ? ([
                  [t('laboratory.fields.epsilon'), settings.epsilon],
                  [t('laboratory.fields.photoSize'), `${settings.size} px`],
                  [t('laboratory.fields.steps'), settings.steps],
                  [t('laboratory.fields.restarts'), settings.restarts],
                  [t('settings.beginning.seed'), settings.seed],
                ] as const)
              : []),
          ]}
        />
        {view.repeats && (
          <div className={styles.repeats} role="group" aria-label={t('laboratory.about.repeats')}>
            <Facts facts={[[t('laboratory.about.repeats'), view.repeats.title]]} />
            <p>{repeatedWords(view.repeats, t, i18n.language)}</p>
          </div>
        )}
        {study.notes.length > 0 && (
          <ul className={styles.notes} aria-label={t('laboratory.about.notes')}>
            {study.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </section>
      <section className={styles.part} aria-label={t('laboratory.about.files')}>
        <h3>{t('laboratory.about.files')}</h3>
        <p className={styles.measured}>{t('laboratory.about.filesHint')}</p>
        <ul className={styles.files}>
          {view.files.map(({ name, bytes }) => {
            const words = (
              <>
                <Icon icon={FileDown} />
                <span>{name}</span>
                <span className={styles.bytes}>{formatBytes(bytes)}</span>
              </>
            );
            return (
              <li key={name}>
                {/* On a desktop they are in their folder already, which the head of the page shows. */}
                {desktop ? (
                  <span className={styles.file}>{words}</span>
                ) : (
                  <a
                    className={styles.file}
                    href={transport.assetUrl('study-file', `${study.id}.${name}`)}
                    download={name}
                  >
                    {words}
                  </a>
                )}
              </li>
            );
          })}
        </ul>
      </section>
    </div>
  );
}

/** How far the numbers of a repeated study are from those before. */
function repeatedWords(
  { state, difference }: NonNullable<StudyView['repeats']>,
  t: TFunction,
  language: string,
): string {
  if (state !== 'compared') return t(`laboratory.about.repeated.${state}`);
  if (difference === undefined || difference === null) return t('laboratory.about.repeated.different');
  if (difference === 0) return t('laboratory.about.repeated.same');
  return t('laboratory.about.repeated.near', { difference: formatFigure(difference, language) });
}
