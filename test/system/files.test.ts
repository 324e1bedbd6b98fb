import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { makeFolder, sha256OfFile, writeFileAtomic, writeJson } from '../../src/system/files.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeFileAtomic', () => {
  it('writes into folders it makes, replaces, and leaves nothing beside the file', async () => {
    const path = join(folder, 'a', 'b', 'file.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file.txt']);
  });

  it('a fault that is found while the content is made is told as it is, and leaves nothing', async () => {
    async function* content() {
      yield Buffer.from('one');
      throw new PanxError('Row 1 has no place here.');
    }
    await expect(writeFileAtomic(join(folder, 'made', 'file.txt'), content())).rejects.toThrow(
      /^Row 1 has no place here\.$/,
    );
    expect(readdirSync(join(folder, 'made'))).toEqual([]);
  });

  it('a file in the way of the folder is named as the reason', async () => {
    writeFileSync(join(folder, 'taken'), '');
    await expect(writeFileAtomic(join(folder, 'taken', 'file.txt'), '')).rejects.toThrow(
      `${join(folder, 'taken', 'file.txt')} cannot be written: a file of that name is there`,
    );
    await expect(writeFileAtomic(join(folder, 'taken', 'deeper', 'file.txt'), '')).rejects.toThrow(
      /cannot be written: a part of the path is a file, not a folder/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('a folder without permission is named as the reason', async () => {
    const closed = join(folder, 'closed');
    makeFolder(closed);
    chmodSync(closed, 0o500);
    await expect(writeFileAtomic(join(closed, 'file.txt'), '')).rejects.toThrow(/cannot be written: permission denied/);
  });

  it.skipIf(!existsSync('/proc/self'))(
    'a file system that takes no folders is an error, not an endless loop',
    async () => {
      await expect(writeFileAtomic('/proc/panx/file.txt', '')).rejects.toThrow(
        /^\/proc\/panx\/file.txt cannot be written/,
      );
    },
  );
});

describe('JSON', () => {
  it('round trip', async () => {
    const path = join(folder, 'value.json');
    await writeJson(path, { a: [1, null] });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ a: [1, null] });
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true);
  });
});

it('sha256OfFile', async () => {
  writeFileSync(join(folder, 'abc'), 'abc');
  expect(await sha256OfFile(join(folder, 'abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
