import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { STATISTICS, type Statistic } from '../../../shared/robustness.ts';
import type { Interval, RobustnessView, StudyEntry } from '../../../shared/studio/studies.ts';
import { Picture } from '../../components/picture.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Table } from './figures.tsx';
import { RobustnessChart } from './robustness-chart.tsx';
import styles from './robustness.module.css';
import { formatFigure } from './words.ts';

/** R(f) as in the reply: layers from fine to coarse, a colour for each network; and the numbers below. */
export function Robustness({ view }: { readonly view: RobustnessView }) {
  const { t, i18n } = useTranslation();
  const [statistic, setStatistic] = useState<Statistic>('features');
  const { networks, results, photos, settings } = view;
  const shown = results.filter((result) => result.statistic === statistic);
  const nameOf = (key: string): string => networks.find((network) => network.key === key)?.name ?? key;
  const estimate = ({ value, low, high }: Interval): string => {
    const [middle, from, to] = [value, low, high].map((number) => formatFigure(number, i18n.language));
    return `${middle} (${from} – ${to})`;
  };
  const offered = STATISTICS.filter((name) => settings.statistics.includes(name));
  return (
    <div className={styles.robustness}>
      {offered.length > 1 && (
        <Segmented
          label={t('laboratory.robustness.statistic')}
          value={statistic}
          segments={offered.map((value) => ({ value, label: t(`laboratory.robustness.statistics.${value}`) }))}
          onChange={setStatistic}
        />
      )}
      <RobustnessChart networks={networks} results={shown} label={t('laboratory.robustness.chart')} />
      <p className={styles.hint}>
        {t('laboratory.robustness.hint', {
          epsilon: settings.epsilon,
          size: settings.size,
          steps: settings.steps,
          photos: photos.length,
        })}
      </p>
      <Table caption={t('laboratory.robustness.table')}>
        <thead>
          <tr>
            <th scope="col">{t('laboratory.robustness.layer')}</th>
            <th scope="col" data-words>
              {t('laboratory.robustness.network')}
            </th>
            <th scope="col">R(f)</th>
            <th scope="col">{t('laboratory.robustness.ratio')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ network, layer, robustness, ratio }) => (
            <tr key={`${network} ${layer}`}>
              <th scope="row">{layer}</th>
              <td data-words>{nameOf(network)}</td>
              <td>{estimate(robustness)}</td>
              <td>{estimate(ratio)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

interface WorstCasesProps {
  readonly view: RobustnessView;
  readonly study: StudyEntry;
}

/** For every layer the photo that an attack moved farthest, what it became, and the difference, amplified. */
export function WorstCases({ view, study }: WorstCasesProps) {
  const { t, i18n } = useTranslation();
  const nameOf = (key: string): string => view.networks.find((network) => network.key === key)?.name ?? key;
  return (
    <div className={styles.robustness}>
      <p className={styles.hint}>{t('laboratory.robustness.worstHint')}</p>
      <ul className={styles.worst}>
        {view.worst.map(({ network, layer, statistic, photo, original, attacked, difference, amplification }) => {
          const by = formatFigure(amplification, i18n.language);
          const pictures = [
            { id: original, words: t('laboratory.robustness.original') },
            { id: attacked, words: t('laboratory.robustness.attacked') },
            { id: difference, words: t('laboratory.robustness.difference', { by }) },
          ];
          return (
            <li key={`${network} ${layer} ${statistic}`} className={styles.case}>
              <h3 className={styles.layer}>
                {layer}
                <span className={styles.network}>
                  {nameOf(network)} · {t(`laboratory.robustness.statistics.${statistic}`)}
                </span>
              </h3>
              <div className={styles.three}>
                {pictures.map(({ id, words }) => (
                  <figure key={id} className={styles.figure}>
                    <Picture
                      whole
                      kind="study"
                      id={id}
                      version={study.version}
                      alt={`${words}, ${photo}`}
                      className={styles.picture}
                    />
                    <figcaption className={styles.caption}>{words}</figcaption>
                  </figure>
                ))}
              </div>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
