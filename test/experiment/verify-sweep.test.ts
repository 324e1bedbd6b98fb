import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { PanxError } from '../../src/errors.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { runSweep } from '../../src/experiment/sweep.js';
import { findRuns, tableOf } from '../../src/experiment/sweep-on-disk.js';
import type { SweepTable } from '../../src/experiment/table.js';
import { verifySweep } from '../../src/experiment/verify-sweep.js';
import { reporter, sweepFiles, writeSweepReport } from '../../src/reporting/sweep.js';
import { runDirectory, sweepDirectory } from '../../src/run/directory.js';
import { storeDirectory } from '../../src/run/store-directory.js';
import { sha256 } from '../../src/system/checksums.js';
import { toJson } from '../../src/system/files.js';
import { readPackage } from '../../src/system/package.js';
import { fakeContents } from './contents.js';
import { writeFakeRun } from './fake-run.js';

let folder: string;
let made: string;
let out: string;

/** A sweep whose stages nobody trained, with its tables and figures. */
async function sweep(
  into: string,
  settings: string[] = [],
  failing: string[] = [],
  checkpoint = { 'model.safetensors': 'c'.repeat(64) },
): Promise<void> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20]', 'model=base', ...settings] });
  const contents = { ...fakeContents({ en: 100, tr: 60 }), checkpoint };
  const report = reporter(into, 'sweep');
  await runSweep(
    {
      ...{
        config,
        out: into,
        force: false,
        modelDir: 'base',
        dataDir: 'data',
      },
      ...{ store: storeDirectory(`${into}-store`), failFast: false, retryFailed: false },
      contents,
    },
    {
      runStage: async (request: StageRequest) => {
        if (failing.includes(basename(request.out))) throw new PanxError('The disk is full.');
        const { langs, size, sizes } = request.config.training;
        const rows = langs.map(lang => sizes[lang] ?? size ?? (lang === 'tr' ? 60 : 100));
        return await writeFakeRun(
          request,
          rows.reduce((sum, one) => sum + one, 0),
        );
      },
      onTable: report.write,
      onNotice: () => {},
    },
  );
  await report.finish();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-verify-sweep-'));
  made = join(folder, 'made');
  await sweep(made);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  out = await mkdtemp(join(folder, 'copy-'));
  await cp(made, out, { recursive: true });
});

const drawn = new Map<string, ReturnType<typeof sweepFiles>>();

/** Drawing takes a while: the same table is drawn once. */
function draw(table: SweepTable): ReturnType<typeof sweepFiles> {
  const key = JSON.stringify(table);
  if (!drawn.has(key)) drawn.set(key, sweepFiles(table));
  return drawn.get(key)!;
}

async function failures(): Promise<string[]> {
  const checks = await verifySweep(sweepDirectory(out), draw);
  expect(checks.map(({ subject }) => subject)).toEqual(['settings', 'stages', 'table']);
  return checks.flatMap(({ subject, holds, found }) => (holds ? [] : [`${subject}: ${found}`]));
}

async function rewrite(name: string, change: (text: string) => string): Promise<void> {
  const path = join(out, name);
  const text = await readFile(path, 'utf8');
  expect(change(text)).not.toBe(text);
  await writeFile(path, change(text));
}

const again = "table: drawn again from the stages' results: ";

