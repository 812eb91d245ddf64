/** Masks of the sample photo `still-life`, drawn by hand on it at 1000 x 750 px, for the picture of docs/recipes.md. */
import sharp from 'sharp';

/** Jug, fruits and glass. */
const THINGS = `
  <path d="M212,127 L373,127 C360,150 345,180 345,200 C350,240 415,280 413,350 C412,385 400,400 380,420 L200,420
    C180,400 170,380 171,350 C172,310 225,260 232,220 C240,190 225,160 212,127 Z"/>
  <path d="M232,165 C160,140 125,190 128,240 C131,290 150,312 190,326" fill="none" stroke="white" stroke-width="28"/>
  <path d="M412,398 L440,325 C455,300 475,290 492,291 C510,296 515,330 526,370 L500,400 Z"/>
  <path d="M312,400 L312,365 L348,365 L368,410 Z"/>
  <path d="M140,420 L150,440 M328,370 L323,322 M453,390 L453,368 M489,296 L512,245" stroke="white" stroke-width="12"/>
  <path d="M690,330 L690,440" stroke="white" stroke-width="18"/>
  ${[
    [209, 458, 77, 82],
    [345, 450, 46, 60],
    [464, 452, 82, 75],
    [580, 405, 70, 54],
    [515, 458, 30, 32],
    [572, 452, 42, 26],
    [545, 487, 40, 38],
    [612, 482, 34, 34],
    [527, 530, 27, 29],
    [575, 536, 30, 32],
    [630, 536, 34, 31],
    [687, 518, 32, 34],
    [746, 535, 31, 33],
    [787, 478, 69, 61],
    [690, 250, 83, 87],
  ]
    .map(([cx, cy, rx, ry]) => `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}"/>`)
    .join('')}`;

const WALL = '<rect width="1000" height="388"/>';

/** Draws a mask with an edge so soft, px. */
const draw = (shapes: string, edge: number, file: string) =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="750"><rect width="1000" height="750"/><g fill="white">${shapes}</g></svg>`,
    ),
  )
    .greyscale()
    .blur(edge)
    .png()
    .toFile(file);

/** Draws where the wall is, and where the things are that stay as they are. */
export async function drawStillLifeMasks(wall: string, things: string): Promise<void> {
  await draw(WALL, 6, wall);
  await draw(THINGS, 2.5, things);
}
