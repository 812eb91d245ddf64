/**
 * The throw-away process in which one provider is tried out: `forkModule(probe-process, [provider])`. It sends one
 * {@link ProbeMessage} and is then ended by its parent; whatever else happens to it is the provider's doing.
 */
import { PROVIDERS, type Provider } from '../../../shared/devices.ts';
import { onParentGone, toParent } from '../process/parent.ts';
import { noisePicture } from '../runs/random.ts';
import { CHECK_SIZE, PROBE_INPUT, PROBE_OUTPUTS, probeGraph, SPEED_SIZES, type ProbeSize } from './probe-graph.ts';
import type { ProbeMessage } from './probe.ts';
import { Device } from './device.ts';
import { canHoldTensors, GraphSession } from './session.ts';

type Outputs = Readonly<Record<string, Float32Array>>;

/** Runs beyond the first of a speed measurement, which compiles and allocates. */
const REPEATS = 5;
/** No further repeat is begun after this long. */
const ENOUGH_MS = 1500;
/** A provider that is this slow at a small size is not tried at a larger one. */
const hopeless = ({ milliseconds, speed }: Speed): boolean => milliseconds > 250 && speed < 0.1;

interface Speed {
  readonly milliseconds: number;
  /** The cpu's time divided by the provider's. */
  readonly speed: number;
}

/** The probe on one provider: the first run's results and the fastest of the later runs, milliseconds. */
async function measure(provider: Provider, size: ProbeSize, { repeats = 0, blockedLayout = provider === 'cpu' } = {}) {
  // CoreML leaves what it does not know to the cpu; the others can do everything, or are not worth using.
  const session = await GraphSession.create(probeGraph(size, blockedLayout), {
    provider,
    exclusive: provider !== 'coreml',
  });
  try {
    const feeds = { [PROBE_INPUT]: session.tensor(PROBE_INPUT, noisePicture(3 * size.side ** 2, 4)) };
    const outputs: Outputs = await session.run(feeds);
    let milliseconds = Infinity;
    const started = performance.now();
    for (let i = 0; i < repeats && (i === 0 || performance.now() - started < ENOUGH_MS); i++) {
      const before = performance.now();
      await session.run(feeds);
      milliseconds = Math.min(milliseconds, performance.now() - before);
    }
    return { outputs, milliseconds };
  } finally {
    await session.release();
  }
}

/** ‖out − reference‖ / ‖reference‖, the largest over the outputs. Not a number where a value is none. */
function relativeError(out: Outputs, reference: Outputs): number {
  return Math.max(
    ...Object.values(PROBE_OUTPUTS).map((name) => {
      let [difference, size] = [0, 0];
      reference[name]!.forEach((value, i) => {
        difference += (out[name]![i]! - value) ** 2;
        size += value ** 2;
      });
      return Math.sqrt(difference / size);
    }),
  );
}

async function probe(provider: Provider): Promise<ProbeMessage> {
  // The plain graph on the cpu is the measure of everything, the cpu's blocked layout included.
  const reference = await measure('cpu', CHECK_SIZE, { blockedLayout: false });
  let { error, refused } = await compared(() => measure(provider, CHECK_SIZE), reference.outputs);
  let speed = 1;
  for (const size of provider === 'cpu' ? [] : SPEED_SIZES) {
    if (refused !== undefined || Number.isNaN(error)) break;
    const cpu = await measure('cpu', size, { repeats: REPEATS });
    // Large work takes other kernels than small work: it is compared too.
    const own = await compared(() => measure(provider, size, { repeats: REPEATS }), cpu.outputs);
    ({ refused } = own);
    error = Math.max(error, own.error);
    speed = cpu.milliseconds / own.milliseconds;
    if (hopeless({ milliseconds: own.milliseconds, speed })) break;
  }
  if (refused !== undefined) return { kind: 'refused', message: refused };
  return Number.isFinite(error)
    ? { kind: 'measured', error, speed, ...(await tensorsOn(provider)) }
    : { kind: 'nonsense' };
}

/** Where vectors stay during a run, and why they do not stay with a provider whose tensors the runtime knows. */
async function tensorsOn(provider: Provider): Promise<{ vectors?: 'device' | 'host'; refusal?: string }> {
  if (provider === 'cpu') return {};
  if (!canHoldTensors(provider)) return { vectors: 'host' };
  const refusal = await Device.refusal({ provider });
  return refusal === undefined ? { vectors: 'device' } : { vectors: 'host', refusal };
}

/** A measurement held against the cpu's results, or what the provider said instead. */
async function compared(measurement: () => ReturnType<typeof measure>, reference: Outputs) {
  try {
    const { outputs, milliseconds } = await measurement();
    return { error: relativeError(outputs, reference), milliseconds, refused: undefined };
  } catch (failure) {
    // The session's own error, without the advice that Madder adds for a person.
    const { cause = failure } = failure as Error;
    return { error: NaN, milliseconds: NaN, refused: cause instanceof Error ? cause.message : String(cause) };
  }
}

const provider = PROVIDERS.find((name) => name === process.argv[2]);
if (!provider) throw new Error(`probe-process: unknown provider "${process.argv[2]}"`);
// Nobody waits for the answer once the parent is gone.
onParentGone(() => process.exit());
toParent((await probe(provider)) satisfies ProbeMessage);
