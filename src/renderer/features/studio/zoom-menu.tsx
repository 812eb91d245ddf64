import { ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram, useView } from '../../app/program.ts';
import { Icon } from '../../components/icon.tsx';
import { ActionMenuItem, Menu, MenuItem, MenuLine } from '../../components/menu.tsx';
import { percent, ZOOM_STEPS } from '../canvas/camera.ts';
import { setZoom } from '../canvas/zoom.ts';
import { shownScale } from '../../stores/view.ts';
import styles from './zoom-menu.module.css';

/** How large the picture is shown, in device pixels per pixel, and the ways to change that. */
export function ZoomMenu() {
  const { t } = useTranslation();
  const program = useProgram();
  const shown = useView((view) => percent(shownScale(view)));
  return (
    <Menu
      align="center"
      trigger={
        <button
          type="button"
          className={styles.readout}
          aria-label={`${t('canvas.zoom')}: ${t('canvas.zoomValue', { percent: shown })}`}
        >
          {t('canvas.zoomValue', { percent: shown })}
          <Icon icon={ChevronDown} size={12} />
        </button>
      }
    >
      <ActionMenuItem action="zoomFit" />
      <ActionMenuItem action="zoomActual" />
      <MenuLine />
      <ActionMenuItem action="zoomIn" />
      <ActionMenuItem action="zoomOut" />
      <MenuLine />
      {ZOOM_STEPS.map((step) => (
        <MenuItem
          key={step}
          label={t('canvas.zoomValue', { percent: percent(step) })}
          onSelect={() => setZoom(program, step)}
        />
      ))}
    </Menu>
  );
}
