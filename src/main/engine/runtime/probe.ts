/** Tries providers out, each in a process of its own: a driver that crashes or hangs takes nothing with it. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Provider, Verdict } from '../../../shared/devices.ts';
import { forkModule } from '../process/fork.ts';
import { missingOn, PROVIDER_NAMES, type Platform } from './providers.ts';

/** What a probe process sends. */
const probeMessageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('measured'),
    error: z.number(),
    speed: z.number().positive(),
    /** Whether tensors can stay with the provider; `refusal` says why they cannot where they should. */
    vectors: z.enum(['device', 'host']).optional(),
    refusal: z.string().optional(),
  }),
  /** Values that are no numbers. */
  z.object({ kind: z.literal('nonsense') }),
  z.object({ kind: z.literal('refused'), message: z.string() }),
]);
export type ProbeMessage = z.infer<typeof probeMessageSchema>;

export interface ProbeOptions {
  /** Milliseconds after which a process counts as hanging. */
  readonly timeLimit?: number;
  /** The module to fork; the real probe where not given. */
  readonly entry?: string;
  readonly platform?: Platform;
}

/** A software driver on a slow computer needs ten seconds, CoreML compiles for about as long. */
const TIME_LIMIT_MS = 60_000;

/** Rounding makes 1e-6. A wrong kernel, or half precision, is far beyond; a few ReLUs that flip stay below. */
export const ERROR_BOUND = 1e-3;

/** Kept of what a process says on its error stream: its last words. */
const STDERR_KEPT = 20_000;

/** Tries one provider out and says how it did; never throws for what a provider does. */
export async function probe(provider: Provider, options: ProbeOptions = {}): Promise<Verdict> {
  const missing = missingOn(provider, options.platform);
  if (missing !== undefined) return { provider, outcome: 'absent', reason: missing };
  if (provider === 'cuda' && options.entry === undefined && !cudaInstalled()) {
    return { provider, outcome: 'absent', reason: CUDA_NOT_INSTALLED };
  }
  return verdictOf(provider, await runProbe(provider, options));
}

const CUDA_NOT_INSTALLED =
  'The CUDA libraries of ONNX Runtime are not installed ("madder devices --install-cuda" downloads them).';

/** How a probe process ended. */
export type Ending =
  | { readonly how: 'message'; readonly message: ProbeMessage; readonly stderr: string }
  | { readonly how: 'died'; readonly code: number | null; readonly signal: string | null; readonly stderr: string }
  | { readonly how: 'hung'; readonly seconds: number };

/** The real probe beside this module: compiled, or as TypeScript, which then needs its loader. */
function ownEntry(): { entry: string; execArgv: string[] } {
  const suffix = extname(import.meta.url);
  return {
    entry: fileURLToPath(new URL(`./probe-process${suffix}`, import.meta.url)),
    execArgv: suffix === '.ts' ? ['--import', 'tsx'] : [],
  };
}

async function runProbe(provider: Provider, { timeLimit = TIME_LIMIT_MS, entry }: ProbeOptions): Promise<Ending> {
  const own = ownEntry();
  return new Promise((resolve) => {
    let ending: Ending | undefined;
    let stderr = '';
    const child = forkModule(entry ?? own.entry, {
      args: [provider],
      execArgv: entry === undefined ? own.execArgv : [],
      // Drivers write what they like; it is read for reasons and not shown.
      quiet: true,
      // Where the loader of TypeScript is found.
      ...(own.execArgv.length > 0 ? { cwd: dirname(fileURLToPath(import.meta.url)) } : {}),
      onMessage: (sent) => {
        const parsed = probeMessageSchema.safeParse(sent);
        if (!parsed.success || ending) return;
        ending = { how: 'message', message: parsed.data, stderr };
        // Drivers that crash or hang when they are put away have done what was asked of them.
        child.kill();
      },
      onErrorText: (text) => (stderr = (stderr + text).slice(-STDERR_KEPT)),
      onExit: (code, signal) => {
        clearTimeout(timer);
        const last = ending ?? { how: 'died', code, signal, stderr };
        resolve(last.how === 'message' ? { ...last, stderr } : last);
      },
    });
    const timer = setTimeout(() => {
      ending = { how: 'hung', seconds: timeLimit / 1000 };
      child.kill();
    }, timeLimit);
  });
}

