/**
 * Zoom and pan, as pure mathematics. Lengths are device pixels of the screen or pixels of the frame: the rectangle, in a
 * picture's own pixels, that everything compared is laid into. A scale of 1 therefore is 100 %: one pixel each.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Rect extends Point, Size {}

/** Where a person looks: the whole frame, or a scale and the point of the frame, from 0 to 1, in the middle of the view. */
export type Camera =
  { readonly fit: true } | { readonly fit: false; readonly scale: number; readonly x: number; readonly y: number };
export const FITTED: Camera = { fit: true };

export const ZOOM_STEPS = [0.25, 0.33, 0.5, 0.67, 1, 2, 4, 8] as const;
const SMALLEST = 0.02;
const LARGEST = 32;

/** From here on the picture's pixels are drawn hard-edged, since a person who goes so close wants to see them. */
export const HARD_PIXELS = 2;

/** A fitted picture leaves a little of the surround at its edges, to be seen as a whole. */
const FIT_SHARE = 0.96;

/** The scale at which the whole frame is seen; small pictures are not blown up beyond their pixels twice over. */
export const fitScale = (frame: Size, view: Size): number =>
  Math.max(
    1e-6,
    Math.min((FIT_SHARE * view.width) / frame.width, (FIT_SHARE * view.height) / frame.height, HARD_PIXELS),
  );

export const scaleOf = (camera: Camera, frame: Size, view: Size): number =>
  camera.fit ? fitScale(frame, view) : camera.scale;

/** Where the frame lies in the view; whole device pixels, so that 100 % is sharp. */
export function place(camera: Camera, frame: Size, view: Size): Rect {
  const scale = scaleOf(camera, frame, view);
  const width = frame.width * scale;
  const height = frame.height * scale;
  const [x, y] = camera.fit ? [0.5, 0.5] : [camera.x, camera.y];
  return {
    x: Math.round(view.width / 2 - x * width),
    y: Math.round(view.height / 2 - y * height),
    width: Math.round(width),
    height: Math.round(height),
  };
}

/** The frame never leaves the middle of the view, and lies in it where all of it is seen. */
function settled(scale: number, x: number, y: number, frame: Size, view: Size): Camera {
  const within = frame.width * scale <= view.width && frame.height * scale <= view.height;
  const hold = (value: number): number => (within ? 0.5 : Math.min(1, Math.max(0, value)));
  return { fit: false, scale, x: hold(x), y: hold(y) };
}

/** Zooms so that what lies under `at`, a point of the view, stays there. */
export function zoomTo(camera: Camera, scale: number, frame: Size, view: Size, at: Point): Camera {
  const bounded = Math.min(LARGEST, Math.max(Math.min(SMALLEST, fitScale(frame, view)), scale));
  const { x, y, width, height } = place(camera, frame, view);
  const under = { x: (at.x - x) / width, y: (at.y - y) / height };
  return settled(
    bounded,
    under.x + (view.width / 2 - at.x) / (frame.width * bounded),
    under.y + (view.height / 2 - at.y) / (frame.height * bounded),
    frame,
    view,
  );
}

export const zoomBy = (camera: Camera, factor: number, frame: Size, view: Size, at: Point): Camera =>
  zoomTo(camera, scaleOf(camera, frame, view) * factor, frame, view, at);

/** The next step above or below; a little tolerance, so that 99.9 % counts as 100 %. */
export function nextStep(scale: number, direction: 1 | -1): number {
  const tolerance = 1.005;
  if (direction > 0) return ZOOM_STEPS.find((step) => step > scale * tolerance) ?? scale;
  return ZOOM_STEPS.findLast((step) => step < scale / tolerance) ?? scale;
}

/** Moves the picture along with a drag. */
export function panBy(camera: Camera, dx: number, dy: number, frame: Size, view: Size): Camera {
  const scale = scaleOf(camera, frame, view);
  const [x, y] = camera.fit ? [0.5, 0.5] : [camera.x, camera.y];
  const moved = settled(scale, x - dx / (frame.width * scale), y - dy / (frame.height * scale), frame, view);
  // A drag on a picture that is all in view moves nothing, and must not end the fitting either.
  return camera.fit && !moved.fit && moved.x === 0.5 && moved.y === 0.5 ? camera : moved;
}

/** The same look at a frame of another size: what is seen stays as large on the screen, and stays where it is. */
export const reframed = (camera: Camera, from: Size, to: Size): Camera =>
  camera.fit
    ? camera
    : {
        ...camera,
        scale: camera.scale * (Math.max(from.width, from.height) / Math.max(to.width, to.height)),
      };

/** Percent as the readout says it. */
export const percent = (scale: number): number => Math.round(scale * 100);
