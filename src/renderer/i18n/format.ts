import i18next from 'i18next';

/** Amounts as people write them, in the language of the window. */

const unit = (value: number, name: string, digits = 0): string =>
  new Intl.NumberFormat(i18next.language, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(value);

/** `574 MB` */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return unit(bytes / 1e9, 'gigabyte', 1);
  return bytes >= 1e6 ? unit(bytes / 1e6, 'megabyte', bytes < 1e7 ? 1 : 0) : unit(Math.ceil(bytes / 1e3), 'kilobyte');
}

/** `12 MB/s` */
export const formatSpeed = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

/** `40 sec`, `3 min`, `1 hr 20 min` */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return unit(Math.max(1, Math.round(seconds)), 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return unit(minutes, 'minute');
  const rest = minutes % 60;
  return `${unit(Math.floor(minutes / 60), 'hour')}${rest > 0 ? ` ${unit(rest, 'minute')}` : ''}`;
}

export const formatDate = (milliseconds: number): string =>
  new Intl.DateTimeFormat(i18next.language, { dateStyle: 'medium', timeStyle: 'short' }).format(milliseconds);

export const formatPercent = (share: number, digits = 0): string =>
  new Intl.NumberFormat(i18next.language, { style: 'percent', maximumFractionDigits: digits }).format(share);

export const formatDecimal = (value: number, digits = 1): string =>
  new Intl.NumberFormat(i18next.language, { maximumFractionDigits: digits }).format(value);

/** `1536 × 1024 px` */
export const formatPixels = ({ width, height }: { readonly width: number; readonly height: number }): string =>
  `${width} × ${height} px`;
