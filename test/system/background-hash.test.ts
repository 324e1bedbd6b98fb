import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checksumsInBackground } from '../../src/system/background-hash.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-hash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('gives the checksums of files that are empty, small, and larger than what is read at once', async () => {
  const files = { empty: Buffer.alloc(0), small: Buffer.from('abc'), large: Buffer.alloc(3_000_001, 'panx') };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  expect(await checksumsInBackground(folder, Object.keys(files))).toEqual(
    Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
    ),
  );
  expect(await checksumsInBackground(folder, [])).toEqual({});
});

it('says in a sentence which file cannot be read, and does not wait for a pipe', async () => {
  await expect(checksumsInBackground(folder, ['none'])).rejects.toThrow(
    `${join(folder, 'none')} cannot be read: no such file or folder.`,
  );
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(checksumsInBackground(folder, ['small', 'pipe'])).rejects.toThrow(
    `${join(folder, 'pipe')} cannot be read: it is a pipe, a socket or a device, not a file.`,
  );
});
