import type { Program } from '../../app/program.ts';
import type { CompareMode } from '../../stores/view.ts';
import type { Touch } from '../masks/desk.ts';
import { panBy, place, scaleOf, zoomBy, zoomTo, type Point, type Size } from './camera.ts';
import { areaStart } from './scene.ts';
import { moveCamera, setZoom } from './zoom.ts';

interface Canvas {
  readonly size: Size;
  readonly mode: CompareMode;
}

/** What draws on the picture where a press would otherwise move it. */
export interface DrawingTool {
  /** Whether a press draws now. */
  readonly ready: boolean;
  readonly drawing: boolean;
  /** @param turned the tool does the opposite */
  begin(touch: Touch, turned: boolean): void;
  move(touches: readonly Touch[]): void;
  end(): void;
  cancel(): boolean;
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

/** The end of a pen that erases, among the buttons of a pointer (Pointer Events, "Chorded button interactions"). */
const ERASER_BUTTON = 32;

/**
 * Zooming and panning by mouse, touch, trackpad and arrow keys. A mouse wheel zooms at the pointer; two fingers on a trackpad
 * move the picture, as they scroll elsewhere, and pinching zooms. While a tool draws, a press is the tool's; with Space held, the middle
 * button or a second finger it moves the picture all the same.
 */
export function listenToPointer(
  program: Program,
  host: HTMLElement,
  canvas: () => Canvas,
  tool: DrawingTool,
): () => void {
  const pointers = new Map<number, Point>();
  /** The pointer that draws. */
  let drawing: number | undefined;
  let spaceHeld = false;
  /** The focus is where the pointer put it, not where the keyboard went. */
  let clicked = false;
  const pan = (dx: number, dy: number): void =>
    moveCamera(program, (camera, frame, area) => panBy(camera, dx, dy, frame, area));

  /** In device pixels of the area that the pointer is in. */
  const local = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
    const box = host.getBoundingClientRect();
    const { size, mode } = canvas();
    const x = (clientX - box.left) * devicePixelRatio;
    return { x: x - areaStart(mode, size, x), y: (clientY - box.top) * devicePixelRatio };
  };

  /** Where on the picture that is. */
  const touchOf = (event: PointerEvent): Touch => {
    const { camera, stage } = program.view.getState();
    const { x, y } = local(event);
    const at = stage ? place(camera, stage.frame, stage.area) : { x: 0, y: 0, width: 1, height: 1 };
    return {
      x: (x - at.x) / at.width,
      y: (y - at.y) / at.height,
      pressure: event.pointerType === 'pen' ? event.pressure : undefined,
    };
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
    const erases = (event.buttons & ERASER_BUTTON) !== 0;
    if (event.button > 1 && !erases) return;
    event.preventDefault();
    host.parentElement?.focus({ preventScroll: true });
    host.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size > 1) {
      // The first of two fingers did not mean to draw.
      tool.cancel();
      drawing = undefined;
    } else if (tool.ready && event.button !== 1 && !spaceHeld) {
      drawing = event.pointerId;
      tool.begin(touchOf(event), event.altKey || erases);
      return;
    }
    host.dataset['panning'] = '';
  };
  const move = (event: PointerEvent): void => {
    follow(event);
    const before = pointers.get(event.pointerId);
    if (!before) return;
    if (event.pointerId === drawing) {
      // A fast hand is seen more often than the screen is drawn.
      const all = event.getCoalescedEvents();
      tool.move((all.length > 0 ? all : [event]).map(touchOf));
      return;
    }
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
    if (event.pointerId === drawing) {
      drawing = undefined;
      if (event.type === 'pointercancel') tool.cancel();
      else tool.end();
    }
    if (pointers.size === 0) delete host.dataset['panning'];
  };
  /** The brush's outline goes along with the pointer. */
  const follow = ({ clientX, clientY }: PointerEvent): void => {
    const box = host.getBoundingClientRect();
    host.style.setProperty('--pointer-x', `${clientX - box.left}px`);
    host.style.setProperty('--pointer-y', `${clientY - box.top}px`);
  };
  const space = (event: KeyboardEvent): void => {
    if (event.key === 'Tab') clicked = false;
    if (event.key !== ' ' || !(spaceHeld || (tool.ready && event.type === 'keydown' && spaceIsOurs(event)))) return;
    event.preventDefault();
    spaceHeld = event.type === 'keydown';
    host.toggleAttribute('data-hand', spaceHeld);
  };
  /** Space presses the button that the keyboard is at, and is the canvas's for who has just clicked one and points at the picture. */
  const spaceIsOurs = ({ target }: KeyboardEvent): boolean =>
    target === host.parentElement ||
    target === document.body ||
    (target instanceof Element && clicked && !target.matches('input, textarea, select') && host.matches(':hover'));
  const click = (): void => {
    clicked = true;
  };
  const letGo = (): void => {
    spaceHeld = false;
    host.removeAttribute('data-hand');
  };
  const doubleClick = (event: MouseEvent): void => {
    if (tool.ready || tool.drawing) return;
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
  window.addEventListener('keydown', space, { capture: true });
  window.addEventListener('keyup', space, { capture: true });
  window.addEventListener('blur', letGo);
  window.addEventListener('pointerdown', click, { capture: true });
  return () => {
    host.removeEventListener('wheel', wheel);
    host.removeEventListener('pointerdown', down);
    host.removeEventListener('pointermove', move);
    host.removeEventListener('pointerup', up);
    host.removeEventListener('pointercancel', up);
    host.removeEventListener('dblclick', doubleClick);
    container.removeEventListener('keydown', key);
    window.removeEventListener('keydown', space, { capture: true });
    window.removeEventListener('keyup', space, { capture: true });
    window.removeEventListener('blur', letGo);
    window.removeEventListener('pointerdown', click, { capture: true });
  };
}

/** Wheels turn by notches, in lines or in multiples of 120; trackpads by whatever the fingers did. */
const isMouseWheel = (event: WheelEvent): boolean => {
  if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL) return true;
  const { wheelDeltaY } = event as WheelEvent & { readonly wheelDeltaY?: number };
  return event.deltaX === 0 && wheelDeltaY !== undefined && wheelDeltaY !== 0 && wheelDeltaY % 120 === 0;
};

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
