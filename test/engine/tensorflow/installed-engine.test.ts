import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isUndamaged, isWhole, writeMarker } from '../../../src/engine/tensorflow/installed-engine.js';
import { sha256 } from '../../../src/system/checksums.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-marker-'));
  await writeFile(join(folder, 'lib.so'), 'library');
});
afterAll(() => rm(folder, { recursive: true }));

it('takes a folder for whole by its marker', async () => {
  await writeMarker(folder, 'tensorflow==1', [{ path: 'lib.so', size: 7, sha256: sha256('library') }]);
  expect(await isWhole(folder)).toBe(true);
  expect(await isUndamaged(folder)).toBe(true);
});

it.each([
  'null',
  '{}',
  '5',
  '',
  '['.repeat(200_000),
  '{"tensorflow":"1","requirement":"1","files":null}',
  '{"tensorflow":"1","requirement":"1","files":[null]}',
  '{"tensorflow":"1","requirement":"1","files":[{"path":5,"size":7,"sha256":"a","mtimeMs":1}]}',
  JSON.stringify({
    tensorflow: '1',
    requirement: '1',
    files: [{ path: '../x', size: 7, sha256: sha256('library'), mtimeMs: 1 }],
  }),
])('takes a folder with the marker %.60s for unfinished', async marker => {
  await writeFile(join(folder, 'engine.json'), marker);
  expect(await isWhole(folder)).toBe(false);
  expect(await isUndamaged(folder)).toBe(false);
});
