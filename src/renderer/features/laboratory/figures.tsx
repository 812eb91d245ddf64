import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { DISTURBANCES } from '../../../shared/picture-studies.ts';
import type { Sheet, SheetCell } from '../../../shared/studio/studies.ts';
import { formatDuration, formatPixels } from '../../i18n/format.ts';
import styles from './figures.module.css';
import { hasPattern, usePatterns } from './use-patterns.ts';
import { formatFigure } from './words.ts';

/** One number of a picture. */
interface Column {
  readonly name: string;
  readonly value: (cell: SheetCell) => string | undefined;
}

/** Whether there is anything to be told in numbers. */
export const hasFigures = ({ cells }: Sheet): boolean =>
  cells.some(({ loss, judged, elsewhere, robustness, answer }) =>
    [loss, judged, elsewhere, robustness, answer].some((figure) => figure !== undefined),
  );

const columnsOf = (t: TFunction, language: string): Column[] => {
  const figure = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : formatFigure(value, language);
  return [
    { name: t('laboratory.figures.loss'), value: ({ loss }) => figure(loss) },
    { name: t('laboratory.figures.style'), value: ({ judged }) => figure(judged?.style) },
    { name: t('laboratory.figures.blurredStyle'), value: ({ judged }) => figure(judged?.blurredStyle) },
    { name: t('laboratory.figures.content'), value: ({ judged }) => figure(judged?.content) },
    {
      name: t('laboratory.figures.robustness'),
      value: ({ robustness: found }) =>
        found && `${figure(found.value)} (${figure(found.low)} – ${figure(found.high)})`,
    },
    { name: t('laboratory.figures.before'), value: ({ answer }) => figure(answer?.before) },
    { name: t('laboratory.figures.after'), value: ({ answer }) => figure(answer?.after) },
    { name: t('laboratory.figures.evaluations'), value: ({ evaluations }) => evaluations?.toLocaleString(language) },
    {
      name: t('laboratory.figures.seconds'),
      value: ({ seconds }) => (seconds === undefined ? undefined : formatDuration(seconds)),
    },
  ];
};

/** The numbers of one picture, by name. */
export const cellFacts = (cell: SheetCell, t: TFunction, language: string): (readonly [string, ReactNode])[] => [
  ...columnsOf(t, language).map(({ name, value }) => [name, value(cell)] as const),
  [
    t('laboratory.figures.size'),
    cell.width && cell.height ? formatPixels({ width: cell.width, height: cell.height }) : undefined,
  ],
];

/** Every number of every picture, and how its style looks to other networks. */
export function Figures({ sheet }: { readonly sheet: Sheet }) {
  const { t, i18n } = useTranslation();
  const made = sheet.cells.filter(({ picture }) => picture !== null);
  const patterns = usePatterns(made);
  const pattern: Column = {
    name: t('laboratory.viewer.overall'),
    value: (cell) => {
      if (cell.picture === null || !hasPattern(cell)) return undefined;
      const value = patterns[cell.picture];
      return value === undefined ? '…' : value === null ? undefined : formatFigure(value, i18n.language);
    },
  };
  const columns = [...columnsOf(t, i18n.language), pattern].filter(({ value }) =>
    made.some((cell) => value(cell) !== undefined),
  );
  return (
    <div className={styles.figures}>
      <Table caption={t('laboratory.figures.title')}>
        <thead>
          <tr>
            <th scope="col">{t('laboratory.figures.picture')}</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {made.map((cell) => (
            <tr key={cell.id}>
              <th scope="row">{cell.label}</th>
              {columns.map(({ name, value }) => (
                <td key={name}>{value(cell) ?? '–'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
      {made.some(hasPattern) && <p className={styles.hint}>{t('laboratory.figures.patternHint')}</p>}
      {made.some(({ judged }) => judged) && <p className={styles.hint}>{t('laboratory.figures.judgedHint')}</p>}
      {made.some(({ elsewhere }) => elsewhere && elsewhere.length > 0) && <Elsewhere sheet={sheet} cells={made} />}
    </div>
  );
}

/** The same pictures' style, as other networks see it: whole, moved, compressed, with noise. */
function Elsewhere({ sheet, cells }: { readonly sheet: Sheet; readonly cells: readonly SheetCell[] }) {
  const { t, i18n } = useTranslation();
  const withPhoto = cells.some(({ elsewhere }) => elsewhere?.some(({ photo }) => photo !== undefined));
  const nameOf = (key: string): string => sheet.judges.find((judge) => judge.key === key)?.name ?? key;
  return (
    <>
      <Table caption={t('laboratory.figures.elsewhere')}>
        <thead>
          <tr>
            <th scope="col">{t('laboratory.figures.picture')}</th>
            <th scope="col" data-words>
              {t('laboratory.figures.judge')}
            </th>
            {DISTURBANCES.map((change) => (
              <th key={change} scope="col">
                {t(`laboratory.figures.changes.${change}`)}
              </th>
            ))}
            {withPhoto && <th scope="col">{t('laboratory.figures.photo')}</th>}
          </tr>
        </thead>
        <tbody>
          {cells.flatMap(({ id, label, elsewhere = [] }) =>
            elsewhere.map((seen) => (
              <tr key={`${id} ${seen.judge}`}>
                <th scope="row">{label}</th>
                <td data-words>{nameOf(seen.judge)}</td>
                {DISTURBANCES.map((change) => (
                  <td key={change}>{formatFigure(seen[change], i18n.language)}</td>
                ))}
                {withPhoto && <td>{seen.photo === undefined ? '–' : formatFigure(seen.photo, i18n.language)}</td>}
              </tr>
            )),
          )}
        </tbody>
      </Table>
      <p className={styles.hint}>{t('laboratory.figures.elsewhereHint')}</p>
    </>
  );
}

interface TableProps {
  readonly caption: string;
  readonly children: ReactNode;
}

/** A table with its name above it, which scrolls by itself where it is too wide. */
export const Table = ({ caption, children }: TableProps) => (
  // What scrolls must be in reach of keys, in every browser.
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  <div className={styles.wide} role="region" aria-label={caption} tabIndex={0}>
    <table className={styles.table}>
      <caption className={styles.caption}>{caption}</caption>
      {children}
    </table>
  </div>
);
