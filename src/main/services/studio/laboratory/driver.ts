/** What the laboratory needs of a kind of study: how it is planned, carried out and shown. */
import type { Provider } from '../../../../shared/devices.ts';
import type { NetworkManifest } from '../../../../shared/network-manifest.ts';
import type { Recipe } from '../../../../shared/recipe.ts';
import type { StudyKind, StudyRequestOf, StudyView } from '../../../../shared/studio/studies.ts';
import type { RecordOf } from '../../studies/record.ts';

/** What a request means here. */
export interface Surroundings {
  /** A file with a picture of the library, under its own name. @throws MadderError `input` where it is not there */
  readonly source: (sha256: string) => Promise<string>;
  /** The id of a network, if it is installed. @throws MadderError `input` otherwise */
  readonly network: (id: string) => string;
  /** Description of an installed network. */
  readonly manifest: (id: string) => NetworkManifest | undefined;
  /** The record of a study of R(f) of the laboratory. @throws MadderError `input` where there is none */
  readonly robustness: (study: string) => string;
}

/** How far a study is. */
export interface StudyProgress {
  readonly done: number;
  readonly total: number;
  readonly secondsLeft?: number | undefined;
  /** What is being made now. */
  readonly now?: string | undefined;
}

export interface StudyRunOptions {
  /** Ends the work soon; what was found is kept. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StudyProgress) => void;
  /** There is something new to see in the record, which is on the disk in a moment. */
  readonly onChange: () => void;
  /** Something a person should know, one sentence. */
  readonly onNote: (note: string) => void;
  readonly provider: Provider;
  readonly threads?: number;
  readonly lowPriority: boolean;
  /** The engine's module, where it is not beside its client. */
  readonly entry?: string;
}

/** What of a study's view depends on its kind. */
export type KindView = Omit<StudyView, 'study' | 'program' | 'repeats' | 'files' | 'folder'>;

/** A record that the laboratory knows what to do with. */
export type LaboratoryRecord = RecordOf<StudyKind>;

/** One kind of study. Records are whole ones of that kind. */
export interface StudyDriver<K extends StudyKind, R = RecordOf<K>> {
  /** Whether it paints on the device that is chosen; others compute on the processor. */
  readonly onDevice: boolean;
  /** Looks at everything that a request names. @throws MadderError in one sentence */
  plan(
    request: StudyRequestOf<K>,
    surroundings: Surroundings,
  ): Promise<{ readonly record: R; readonly notes: readonly string[] }>;
  /** Does what a record lacks; its file is a whole record after every piece of the work. */
  run(record: R, file: string, options: StudyRunOptions): Promise<R>;
  /** Writes tables and figures beside the record. @returns what a person should know, one sentence each */
  write(record: R, folder: string): Promise<readonly string[]>;
  /** The same study with nothing done. */
  repeat(record: R): R;
  /** The largest relative difference between the numbers of two records of one study; Infinity where one lacks some. */
  difference(a: R, b: R): number;
  progress(record: R): Pick<StudyProgress, 'done' | 'total'>;
  /**
   * @param picture the address of a picture by its place in `pictures`
   * @param original the address of one that it was made of, by its place in `originals`; null where it is gone
   */
  view(record: R, picture: (place: number) => string, original: (place: number) => string | null): KindView;
  /** Hashes of the pictures that are shown beside its own. */
  originals(record: R): readonly string[];
  /** The long side of its pictures, px, to which originals are brought. */
  longSide(record: R): number;
  /** Files of the study's folder by their place; a place keeps its picture as the study grows. */
  pictures(record: R): ReadonlyMap<number, string>;
  /** The recipe of a cell of its sheet. @throws MadderError `input` where there is none */
  recipe(record: R, cell: string): Recipe;
  /** With another cell picked, or none. @throws MadderError `input` where there is no such cell */
  pick(record: R, cell: string | undefined): R;
  /** Place of the picture that stands for the study. */
  thumbnail(record: R): number | undefined;
  /** What the record names: pictures by hash, networks by id. */
  uses(record: R): { readonly pictures: readonly string[]; readonly networks: readonly string[] };
}
