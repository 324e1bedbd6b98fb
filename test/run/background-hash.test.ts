import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checksumsInBackground } from '../../src/run/background-hash.js';

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

it("throws the system's error for a file that is not there", async () => {
  await expect(checksumsInBackground(folder, ['none'])).rejects.toMatchObject({ code: 'ENOENT' });
});
