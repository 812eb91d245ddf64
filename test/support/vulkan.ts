import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A Vulkan driver that needs no graphics card, as variables for a child process. */
export interface SoftwareVulkan {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Where package managers put SwiftShader (chromium's) and lavapipe (mesa's). */
const CHROMIUM = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
];
const MESA = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
const LOADERS = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'];

/** The first software driver of this computer, or why there is none: the drivers, or the loader, libvulkan.so.1. */
export function findSoftwareVulkan(): SoftwareVulkan | string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'WebGPU on Vulkan is for Linux on x64';
  if (!LOADERS.some((folder) => existsSync(join(folder, 'libvulkan.so.1')))) return 'no libvulkan.so.1';
  const lavapipe = MESA.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^lvp_icd.*\.json$/.test(name))
      .map((name) => join(folder, name)),
  );
  const swiftShader = CHROMIUM.map((folder) => join(folder, 'vk_swiftshader_icd.json'));
  const driver = [...swiftShader, ...lavapipe].find((file) => existsSync(file));
  if (driver === undefined) return 'no SwiftShader (apt-get install chromium) and no lavapipe';
  // Older loaders know the second name only.
  return { name: driver, env: { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver } };
}
