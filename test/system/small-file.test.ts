import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSmallFile } from '../../src/system/small-file.js';

describe('readSmallFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'panx-small-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a');

  it('reads a line, and of a large file the beginning', async () => {
    writeFileSync(path, 'a line\n');
    expect(await readSmallFile(path)).toBe('a line\n');
    writeFileSync(path, 'x'.repeat(100_000));
    expect(await readSmallFile(path, 10)).toBe('x'.repeat(10));
  });

  it('gives undefined where there is none', async () => {
    expect(await readSmallFile(join(folder, 'none'))).toBeUndefined();
    expect(await readSmallFile(join(path, 'below-a-file'))).toBeUndefined();
  });

  it('refuses folders, devices and pipes, and does not wait for these', async () => {
    await expect(readSmallFile(folder)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(readSmallFile('/dev/zero')).rejects.toThrow('it is no ordinary file');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(readSmallFile(join(folder, 'pipe'))).rejects.toThrow('it is no ordinary file');
  });
});
