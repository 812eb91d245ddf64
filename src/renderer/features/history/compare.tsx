import { ArrowLeft, Eye } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Result } from '../../../shared/studio/contract.ts';
import { useProgram } from '../../app/program.ts';
import { Button } from '../../components/button.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Slider } from '../../components/slider.tsx';
import styles from './compare.module.css';
import { About } from './result-details.tsx';

interface CompareProps {
  readonly left: Result;
  readonly right: Result;
  readonly onBack: () => void;
  readonly onShow: (id: string) => void;
}

/** Two results next to each other, or over each other with a divider. */
export function Compare({ left, right, onBack, onShow }: CompareProps) {
  const { transport } = useProgram();
  const { t } = useTranslation();
  const [mode, setMode] = useState<'side' | 'split'>('side');
  const [divider, setDivider] = useState(50);
  const image = (result: Result): React.ReactNode => (
    <img className={styles.image} src={transport.assetUrl('result', result.id)} alt={result.name} draggable={false} />
  );
  return (
    <div className={styles.compare}>
      <div className={styles.bar}>
        <Button variant="quiet" icon={ArrowLeft} onClick={onBack}>
          {t('history.back')}
        </Button>
        <Segmented
          label={t('history.compareMode')}
          value={mode}
          segments={[
            { value: 'side', label: t('actions.showSide') },
            { value: 'split', label: t('actions.showSplit') },
          ]}
          onChange={setMode}
        />
      </div>
      {mode === 'side' ? (
        <div className={styles.pair}>
          {image(left)}
          {image(right)}
        </div>
      ) : (
        <div className={styles.split}>
          <div className={styles.stack} style={{ aspectRatio: `${left.width} / ${left.height}` }}>
            {image(right)}
            <div className={styles.over} style={{ clipPath: `inset(0 ${100 - divider}% 0 0)` }}>
              {image(left)}
            </div>
            <span className={styles.line} style={{ left: `${divider}%` }} />
          </div>
          <Slider
            bare
            label={t('history.divider')}
            value={divider}
            min={0}
            max={100}
            step={5}
            fineStep={1}
            unit="%"
            resetTo={50}
            onChange={setDivider}
          />
        </div>
      )}
      <div className={styles.pair}>
        {[left, right].map((result) => (
          <div key={result.id} role="group" className={styles.about} aria-label={result.name}>
            <div className={styles.head}>
              <h3>{result.name}</h3>
              <Button
                icon={Eye}
                aria-label={t('history.showNamed', { name: result.name })}
                onClick={() => onShow(result.id)}
              >
                {t('history.show')}
              </Button>
            </div>
            <About result={result} />
          </div>
        ))}
      </div>
    </div>
  );
}
