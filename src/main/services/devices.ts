import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, homedir, release } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { cudaInstalled, probe, runtimePackage } from '../engine/runtime/probe.ts';
import { choose, shownOrder, type Choice } from '../engine/runtime/providers.ts';
import {
  deviceCacheSchema,
  type DeviceCache,
  type DeviceName,
  type Provider,
  type Verdict,
} from '../../shared/devices.ts';
import { MadderError } from '../../shared/errors.ts';

export type { Choice };

export interface DevicesOptions {
  /** Try everything out anew, whatever is remembered. */
  readonly refresh?: boolean;
  /** Called before providers are tried out, which takes seconds. */
  readonly onProbe?: () => void;
}

/** Verdicts are remembered this long: a driver may be updated without anything that the key sees. */
const MAX_AGE_MS = 3 * 24 * 3600 * 1000;

/** Every provider's verdict, in the order of preference, and the one that `auto` takes. */
export async function deviceReport(options: DevicesOptions = {}): Promise<{ verdicts: Verdict[]; default: Choice }> {
  const remembered = options.refresh ? undefined : readCache();
  const verdicts = remembered?.verdicts ?? (await probeAll(options));
  return { verdicts, default: choose('auto', verdicts) };
}

/**
 * What a run is to use. The cpu is taken at its word; for everything else the providers are tried out once, and one
 * that was asked for by name and failed is tried again, since its driver may be there by now.
 * @throws MadderError('runtime') where a device was asked for by name and does not work
 */
export async function chooseDevice(wanted: DeviceName, options: DevicesOptions = {}): Promise<Choice> {
  if (wanted === 'cpu') return { provider: 'cpu' };
  const remembered = options.refresh ? undefined : readCache();
  if (remembered) {
    try {
      return choose(wanted, remembered.verdicts);
    } catch (error) {
      if (!(error instanceof MadderError)) throw error;
      options.onProbe?.();
      const verdict = await probe(wanted as Provider);
      const verdicts = remembered.verdicts.map((v) => (v.provider === wanted ? verdict : v));
      writeCache({ ...remembered, verdicts });
      return choose(wanted, verdicts);
    }
  }
  return choose(wanted, await probeAll(options));
}

/** One after the other: two at once would measure each other. */
async function probeAll({ onProbe }: DevicesOptions): Promise<Verdict[]> {
  onProbe?.();
  const verdicts: Verdict[] = [];
  for (const provider of shownOrder()) verdicts.push(await probe(provider));
  writeCache({ version: 1, key: environmentKey(), probedAt: Date.now(), verdicts });
  return verdicts;
}

/** The folder for what can be computed anew, by the platform's custom. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const fromEnvironment = (name: string): string | undefined => {
    const folder = env[name];
    // The XDG specification has relative paths ignored.
    return folder !== undefined && isAbsolute(folder) ? folder : undefined;
  };
  switch (platform) {
    case 'win32':
      return join(fromEnvironment('LOCALAPPDATA') ?? join(homedir(), 'AppData', 'Local'), 'madder', 'cache');
    case 'darwin':
      return join(homedir(), 'Library', 'Caches', 'madder');
    default:
      return join(fromEnvironment('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'madder');
  }
}

const cacheFile = (): string => join(cacheFolder(), 'devices.json');

/** What is remembered of this computer as it is now; a file that is old, of another environment or broken counts as none. */
function readCache(): DeviceCache | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(cacheFile(), 'utf8'));
  } catch {
    return undefined;
  }
  const parsed = deviceCacheSchema.safeParse(value);
  if (!parsed.success || parsed.data.key !== environmentKey()) return undefined;
  const age = Date.now() - parsed.data.probedAt;
  return age >= 0 && age < MAX_AGE_MS ? parsed.data : undefined;
}

/** Remembers verdicts; where nothing can be written, they are found out again next time. */
function writeCache(cache: DeviceCache): void {
  const file = cacheFile();
  const partial = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    // Renamed when it is whole: another Madder may be reading.
    writeFileSync(partial, `${JSON.stringify(cache, null, 2)}\n`);
    renameSync(partial, file);
  } catch {
    if (existsSync(partial)) rmSync(partial, { force: true });
  }
}

/** Variables that decide which drivers and libraries a provider finds. */
const DRIVER_ENVIRONMENT = [
  'VK_DRIVER_FILES',
  'VK_ADD_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'VK_LOADER_DRIVERS_SELECT',
  'VK_LOADER_DRIVERS_DISABLE',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_TF32_OVERRIDE',
];

/** Where Linux keeps the descriptions of its Vulkan drivers. */
const VULKAN_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** A short name of everything that verdicts depend on and that can be seen without asking a driver. */
function environmentKey(): string {
  const drivers = VULKAN_FOLDERS.map((folder) => {
    try {
      return readdirSync(folder).sort();
    } catch {
      return [];
    }
  });
  const parts = [
    [runtimePackage().version, process.platform, process.arch, release(), availableParallelism()],
    DRIVER_ENVIRONMENT.map((name) => process.env[name] ?? ''),
    drivers,
    cudaInstalled(),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/**
 * Runs onnxruntime-node's own install script, which downloads the CUDA libraries that are too large for npm
 * (Microsoft.ML.OnnxRuntime.Gpu.Linux of the same version, from NuGet) and puts them beside the binding.
 * @param onOutput what the script says meanwhile
 * @throws MadderError in one sentence where that fails
 */
export async function installCuda(onOutput: (text: string) => void): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new MadderError(
      'input',
      `CUDA can be installed on Linux on x64 only, and this is ${process.platform}-${process.arch}.`,
    );
  }
  const script = join(runtimePackage().folder, 'script', 'install.js');
  const child = spawn(process.execPath, [script], {
    // "true" downloads what the platform lacks. The script reads "cuda12" in this variable as nothing at all, and
    // npm's own setting, which Madder's .npmrc has at "skip", counts only where this one is not set.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', onOutput);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-20_000)));
  const code = await new Promise<number | string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', resolve);
  });
  if (code === 0 && cudaInstalled()) return;
  const reason = /^(?:\w*Error|AggregateError)(?: \[\w+\])?: (.+)$/m.exec(said)?.[1] ?? /code: '(\w+)'/.exec(said)?.[1];
  throw new MadderError(
    'runtime',
    `The CUDA libraries could not be downloaded from NuGet (${reason ?? `exit code ${code}`}); check the connection and the right to write to ${runtimePackage().folder}, or install them by hand as docs/devices.md says.`,
  );
}
