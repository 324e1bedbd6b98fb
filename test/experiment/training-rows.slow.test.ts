import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { identityOf } from '../../src/experiment/identity.js';
import { readResult } from '../../src/experiment/results.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { resplitText } from '../../src/experiment/start-notices.js';
import { lookUp, openStore, register } from '../../src/experiment/store.js';
import { takeStage } from '../../src/experiment/take.js';
import { verifyRun } from '../../src/experiment/verify.js';
import { samplePaths } from '../../src/hub/sample.js';
import { runDirectory } from '../../src/run/directory.js';
import { readEvents } from '../../src/run/events.js';
import { sha256 } from '../../src/system/checksums.js';
import { toJson } from '../../src/system/files.js';
import { contentsOf } from './contents.js';
import { resultsOf } from './short-run.js';
import { stopAfter } from './stop-after.js';

const { dataDir, modelDir } = samplePaths();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-training-rows-'));
});
afterAll(() => rm(folder, { recursive: true }));

const common = ['training.langs=[en, tr]', 'training.batchSize=16', 'training.epochs=2', 'evaluation.limit=8'];
/** Of 100 rows 80 are trained on, in 5 steps. */
const resplit = [...common, 'training.resplit=true', 'training.size=50', 'training.lengthBins=[0, 8, 100]'];
/** Epochs of 70 rows in 5 steps: of en 42, of tr 28. */
const mixture = [...common, 'training.sizes={en: 50, tr: 20}', 'training.temperature=2.2'];

async function request(name: string, settings: readonly string[]): Promise<StageRequest> {
  const { config } = await loadConfig({ assignments: settings });
  const contents = await contentsOf(config, dataDir, modelDir);
  return {
    ...{ config, startFrom: modelDir, startFiles: contents.checkpoint, dataDir, out: join(folder, name) },
    ...{ identity: identityOf('train', config, contents), resume: false, label: 'test' },
  };
}

/** What a run says when it is made anew. */
async function saidBy(name: string, settings: readonly string[]): Promise<string> {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await runStage(await request(name, settings));
    return said.mock.calls.join('');
  } finally {
    said.mockRestore();
  }
}

async function failures(out: string): Promise<string[]> {
  const checks = await verifyRun(runDirectory(out), {});
  return checks.flatMap(({ subject, holds, found }) => (holds ? [] : [`${subject}: ${found}`]));
}

describe.each([
  // In the first epoch, between its scores, in the second, at the end of training, between the scores at the end.
  { name: 'a re-split', settings: resplit, stops: [2, 6, 9, 12, 15] },
  { name: 'a mixture', settings: mixture, stops: [9] },
])('a run of $name', ({ name, settings, stops }) => {
  const unbroken = () => join(folder, name);
  beforeAll(async () => {
    await runStage(await request(name, settings));
  });

  it('holds when it is verified', async () => {
    expect(await failures(unbroken())).toEqual([]);
  });

  it('ends with the same bytes wherever it was stopped', async () => {
    for (const lines of stops) {
      const out = join(folder, `${name} ${lines}`);
      const asked = await request(`${name} ${lines}`, settings);
      await stopAfter(asked, lines);
      await runStage({ ...asked, resume: true });
      expect(await resultsOf(out), `stopped after ${lines} lines`).toEqual(await resultsOf(unbroken()));
    }
  });
});

