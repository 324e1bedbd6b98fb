import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { checkpointFiles, identityOf, trainId } from '../../src/experiment/identity.js';
import { dataFiles } from '../../src/experiment/inputs.js';
import { runStage } from '../../src/experiment/run.js';
import { repeatRun, runsIn, verifyRun, verifyTable } from '../../src/experiment/verify.js';
import { samplePaths } from '../../src/hub/sample.js';
import { type RunDirectory, runDirectory } from '../../src/run/directory.js';
import { writeJson } from '../../src/run/files.js';

let folder: string;
let made: string;
let run: RunDirectory;
let model: string;
const { dataDir } = samplePaths();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-verify-'));
  model = join(folder, 'model');
  await cp(samplePaths().modelDir, model, { recursive: true });
  made = join(folder, 'made');
  const { config } = await loadConfig({
    assignments: ['training.size=40', 'training.maxSteps=2', 'evaluation.limit=10', 'evaluation.eachEpoch=false'],
  });
  const contents = { checkpoint: await checkpointFiles(model), data: await dataFiles(config, dataDir) };
  await runStage({
    ...{ config, startFrom: model, startFiles: contents.checkpoint, dataDir, out: made },
    ...{ identity: identityOf(trainId, config, contents), resume: false, label: 'test' },
  });
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  const copy = await mkdtemp(join(folder, 'copy-'));
  await cp(made, copy, { recursive: true });
  run = runDirectory(copy);
});

async function failures(places = {}): Promise<string[]> {
  const checks = await verifyRun(run, places);
  return checks.flatMap(({ subject, holds, found }) => (holds ? [] : [`${subject}: ${found}`]));
}

describe('a finished run', () => {
  it('is as it was', async () => {
    expect(await verifyRun(run, {})).toEqual([
      { subject: 'outputs', holds: true, found: '8 files as the run left them' },
      { subject: 'settings', holds: true, found: 'config.json and environment.json are what identity.json says' },
      { subject: 'data', holds: true, found: `2 files in ${dataDir}` },
      { subject: 'start', holds: true, found: `3 files in ${model}` },
    ]);
  });

  it.each(['checkpoint/model.safetensors', 'checkpoint/tokenizer.json', 'events.jsonl', 'metrics.json'])(
    'has changed with one flipped bit of %s',
    async name => {
      const bytes = await readFile(join(run.root, name));
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(join(run.root, name), bytes);
      expect(await failures()).toEqual([`outputs: ${run.root}: ${name} has changed`]);
    },
  );

  it('has changed with its settings, even where the checksums were made to fit', async () => {
    const config = JSON.parse(await readFile(run.config, 'utf8'));
    await writeJson(run.config, { ...config, seed: 7 });
    expect(await failures()).toEqual([
      `outputs: ${run.root}: config.json has changed`,
      'settings: seed was 42 and is 7 now',
    ]);
  });

  it('misses what was removed, and finds what was moved', async () => {
    await rm(join(run.checkpoint, 'config.json'));
    expect(await failures({ data: '/nowhere', model: samplePaths().modelDir })).toEqual([
      `outputs: ${run.root}: checkpoint/config.json is missing`,
      'data: /nowhere is not there',
    ]);
  });

  it('is not finished without its metrics', async () => {
    await rm(run.metrics);
    expect(await failures()).toEqual(['outputs: the run is not finished']);
  });

  it('comes out the same again', async () => {
    const again = runDirectory(join(run.root, 'again'));
    expect(await repeatRun(run, {}, again, runStage)).toEqual({
      subject: 'rerun',
      holds: true,
      found: '8 files the same, byte for byte',
    });
  });

  it('is said to come out otherwise, and from where on', async () => {
    const again = runDirectory(join(run.root, 'again'));
    const check = await repeatRun(run, {}, again, async request =>
      runStage({ ...request, config: { ...request.config, seed: 43 } }),
    );
    expect(check.holds).toBe(false);
    expect(check.found).toMatch(
      /^checkpoint\/model\.safetensors, config\.json, events\.jsonl, metrics\.json not the same: step 1 is the first to differ \(loss [\d.]+ then, [\d.]+ now\)$/,
    );
  });
});

describe('runsIn', () => {
  it('finds a run, the stages of a sweep in the order of their phases, and nothing elsewhere', async () => {
    expect((await runsIn(run.root)).map(({ root }) => root)).toEqual([run.root]);
    const sweep = await mkdtemp(join(folder, 'sweep-'));
    const ids = ['phase-2-en', 'phase-3.10-tr-9', 'phase-3.2-tr-5'];
    for (const id of ids) await writeJson(runDirectory(join(sweep, id)).identity, {});
    expect((await runsIn(sweep)).map(({ root }) => root)).toEqual(
      ['phase-2-en', 'phase-3.2-tr-5', 'phase-3.10-tr-9'].map(id => join(sweep, id)),
    );
    expect(await runsIn(join(folder, 'none'))).toEqual([]);
  });
});

it('a sweep’s table holds what its stages found', async () => {
  const sweep = await mkdtemp(join(folder, 'table-'));
  const stage = runDirectory(join(sweep, 'phase-1-tr'));
  await writeJson(stage.metrics, { test: { tr: { f1: 0.25 } } });
  const table = (f1: number) => ({
    rows: [
      { phase: '1', status: 'done', f1: { tr: f1 } },
      { phase: '2', status: 'failed' },
    ],
  });
  await writeJson(join(sweep, 'sweep.json'), table(0.25));
  expect((await verifyTable(sweep, [stage])).holds).toBe(true);
  await writeJson(join(sweep, 'sweep.json'), table(0.26));
  expect(await verifyTable(sweep, [stage])).toMatchObject({
    holds: false,
    found: 'phase 1 not as its metrics.json says',
  });
});
