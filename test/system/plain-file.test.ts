import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256OfFile } from '../../src/system/files.js';
import { expectFile } from '../../src/system/plain-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-plain-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('takes a file, and a link to one, and nothing else', async () => {
  const [file, link, pipe] = ['file', 'link', 'pipe'].map(name => join(folder, name)) as [string, string, string];
  await writeFile(file, 'text');
  await symlink(file, link);
  execFileSync('mkfifo', [pipe]);
  await expectFile(file);
  await expectFile(link);
  await expect(expectFile(pipe)).rejects.toThrow('it is a pipe, a socket or a device, not a file');
  await expect(expectFile('/dev/zero')).rejects.toThrow('it is a pipe, a socket or a device, not a file');
  await expect(expectFile(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(expectFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(sha256OfFile(pipe)).rejects.toThrow('it is a pipe');
});
