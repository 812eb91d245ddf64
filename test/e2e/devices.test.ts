import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceCacheSchema, PROVIDERS, type DeviceCache } from '../../src/shared/devices.ts';
import { findSoftwareVulkan } from '../support/vulkan.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const lake = join(root, 'resources/samples/photos/lake.jpg');
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-devices-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The cache's place on Linux, where these variables decide it. */
const cacheOf = (name: string) => join(folder, name, 'madder', 'devices.json');

/** Runs the built command with a cache folder and, where wanted, a Vulkan driver of its own. */
async function run(cache: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const variables = { ...process.env, XDG_CACHE_HOME: join(folder, cache), LOCALAPPDATA: join(folder, cache), ...env };
  try {
    const options = { cwd: folder, env: variables };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [madder, ...args], options);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const lines = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const stylize = (output: string, ...more: string[]) =>
  ['stylize', lake, '--style', glass, '-o', output, '--size', '48', '--iterations', '2', ...more] as const;

/** A device that no computer with this platform can have. */
const foreign = process.platform === 'win32' ? 'coreml' : 'dml';

describe('madder devices', () => {
  it('shows every provider and which one is taken', async () => {
    const { code, out } = await run('table', ['devices']);
    expect(code).toBe(0);
    expect(out).toMatch(/provider\s+found\s+verdict\s+error\s+speed\s+why/);
    for (const provider of PROVIDERS) expect(out).toMatch(new RegExp(`^[* ]  ${provider} `, 'm'));
    expect(out.match(/^\* {2}\w+ /gm)).toHaveLength(1);
  });

  it('lists them as JSON', async () => {
    const { code, out } = await run('table', ['devices', '--json']);
    expect(code).toBe(0);
    const devices = lines(out);
    expect(devices.map((d) => d['provider']).sort()).toEqual([...PROVIDERS].sort());
    expect(devices.find((d) => d['provider'] === 'cpu')).toMatchObject({ found: true, outcome: 'works', speed: 1 });
    expect(devices.find((d) => d['provider'] === foreign)).toMatchObject({ found: false, outcome: 'absent' });
    expect(devices.filter((d) => d['default'])).toHaveLength(1);
  });

  it('says in one sentence that CUDA cannot be downloaded', async () => {
    // The script honours these variables; nobody answers there, so that nothing is downloaded where NuGet can be reached.
    const env = { GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9', GLOBAL_AGENT_HTTP_PROXY: 'http://127.0.0.1:9' };
    const { code, err } = await run('table', ['devices', '--install-cuda'], env);
    expect(code).toBe(1);
    const linux = process.platform === 'linux' && process.arch === 'x64';
    expect(err.trim()).toMatch(
      linux ? /^madder: The CUDA libraries could not be downloaded.*\.$/ : /Linux on x64 only/,
    );
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe.skipIf(process.platform !== 'linux')('what is remembered of devices', () => {
  const REASON = 'CUDA is resting today.';
  const read = async (name: string) => deviceCacheSchema.parse(JSON.parse(await readFile(cacheOf(name), 'utf8')));
  async function write(name: string, cache: DeviceCache | string): Promise<void> {
    await mkdir(join(folder, name, 'madder'), { recursive: true });
    await writeFile(cacheOf(name), typeof cache === 'string' ? cache : JSON.stringify(cache));
  }
  /** What was really found, with a mark that only a reader of the cache can show. */
  async function marked(name: string, changes: Partial<DeviceCache> = {}): Promise<void> {
    if (!existsSync(cacheOf('memory'))) await run('memory', ['devices']);
    const cache = await read('memory');
    const verdicts = cache.verdicts.map((v) => (v.provider === 'cuda' ? { ...v, reason: REASON } : v));
    await write(name, { ...cache, verdicts, ...changes });
  }

  it('is used again, without trying anything', async () => {
    await marked('again');
    const { out, err } = await run('again', ['devices']);
    expect(out).toContain(REASON);
    expect(err).toBe('');
  });

  it('is found out anew on --refresh, after days, and in another environment', async () => {
    const days = 24 * 3600 * 1000;
    for (const [name, changes, args, env] of [
      ['refreshed', {}, ['--refresh'], {}],
      ['old', { probedAt: Date.now() - 4 * days }, [], {}],
      ['future', { probedAt: Date.now() + days }, [], {}],
      ['elsewhere', {}, [], { VK_DRIVER_FILES: '/nowhere.json' }],
      ['updated', { key: 'another' }, [], {}],
    ] as const) {
      await marked(name, changes);
      const { out, err } = await run(name, ['devices', ...args], env);
      expect(out, name).not.toContain(REASON);
      expect(err, name).toMatch(/Trying/);
      expect(Date.now() - (await read(name)).probedAt, name).toBeLessThan(days);
    }
  });

  it('is ignored and written anew where it is corrupt', async () => {
    for (const text of ['', '{', '[]', '{"version":1,"verdicts":"none"}', '\0\0\0']) {
      await write('corrupt', text);
      expect(await run('corrupt', ['devices'])).toMatchObject({ code: 0 });
      expect((await read('corrupt')).verdicts).toHaveLength(PROVIDERS.length);
    }
  });

  it('is done without where nothing can be written', async () => {
    await writeFile(join(folder, 'a-file'), '');
    expect(await run('a-file', ['devices'])).toMatchObject({ code: 0 });
  });
});

describe('--device', () => {
  it('paints on the cpu without trying anything', async () => {
    const { code, out, err } = await run('unused', stylize('cpu.png', '--device', 'cpu', '--json', '--low-priority'));
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(lines(out).at(-1)).toMatchObject({ type: 'done', provider: 'cpu' });
    expect(existsSync(cacheOf('unused'))).toBe(false);
  });

  it('says why auto falls back to the cpu', async () => {
    const { code, out, err } = await run('table', stylize('auto.png', '--json'));
    expect(code).toBe(0);
    const done = lines(out).at(-1)!;
    // Nothing to say on a computer with a graphics card that works.
    if (done['provider'] !== 'cpu' || process.platform !== 'linux' || process.arch !== 'x64') return;
    const note = lines(out).find((l) => l['type'] === 'note');
    expect(note?.['message']).toMatch(/^Painting on the cpu: .*(CUDA|NVIDIA).*; .*WebGPU.*\.$/);
    expect(err).toContain(note!['message']);
  });

  it('refuses, by name, what does not work and what does not exist', async () => {
    const absent = await run('table', stylize('absent.png', '--device', foreign));
    expect(absent.code).toBe(1);
    expect(absent.err).toMatch(new RegExp(`^madder: --device ${foreign} cannot be used: .*\\.$`, 'm'));
    expect((await run('table', stylize('absent.png', '--device', 'gpu'))).err).toMatch(/Allowed choices/);
    expect(existsSync(join(folder, 'absent.png'))).toBe(false);
    expect((await run('table', ['demo', '--device', foreign])).err).toContain(`--device ${foreign} cannot be used`);
  });

  const vulkan = findSoftwareVulkan();
  const title = 'a driver without a graphics card is right, and not taken by itself';
  it.skipIf(typeof vulkan === 'string')(
    typeof vulkan === 'string' ? `${title} (skipped: ${vulkan})` : title,
    async () => {
      if (typeof vulkan === 'string') return;
      const { out } = await run('software', ['devices', '--json'], vulkan.env);
      const webgpu = lines(out).find((d) => d['provider'] === 'webgpu')!;
      expect(webgpu).toMatchObject({ found: true, outcome: 'slow', default: false });
      expect(webgpu['reason']).toMatch(/slower than the cpu/);
      expect(webgpu['error']).toBeLessThan(1e-5);
      // Asked for by name, it paints.
      const painted = await run('software', stylize('webgpu.png', '--device', 'webgpu', '--json'), vulkan.env);
      expect(painted.code, painted.err).toBe(0);
      expect(lines(painted.out).at(-1)).toMatchObject({ type: 'done', completed: true, provider: 'webgpu' });
      expect(painted.err).toMatch(/slower than the cpu/);
    },
    600_000,
  );
});
