import { clsx } from 'clsx';
import { Check, Columns2, Star, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Sheet, SheetCell } from '../../../shared/studio/studies.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Picture } from '../../components/picture.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Tooltip } from '../../components/tooltip.tsx';
import styles from './sheet.module.css';
import type { Looked } from './study-page.tsx';
import { useAxisWords } from './axis-words.ts';
import { originalId } from './viewer.tsx';

const SIZES = ['small', 'medium', 'large'] as const;

interface SheetViewProps {
  readonly sheet: Sheet;
  readonly onLook: (looked: Looked) => void;
}

/** The pictures side by side: rows and columns with their names, further axes to be leafed through. */
export function SheetView({ sheet, onLook }: SheetViewProps) {
  const { t } = useTranslation();
  const words = useAxisWords();
  const [size, setSize] = useState<(typeof SIZES)[number]>('medium');
  /** Cells to be compared, in the order in which they were marked. */
  const [marked, setMarked] = useState<readonly string[]>([]);
  const { axes, cells } = sheet;
  const leafed = axes.slice(0, -2);
  const [pages, setPages] = useState<readonly number[]>(() => leafed.map(() => 0));
  const rows = axes.length > 1 ? axes[axes.length - 2] : undefined;
  const columns = axes[axes.length - 1]!;
  // What is still to come has the shape of what is there.
  const sized = cells.find(({ width, height }) => width && height);
  const shape = sized ? `${sized.width} / ${sized.height}` : '4 / 3';
  const at = (row: number | undefined, column: number): SheetCell | undefined =>
    cells.find((cell) => {
      const place = [...pages, ...(row === undefined ? [] : [row]), column];
      return cell.at.every((value, axis) => value === place[axis]);
    });
  const mark = (id: string): void =>
    setMarked((before) => (before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-2)));
  const tile = (cell: SheetCell | undefined, caption?: string) =>
    cell && (
      <Cell
        cell={cell}
        shape={shape}
        caption={caption}
        chosen={cell.id === sheet.chosen}
        marked={marked.indexOf(cell.id)}
        onLook={() => onLook([cell.id])}
        onMark={() => mark(cell.id)}
      />
    );
  const captioned = (cell: SheetCell | undefined) => tile(cell, cell?.captions?.join(' · '));
  const [first, second] = marked;
  return (
    <div className={clsx(styles.sheet, styles[size])}>
      {sheet.originals.length > 0 && <Originals originals={sheet.originals} onLook={(id) => onLook([id])} />}
      <div className={styles.tools}>
        {leafed.map((axis, i) => (
          <div key={axis.name} className={styles.leaf}>
            <span aria-hidden="true">{words.axis(axis)}</span>
            <Segmented
              label={words.axis(axis)}
              value={String(pages[i] ?? 0)}
              segments={axis.values.map((value, n) => ({ value: String(n), label: words.value(axis, value.label) }))}
              onChange={(next) => setPages(pages.map((page, k) => (k === i ? Number(next) : page)))}
            />
          </div>
        ))}
        <Segmented
          label={t('laboratory.sheet.size')}
          value={size}
          segments={SIZES.map((value) => ({ value, label: t(`laboratory.sheet.sizes.${value}`) }))}
          onChange={setSize}
        />
        <p className={styles.hint} role="status">
          {t(`laboratory.sheet.marked.${marked.length as 0 | 1 | 2}`)}
        </p>
        {first !== undefined && second !== undefined && (
          <Button variant="primary" icon={Columns2} onClick={() => onLook([first, second])}>
            {t('laboratory.sheet.compare')}
          </Button>
        )}
      </div>
      {rows ? (
        <table className={styles.table}>
          <caption className="visually-hidden">
            {t('laboratory.sheet.caption', { rows: words.axis(rows), columns: words.axis(columns) })}
          </caption>
          <thead>
            <tr>
              <td className={styles.corner}>
                <span>{words.axis(rows)} ↓</span>
                <span>{words.axis(columns)} →</span>
              </td>
              {columns.values.map((value, column) => (
                <th key={column} scope="col" title={value.note}>
                  {words.value(columns, value.label)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.values.map((value, row) => (
              <tr key={row}>
                <th scope="row" title={value.note}>
                  {words.value(rows, value.label)}
                </th>
                {columns.values.map((_, column) => (
                  <td key={column}>{captioned(at(row, column))}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <ul className={styles.row} aria-label={words.axis(columns)}>
          {columns.values.map((value, column) => (
            <li key={column}>{tile(at(undefined, column), words.value(columns, value.label))}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface OriginalsProps {
  readonly originals: Sheet['originals'];
  readonly onLook: (id: string) => void;
}

/** What the pictures were painted from, as at the head of a contact sheet. */
function Originals({ originals, onLook }: OriginalsProps) {
  const { t } = useTranslation();
  return (
    <ul className={styles.originals} aria-label={t('laboratory.originals.title')}>
      {originals.map(({ role, name, picture }, place) => {
        const label = `${t(`laboratory.originals.${role}`)}: ${name}`;
        return (
          <li key={place}>
            {picture === null ? (
              <p className={styles.gone}>{t('laboratory.missingPicture', { name })}</p>
            ) : (
              <button type="button" className={styles.original} title={label} onClick={() => onLook(originalId(place))}>
                <Picture whole kind="study" id={picture} alt={t('laboratory.originals.look', { name: label })} />
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface CellProps {
  readonly cell: SheetCell;
  /** Width over height, as CSS writes it. */
  readonly shape: string;
  readonly caption?: string | undefined;
  readonly chosen: boolean;
  /** Its place among those that are compared, from 0; below that it is none of them. */
  readonly marked: number;
  readonly onLook: () => void;
  readonly onMark: () => void;
}

function Cell({ cell, shape, caption, chosen, marked, onLook, onMark }: CellProps) {
  const { t } = useTranslation();
  const { label, picture, problem } = cell;
  const { width, height } = cell;
  const aspectRatio = width && height ? `${width} / ${height}` : shape;
  if (picture === null) {
    return (
      <div className={styles.cell}>
        <div className={styles.pending} style={{ aspectRatio }} title={problem}>
          {problem === undefined ? (
            <span className="visually-hidden">{t('laboratory.sheet.pending', { name: label })}</span>
          ) : (
            <p className={styles.problem}>
              <Icon icon={TriangleAlert} />
              {problem}
            </p>
          )}
        </div>
        {caption !== undefined && <p className={styles.caption}>{caption}</p>}
      </div>
    );
  }
  const compared = t('laboratory.sheet.mark', { name: label });
  return (
    <div className={clsx(styles.cell, marked >= 0 && styles.marked)}>
      <button type="button" className={styles.look} style={{ aspectRatio }} onClick={onLook}>
        <Picture
          whole
          kind="study"
          id={picture}
          alt={t('laboratory.sheet.look', { name: label })}
          className={styles.picture}
        />
      </button>
      {chosen && (
        <span className={styles.star} title={t('laboratory.sheet.chosen')}>
          <Icon icon={Star} size={14} />
          <span className="visually-hidden">{t('laboratory.sheet.chosen')}</span>
        </span>
      )}
      <Tooltip text={compared}>
        <button type="button" className={styles.mark} aria-pressed={marked >= 0} aria-label={compared} onClick={onMark}>
          {marked >= 0 ? marked + 1 : <Icon icon={Check} size={12} />}
        </button>
      </Tooltip>
      {caption !== undefined && <p className={styles.caption}>{caption}</p>}
    </div>
  );
}
