import { Link2, Link2Off, RotateCcw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useDocument, useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { GestureContext } from '../../components/gesture.ts';
import { Segmented } from '../../components/segmented.tsx';
import { useEffective } from '../../stores/selectors.ts';
import { resetFaders, setLayers } from './edits.ts';
import styles from './equaliser.module.css';
import { LayerList } from './layer-list.tsx';
import { Channel } from './channel.tsx';
import { useFaders } from './use-faders.ts';
import { CURVE_NAMES, curveOf, curveWeights } from './weights.ts';

/** The style's layers as a mixing desk: a fader each, from fine strokes to large shapes. */
export function Equaliser() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const { base } = useEffective();
  const faders = useFaders();
  const { strips, weights, unit, top, move, gesture } = faders;
  const names = strips.map(({ name }) => name);
  if (strips.length === 0) return <p className={styles.none}>{t('equaliser.noLayers')}</p>;
  return (
    <GestureContext value={gesture}>
      <Segmented
        className={styles.curves!}
        label={t('equaliser.shapes')}
        value={curveOf(weights, names, unit) ?? ''}
        segments={CURVE_NAMES.map((value) => ({ value, label: t(`equaliser.curves.${value}`) }))}
        onChange={(curve) =>
          curve !== '' &&
          documents.edit((draft) => setLayers(draft, curveWeights(curve, names, unit), base.styleLayers))
        }
      />
      <div className={styles.frame}>
        <ul className={styles.bank} aria-label={t('equaliser.bank')}>
          {strips.map((strip) => (
            <Channel key={strip.name} strip={strip} top={top} onMove={(percent) => move(strip.name, percent)} />
          ))}
        </ul>
        <p className={styles.ends} aria-hidden="true">
          <span>{t('equaliser.fine')}</span>
          <span className={styles.line} />
          <span>{t('equaliser.coarse')}</span>
        </p>
      </div>
    </GestureContext>
  );
}

/** The desk's own buttons: link, choose layers, reset. */
export function EqualiserTools({ modified }: { readonly modified: boolean }) {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const linked = useDocument((document) => document.faders.linked);
  return (
    <>
      <IconButton
        icon={linked ? Link2 : Link2Off}
        label={t(linked ? 'equaliser.unlink' : 'equaliser.link')}
        pressed={linked}
        onClick={() => documents.edit((draft) => void (draft.faders.linked = !linked))}
      />
      <LayerList />
      <IconButton
        icon={RotateCcw}
        label={t('equaliser.reset')}
        disabled={!modified}
        onClick={() => documents.edit(resetFaders)}
      />
    </>
  );
}
