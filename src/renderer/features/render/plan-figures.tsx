import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { RenderPlan, RenderSize } from '../../../shared/studio/render.ts';
import { Button } from '../../components/button.tsx';
import { Facts } from '../../components/facts.tsx';
import { Icon } from '../../components/icon.tsx';
import { formatBytes, formatDecimal, formatPixels } from '../../i18n/format.ts';
import { PER_UNIT, type LengthUnit } from './lengths.ts';
import styles from './render-dialog.module.css';
import { timeSpan } from './words.ts';

/** Sizes that are all named; of more, the first and the last. */
const MOST_LISTED = 4;

interface PlanFiguresProps {
  readonly plan: RenderPlan;
  readonly size: RenderSize;
  /** What lengths on paper are said in. */
  readonly lengths: LengthUnit;
  readonly onSize: (size: RenderSize) => void;
  readonly onMemory: (bytes: number) => void;
}

/** What a render takes: how large, how long, how much memory and disk; or what stands in its way, with a way around it. */
export function PlanFigures({ plan, size, lengths, onSize, onMemory }: PlanFiguresProps) {
  const { t, i18n } = useTranslation();
  const { width, height, levels, seconds, memory, disk, obstacle } = plan;
  const pieces = levels.at(-1)?.pieces ?? null;
  const dpi = size.unit === 'paper' ? size.dpi : undefined;
  const onPaper = (pixels: number): string =>
    formatDecimal(((pixels / (dpi ?? 1)) * PER_UNIT.inch) / PER_UNIT[lengths]);
  const print = { width: onPaper(width), height: onPaper(height), unit: t(`export.units.${lengths}`), dpi };
  const megapixels = (width * height) / 1e6;
  const sizes = (): string => {
    const sides = levels.map((level) => Math.max(level.width, level.height));
    return sides.length <= MOST_LISTED
      ? t('render.levelsValue', { sizes: list(sides, i18n.language) })
      : t('render.levelsMany', { count: sides.length, first: sides[0], last: sides.at(-1) });
  };
  const time = (): string =>
    seconds ? t('render.timeValue', { time: timeSpan(seconds, i18n.language) }) : t('render.timeUnknown');
  // What does not fit has no figures of its own.
  const fits = levels.length > 0 && obstacle?.kind !== 'memory' && obstacle?.kind !== 'network';
  return (
    <>
      <Facts
        facts={[
          [
            t('render.picture'),
            t('render.pictureValue', {
              pixels: formatPixels(plan),
              megapixels: formatDecimal(megapixels, megapixels < 10 ? 1 : 0),
            }),
          ],
          [t('render.print'), dpi && t('render.printValue', print)],
          [t('render.levels'), levels.length > 1 ? sizes() : undefined],
          [t('render.time'), fits ? time() : undefined],
          [
            t('render.memory'),
            fits ? (
              <Twofold
                first={t('render.memoryValue', {
                  bytes: formatBytes(memory.bytes),
                  allowed: formatBytes(memory.allowed),
                })}
                second={pieces === null ? t('render.whole') : t('render.pieces', { count: pieces })}
              />
            ) : undefined,
          ],
          [
            t('render.disk'),
            fits ? (
              <Twofold
                first={t('render.diskValue', { working: formatBytes(disk.working) })}
                second={t('render.diskRest', { kept: formatBytes(disk.kept), free: formatBytes(disk.free) })}
              />
            ) : undefined,
          ],
        ]}
      />
      {!obstacle && memory.pairs && memory.pairs.kept < memory.pairs.wanted && (
        <p className={styles.hint}>{t('render.pairs', memory.pairs)}</p>
      )}
      {obstacle && <Obstacle plan={plan} obstacle={obstacle} onSize={onSize} onMemory={onMemory} />}
    </>
  );
}

/** A figure, and a smaller line about it. */
const Twofold = ({ first, second }: { readonly first: string; readonly second: string }) => (
  <>
    {first}
    <br />
    <span className={styles.muted}>{second}</span>
  </>
);

interface ObstacleProps extends Pick<PlanFiguresProps, 'plan' | 'onSize' | 'onMemory'> {
  readonly obstacle: NonNullable<RenderPlan['obstacle']>;
}

function Obstacle({ plan, obstacle, onSize, onMemory }: ObstacleProps) {
  const { t } = useTranslation();
  const { memory, disk } = plan;
  const words = (): string => {
    switch (obstacle.kind) {
      case 'notLarger':
        return t('render.obstacles.notLarger');
      case 'tooManyPixels':
        return t('render.obstacles.tooManyPixels', { megapixels: obstacle.most / 1e6 });
      case 'network':
        return obstacle.message;
      case 'disk':
        return t('render.obstacles.disk', {
          bytes: formatBytes(disk.working + disk.kept),
          free: formatBytes(disk.free),
        });
      case 'memory':
        return obstacle.leastBytes === null
          ? t('render.obstacles.memoryNever')
          : t('render.obstacles.memory', {
              bytes: formatBytes(obstacle.leastBytes),
              allowed: formatBytes(memory.allowed),
            });
    }
  };
  const { leastBytes = null, longSide = null } = obstacle.kind === 'memory' ? obstacle : {};
  // Rounded up to what is typed, and not more than the computer has.
  const enough = leastBytes === null ? Infinity : Math.ceil(leastBytes / 1e8) * 1e8;
  return (
    <div className={styles.obstacle}>
      <p className={styles.warning} role="status">
        <Icon icon={TriangleAlert} />
        <span>{words()}</span>
      </p>
      <div className={styles.remedies}>
        {enough < memory.total && (
          <Button onClick={() => onMemory(enough)}>{t('render.useMemory', { bytes: formatBytes(enough) })}</Button>
        )}
        {longSide !== null && (
          <Button onClick={() => onSize({ unit: 'px', longSide })}>{t('render.useSize', { size: longSide })}</Button>
        )}
      </div>
    </div>
  );
}

const list = (values: readonly number[], language: string): string =>
  new Intl.ListFormat(language, { type: 'conjunction' }).format(values.map(String));
