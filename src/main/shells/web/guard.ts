/** Who may ask: the window that this start opened, and no other page or computer. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { MadderError } from '../../../shared/errors.ts';

/** A request that is not answered: an HTTP status, and a sentence for whoever sees it. */
export class Refusal extends MadderError {
  readonly status: number;
  constructor(status: number, message: string) {
    super('input', message);
    this.status = status;
  }
}

/** 256 random bits; whoever knows them is the person who started the program. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Before the token in the name of the event socket's protocol, the only header that a page can set there. */
export const PROTOCOL_PREFIX = 'madder.';

export class Guard {
  readonly #origin: string;
  readonly #host: string;
  readonly #token: Buffer;

  constructor(port: number, token: string) {
    this.#host = `127.0.0.1:${port}`;
    this.#origin = `http://${this.#host}`;
    this.#token = digest(token);
  }

  /**
   * A site whose name was pointed at this computer sends its own name as host.
   * @throws Refusal
   */
  checkHost(headers: IncomingHttpHeaders): void {
    if (headers.host !== this.#host) throw new Refusal(421, `Madder answers only at ${this.#origin}.`);
  }

  /**
   * Browsers say which page asks, but not when it merely opens or shows something (`mayLack`).
   * @throws Refusal
   */
  checkOrigin({ origin }: IncomingHttpHeaders, mayLack: boolean): void {
    if (origin === undefined ? !mayLack : origin !== this.#origin) {
      throw new Refusal(403, 'Other pages may not use Madder.');
    }
  }

  /**
   * Digests of equal length are compared, so that the time says nothing about where a guess differs.
   * @throws Refusal
   */
  checkToken(given: unknown): void {
    if (typeof given !== 'string' || !timingSafeEqual(digest(given), this.#token)) {
      throw new Refusal(401, 'The address is not that of this start of Madder; open the one that it printed.');
    }
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
