import type { Layout } from './blocks.ts';

/**
 * Rows at half the size, sides rounded up: each pixel is the mean of four, where there are so many. Colours count by
 * their opacity, so that what cannot be seen does not show at the edges of what can.
 */
export function halved(
  { pixels, rows, width }: { readonly pixels: Uint8Array | Uint16Array; readonly rows: number; readonly width: number },
  { channels }: Layout,
): Uint8Array | Uint16Array {
  const [outWidth, outRows] = [Math.ceil(width / 2), Math.ceil(rows / 2)];
  const length = outWidth * outRows * channels;
  const out = pixels instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
  for (let y = 0; y < outRows; y++) {
    const top = 2 * y * width * channels;
    const bottom = Math.min(2 * y + 1, rows - 1) * width * channels;
    for (let x = 0; x < outWidth; x++) {
      const left = 2 * x * channels;
      const right = Math.min(2 * x + 1, width - 1) * channels;
      const four = [top + left, top + right, bottom + left, bottom + right] as const;
      const at = (y * outWidth + x) * channels;
      if (channels === 4) meanByOpacity(pixels, four, out, at);
      else for (let c = 0; c < 3; c++) out[at + c] = mean(pixels, four, c);
    }
  }
  return out;
}

type Four = readonly [number, number, number, number];

const mean = (pixels: Uint8Array | Uint16Array, [a, b, c, d]: Four, channel: number): number =>
  (pixels[a + channel]! + pixels[b + channel]! + pixels[c + channel]! + pixels[d + channel]! + 2) >> 2;

function meanByOpacity(pixels: Uint8Array | Uint16Array, four: Four, out: Uint8Array | Uint16Array, at: number): void {
  const opacity = four.reduce((sum, i) => sum + pixels[i + 3]!, 0);
  for (let c = 0; c < 3; c++) {
    out[at + c] =
      opacity === 0
        ? mean(pixels, four, c)
        : Math.round(four.reduce((sum, i) => sum + pixels[i + c]! * pixels[i + 3]!, 0) / opacity);
  }
  out[at + 3] = mean(pixels, four, 3);
}
