import type { StudioDocument, StudioPicture } from '../../../shared/studio/document.ts';

/** One recipe over many photos, or one photo after many paintings. */
export type BatchKind = 'photos' | 'paintings';

/** A document for each picture: the present one with that photo, or with that painting alone. */
export const batchDocuments = (
  document: StudioDocument,
  kind: BatchKind,
  pictures: readonly StudioPicture[],
): StudioDocument[] =>
  pictures.map((picture) =>
    kind === 'photos'
      ? { ...document, photo: picture }
      : { ...document, styles: [{ picture, weight: 1, scale: document.styles[0]?.scale ?? 1 }] },
  );
