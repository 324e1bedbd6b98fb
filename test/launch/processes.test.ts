import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { openStore } from '../../src/experiment/store.js';
import { type ProcessRequest, takeRequest, writeRequest } from '../../src/launch/processes.js';
import type { StoreDirectory } from '../../src/run/store-directory.js';
import { fakeStudy } from '../experiment/fake-store.js';

let root: string;
let store: StoreDirectory;
let request: ProcessRequest;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-processes-'));
  const { stages } = await fakeStudy(root, 'en-tr');
  store = await openStore(join(root, 'results', 'store'));
  const { task } = stages.get('phase-1-tr')!;
  request = { task, modelDir: 'model', startFiles: {}, dataDir: 'data', retryFailed: false, wait: false };
  return () => rm(root, { recursive: true });
});

it('two studies that share a stage do not take the request of the other, whether they ask for the same of it or not', async () => {
  const { key } = request.task.identity;
  const other = { ...request, task: { ...request.task, scorings: [] } };
  const written = [request, other, request].map(one => writeRequest(store, one));
  const [first, second, third] = await Promise.all(written);
  expect(await takeRequest(store, key, first!.sum)).toEqual(JSON.parse(JSON.stringify(request)));
  expect(await takeRequest(store, key, second!.sum)).toEqual(JSON.parse(JSON.stringify(other)));
  expect(await takeRequest(store, key, third!.sum)).toEqual(JSON.parse(JSON.stringify(request)));
  expect(await readdir(dirname(first!.path))).toEqual([]);
});

it('a request that is gone or was changed is named', async () => {
  const { key } = request.task.identity;
  const { path, sum } = await writeRequest(store, request);
  await appendFile(path, ' ');
  await expect(takeRequest(store, key, sum)).rejects.toThrow(`${path} is not as panx run wrote it.`);
  await writeFile(path, '');
  await expect(takeRequest(store, key, sum)).rejects.toThrow(`${path} is not as panx run wrote it.`);
  await rm(path);
  await expect(takeRequest(store, key, sum)).rejects.toThrow(`${path} is not there.`);
});
