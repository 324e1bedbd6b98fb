import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPlace, type FolderKind, writeMark } from '../../src/run/mark.js';
import { temporaryNeighbour } from '../../src/system/temporary.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-mark-'));
});
afterEach(() => rm(folder, { recursive: true }));

const kinds: FolderKind[] = ['run', 'sweep', 'model'];
const identity = { id: 'train', key: 'a'.repeat(64), settings: {}, data: {}, start: { checkpoint: 'b'.repeat(64) } };

it('a mark says what the folder is, and is not written anew', async () => {
  await writeMark(folder, 'run');
  expect(JSON.parse(await readFile(join(folder, 'panx.json'), 'utf8'))).toEqual({ kind: 'run', format: 1 });
  await writeMark(folder, 'run');
  expect(await readdir(folder)).toEqual(['panx.json']);
  expect(await checkPlace(folder, 'run')).toBe('own');
  for (const kind of ['sweep', 'model'] as const) {
    await expect(checkPlace(folder, kind)).rejects.toThrow(`${folder} holds a run; expected a new folder`);
  }
});

describe('a place is empty', () => {
  it('where nothing is, and in an empty folder', async () => {
    for (const kind of kinds) {
      expect(await checkPlace(folder, kind)).toBe('empty');
      expect(await checkPlace(join(folder, 'not', 'there'), kind)).toBe('empty');
    }
  });

  it('where only a lock is, and what a killed process left before it could mark the folder', async () => {
    await mkdir(join(folder, 'lock'));
    await writeFile(join(folder, 'lock', 'holder.json'), '{}');
    await mkdir(temporaryNeighbour(join(folder, 'lock')));
    await writeFile(temporaryNeighbour(join(folder, 'panx.json')), '{');
    expect(await checkPlace(folder, 'run')).toBe('empty');
    expect(await checkPlace(folder, 'sweep')).toBe('empty');
  });
});

describe('a place is refused', () => {
  const foreign: [string, (path: string) => Promise<unknown>][] = [
    ['notes.txt', path => writeFile(path, '')],
    ['.hidden', path => writeFile(path, '')],
    ['state', path => mkdir(path)],
    ['checkpoint', path => mkdir(path)],
    ['metrics.json', path => writeFile(path, '{}')],
    ['config.json', path => writeFile(path, '{}')],
    ['identity.json', path => writeFile(path, '{"id": 1}')],
    ['panx.json', path => writeFile(path, '{"name": "panx"}')],
    ['panx.json', path => writeFile(path, 'null')],
    ['panx.json', path => writeFile(path, '['.repeat(1000))],
    ['panx.json', path => mkdir(path)],
    ['lock', path => writeFile(path, '')],
    ['lock', path => symlink(tmpdir(), path)],
    ['notes.txt.12-0a1b2c3d.tmp', path => writeFile(path, '')],
    ['identity.json.12-0a1b2c3d.tmp', path => mkdir(path)],
    ['phase-1-tr', path => mkdir(path)],
  ];
  it.each(foreign)('where %s lies that panx did not make', async (name, make) => {
    await make(join(folder, name));
    await expect(checkPlace(folder, 'run')).rejects.toThrow(
      `${folder} holds what panx did not make (${name}); expected a new or empty folder, or one that holds a run of panx.`,
    );
  });

  it('where something lies in what looks like a lock', async () => {
    await mkdir(join(folder, 'lock'));
    await writeFile(join(folder, 'lock', 'keys.txt'), '');
    await expect(checkPlace(folder, 'run')).rejects.toThrow('did not make (lock)');
  });

  it('where it is a file, or a part of the path is', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(checkPlace(file, 'run')).rejects.toThrow(`${file} cannot be written: a file of that name is there.`);
    await expect(checkPlace(join(file, 'run'), 'run')).rejects.toThrow('a part of the path is a file');
  });

  it('where a later panx has marked it', async () => {
    for (const mark of [
      { kind: 'run', format: 2 },
      { kind: 'galaxy', format: 1 },
    ]) {
      await writeFile(join(folder, 'panx.json'), JSON.stringify(mark));
      await expect(checkPlace(folder, 'run')).rejects.toThrow(`(kind ${mark.kind}, format ${mark.format})`);
    }
  });
});

describe('what panx 0.1.0 made is known', () => {
  it('by its identity.json', async () => {
    await writeFile(join(folder, 'identity.json'), JSON.stringify(identity));
    await writeFile(join(folder, 'notes.txt'), '');
    expect(await checkPlace(folder, 'run')).toBe('own');
    await expect(checkPlace(folder, 'sweep')).rejects.toThrow('holds a run');
  });

  it('by those of its stages', async () => {
    const stage = join(folder, 'phase-2-en');
    await mkdir(stage);
    await writeFile(join(stage, 'identity.json'), JSON.stringify(identity));
    expect(await checkPlace(folder, 'sweep')).toBe('own');
    await expect(checkPlace(folder, 'run')).rejects.toThrow('holds a sweep');
  });
});
