import { useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import i18next from 'i18next';
import { useDocument, useProgram, useSession, useView } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';
import { painted } from '../../stores/selectors.ts';
import { Guide } from '../guide/guide.tsx';
import { BrushOutline } from '../masks/brush-outline.tsx';
import { MaskBar } from '../masks/mask-bar.tsx';
import { Detail } from '../render/detail.tsx';
import styles from './canvas-area.module.css';
import { useDescription } from './description.ts';
import { Divider } from './divider.tsx';
import { createStage } from './stage.ts';

/** The picture, and what lies over it. */
export function CanvasArea() {
  const program = useProgram();
  const { t } = useTranslation();
  const area = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const helpId = useId();
  const description = useDescription();
  const masking = useView((view) => view.masking !== null);

  useEffect(() => {
    const failed = (): void => notify(program.notices, { tone: 'warning', title: i18next.t('canvas.loadFailed') });
    return createStage(program, host.current!, failed);
  }, [program]);

  return (
    <>
      {masking && <MaskBar canvas={area} />}
      <div
        ref={area}
        className={styles.area}
        role="group"
        // The picture is moved with the arrow keys, for which it needs the focus.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        aria-label={t('canvas.area')}
        aria-describedby={helpId}
      >
        <div ref={host} className={styles.host} data-canvas>
          <span className="visually-hidden" role="img" aria-label={description} />
          {masking ? <BrushOutline /> : <Overlays />}
          {!masking && <Detail />}
        </div>
        {!masking && <Guide />}
        <p id={helpId} hidden>
          {t('canvas.areaHelp')}
        </p>
      </div>
    </>
  );
}

/** What belongs to the comparison: the divider, which side is which, and why something is not shown. */
function Overlays() {
  const { t } = useTranslation();
  const mode = useView((view) => view.mode);
  const shown = useView((view) => view.shown);
  const photo = useDocument((document) => document.photo !== null);
  const style = useDocument((document) => document.styles.length > 0);
  const compared = useSession((session) => painted(session, shown) !== undefined);
  if (mode === 'style' && !style && photo) return <span className={styles.photoTag}>{t('canvas.noStyle')}</span>;
  if (mode !== 'split' && mode !== 'side') return null;
  if (!compared) return photo && <span className={styles.resultTag}>{t('canvas.notPainted')}</span>;
  return (
    <>
      {mode === 'split' ? <Divider /> : <span className={styles.gap} />}
      <span className={styles.photoTag}>{t('canvas.photoTag')}</span>
      <span className={styles.resultTag}>{t('canvas.resultTag')}</span>
    </>
  );
}
