/** What a person looks at of a picture: linked for all that are shown together, whatever their sizes. */
export interface Look {
  /** How much larger than it fits. */
  readonly zoom: number;
  /** The point of the picture in the middle of the stage, as shares of its width and height. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** CSS px within the stage. */
export interface Frame extends Size {
  readonly left: number;
  readonly top: number;
}

export const WHOLE: Look = { zoom: 1, x: 0.5, y: 0.5 };
const MOST_ZOOM = 32;
/** Between the picture and the edge of its stage, px. */
const MARGIN = 16;

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** CSS px per pixel of the picture when all of it is to be seen. */
export const fitOf = (picture: Size, stage: Size): number =>
  Math.max(1e-6, Math.min((stage.width - 2 * MARGIN) / picture.width, (stage.height - 2 * MARGIN) / picture.height));

/** Where the picture lies. */
export function frameOf({ zoom, x, y }: Look, picture: Size, stage: Size): Frame {
  const scale = fitOf(picture, stage) * zoom;
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { width, height, left: stage.width / 2 - x * width, top: stage.height / 2 - y * height };
}

/** A look that shows nothing but the picture where it is larger than the stage, and otherwise its middle. */
export function bounded({ zoom, x, y }: Look, picture: Size, stage: Size): Look {
  const within = clamp(zoom, 1, MOST_ZOOM);
  const scale = fitOf(picture, stage) * within;
  const along = (at: number, length: number, room: number): number => {
    const half = room / 2 / (length * scale);
    return half >= 0.5 ? 0.5 : clamp(at, half, 1 - half);
  };
  return {
    zoom: within,
    x: along(x, picture.width, stage.width),
    y: along(y, picture.height, stage.height),
  };
}

/** Closer by a factor; the point of the picture that lies at a place of the stage stays there. */
export function zoomed(look: Look, factor: number, at: { x: number; y: number }, picture: Size, stage: Size): Look {
  const before = frameOf(look, picture, stage);
  const zoom = clamp(look.zoom * factor, 1, MOST_ZOOM);
  const share = { x: (at.x - before.left) / before.width, y: (at.y - before.top) / before.height };
  const scale = fitOf(picture, stage) * zoom;
  const x = share.x + (stage.width / 2 - at.x) / (picture.width * scale);
  const y = share.y + (stage.height / 2 - at.y) / (picture.height * scale);
  return bounded({ zoom, x, y }, picture, stage);
}

/** Moved along with a hand, CSS px. */
export function panned(look: Look, dx: number, dy: number, picture: Size, stage: Size): Look {
  const { width, height } = frameOf(look, picture, stage);
  return bounded({ ...look, x: look.x - dx / width, y: look.y - dy / height }, picture, stage);
}
