/** The packages, as electron-builder packs them around a stand-in for Electron's binary: what is in them, and that it paints. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = ['dist/renderer/index.html', 'dist/preload/index.cjs', 'dist/src/main/shells/electron/main.js'];
const require = createRequire(import.meta.url);
const PORTABLE = existsSync(join(ROOT, 'node_modules/@img/sharp-wasm32'));

/** What marks the fuses in Electron's binary: version 1, nine of them, all as Electron is released. */
const FUSES = Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x09'), Buffer.from('101100011')]);

let folder: string;

/** A folder like Electron's, for each system, in which only what the packer touches is there. */
async function makeElectron(os: 'linux' | 'win' | 'mac'): Promise<string> {
  const electron = join(folder, `electron-${os}`);
  const put = async (path: string, content: string | Buffer) => {
    await mkdir(join(electron, path, '..'), { recursive: true });
    await writeFile(join(electron, path), content, { mode: 0o755 });
  };
  await put('LICENSE', 'licence of Electron');
  await put('LICENSES.chromium.html', 'licences of Chromium');
  await put('version', '45.4.1');
  if (os === 'mac') {
    const property = '<?xml version="1.0"?><plist version="1.0"><dict/></plist>';
    await put('Electron.app/Contents/MacOS/Electron', '');
    await put('Electron.app/Contents/Frameworks/Electron Framework.framework/Electron Framework', FUSES);
    await put('Electron.app/Contents/Info.plist', property);
    // With one of its own, none is made by a tool that would have to be fetched.
    await put('icon.icns', 'icns');
    for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
      const helper = `Electron.app/Contents/Frameworks/Electron Helper${kind}.app/Contents`;
      await put(`${helper}/MacOS/Electron Helper${kind}`, '');
      await put(`${helper}/Info.plist`, property);
    }
  } else {
    await put(os === 'win' ? 'electron.exe' : 'electron', FUSES);
    await put('locales/en-US.pak', '');
    await mkdir(join(electron, 'resources'));
  }
  return electron;
}

/** Packs without an installer; returns the folder of resources, and how the packer ended. */
async function pack(os: 'linux' | 'win' | 'mac', arch: 'x64' | 'arm64') {
  const output = join(folder, `out-${os}`);
  const electron = await makeElectron(os);
  const args = ['--dir', `--${os}`, `--${arch}`, '--publish', 'never', `-c.directories.output=${output}`];
  const settings = [
    `-c.electronDist=${electron}`,
    '-c.mac.identity=null',
    `-c.mac.icon=${join(electron, 'icon.icns')}`,
  ];
  const ended = await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'node_modules/electron-builder/cli.js'), ...args, ...settings],
    { cwd: ROOT },
  ).then(
    () => undefined,
    (error: Error & { stdout: string }) => error.stdout,
  );
  const [unpacked] = (await readdir(output)).filter((name) => name.startsWith(os));
  const inside = os === 'mac' ? 'Madder.app/Contents/Resources' : 'resources';
  return { resources: join(output, unpacked!, inside), ended };
}

const runtimes = async (resources: string): Promise<string[]> => {
  const napi = join(resources, 'app.asar.unpacked/node_modules/onnxruntime-node/bin/napi-v6');
  const systems = await readdir(napi);
  return (
    await Promise.all(systems.map(async (os) => (await readdir(join(napi, os))).map((arch) => `${os}/${arch}`)))
  ).flat();
};

describe.skipIf(!BUILT.every((path) => existsSync(join(ROOT, path))))('packages', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-packaging-'));
    // On Linux it asks for the portable codec, which a checkout may lack.
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/prepare-packaging.ts'], {
      cwd: ROOT,
    }).catch((error: Error) => {
      if (PORTABLE) throw error;
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('hold the libraries of their own system and processor only', async () => {
    const mac = await pack('mac', 'arm64');
    expect([await runtimes(mac.resources), mac.ended]).toEqual([['darwin/arm64'], undefined]);
    // The packer writes into Electron's program at the end, which the stand-in has none of.
    const win = await pack('win', 'x64');
    expect(await runtimes(win.resources)).toEqual(['win32/x64']);
  });

  it.runIf(process.platform === 'linux')('hold what the application needs, and paint with it', async () => {
    const { resources, ended } = await pack('linux', process.arch as 'x64' | 'arm64');
    expect(ended).toBeUndefined();
    expect(await runtimes(resources)).toEqual([`linux/${process.arch}`]);
    const { extractAll, listPackage } = require('@electron/asar') as typeof import('@electron/asar');
    const archive = join(resources, 'app.asar');
    const files = listPackage(archive, { isPack: false });
    for (const path of [...BUILT, 'package.json', 'models/README.md', 'resources/samples/samples.json']) {
      expect(files).toContain(`/${path}`);
    }
    const tops = new Set(files.map((path) => path.split('/')[1]));
    expect([...tops].sort()).toEqual(['dist', 'models', 'node_modules', 'package.json', 'resources']);
    const strangers =
      /node_modules\/(typescript|vitest|electron|react|playwright-core|@img\/sharp-linux-\w+)\/|\.(map|ts)$|shells\/(cli|web)\//;
    expect(files.filter((path) => strangers.test(path))).toEqual([]);
    expect(files.some((path) => path.includes('@img/sharp-wasm32/'))).toBe(PORTABLE);
    expect(await readFile(join(resources, 'licences.txt'), 'utf8')).toMatch(/onnxruntime-node 1[\s\S]*react 19/);
    expect(await readFile(join(resources, '../LICENSES.chromium.html'), 'utf8')).toBe('licences of Chromium');

    // Off: running as Node, NODE_OPTIONS, the inspector, files with more rights. On: cookies, integrity, only the archive.
    const binary = await readFile(join(resources, '../madder'));
    const fuses = binary.subarray(binary.indexOf('dL7pKGdn') + 34).toString('latin1');
    expect(fuses).toBe('010011001');

    // What Electron does by itself, plain Node gets by unpacking: a file system in which the archive is a folder.
    const application = join(folder, 'application');
    extractAll(archive, application);
    expect(JSON.parse(await readFile(join(application, 'package.json'), 'utf8'))).toMatchObject({
      main: 'dist/src/main/shells/electron/main.js',
    });
    const driver = join(application, 'paint.mjs');
    await writeFile(
      driver,
      `import { mkdtempSync } from 'node:fs';
import { prepareRun } from './dist/src/main/services/painter.js';
import { startRun } from './dist/src/main/services/runner.js';
import { samples } from './dist/src/main/services/samples.js';
import { DEFAULT_NETWORK } from './dist/src/main/services/defaults.js';
const { photos, paintings } = await samples();
const request = { photo: photos[0].path, styles: [{ path: paintings[0].path }], network: DEFAULT_NETWORK, size: 64, iterations: 2 };
const { recipe, images, networks } = await prepareRun(request);
const folder = mkdtempSync(${JSON.stringify(join(folder, 'run-'))});
const { picture } = await startRun({ recipe, images, networks, folder, resume: false, provider: 'cpu' }).outcome;
console.log(JSON.stringify([Math.max(picture.width, picture.height), picture.data.every((v) => v >= 0 && v <= 1)]));
`,
    );
    const env = PORTABLE ? process.env : { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
    const { stdout } = await promisify(execFile)(process.execPath, [driver], { env, cwd: application });
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual([64, true]);
  });
});
