import {
  Columns2,
  Eye,
  Image,
  Maximize,
  PanelLeft,
  PanelRight,
  Paintbrush,
  Palette,
  Scan,
  SquareSplitHorizontal,
  ZoomIn,
  ZoomOut,
  type LucideIcon,
} from 'lucide-react';
import { setZoom, stepZoom } from '../features/canvas/zoom.ts';
import { panelOpen, togglePanel, type CompareMode, type Side } from '../stores/view.ts';
import { define, type Action } from './action.ts';

const showMode = (mode: CompareMode, icon: LucideIcon, key: string): Action => ({
  group: 'view',
  icon,
  shortcuts: [key],
  active: ({ view }) => view.getState().mode === mode,
  run: ({ view }) => view.setState({ mode }),
});

const panel = (side: Side, icon: LucideIcon, shortcut: string): Action => ({
  group: 'view',
  icon,
  shortcuts: [shortcut],
  active: ({ view }) => panelOpen(view.getState(), side),
  run: ({ view }) => togglePanel(view, side),
});

export const viewActions = define({
  showPhoto: showMode('photo', Image, '1'),
  showStyle: showMode('style', Palette, '2'),
  showResult: showMode('result', Paintbrush, '3'),
  showSplit: showMode('split', SquareSplitHorizontal, '4'),
  showSide: showMode('side', Columns2, '5'),
  peek: {
    group: 'view',
    icon: Eye,
    shortcuts: ['H'],
    active: ({ view }) => view.getState().peeking,
    enabled: ({ documents }) => documents.getState().document.photo !== null,
    run: ({ view }) => view.setState({ peeking: true }),
    release: ({ view }) => view.setState({ peeking: false }),
  },
  zoomFit: {
    group: 'view',
    icon: Maximize,
    shortcuts: ['Mod+0', 'F'],
    active: ({ view }) => view.getState().camera.fit,
    run: (program) => setZoom(program, 'fit'),
  },
  zoomActual: { group: 'view', icon: Scan, shortcuts: ['Mod+1', 'Z'], run: (program) => setZoom(program, 1) },
  zoomIn: { group: 'view', icon: ZoomIn, shortcuts: ['Mod+Plus', 'Plus'], run: (program) => stepZoom(program, 1) },
  zoomOut: { group: 'view', icon: ZoomOut, shortcuts: ['Mod+Minus', 'Minus'], run: (program) => stepZoom(program, -1) },
  toggleLeft: panel('left', PanelLeft, 'Mod+B'),
  toggleRight: panel('right', PanelRight, 'Mod+Shift+B'),
});
