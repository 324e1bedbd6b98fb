import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { openStore } from '../../src/experiment/store.js';
import { type ProcessRequest, readRequest, writeRequest } from '../../src/launch/processes.js';
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

it('two studies that share a stage and ask for different things of it do not take the request of the other', async () => {
  const { key } = request.task.identity;
  const other = { ...request, task: { ...request.task, scorings: [] } };
  const [first, second] = [await writeRequest(store, request), await writeRequest(store, other)];
  expect(await readRequest(store, key, first)).toEqual(JSON.parse(JSON.stringify(request)));
  expect(await readRequest(store, key, second)).toEqual(JSON.parse(JSON.stringify(other)));
});

it('a request that is gone or was changed is named', async () => {
  const { key } = request.task.identity;
  const sum = await writeRequest(store, request);
  const path = store.request(key, sum);
  await appendFile(path, ' ');
  await expect(readRequest(store, key, sum)).rejects.toThrow(`${path} is not as panx run wrote it.`);
  await writeFile(path, '');
  await expect(readRequest(store, key, sum)).rejects.toThrow(`${path} is not as panx run wrote it.`);
  await rm(path);
  await expect(readRequest(store, key, sum)).rejects.toThrow(`${path} is not there.`);
});
