import type { Program } from '../../app/program.ts';
import { FITTED, nextStep, scaleOf, zoomTo, type Camera, type Point, type Size } from './camera.ts';

/** Changes the camera with what it looks at; without a picture nothing happens. */
export function moveCamera(
  { view }: Pick<Program, 'view'>,
  move: (camera: Camera, frame: Size, area: Size) => Camera,
): void {
  const { camera, stage } = view.getState();
  if (stage) view.setState({ camera: move(camera, stage.frame, stage.area) });
}

/** @param at point of the view that stays where it is, device pixels; its middle when not given */
export function setZoom(program: Pick<Program, 'view'>, scale: number | 'fit', at?: Point): void {
  moveCamera(program, (camera, frame, area) =>
    scale === 'fit' ? FITTED : zoomTo(camera, scale, frame, area, at ?? middle(area)),
  );
}

/** To the next of the usual percentages. */
export function stepZoom(program: Pick<Program, 'view'>, direction: 1 | -1): void {
  moveCamera(program, (camera, frame, area) =>
    zoomTo(camera, nextStep(scaleOf(camera, frame, area), direction), frame, area, middle(area)),
  );
}

const middle = ({ width, height }: Size): Point => ({ x: width / 2, y: height / 2 });
