import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { identityOf } from '../../src/experiment/identity.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { lookUp, openStore, register, type StoredStage } from '../../src/experiment/store.js';
import { takeStage } from '../../src/experiment/take.js';
import { samplePaths } from '../../src/hub/sample.js';
import { runDirectory } from '../../src/run/directory.js';
import { contentsOf } from './contents.js';
import { resultsOf } from './short-run.js';

const { dataDir, modelDir } = samplePaths();
let folder: string;
let stage: StoredStage;

async function request(name: string, ...settings: string[]): Promise<StageRequest> {
  const { config } = await loadConfig({
    assignments: ['training.size=40', 'training.epochs=2', 'evaluation.limit=10', ...settings],
  });
  const contents = await contentsOf(config, dataDir, modelDir);
  return {
    ...{ config, startFrom: modelDir, startFiles: contents.checkpoint, dataDir, out: join(folder, name) },
    ...{ identity: identityOf('train', config, contents), resume: false, label: 'test' },
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-take-'));
  const first = await request('first', 'evaluation.langs=[en, tr]');
  await runStage(first);
  const store = await openStore(join(folder, 'store'));
  await register(store.root, first.identity.key, runDirectory(first.out));
  stage = (await lookUp(store, first.identity, () => {})).stage!;
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ['the same scores', ['evaluation.langs=[en, tr]']],
  ['other scores at the end', ['evaluation.langs=[tr]']],
  ['no scores after each epoch', ['evaluation.langs=[en, tr]', 'evaluation.eachEpoch=false']],
  ['no scores', ['evaluation.enabled=false']],
])('a stage that is taken for %s becomes, to the byte, the run that was asked for', async (name, settings) => {
  const unbroken = await request(`unbroken ${name}`, ...settings);
  await runStage(unbroken);
  const asked = await request(`taken ${name}`, ...settings);
  expect(await takeStage(stage, asked, runDirectory(asked.out))).toBe(true);
  const { metrics } = await runStage({ ...asked, resume: true });
  expect(await resultsOf(asked.out)).toEqual(await resultsOf(unbroken.out));
  expect(metrics.steps).toBe(4);
  const { sessions } = JSON.parse(await readFile(runDirectory(asked.out).environment, 'utf8'));
  expect(sessions.map(({ fromStep }: { fromStep: number }) => fromStep)).toEqual([0, 4]);
});

it('that was being copied when its process was killed is trained', async () => {
  const unbroken = await request('unbroken', 'evaluation.langs=[tr]');
  await runStage(unbroken);
  const asked = await request('half copied', 'evaluation.langs=[tr]');
  await takeStage(stage, asked, runDirectory(asked.out));
  rmSync(runDirectory(asked.out).checksums); // It is written last.
  await runStage({ ...asked, resume: true });
  expect(await resultsOf(asked.out)).toEqual(await resultsOf(unbroken.out));
});

it('whose weights were let go meanwhile leaves nothing', async () => {
  const asked = await request('gone');
  const gone = { ...stage, run: { ...stage.run, checkpoint: join(folder, 'nowhere') } };
  expect(await takeStage(gone, asked, runDirectory(asked.out))).toBe(false);
  expect(existsSync(runDirectory(asked.out).checkpoint)).toBe(false);
  await runStage(asked);
});

it('a stage that listened is taken with the scores that it listened to, for a run that wants no others', async () => {
  const listening = ['training.patience=1', 'training.select=best', 'training.monitorLangs=[tr]'];
  const first = await request('listening', ...listening);
  await runStage(first);
  const store = await openStore(join(folder, 'store'));
  await register(store.root, first.identity.key, runDirectory(first.out));
  const settings = [...listening, 'evaluation.eachEpoch=false', 'evaluation.langs=[tr]'];
  const [unbroken, asked] = [
    await request('unbroken listening', ...settings),
    await request('taken listening', ...settings),
  ];
  await runStage(unbroken);
  const { stage: found } = await lookUp(store, asked.identity, () => {});
  expect(await takeStage(found!, asked, runDirectory(asked.out))).toBe(true);
  await runStage({ ...asked, resume: true });
  expect(await resultsOf(asked.out)).toEqual(await resultsOf(unbroken.out));
});