describe('a finished sweep', () => {
  it('has the settings, the stages and the tables that its stages make', async () => {
    expect(await verifySweep(sweepDirectory(out), draw)).toEqual([
      { subject: 'settings', holds: true, found: "config.json is what the stages' identity.json say" },
      { subject: 'stages', holds: true, found: 'all 4 are done' },
      {
        subject: 'table',
        holds: true,
        found:
          'sweep.json, sweep-times.csv, sweep.csv, sweep-scores.csv, sweep.md, learning-curve.svg, learning-curve.png, training-curves.svg, training-curves.png come out the same when they are drawn ' +
          "again from the stages' results",
      },
    ]);
  });

  it.each<[name: string, change: (text: string) => string, found: string]>([
    [
      'sweep.json',
      text => toJson({ ...JSON.parse(text), rows: [] }),
      'sweep.json says that rows is [], expected [{"phase":"1"',
    ],
    [
      'sweep.json',
      text => toJson({ ...JSON.parse(text), rows: JSON.parse(text).rows.slice(1) }),
      'sweep.json says that rows is [',
    ],
    [
      'sweep.json',
      text => text.replace('"en": 0.5', '"en": 0.9'),
      'sweep.json says that rows[0].f1.en is 0.9, expected 0.5',
    ],
    [
      'sweep.json',
      text => text.replace('"steps": 12', '"steps": 13'),
      'sweep.json says that rows[1].steps is 13, expected 12',
    ],
    [
      'sweep.json',
      text => text.replace('seqeval default', 'exact match'),
      'sweep.json says that metric is "exact match mode',
    ],
    [
      'sweep.json',
      text => text.replace('cumulative', 'from-source'),
      'sweep.json says that protocol is "from-source", expected',
    ],
    ['sweep.json', text => text.replace('"base"', '"large"'), 'sweep.json says that model is "large", expected "base"'],
    [
      'sweep.json',
      text => text.replace('"done"', '"failed"'),
      'sweep.json says that rows[0].status is "failed", expected "done"',
    ],
    ['sweep.json', text => text.replace('{', '{"note": 1,'), 'sweep.json has note, which panx does not write'],
    ['sweep.json', text => text.replace('\n', ' \n'), 'sweep.json is not written as panx writes it'],
    ['sweep.json', () => 'null', 'sweep.json says that it is null, expected {'],
    ['sweep.json', () => '[', 'sweep.json is not the same: '],
    ['sweep.json', () => '['.repeat(200_000), 'nests arrays or objects more than 100 levels deep'],
    ['sweep.csv', text => text.replace('0.5', '0.6'), 'sweep.csv is not the same'],
    ['sweep.csv', text => text.replace(/.*\n$/, ''), 'sweep.csv is not the same'],
    [
      'sweep.csv',
      text => `${text}3.3,en → tr 30,30,30,1,1,3,done,en,tr,cumulative,x,base\n`,
      'sweep.csv is not the same',
    ],
    ['sweep.csv', () => '', 'sweep.csv is not the same'],
    ['sweep.md', text => text.replace('0.5000', '0.6000'), 'sweep.md is not the same'],
    ['sweep-times.csv', text => text.replace('000', '001'), 'sweep-times.csv is not the same'],
    ['learning-curve.svg', text => text.replace('0.500', '0.900'), 'learning-curve.svg is not the same'],
    ['learning-curve.png', text => text.slice(0, -1), 'learning-curve.png is not the same'],
  ])('with a forged %s fails: %#', async (name, change, found) => {
    await rewrite(name, change);
    const [first, ...more] = await failures();
    expect(first).toContain(again);
    expect(first).toContain(found);
    expect(more).toEqual([]);
  });

  it('without one of its tables and figures fails, and neither a folder nor a link is taken for one', async () => {
    for (const name of [
      'sweep.json',
      'sweep.csv',
      'sweep.md',
      'sweep-times.csv',
      'learning-curve.svg',
      'learning-curve.png',
    ]) {
      const path = join(out, name);
      await rename(path, join(folder, 'aside'));
      expect(await failures()).toEqual([`${again}${name} is missing`]);
      await symlink(join(folder, 'aside'), path);
      expect(await failures()).toEqual([`${again}${name} is not a file`]);
      await rm(path);
      await mkdir(path);
      expect(await failures()).toEqual([`${again}${name} is not a file`]);
      await rm(path, { recursive: true });
      await cp(join(made, name), path);
    }
    expect(await failures()).toEqual([]);
  });

  it('whose tables were all forged to agree with each other fails by the results of its stages', async () => {
    const table = await tableOf(sweepDirectory(out));
    const all = { precision: 0.9, recall: 0.9, f1: 0.9 };
    const better = { rows: 5, micro: all, macro: null, types: null };
    const forged = structuredClone(table);
    for (const row of forged.rows) {
      row.f1 = { en: 0.9, tr: 0.9 };
      for (const one of row.trainings) {
        one.scores = { en: better, tr: better };
        one.durationMs = 1;
        one.curve = [{ epoch: 1, trainLoss: 0.1, validation: {} }];
      }
    }
    await writeSweepReport(out, forged);
    const [found, ...more] = await failures();
    expect(more).toEqual([]);
    for (const name of await readdir(out)) {
      if (/^(sweep|learning)/.test(name)) expect(found).toContain(name);
    }
  });

  it.each<[change: (text: string) => string, found: RegExp]>([
    [
      text => text.replace('"epochs": 3', '"epochs": 2'),
      /^settings: .*config\.json is not what the stages were trained with: in phase-1-tr training\.epochs was 3 and is 2 now$/,
    ],
    [
      text => text.replace('cumulative', 'from-source'),
      /in phase-3\.2-tr-20 it started from phase-3\.1-tr-10 and starts from phase-2-en now$/,
    ],
    [
      text => text.replace('"base"', '"large"'),
      /^settings: .*config\.json: model is "large", and the stages were trained from "base"$/,
    ],
    [text => text.replace('20\n', '30\n'), /^stages: the sweep is not finished: phase-3\.2-tr-30 is not done$/],
    [
      text => text.replace('"target": "tr"', '"target": "de"'),
      /^stages: the sweep is not finished: phase-1-de, phase-3\.1-de-10, /,
    ],
    [
      text => text.replace('20\n', '20,\n 90\n'),
      /^settings: .*config\.json: The study asks for 90 rows of tr, but its train split has 60/,
    ],
    [text => text.replace('"seed"', '"sead"'), /^settings: .*config\.json has "sead", which is no setting$/],
    [() => '{}', /^settings: .*config\.json lacks the setting model$/],
    [() => 'null', /^settings: .*config\.json holds null, expected an object$/],
  ])('whose config.json was changed fails: %#', async (change, found) => {
    await rewrite('config.json', change);
    expect(
      (await failures()).filter(text => found.test(text)),
      (await failures()).join('\n'),
    ).toHaveLength(1);
  });

  it('may name its model otherwise where that has the same files, as a sweep that is typed again does', async () => {
    const [model, renamed] = [join(folder, 'model'), join(folder, 'renamed')];
    await mkdir(model);
    await writeFile(join(model, 'model.safetensors'), 'weights');
    out = renamed;
    const sums = { 'model.safetensors': sha256('weights') };
    await sweep(out, [], [], sums);
    await sweep(out, [`model=${model}`], [], sums);
    expect(await failures()).toEqual([]);
    await writeFile(join(model, 'model.safetensors'), 'other weights');
    expect(await failures()).toEqual([
      `settings: ${join(out, 'config.json')}: model is ${JSON.stringify(model)}, and the stages were trained from "base"`,
    ]);
  });

  it('whose sweep.json has other rows of the train splits than its stages fails', async () => {
    await rm(out, { recursive: true });
    await sweep(out, ['study.protocol=joint']);
    expect(await failures()).toEqual([]);
    await rewrite('sweep.json', text => text.replace('"en": 100', '"en": 200'));
    expect((await failures()).join()).toMatch(
      'phase-2.1-en-tr-10 was trained on 110 rows, and the study has it with 210',
    );
  });

  it('fails where a stage is gone or not finished', async () => {
    await rm(join(out, 'phase-3.1-tr-10', 'metrics.json'));
    await rm(join(out, 'phase-1-tr'), { recursive: true });
    const [stages, table] = await failures();
    expect(stages).toBe('stages: the sweep is not finished: phase-1-tr, phase-3.1-tr-10 are not done');
    expect(table).toContain('sweep.json says that rows[0].f1.en is 0.5, expected null');
  });

  it('that is not finished has the table of what is, and is said not to be finished', async () => {
    const half = join(folder, 'half');
    await sweep(half, [], ['phase-1-tr', 'phase-3.1-tr-10']);
    out = half;
    expect(await failures()).toEqual([
      'stages: the sweep is not finished: phase-1-tr, phase-3.1-tr-10, phase-3.2-tr-20 are not done',
    ]);
    await rewrite('sweep.json', text => text.replace('"failed"', '"done"'));
    expect((await failures())[1]).toContain('sweep.json says that rows[0].status is "done", expected ');
  });

  it('says that stages of another sweep were not looked at', async () => {
    await cp(join(out, 'phase-3.2-tr-20'), join(out, 'phase-3.3-tr-99'), { recursive: true });
    const checks = await verifySweep(sweepDirectory(out), draw);
    expect(checks[1]).toEqual({
      subject: 'stages',
      holds: true,
      found: 'all 4 are done; of another sweep, and not looked at: phase-3.3-tr-99',
    });
  });

  it('of another version of panx is said to be, where a table comes out otherwise', async () => {
    const { environment, root } = runDirectory(join(out, 'phase-2-en'));
    await writeFile(
      environment,
      (await readFile(environment, 'utf8')).replace(/"version": "0[^"]+"/, '"version": "0.0.9"'),
    );
    expect(await failures()).toEqual([]);
    await rewrite('sweep.md', text => `${text}\n`);
    expect(await failures()).toEqual([
      `${again}sweep.md is not the same (${root} was made by panx 0.0.9, and this is panx ${readPackage().version}, which may draw otherwise)`,
    ]);
  });
});