describe('a re-split', () => {
  it('goes on for other scores at the end', async () => {
    const other = await request('other', [...resplit, 'evaluation.langs=[tr, en]']);
    await stopAfter(other, 15);
    await runStage({ ...(await request('other', resplit)), resume: true });
    expect(await resultsOf(other.out)).toEqual(await resultsOf(join(folder, 'a re-split')));
  });

  it('becomes, taken from a store, the run that was asked for', async () => {
    const store = await openStore(join(folder, 'store'));
    const { identity } = await request('a re-split', resplit);
    await register(store.root, identity.key, runDirectory(join(folder, 'a re-split')));
    const { stage } = await lookUp(store, identity, () => {});
    for (const wanted of [['evaluation.langs=[tr]'], ['evaluation.eachEpoch=false'], ['evaluation.atEnd=false']]) {
      const [apart, asked] = [`apart ${wanted}`, `taken ${wanted}`];
      await runStage(await request(apart, [...resplit, ...wanted]));
      const taken = await request(asked, [...resplit, ...wanted]);
      expect(await takeStage(stage!, taken, runDirectory(taken.out))).toBe(true);
      await runStage({ ...taken, resume: true });
      expect(await resultsOf(taken.out)).toEqual(await resultsOf(join(folder, apart)));
    }
  });

  it('is scored on what it holds out after each epoch, and on the validation splits at the end', async () => {
    const said = await saidBy('told', resplit);
    expect(said).toContain('re-split: 80 rows to fit, 20 held out; none dropped');
    const { metrics } = await readResult(runDirectory(join(folder, 'told')));
    expect(metrics).toMatchObject({ rows: 80, steps: 10, metric: expect.stringContaining('validation split') });
    expect(metrics.resplit).toEqual({ fit: 80, held: 20, dropped: { short: 0, long: 0, few: 0 } });
    const events = await readEvents(runDirectory(join(folder, 'told')).events);
    const scored = events.flatMap(event =>
      event.event === 'step' ? [] : [`${event.lang} ${event.split} at ${event.step}`],
    );
    const held = ['en held', 'tr held'];
    expect(scored).toEqual([
      ...[5, 10].flatMap(step => held.map(rows => `${rows} at ${step}`)),
      'en validation at 10',
      'tr validation at 10',
    ]);
  });

  it('says what it drops', async () => {
    const { config } = await loadConfig({ assignments: ['training.lengthBins=[1, 9]'] });
    const dropped = { short: 1200, long: 1, few: 2 };
    expect(resplitText(config, { fit: 16000, held: 4000, dropped })).toBe(
      're-split: 16,000 rows to fit, 4,000 held out; dropped: 1,200 of 1 word or fewer, 1 longer than 9 words, 2 alone in their bins',
    );
    const { config: byDefault } = await loadConfig({});
    expect(resplitText(byDefault, { fit: 4, held: 1, dropped: { short: 1, long: 0, few: 0 } })).toBe(
      're-split: 4 rows to fit, 1 held out; dropped: 1 without words',
    );
  });

  it('whose numbers were changed is found out', async () => {
    await runStage(await request('forged', resplit));
    const run = runDirectory(join(folder, 'forged'));
    const [metrics, sums] = await Promise.all([run.metrics, run.checksums].map(path => readFile(path, 'utf8')));
    const told = JSON.parse(metrics!);
    const forge = async (resplit: unknown) => {
      const text = toJson({ ...told, resplit });
      await writeFile(run.metrics, text);
      await writeFile(run.checksums, toJson({ ...JSON.parse(sums!), 'metrics.json': sha256(text) }));
      return (await failures(run.root)).join('\n');
    };
    expect(await forge({ ...told.resplit, held: 19 })).toContain('resplit.held is 19, expected 20');
    expect(await forge({ ...told.resplit, held: 21 })).toContain('resplit is 101, expected 100');
    expect(await forge({ ...told.resplit, fit: 81 })).toContain('rows is 80, expected 81');
    expect(await forge(undefined)).toContain('resplit is false, expected true');
  });
});

describe('a mixture', () => {
  it('says how many rows of an epoch are of each language', async () => {
    // p = 50^(1/2.2) / (50^(1/2.2) + 20^(1/2.2)) = 5.919 / 9.822; 42.2 of 70.
    const said = await saidBy('told mixture', mixture);
    expect(said).toContain('rows of an epoch at temperature 2.2: 42 of en (it has 50), 28 of tr (it has 20)');
    const { metrics } = await readResult(runDirectory(join(folder, 'told mixture')));
    expect(metrics).toMatchObject({ rows: 70, steps: 10 });
    expect(metrics).not.toHaveProperty('resplit');
  });

  it('trains otherwise than each row once, and of one language it does not', async () => {
    const plain = await request('plain', mixture.slice(0, -1));
    await runStage(plain);
    const weights = async (name: string) => (await resultsOf(join(folder, name)))['checkpoint/model.safetensors'];
    expect(await weights('plain')).not.toBe(await weights('a mixture'));
    const one = ['training.size=32', 'training.batchSize=16', 'training.epochs=1', 'evaluation.enabled=false'];
    for (const [name, settings] of [
      ['one', one],
      ['one mixed', [...one, 'training.temperature=3']],
    ] as const) {
      expect(await saidBy(name, settings)).not.toContain('rows of an epoch');
    }
    expect(await weights('one mixed')).toBe(await weights('one'));
  });
});
