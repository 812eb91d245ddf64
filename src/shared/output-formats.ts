/** Formats that pictures are written in. */
export const OUTPUT_FORMATS = ['png', 'jpeg', 'tiff', 'webp'] as const;
export type OutputFormatName = (typeof OUTPUT_FORMATS)[number];

/** Longest side that each can hold, px. Of PNG and TIFF that is what libvips handles; libjpeg stops 35 short of what the format could. */
export const MOST_SIDE: Readonly<Record<OutputFormatName, number>> = {
  png: 10_000_000,
  jpeg: 65_500,
  tiff: 10_000_000,
  webp: 16_383,
};
