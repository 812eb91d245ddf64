/** What a file says beside its pixels. */
export interface FileDetails {
  /** The ICC profile that the pixels' colours are in. */
  readonly profile: Uint8Array;
  /** Pixels per inch on paper. */
  readonly dpi: number | undefined;
  /** An XMP packet. */
  readonly xmp: string | undefined;
  /** EXIF data, a TIFF structure that says this picture's size; in TIFF files only what it says in words is kept. */
  readonly exif: Uint8Array | undefined;
}
