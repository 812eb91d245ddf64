import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECK_SIZE, probeGraph } from '../../../../src/main/engine/runtime/probe-graph.ts';
import { ERROR_BOUND, probe, verdictOf } from '../../../../src/main/engine/runtime/probe.ts';
import { portabilityProblems } from '../../../reference/provider-operators.ts';

const LINUX = { platform: 'linux', arch: 'x64' };

describe('the network of the probe', () => {
  it('has every operator that a run depends on', () => {
    const operators = new Set(probeGraph(CHECK_SIZE, false).nodes.map((node) => node.op));
    for (const op of ['Conv', 'Relu', 'MaxPool', 'AveragePool', 'MatMul', 'HardSigmoid', 'ConvTranspose', 'Resize']) {
      expect([...operators]).toContain(op);
    }
  });

  it('is portable', () => {
    const graph = probeGraph(CHECK_SIZE, false);
    expect(graph.nodes.flatMap((node) => portabilityProblems(graph, node))).toEqual([]);
  });
});

describe('trying a provider out', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-probe-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** A process that does something else in the place of a provider. */
  async function acted(name: string, body: string, timeLimit = 30_000) {
    const entry = join(folder, `${name}.mjs`);
    await writeFile(entry, body);
    return probe('webgpu', { entry, timeLimit, platform: LINUX });
  }

  it('finds that the cpu works', async () => {
    const verdict = await probe('cpu');
    expect(verdict).toMatchObject({ provider: 'cpu', outcome: 'works', speed: 1 });
    expect(verdict.error).toBeLessThan(1e-5);
  });

  it('does not start anything for a provider of another platform', async () => {
    expect(await probe('dml', { platform: LINUX, entry: 'nowhere.mjs' })).toEqual({
      provider: 'dml',
      outcome: 'absent',
      reason: 'DirectML is for Windows.',
    });
  });

  it('survives a process that crashes', async () => {
    const verdict = await acted('crash', `process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000);`);
    expect(verdict.outcome).toBe('crashes');
    expect(verdict.reason).toMatch(/^WebGPU crashed the process in which it was tried out \(SIGSEGV\)\.$/);
  });

  it('survives a process that ends without a word', async () => {
    expect(await acted('exit', 'process.exit(3);')).toMatchObject({
      outcome: 'crashes',
      reason: expect.stringMatching(/exit code 3/),
    });
  });

  it('ends a process that hangs', async () => {
    // Not even signals that can be caught would end it.
    const verdict = await acted('hang', `process.on('SIGTERM', () => {}); for (;;) ;`, 500);
    expect(verdict).toMatchObject({ outcome: 'hangs', reason: 'WebGPU did not answer within 0.5 seconds.' });
  });

  it('keeps what was measured by a process that crashes or hangs when it is put away', async () => {
    const verdict = await acted(
      'late',
      `process.send({ kind: 'measured', error: 1e-6, speed: 3 }, () => { for (;;) ; });`,
    );
    expect(verdict).toEqual({ provider: 'webgpu', outcome: 'works', error: 1e-6, speed: 3 });
  });

  it('refuses wrong numbers', async () => {
    const wrong = await acted('wrong', `process.send({ kind: 'measured', error: 0.25, speed: 30 });`);
    expect(wrong).toMatchObject({
      outcome: 'wrong',
      error: 0.25,
      reason: expect.stringMatching(/wrong numbers \(25 % off/),
    });
    const nonsense = await acted('nonsense', `process.send({ kind: 'nonsense' });`);
    expect(nonsense).toMatchObject({ outcome: 'wrong', reason: expect.stringMatching(/not numbers/) });
  });

  it('ignores messages that it does not know', async () => {
    const verdict = await acted(
      'chatter',
      `process.send('hello'); process.send({ kind: 'measured', error: 'small' });`,
    );
    expect(verdict.outcome).toBe('crashes');
  });

  it('gives the error stream to the verdict', async () => {
    const verdict = await acted(
      'stderr',
      `import { writeSync } from 'node:fs';
      writeSync(2, 'Failed to load library /a/libb.so with error: libcudnn.so.9: cannot open shared object file');
      process.send({ kind: 'refused', message: 'Failed to load shared library' });`,
    );
    expect(verdict).toMatchObject({
      outcome: 'absent',
      reason: expect.stringMatching(/libcudnn\.so\.9.*LD_LIBRARY_PATH/),
    });
  });
});

describe('verdicts', () => {
  const refused = (provider: 'cuda' | 'webgpu', message: string, stderr = '') =>
    verdictOf(provider, { how: 'message', message: { kind: 'refused', message }, stderr });
  const measured = (error: number, speed: number) =>
    verdictOf('webgpu', { how: 'message', message: { kind: 'measured', error, speed }, stderr: '' });

  it('are about being right first and fast second', () => {
    expect(measured(ERROR_BOUND / 2, 2)).toMatchObject({ outcome: 'works' });
    expect(measured(ERROR_BOUND * 2, 2)).toMatchObject({ outcome: 'wrong' });
    expect(measured(1e-6, 1 / 12)).toMatchObject({
      outcome: 'slow',
      reason: 'WebGPU is 12 times slower than the cpu here.',
    });
    expect(measured(1e-6, 1).reason).toBe('WebGPU is no faster than the cpu here.');
  });

  it('say where the picture stays during a run', () => {
    const kept = (message: object) =>
      verdictOf('webgpu', {
        how: 'message',
        message: { kind: 'measured', error: 0, speed: 2, ...message },
        stderr: '',
      });
    expect(kept({ vectors: 'device' })).toEqual({ ...measured(0, 2), vectors: 'device' });
    expect(kept({ vectors: 'host' })).toEqual({ ...measured(0, 2), vectors: 'host' });
    expect(kept({ vectors: 'host', refusal: 'tensors change between sessions' })).toMatchObject({
      outcome: 'works',
      vectors: 'host',
      reason: expect.stringMatching(/^WebGPU is sent the picture for every evaluation.*tensors change.*\.$/),
    });
  });

  it.each([
    ['cuda', 'CUDA failure 100: no CUDA-capable device is detected ; GPU=0', 'absent', /no NVIDIA graphics card/],
    ['cuda', 'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version', 'refuses', /too old/],
    [
      'webgpu',
      'webgpu_context.cc:136 Failed to get a WebGPU adapter: No supported adapters',
      'absent',
      /no graphics card/,
    ],
    [
      'webgpu',
      'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.',
      'refuses',
      /cannot run all of a network/,
    ],
    ['webgpu', 'Something new.\nsecond line', 'refuses', /^WebGPU failed: Something new\.$/],
  ] as const)('%s: %s', (provider, message, outcome, reason) => {
    expect(refused(provider, message)).toMatchObject({ provider, outcome, reason: expect.stringMatching(reason) });
  });

  it('tell missing parts of ONNX Runtime from missing parts of CUDA', () => {
    const said = (library: string) =>
      refused(
        'cuda',
        'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
        `Failed to load library /x/libonnxruntime_providers_cuda.so with error: ${library}: cannot open shared object file: No such file or directory`,
      );
    expect(said('/x/libonnxruntime_providers_shared.so').reason).toMatch(/--install-cuda/);
    expect(said('libcublasLt.so.12').reason).toMatch(/CUDA needs libcublasLt\.so\.12/);
  });
});
