import { useTranslation } from 'react-i18next';
import styles from './losses.module.css';
import { lossWords, spread, type Curve } from './series.ts';

/** Rows of the table: enough to follow a curve, few enough to be read out. */
const ROWS = 16;

interface LossTableProps {
  readonly iterations: readonly number[];
  readonly curves: readonly Curve[];
  readonly nameOf: (curve: Curve) => string;
}

/** The curves as numbers. */
export function LossTable({ iterations, curves, nameOf }: LossTableProps) {
  const { t, i18n } = useTranslation();
  return (
    <table className={styles.table}>
      <caption className="visually-hidden">{t('losses.chart')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('losses.iteration')}</th>
          {curves.map((curve) => (
            <th key={curve.id} scope="col">
              {nameOf(curve)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {spread(iterations.length, ROWS).map((at) => (
          <tr key={at}>
            <th scope="row">{iterations[at]}</th>
            {curves.map(({ id, values }) => (
              <td key={id}>{lossWords(values[at], i18n.language)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