/** A verdict from how a probe process ended. */
export function verdictOf(provider: Provider, ending: Ending): Verdict {
  const name = PROVIDER_NAMES[provider];
  const Name = name[0]!.toUpperCase() + name.slice(1);
  if (ending.how === 'hung') {
    return { provider, outcome: 'hangs', reason: `${Name} did not answer within ${ending.seconds} seconds.` };
  }
  if (ending.how === 'died') {
    const how = ending.signal ?? (ending.code === null ? 'it could not be started' : `exit code ${ending.code}`);
    return { provider, outcome: 'crashes', reason: `${Name} crashed the process in which it was tried out (${how}).` };
  }
  const { message, stderr } = ending;
  if (message.kind === 'nonsense') {
    return { provider, outcome: 'wrong', reason: `${Name} computed values that are not numbers.` };
  }
  if (message.kind === 'refused') return refusal(provider, Name, message.message, stderr);
  const { error, speed, vectors, refusal: unkept } = message;
  if (error > ERROR_BOUND) {
    const percent = Number((100 * error).toPrecision(2));
    return {
      provider,
      outcome: 'wrong',
      error,
      reason: `${Name} computes wrong numbers (${percent} % off the cpu's).`,
    };
  }
  const where = vectors === undefined ? {} : { vectors };
  const sent =
    unkept === undefined
      ? []
      : [`${Name} is sent the picture for every evaluation, for it cannot keep it (${unkept}).`];
  if (provider === 'cpu' || speed > 1) {
    return {
      provider,
      outcome: 'works',
      error,
      speed,
      ...where,
      ...(sent[0] === undefined ? {} : { reason: sent[0] }),
    };
  }
  const factor = 1 / speed;
  const slower = factor < 1.05 ? 'no faster than' : `${Number(factor.toPrecision(2))} times slower than`;
  const reason = [`${Name} is ${slower} the cpu here.`, ...sent].join(' ');
  return { provider, outcome: 'slow', error, speed, ...where, reason };
}

/** What WebGPU stands on. */
const GRAPHICS: Readonly<Record<string, string>> = { win32: 'Direct3D 12', darwin: 'Metal', linux: 'Vulkan' };

/** A reason in a person's words for what a provider said; what is not known is quoted. */
function refusal(provider: Provider, name: string, message: string, stderr: string): Verdict {
  const said = `${message}\n${stderr}`;
  const absent = (reason: string): Verdict => ({ provider, outcome: 'absent', reason });
  if (/backend not found/i.test(said)) return absent(`This ONNX Runtime was built without ${name}.`);
  if (/Failed to get a WebGPU adapter/i.test(said)) {
    return absent(`WebGPU found no graphics card with a ${GRAPHICS[process.platform] ?? 'graphics'} driver.`);
  }
  if (/no CUDA-capable device|CUDA failure 100\b/i.test(said)) return absent('CUDA found no NVIDIA graphics card.');
  if (/driver version is insufficient|CUDA failure 35\b/i.test(said)) {
    return { provider, outcome: 'refuses', reason: 'The NVIDIA driver is too old for CUDA 12; install a newer one.' };
  }
  const library = /with error: (?:\S*\/)?(\S+?\.so[.\d]*): cannot open shared object/.exec(said)?.[1];
  if (library?.startsWith('libonnxruntime_providers_')) return absent(CUDA_NOT_INSTALLED);
  if (library !== undefined) {
    return absent(
      `CUDA needs ${library}, which was not found; install CUDA 12 and cuDNN 9 and set LD_LIBRARY_PATH (docs/devices.md).`,
    );
  }
  if (/fallback to CPU EP has been explicitly disabled/i.test(said)) {
    return { provider, outcome: 'refuses', reason: `${name} cannot run all of a network here.` };
  }
  const quoted = message.split('\n')[0]!.replace(/[.;\s]+$/, '');
  return { provider, outcome: 'refuses', reason: `${name} failed: ${quoted}.` };
}

/** Where onnxruntime-node lies, and its version. */
export function runtimePackage(): { folder: string; version: string } {
  const description = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(description, 'utf8')) as { version: string };
  return { folder: dirname(description), version };
}

/** Whether the libraries that the npm package leaves out lie beside the binding. */
export function cudaInstalled({ platform, arch }: Platform = process): boolean {
  const folder = join(runtimePackage().folder, 'bin', 'napi-v6', platform, arch);
  return ['cuda', 'shared'].every((name) => existsSync(join(folder, `libonnxruntime_providers_${name}.so`)));
}
