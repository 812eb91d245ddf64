import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findSoftwareVulkan } from '../support/vulkan.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const DATA = fileURLToPath(new URL('data/', import.meta.url));
const BOUND = 1e-4;

const vulkan = findSoftwareVulkan();
const references = readdirSync(DATA).filter((name) => name.endsWith('.golden.safetensors'));

// SwiftShader computes on the cpu, so that this checks what is emitted and the provider's kernels, not a graphics card.
describe('WebGPU against PyTorch, with nothing left to the cpu', () => {
  const title = typeof vulkan === 'string' ? `all references (skipped: ${vulkan})` : 'all references';
  it.skipIf(typeof vulkan === 'string')(
    title,
    async () => {
      if (typeof vulkan === 'string') return;
      // In a process of its own: the driver is found when the process starts, and what it does ends there.
      const files = references.map((name) => `${DATA}${name}`);
      const script = ['--import', 'tsx', 'scripts/golden.ts', '--device', 'webgpu', '--bound', `${BOUND}`, ...files];
      const { stdout } = await promisify(execFile)(process.execPath, script, {
        cwd: root,
        env: { ...process.env, ...vulkan.env },
      }).catch((failed: { stdout: string; stderr: string }) => ({ stdout: `${failed.stdout}\n${failed.stderr}` }));
      for (const name of references) expect(stdout, stdout).toContain(basename(name));
      expect(stdout).not.toMatch(/skipped|failed|beyond/);
      expect(Number(/worst relative error: (\S+)/.exec(stdout)?.[1]), stdout).toBeLessThanOrEqual(BOUND);
    },
    // Compiling some hundred shaders for SwiftShader takes a minute of two processors.
    600_000,
  );
});