describe('findRuns', () => {
  const idsOf = async (path: string) => {
    const found = await findRuns(path);
    if (!('stages' in found)) return 'a run';
    return found.stages.map(({ root }) => basename(root));
  };

  it('finds a run, by any of its files, and the stages that a sweep asks for', async () => {
    expect(await idsOf(join(out, 'phase-1-tr'))).toBe('a run');
    await rm(join(out, 'phase-1-tr', 'identity.json'));
    expect(await idsOf(join(out, 'phase-1-tr'))).toBe('a run');
    await rm(join(out, 'phase-2-en'), { recursive: true });
    expect(await idsOf(out)).toEqual(['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20']);
  });

  it('finds the stages on disk where a sweep’s own settings are gone, in the order of their phases', async () => {
    await rm(join(out, 'config.json'));
    await cp(join(out, 'phase-3.1-tr-10'), join(out, 'phase-3.10-tr-99'), { recursive: true });
    const ids = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20', 'phase-3.10-tr-99'];
    expect(await idsOf(out)).toEqual(ids);
    expect((await failures())[0]).toContain('config.json is missing');
  });

  it('says what else a folder is', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    await expect(findRuns(empty)).rejects.toThrow(`${empty} holds no run: neither identity.json nor stages of a sweep`);
    await expect(findRuns(join(empty, 'none'))).rejects.toThrow('none cannot be read: no such file or folder.');
    await expect(findRuns('/etc/passwd')).rejects.toThrow(
      '/etc/passwd is not a folder; expected that of a run, a sweep, a study or a scoring.',
    );
    await expect(findRuns('/dev/null')).rejects.toThrow(
      '/dev/null is not a folder; expected that of a run, a sweep, a study or a scoring.',
    );
    await expect(findRuns('')).rejects.toThrow('"" cannot be read: no such file or folder.');
    await cp(join(out, 'phase-1-tr'), join(empty, 'train-en'), { recursive: true });
    await expect(findRuns(empty)).rejects.toMatchObject({
      hint: 'Give the folder of one run; in this one are train-en.',
    });
  });
});
