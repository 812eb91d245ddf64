import {
  Columns2,
  Grid3x3,
  Layers,
  LayoutGrid,
  ScanEye,
  ShieldCheck,
  Shapes,
  Spline,
  type LucideIcon,
} from 'lucide-react';
import type { StudyKind } from '../../../shared/studio/studies.ts';

/** What stands for a kind of study where there is no picture. */
export const KIND_ICONS: Readonly<Record<StudyKind, LucideIcon>> = {
  compare: Columns2,
  grid: Grid3x3,
  pairs: LayoutGrid,
  layers: Layers,
  texture: Shapes,
  optimizers: Spline,
  features: ScanEye,
  robustness: ShieldCheck,
};
