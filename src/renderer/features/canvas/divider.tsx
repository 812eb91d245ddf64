import { useTranslation } from 'react-i18next';
import { useProgram, useView } from '../../app/program.ts';
import { Splitter } from '../../components/splitter.tsx';
import { place } from './camera.ts';
import styles from './divider.module.css';

/** The line between photo and result. */
export function Divider() {
  const { view } = useProgram();
  const { t } = useTranslation();
  const divider = useView((state) => state.divider);
  return (
    <Splitter
      className={styles.divider}
      label={t('canvas.divider')}
      valueText={(percent) => t('canvas.dividerValue', { percent })}
      at={divider}
      onChange={(next) => view.setState({ divider: next })}
      shareAt={(event) => {
        const { camera, stage } = view.getState();
        const host = event.currentTarget.parentElement?.getBoundingClientRect();
        if (!stage || !host) return undefined;
        const at = place(camera, stage.frame, stage.area);
        return ((event.clientX - host.left) * devicePixelRatio - at.x) / at.width;
      }}
    />
  );
}
