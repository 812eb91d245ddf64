/** Which providers there are, which one is chosen, and what their failures mean. Nothing here loads the runtime. */
import { PROVIDERS, type DeviceName, type Provider, type Verdict } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';

/** What people call a provider. */
export const PROVIDER_NAMES: Readonly<Record<Provider, string>> = {
  cpu: 'the cpu',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML',
};

export interface Platform {
  readonly platform: string;
  readonly arch: string;
}

/**
 * The providers from which one is chosen by itself, the best first. The cpu is always last: it is right everywhere, and
 * the measure of the others. CoreML is left out, since it splits a backward pass into many compiled parts.
 */
export function providerOrder({ platform, arch }: Platform = process): readonly Provider[] {
  if (platform === 'win32') return ['dml', 'webgpu', 'cpu'];
  if (platform === 'linux' && arch === 'x64') return ['cuda', 'webgpu', 'cpu'];
  if (platform === 'darwin' && arch === 'arm64') return ['webgpu', 'cpu'];
  return ['cpu'];
}

/** Why a provider is not in the runtime's package for a platform, in one sentence; undefined where it is. */
export function missingOn(provider: Provider, { platform, arch }: Platform = process): string | undefined {
  if (platform === 'darwin' && arch !== 'arm64') return 'ONNX Runtime has no binary for Intel Macs.';
  if (providerOrder({ platform, arch }).includes(provider)) return undefined;
  switch (provider) {
    case 'cpu':
      return undefined;
    case 'webgpu':
      return `ONNX Runtime has no WebGPU for ${platform}-${arch}.`;
    case 'cuda':
      return platform === 'win32'
        ? 'The stock ONNX Runtime package has no CUDA on Windows; DirectML drives the same cards.'
        : 'CUDA is for Linux on x64.';
    case 'dml':
      return 'DirectML is for Windows.';
    case 'coreml':
      return platform === 'darwin' ? undefined : 'CoreML is for Macs with Apple silicon.';
  }
}

/** What a run is to use, and what a person should know about that, in one sentence. */
export interface Choice {
  readonly provider: Provider;
  readonly note?: string;
}

const usable = ({ outcome }: Verdict): boolean => outcome === 'works' || outcome === 'slow';

/**
 * The first provider that works, or the one asked for by name, which may be slow.
 * @throws MadderError('runtime') where the one asked for does not work
 */
export function choose(
  wanted: DeviceName,
  verdicts: readonly Verdict[],
  order: readonly Provider[] = providerOrder(),
): Choice {
  const verdict = (provider: Provider) => verdicts.find((v) => v.provider === provider);
  if (wanted !== 'auto') {
    const found = verdict(wanted);
    if (found && !usable(found)) throw unusable(found);
    // A person who asks for a device that is slow, or cannot keep the picture, gets it and is told.
    return { provider: wanted, ...(found?.reason ? { note: found.reason } : {}) };
  }
  const provider = order.find((p) => verdict(p)?.outcome === 'works') ?? 'cpu';
  // Whoever paints on a graphics card need not hear of those that are not there, only of those that failed.
  const passed = order
    .slice(0, order.indexOf(provider))
    .flatMap((p) => verdict(p) ?? [])
    .filter(({ outcome }) => provider === 'cpu' || outcome !== 'absent')
    .flatMap(({ reason }) => reason ?? []);
  // What the chosen one itself cannot do.
  const reasons = [...passed, ...(verdict(provider)?.reason ? [verdict(provider)!.reason!] : [])];
  return reasons.length === 0
    ? { provider }
    : { provider, note: `Painting on ${PROVIDER_NAMES[provider]}: ${reasons.map(clause).join('; ')}.` };
}

/** The error of a device that was asked for by name. */
export function unusable({ provider, reason = `${provider} does not work here.` }: Verdict): MadderError {
  return new MadderError(
    'runtime',
    `--device ${provider} cannot be used: ${clause(reason)}; "madder devices" shows what there is.`,
  );
}

