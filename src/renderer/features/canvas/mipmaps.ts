/** A decoded picture with smaller copies, so that a large photo is drawn small both quickly and without aliasing. */
export interface Mipmaps {
  /** Each half as large as the one before it; the first is the picture itself. */
  readonly levels: ImageBitmap[];
}

/** Pictures with a long side up to this, px, are small enough to be drawn as they are. */
const SMALL = 1024;

/**
 * Adds the smaller copies to a picture, and stops when it is closed in the meantime.
 * @param wanted whether the picture is still in use
 */
export async function fillMipmaps({ levels }: Mipmaps, wanted: () => boolean): Promise<void> {
  for (let last = levels[0]!; Math.max(last.width, last.height) > SMALL; last = levels.at(-1)!) {
    const next = await createImageBitmap(last, {
      resizeWidth: Math.max(1, Math.round(last.width / 2)),
      resizeHeight: Math.max(1, Math.round(last.height / 2)),
      resizeQuality: 'medium',
    });
    if (!wanted()) {
      next.close();
      return;
    }
    levels.push(next);
  }
}

/** The smallest copy that still has a pixel for each of the `width` that are drawn. */
export const levelFor = <T extends { readonly width: number }>(levels: readonly T[], width: number): T =>
  levels.findLast((level) => level.width >= width) ?? levels[0]!;

export const closeMipmaps = ({ levels }: Mipmaps): void => {
  for (const level of levels) level.close();
};
