import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Desk, foldersSchema, type Folders } from '../../../../src/main/shells/electron/desk.ts';
import { isKnownSite } from '../../../../src/main/shells/electron/links.ts';
import { picturesOf } from '../../../../src/main/shells/electron/opened-files.ts';
import { Stored } from '../../../../src/main/shells/electron/stored.ts';
import type { ExportOptions } from '../../../../src/shared/studio/contract.ts';
import { standIn } from '../../../support/electron-stand-in/index.ts';

vi.mock('electron', () => import('../../../support/electron-stand-in/index.ts'));

const folder = mkdtempSync(join(tmpdir(), 'madder-desk-'));
const PNG = { format: 'png' } as ExportOptions;
let file: string;
let count = 0;
const newDesk = () => new Desk(() => undefined, new Stored<Folders>(file, foldersSchema, {}));
beforeEach(() => {
  file = join(folder, `${++count}.json`);
  standIn.done.length = 0;
});

describe('dialogs', () => {
  it('remember a folder for each purpose, also after a restart', async () => {
    standIn.answers.push({ canceled: false, filePath: '/exports/a.png' }, { filePaths: ['/photos/b.jpg'] });
    const desk = newDesk();
    expect(await desk.chooseExportPath({ path: '/suggested/sea.png', options: PNG })).toBe('/exports/a.png');
    expect(standIn.done.pop()).toEqual([
      'showSaveDialog',
      { defaultPath: '/suggested/sea.png', filters: [{ name: 'PNG', extensions: ['png'] }] },
    ]);
    expect(await desk.choosePictures('Open')).toEqual(['/photos/b.jpg']);
    const again = newDesk();
    expect(await again.chooseExportPath({ path: '/suggested/sea.png', options: PNG })).toBe(null);
    expect(standIn.done.pop()).toMatchObject(['showSaveDialog', { defaultPath: '/exports/sea.png' }]);
    await again.choosePictures('Open');
    expect(standIn.done.pop()).toMatchObject(['showOpenDialog', { defaultPath: '/photos' }]);
  });

  it('for a folder begin where exports go, or as near to that as there is a folder', async () => {
    const properties = ['openDirectory', 'createDirectory'];
    standIn.answers.push({ canceled: false, filePaths: ['/exports'] });
    expect(await newDesk().chooseExportFolder(folder)).toBe('/exports');
    expect(standIn.done.pop()).toEqual(['showOpenDialog', { defaultPath: folder, properties }]);
    expect(await newDesk().chooseExportFolder(join(folder, 'not', 'yet'))).toBe(null);
    expect(standIn.done.pop()).toEqual(['showOpenDialog', { defaultPath: folder, properties }]);
  });

  it('are what makes a path one that the window may name', async () => {
    const desk = newDesk();
    expect(() => desk.checkChosen('/etc/passwd')).toThrow('Choose the place of the picture in the dialog first.');
    desk.checkChosen(undefined);
    standIn.answers.push({ canceled: false, filePath: '/exports/no-suffix' });
    expect(await desk.chooseExportPath({ path: '/s/x.png', options: PNG })).toBe('/exports/no-suffix.png');
    desk.checkChosen('/exports/no-suffix.png');
  });
});

it('shows files that were exported, and no others', () => {
  const desk = newDesk();
  expect(() => desk.showInFolder('/etc/passwd')).toThrow('Only exported pictures can be shown.');
  desk.noteWritten('/exports/a.png');
  desk.showInFolder('/exports/a.png');
  expect(standIn.done).toEqual([
    ['addRecentDocument', '/exports/a.png'],
    ['showItemInFolder', '/exports/a.png'],
  ]);
});

it('opens links to known sites only', async () => {
  await newDesk().openLink('https://arxiv.org/abs/1508.06576');
  expect(standIn.done).toEqual([['openExternal', 'https://arxiv.org/abs/1508.06576']]);
  const strange = [
    'http://arxiv.org/',
    'https://arxiv.org.evil.example/',
    'https://evilarxiv.org/',
    'https://arxiv.org@evil.example/',
    'https://user:word@arxiv.org/',
    'https://arxiv.org:8443/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://server/share',
    'not an address',
    '',
  ];
  for (const address of strange) {
    expect(isKnownSite(address), address).toBe(false);
    await expect(newDesk().openLink(address)).rejects.toThrow('Madder does not open');
  }
  expect(isKnownSite('https://www.arxiv.org/')).toBe(true);
});

it('takes what it remembers for nothing where it is damaged', () => {
  writeFileSync(file, '{"open": 7');
  expect(new Stored<Folders>(file, foldersSchema, {}).value).toEqual({});
  writeFileSync(file, '{"open": 7}');
  expect(new Stored<Folders>(file, foldersSchema, {}).value).toEqual({});
  const unwritable = new Stored<Folders>('/dev/null/x.json', foldersSchema, {});
  unwritable.value = { open: '/x' };
  expect(unwritable.value).toEqual({ open: '/x' });
});

it('finds the pictures that a command line names', () => {
  writeFileSync(join(folder, 'sea.JPG'), '');
  writeFileSync(join(folder, 'notes.txt'), '');
  const args = ['--flag', 'sea.JPG', join(folder, 'sea.JPG'), 'notes.txt', 'gone.png', '-x.png', '.'];
  expect(picturesOf(args, folder)).toEqual([join(folder, 'sea.JPG'), join(folder, 'sea.JPG')]);
});
