/**
 * What the packages need beside the build: `npx tsx scripts/prepare-packaging.ts` writes the licences of everything that is
 * shipped and the icon to dist/packaging.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const ROOT = join(import.meta.dirname, '..');
const TARGET = join(ROOT, 'dist', 'packaging');

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (folder: string): Package => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;

/** Packages that the window's code names: their code is inside its bundle. */
function namedByWindow(): string[] {
  const folder = join(ROOT, 'src', 'renderer');
  const names = new Set<string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(tsx?|css)$/.test(file) || file.endsWith('.config.ts')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import) ['"]((?:@[\w.-]+\/)?[\w-][\w.-]*)/g)) names.add(name!);
  }
  return [...names];
}

/** A package and all that it needs, by folder; what is not installed here is not shipped either. */
function collect(name: string, from: string, found: Map<string, Package>): void {
  let parent = from;
  let folder = join(parent, 'node_modules', name);
  while (!existsSync(join(folder, 'package.json'))) {
    if (parent === ROOT) return;
    parent = join(parent, '..');
    folder = join(parent, 'node_modules', name);
  }
  if (found.has(folder)) return;
  const own = read(folder);
  found.set(folder, own);
  for (const next of Object.keys({ ...own.dependencies, ...own.optionalDependencies })) collect(next, folder, found);
}

function licenceOf(folder: string, { license = 'see its documentation' }: Package): string {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|third-?party)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  // libvips is many libraries, which its page lists with their licences.
  if (folder.includes('sharp-libvips')) texts.push(readFileSync(join(folder, 'README.md'), 'utf8').trim());
  return [`Licence: ${license}`, ...texts].join('\n\n');
}

const found = new Map<string, Package>();
const own = read(ROOT);
for (const name of [...Object.keys(own.dependencies ?? {}), ...namedByWindow(), '@img/sharp-wasm32']) {
  collect(name, ROOT, found);
}
const parts = [...found]
  .sort(([, a], [, b]) => (a.name < b.name ? -1 : 1))
  .map(([folder, entry]) => `${'─'.repeat(80)}\n${entry.name} ${entry.version}\n\n${licenceOf(folder, entry)}\n`);
mkdirSync(TARGET, { recursive: true });
writeFileSync(join(TARGET, 'licences.txt'), `Madder contains the following works of others.\n\n${parts.join('\n')}`);

const icon = readFileSync(join(ROOT, 'src', 'renderer', 'public', 'icon.svg'));
await sharp(icon, { density: 1200 }).resize(1024, 1024).png().toFile(join(TARGET, 'icon.png'));
process.stdout.write(`${found.size} licences and the icon are in dist/packaging\n`);

if (process.platform === 'linux' && !existsSync(join(ROOT, 'node_modules', '@img', 'sharp-wasm32'))) {
  process.stderr.write(
    '@img/sharp-wasm32 is missing, without which the desktop application cannot read pictures on Linux.\n',
  );
  process.exitCode = 1;
}