/** A sentence as a part of a longer one. */
const clause = (sentence: string): string => sentence.replace(/\.$/, '');

/** All providers in the order in which they are shown: those that may be chosen by themselves first. */
export function shownOrder(platform: Platform = process): readonly Provider[] {
  const order = providerOrder(platform);
  return [...order, ...PROVIDERS.filter((p) => !order.includes(p))];
}

/** Signs of a graphics card or driver that is gone: a new process, or another device, is needed. */
const LOST: readonly RegExp[] = [
  // DXGI_ERROR_DEVICE_REMOVED, _HUNG, _RESET and _DRIVER_INTERNAL_ERROR, as numbers and by name. A card that needed
  // longer than the system's two seconds for one piece of work counts as hung (TDR).
  /\b(0x)?887A000[567]\b/i,
  /\b(0x)?887A0020\b/i,
  /DXGI_ERROR_(DEVICE_(REMOVED|HUNG|RESET)|DRIVER_INTERNAL_ERROR)/,
  /GPU device instance has been suspended/i,
  /GPU will not respond to more commands/i,
  /\bdevice (was |is |has been )?(lost|removed|destroyed)\b/i,
  /VK_ERROR_DEVICE_LOST/,
  /CUDA_ERROR_(LAUNCH_TIMEOUT|ILLEGAL_ADDRESS|LAUNCH_FAILED|ECC_UNCORRECTABLE|DEVICE_UNAVAILABLE)/,
  // cudaErrorLaunchTimeout, cudaErrorIllegalAddress, cudaErrorLaunchFailure, cudaErrorECCUncorrectable.
  /CUDA failure (702|700|719|214)\b/,
  /cudaErrorDevicesUnavailable|CUDNN_STATUS_EXECUTION_FAILED|CUBLAS_STATUS_EXECUTION_FAILED/,
  /MTLCommandBufferErrorDomain.*(timeout|ignored)|kIOGPUCommandBufferCallbackError(Timeout|Hang|SubmissionsIgnored)/i,
];

/** Signs of too little memory, on a card or in the computer. */
const MEMORY: readonly RegExp[] = [
  /CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|CUDA failure 2\b/,
  /CUDNN_STATUS_(ALLOC_FAILED|INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)|CUBLAS_STATUS_ALLOC_FAILED/,
  /Failed to allocate memory/i,
  /\bbad[_ ]alloc/i,
  /BFCArena/,
  /Available memory of \d+ is smaller than requested bytes/i,
  /VK_ERROR_OUT_OF_(DEVICE|HOST|POOL)_MEMORY/,
  /E_OUTOFMEMORY|\b8007000E\b|0x8007000E/i,
  /\bout of (device |host |video |gpu )?memory\b/i,
  // WebGPU's limits: one value of the network is larger than a buffer may be.
  /exceeds the max(imum)? buffer size|larger than .*maxStorageBufferBindingSize|maxBufferSize/i,
  /kIOGPUCommandBufferCallbackErrorOutOfMemory/,
  /Array buffer allocation failed/,
];

/**
 * Whether an error (or what caused it) says that the device is gone or that memory ran out; undefined for anything else.
 * Where both are said, memory is what a person can do something about.
 */
export function isDeviceFailure(error: unknown): 'lost' | 'memory' | undefined {
  const text = messages(error);
  if (MEMORY.some((pattern) => pattern.test(text))) return 'memory';
  return LOST.some((pattern) => pattern.test(text)) ? 'lost' : undefined;
}

/** The messages of an error and of its causes. */
function messages(error: unknown): string {
  const lines: string[] = [];
  // A cause may lead back to its error.
  for (let depth = 0; error !== undefined && error !== null && depth < 8; depth++) {
    lines.push(error instanceof Error ? error.message : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return lines.join('\n');
}
