import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { findSoftwareVulkan } from '../support/vulkan.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vulkan = findSoftwareVulkan();

interface Moved {
  readonly up: number;
  readonly down: number;
}

/** What test/fixtures/device-run.ts prints; bytes and losses per evaluation. */
interface Report extends Readonly<Record<'lbfgs' | 'adam', Findings>> {
  readonly pictureBytes: number;
  readonly refusal: string;
}

interface Findings {
  readonly long: {
    readonly moved: readonly Moved[];
    readonly live: readonly number[];
    readonly liveAfterwards: number;
    readonly memory: readonly number[];
    readonly first: number;
    readonly last: number;
  };
  readonly steered: {
    readonly losses: { readonly device: readonly number[]; readonly host: readonly number[] };
    readonly moved: readonly Moved[];
    readonly timeline: readonly number[];
    readonly resumedEqual: boolean;
  };
}

const title = 'vectors that stay on the device';
describe.skipIf(typeof vulkan === 'string')(
  typeof vulkan === 'string' ? `${title} (skipped: ${vulkan})` : title,
  () => {
    let report: Report;
    beforeAll(async () => {
      if (typeof vulkan === 'string') return;
      const script = ['--import', 'tsx', 'test/fixtures/device-run.ts'];
      const env = { ...process.env, ...vulkan.env };
      const { stdout } = await promisify(execFile)(process.execPath, script, { cwd: root, env });
      report = JSON.parse(stdout.trim().split('\n').at(-1)!) as Report;
      // A software driver compiles for a minute.
    }, 600_000);

    it('are refused by nothing here', () => {
      expect(report.refusal).toBe('none');
    });

    describe.each(['lbfgs', 'adam'] as const)('%s', (optimizer) => {
      it("follows the losses of the cpu's run, also after weights have moved", () => {
        const { device, host } = report[optimizer].steered.losses;
        expect(device).toHaveLength(14);
        device.forEach((loss, i) => expect(Math.abs(loss - host[i]!)).toBeLessThan(1e-3 * host[i]!));
        expect(report[optimizer].steered.timeline).toEqual([4, 11]);
      });

      it('ends in the same picture when it is resumed from a checkpoint', () => {
        expect(report[optimizer].steered.resumedEqual).toBe(true);
      });

      it('moves numbers per evaluation, no pictures', () => {
        const { long, steered } = report[optimizer];
        // The first evaluations upload the picture, the targets and the moments.
        for (const { up, down } of [...long.moved.slice(2), ...steered.moved.slice(2, 10)]) {
          expect(up).toBeLessThan(report.pictureBytes / 8);
          expect(down).toBeLessThan(report.pictureBytes / 8);
        }
      });

      it('keeps its memory over 200 evaluations', () => {
        const { live, liveAfterwards, memory, first, last } = report[optimizer].long;
        expect(live.length).toBeGreaterThanOrEqual(200);
        // Eight pairs, and the few vectors that either method works with.
        expect(Math.max(...live)).toBeLessThanOrEqual(2 * 8 + 7);
        expect(liveAfterwards).toBe(0);
        expect(memory.at(-1)! - memory[60]!).toBeLessThan(30e6);
        expect(last).toBeLessThan(0.2 * first);
      });
    });
  },
);
