import { describe, expect, it } from 'vitest';
import { choose, isDeviceFailure, missingOn, providerOrder } from '../../../../src/main/engine/runtime/providers.ts';
import { PROVIDERS, type Verdict } from '../../../../src/shared/devices.ts';
import { MadderError } from '../../../../src/shared/errors.ts';

const LINUX = { platform: 'linux', arch: 'x64' };

describe('the order of providers', () => {
  it.each([
    ['win32', 'x64', ['dml', 'webgpu', 'cpu']],
    ['win32', 'arm64', ['dml', 'webgpu', 'cpu']],
    ['linux', 'x64', ['cuda', 'webgpu', 'cpu']],
    ['linux', 'arm64', ['cpu']],
    ['darwin', 'arm64', ['webgpu', 'cpu']],
  ])('on %s %s', (platform, arch, expected) => {
    expect(providerOrder({ platform, arch })).toEqual(expected);
    for (const provider of expected) expect(missingOn(provider as 'cpu', { platform, arch })).toBeUndefined();
  });

  it('says why others are missing', () => {
    expect(missingOn('dml', LINUX)).toMatch(/Windows/);
    expect(missingOn('cuda', { platform: 'win32', arch: 'x64' })).toMatch(/DirectML/);
    expect(missingOn('webgpu', { platform: 'linux', arch: 'arm64' })).toMatch(/linux-arm64/);
    expect(missingOn('coreml', { platform: 'darwin', arch: 'arm64' })).toBeUndefined();
    for (const provider of PROVIDERS) expect(missingOn(provider, { platform: 'darwin', arch: 'x64' })).toMatch(/Intel/);
  });
});

describe('choosing', () => {
  const order = providerOrder(LINUX);
  const cpu: Verdict = { provider: 'cpu', outcome: 'works', error: 0, speed: 1 };
  const absent: Verdict = { provider: 'cuda', outcome: 'absent', reason: 'CUDA found no card.' };
  const slow: Verdict = { provider: 'webgpu', outcome: 'slow', error: 1e-6, speed: 0.01, reason: 'WebGPU is slow.' };
  const fast: Verdict = { provider: 'webgpu', outcome: 'works', error: 1e-6, speed: 10 };
  const crashed: Verdict = { provider: 'cuda', outcome: 'crashes', reason: 'CUDA crashed (SIGSEGV).' };

  it('takes the first that works', () => {
    expect(choose('auto', [absent, fast, cpu], order)).toEqual({ provider: 'webgpu' });
    expect(choose('auto', [{ ...fast, provider: 'cuda' }, fast, cpu], order)).toEqual({ provider: 'cuda' });
  });

  it('falls back to the cpu and says why', () => {
    expect(choose('auto', [absent, slow, cpu], order)).toEqual({
      provider: 'cpu',
      note: 'Painting on the cpu: CUDA found no card; WebGPU is slow.',
    });
  });

  it('says what failed before the one that works', () => {
    expect(choose('auto', [crashed, fast, cpu], order).note).toBe('Painting on WebGPU: CUDA crashed (SIGSEGV).');
  });

  it('says what the chosen one cannot do', () => {
    const sent: Verdict = { ...fast, vectors: 'host', reason: 'WebGPU is sent the picture.' };
    expect(choose('auto', [absent, sent, cpu], order).note).toBe('Painting on WebGPU: WebGPU is sent the picture.');
    expect(choose('webgpu', [absent, sent, cpu], order).note).toBe('WebGPU is sent the picture.');
  });

  it('never takes CoreML by itself', () => {
    const coreml: Verdict = { provider: 'coreml', outcome: 'works', error: 0, speed: 100 };
    const mac = providerOrder({ platform: 'darwin', arch: 'arm64' });
    expect(choose('auto', [slow, cpu, coreml], mac).provider).toBe('cpu');
    expect(choose('coreml', [slow, cpu, coreml], mac)).toEqual({ provider: 'coreml' });
  });

  it('takes a slow one that is asked for by name, and refuses one that does not work', () => {
    expect(choose('webgpu', [absent, slow, cpu], order)).toEqual({ provider: 'webgpu', note: 'WebGPU is slow.' });
    for (const [verdict, words] of [
      [absent, /^--device cuda cannot be used: CUDA found no card; "madder devices"/],
      [crashed, /SIGSEGV/],
    ] as const) {
      expect(() => choose('cuda', [verdict, cpu], order)).toThrow(words);
      expect(() => choose('cuda', [verdict, cpu], order)).toThrow(MadderError);
    }
  });
});

describe('failures of a device', () => {
  it.each([
    // DirectML
    'Non-zero status code returned while running DmlFusedNode_0_0 node. Exception(2) tid(3a1c) 887A0005 The GPU device instance has been suspended. Use GetDeviceRemovedReason to determine the appropriate action.',
    'ExecutionProvider.cpp(1003)\\onnxruntime.dll!00007FF: (caller: 00007FF) Exception(1) tid(5b0) 887A0006 The GPU will not respond to more commands, most likely because of an invalid command passed by the calling application.',
    'HRESULT 0x887A0005',
    'DXGI_ERROR_DEVICE_REMOVED',
    // WebGPU
    'webgpu_context.cc:612 A valid external Instance reference no longer exists. Device lost (Reason: 1).',
    'WebGPU device lost (2): VK_ERROR_DEVICE_LOST',
    'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST',
    'GPU device was lost: DXGI_ERROR_DEVICE_HUNG',
    // CUDA
    'CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=a ; expr=cudaStreamSynchronize(stream)',
    'CUDA error: CUDA_ERROR_LAUNCH_FAILED',
  ])('lost: %s', (message) => {
    expect(isDeviceFailure(new Error(message))).toBe('lost');
  });

  it.each([
    'CUDA_ERROR_OUT_OF_MEMORY: out of memory',
    'CUDA failure 2: out of memory ; GPU=0 ; hostname=a ; expr=cudaMalloc((void**)&p, size);',
    '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, Stream*) Failed to allocate memory for requested buffer of size 1073741824',
    'bfc_arena.cc:347 void* onnxruntime::BFCArena::AllocateRawInternal() Available memory of 0 is smaller than requested bytes of 4194304',
    'std::bad_alloc',
    'bad allocation',
    'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
    'Exception(1) tid(1) 8007000E Not enough memory resources are available to complete this operation.',
    'CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0',
    'Buffer size (8589934592) exceeds the max buffer size limit (4294967296).',
    'Array buffer allocation failed',
  ])('memory: %s', (message) => {
    expect(isDeviceFailure(new Error(message))).toBe('memory');
  });

  it('looks at causes, and at what is not an error', () => {
    const cause = new Error('VK_ERROR_DEVICE_LOST');
    expect(isDeviceFailure(new MadderError('runtime', 'It failed.', { cause }))).toBe('lost');
    expect(isDeviceFailure('std::bad_alloc')).toBe('memory');
    expect(isDeviceFailure(undefined)).toBeUndefined();
    const circle = new Error('a');
    circle.cause = circle;
    expect(isDeviceFailure(circle)).toBeUndefined();
  });

  it.each([
    'The network has no layer "relu9_9".',
    'Failed to get a WebGPU adapter: No supported adapters',
    "Non-zero status code returned while running Conv node. Name:'Conv_3' Status Message: Input channels C is not equal",
    'Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file',
  ])('neither: %s', (message) => {
    expect(isDeviceFailure(new Error(message))).toBeUndefined();
  });
});
