import { withPhoto, type StudioDocument, type StudioPicture } from '../../../shared/studio/document.ts';
import { onlyStyle } from '../../stores/edits.ts';

/** One recipe over many photos, or one photo after many paintings. */
export type BatchKind = 'photos' | 'paintings';

/** A document for each picture: the present one with that photo, or with that painting alone. */
export const batchDocuments = (
  document: StudioDocument,
  kind: BatchKind,
  pictures: readonly StudioPicture[],
): StudioDocument[] =>
  pictures.map((picture) =>
    kind === 'photos' ? withPhoto(document, picture) : { ...document, styles: onlyStyle(document, picture) },
  );
