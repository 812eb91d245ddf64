import type { Program } from '../../app/program.ts';
import type { CompareMode } from '../../stores/view.ts';
import { panBy, scaleOf, zoomBy, zoomTo, type Point, type Size } from './camera.ts';
import { areaStart } from './scene.ts';
import { moveCamera, setZoom } from './zoom.ts';

interface Canvas {
  readonly size: Size;
  readonly mode: CompareMode;
}

/** How much a turn of the wheel zooms: e to the power of pixels times this. Pinches come as small turns with Control. */
const WHEEL = 0.0015;
const PINCH = 0.01;
/** CSS px that an arrow key moves the picture, and with Shift. */
const STEP = 40;
const FINE_STEP = 4;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * Zooming and panning by mouse, touch, trackpad and arrow keys. A mouse wheel zooms at the pointer; two fingers on a trackpad
 * move the picture, as they scroll elsewhere, and pinching zooms.
 */
export function listenToPointer(program: Program, host: HTMLElement, canvas: () => Canvas): () => void {
  const pointers = new Map<number, Point>();
  const pan = (dx: number, dy: number): void =>
    moveCamera(program, (camera, frame, area) => panBy(camera, dx, dy, frame, area));

  /** In device pixels of the area that the pointer is in. */
  const local = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
    const box = host.getBoundingClientRect();
    const { size, mode } = canvas();
    const x = (clientX - box.left) * devicePixelRatio;
    return { x: x - areaStart(mode, size, x), y: (clientY - box.top) * devicePixelRatio };
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    if (event.ctrlKey || event.metaKey || (!event.shiftKey && isMouseWheel(event))) {
      const amount = Math.max(-200, Math.min(200, event.deltaY * unit));
      const speed = event.ctrlKey && !isMouseWheel(event) ? PINCH : WHEEL;
      const at = local(event);
      moveCamera(program, (camera, frame, area) => zoomBy(camera, Math.exp(-amount * speed), frame, area, at));
      return;
    }
    const sideways = event.shiftKey && event.deltaX === 0;
    const [dx, dy] = sideways ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    pan(-dx * unit * devicePixelRatio, -dy * unit * devicePixelRatio);
  };

  const down = (event: PointerEvent): void => {
    // The divider and other overlays take care of themselves.
    if (event.target instanceof Element && event.target.closest('[data-overlay]')) return;
    if (event.button > 1) return;
    event.preventDefault();
    host.parentElement?.focus({ preventScroll: true });
    host.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    host.dataset['panning'] = '';
  };
  const move = (event: PointerEvent): void => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    const share = other ? 0.5 : 1;
    pan((now.x - before.x) * devicePixelRatio * share, (now.y - before.y) * devicePixelRatio * share);
    if (!other) return;
    const factor = distance(now, other) / Math.max(1, distance(before, other));
    const at = local({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 });
    moveCamera(program, (camera, frame, area) => zoomBy(camera, factor, frame, area, at));
  };
  const up = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) delete host.dataset['panning'];
  };
  const doubleClick = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest('[data-overlay]')) return;
    const at = local(event);
    const { camera } = program.view.getState();
    if (camera.fit)
      moveCamera(program, (c, frame, area) => zoomTo(c, scaleOf(c, frame, area) < 1 ? 1 : 2, frame, area, at));
    else setZoom(program, 'fit');
  };
  const key = (event: KeyboardEvent): void => {
    if (event.target !== host.parentElement) return;
    const arrow = ARROWS[event.key];
    // Space would scroll, or press what had the focus before.
    if (arrow || event.key === ' ') event.preventDefault();
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = (event.shiftKey ? FINE_STEP : STEP) * devicePixelRatio;
    pan(arrow[0] * step, arrow[1] * step);
  };

  const container = host.parentElement ?? host;
  host.addEventListener('wheel', wheel, { passive: false });
  host.addEventListener('pointerdown', down);
  host.addEventListener('pointermove', move);
  host.addEventListener('pointerup', up);
  host.addEventListener('pointercancel', up);
  host.addEventListener('dblclick', doubleClick);
  container.addEventListener('keydown', key);
  return () => {
    host.removeEventListener('wheel', wheel);
    host.removeEventListener('pointerdown', down);
    host.removeEventListener('pointermove', move);
    host.removeEventListener('pointerup', up);
    host.removeEventListener('pointercancel', up);
    host.removeEventListener('dblclick', doubleClick);
    container.removeEventListener('keydown', key);
  };
}

/** Wheels turn by notches, in lines or in multiples of 120; trackpads by whatever the fingers did. */
const isMouseWheel = (event: WheelEvent): boolean => {
  if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL) return true;
  const { wheelDeltaY } = event as WheelEvent & { readonly wheelDeltaY?: number };
  return event.deltaX === 0 && wheelDeltaY !== undefined && wheelDeltaY !== 0 && wheelDeltaY % 120 === 0;
};

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
