import { encodePiece } from '../../codec/preview.ts';
import type { Picture } from '../../codec/picture.ts';
import type { EngineEvent, Piece } from '../../../shared/engine-contract.ts';

/** The piece of a growing picture that a person looks at pixel by pixel. */
export class Detail {
  readonly #send: (event: EngineEvent) => void;
  #piece: Piece | null = null;
  #shown: Piece | null = null;

  constructor(send: (event: EngineEvent) => void) {
    this.#send = send;
  }

  /** Another piece than the one that was shown last is wanted. */
  get isDue(): boolean {
    return this.#piece !== null && this.#piece !== this.#shown;
  }

  want(piece: Piece | null): void {
    this.#piece = piece;
  }

  /** The next run begins without one. */
  end(): void {
    this.#piece = null;
    this.#shown = null;
  }

  /** Sends the piece that is wanted, if any. The picture is read before this returns its promise. */
  async show(picture: Picture): Promise<void> {
    const piece = this.#piece;
    this.#shown = piece;
    if (!piece) return;
    const width = Math.min(piece.width, picture.width);
    const height = Math.min(piece.height, picture.height);
    const begin = (middle: number, length: number, side: number) =>
      Math.min(Math.max(0, Math.round(middle * side - length / 2)), side - length);
    const left = begin(piece.x, width, picture.width);
    const top = begin(piece.y, height, picture.height);
    const image = await encodePiece(picture, { left, top, width, height });
    const [pictureWidth, pictureHeight] = [picture.width, picture.height];
    this.#send({ type: 'detail', left, top, width, height, pictureWidth, pictureHeight, image });
  }
}
