import type { DeviceName, Verdict } from '../../../shared/devices.ts';
import type { Snapshot } from '../../../shared/studio/contract.ts';
import { chooseDevice, deviceReport, type Choice } from '../devices.ts';
import { choose } from '../../engine/runtime/providers.ts';
import type { Log } from './log.ts';

/** What asks and tries the computer's devices; for tests. */
export interface DeviceFinder {
  readonly report: typeof deviceReport;
  readonly choose: typeof chooseDevice;
}

const FINDER: DeviceFinder = { report: deviceReport, choose: chooseDevice };

export interface StudioDevicesOptions {
  readonly wanted: () => DeviceName;
  readonly onChange: (devices: Snapshot['devices']) => void;
  readonly log: Log;
  readonly finder?: DeviceFinder;
}

/** What paints here. Trying devices out takes seconds and goes on in the background. */
export class StudioDevices {
  readonly #options: StudioDevicesOptions;
  readonly #finder: DeviceFinder;
  #verdicts: readonly Verdict[] = [];
  #probe: Promise<void> | undefined;

  constructor(options: StudioDevicesOptions) {
    this.#options = options;
    this.#finder = options.finder ?? FINDER;
  }

  get state(): Snapshot['devices'] {
    return { verdicts: [...this.#verdicts], probing: this.#probe !== undefined, chosen: this.#chosen() };
  }

  /** How much faster than the cpu a provider is; 1 where that is not known. */
  speed(provider: string): number {
    return this.#verdicts.find((verdict) => verdict.provider === provider)?.speed ?? 1;
  }

  /** Finds out, or remembers, how the devices do. Returns at once. */
  probe(refresh: boolean): void {
    if (this.#probe) return;
    this.#probe = this.#finder
      .report({ refresh })
      .then(({ verdicts }) => void (this.#verdicts = verdicts))
      .catch((error: unknown) => this.#options.log.error('The devices could not be tried out', error))
      .finally(() => {
        this.#probe = undefined;
        this.changed();
      });
    this.changed();
  }

  /** Tells the windows how things stand, after the person chose another device too. */
  changed(): void {
    this.#options.onChange(this.state);
  }

  /**
   * What a run is to use; waits for a probe that is going on, since two at once would measure each other.
   * @throws MadderError `runtime` where a device was asked for by name and does not work
   */
  async choose(): Promise<Choice> {
    const wanted = this.#options.wanted();
    if (wanted !== 'cpu') await this.#probe;
    return this.#finder.choose(wanted);
  }

  #chosen(): Choice['provider'] {
    const wanted = this.#options.wanted();
    try {
      return choose(wanted, this.#verdicts).provider;
    } catch {
      // Its verdict says why it cannot be used; a run that is started says so too.
      return wanted === 'auto' ? 'cpu' : wanted;
    }
  }
}
