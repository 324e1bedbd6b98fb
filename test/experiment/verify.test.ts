// long because it tells of every file of a run what becomes of it, and all share one run that takes seconds to make.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Key } from '../../src/config/schema.js';
import { addedSince, identityOf, keyOf, oldKeyOf, type StageIdentity, trainId } from '../../src/experiment/identity.js';
import { repeatRun } from '../../src/experiment/repeat.js';
import { runStage } from '../../src/experiment/run.js';
import { verifyRun } from '../../src/experiment/verify.js';
import { samplePaths } from '../../src/hub/sample.js';
import { type RunDirectory, runDirectory } from '../../src/run/directory.js';
import { sha256 } from '../../src/system/checksums.js';
import { toJson, writeJson } from '../../src/system/files.js';
import { readPackage } from '../../src/system/package.js';
import { contentsOf } from './contents.js';

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
  const contents = await contentsOf(config, dataDir, model);
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

// biome-ignore lint/suspicious/noExplicitAny: it is changed into anything
type Forged = any;

async function failures(places = {}): Promise<string[]> {
  const checks = await verifyRun(run, places);
  return checks.flatMap(({ subject, holds, found }) => (holds ? [] : [`${subject}: ${found}`]));
}

/** Change a JSON file of the run; `reseal` makes checksums.json fit again, as a forger would. */
async function edit(name: string, change: (content: Forged) => unknown, reseal = false): Promise<void> {
  await rewrite(name, text => toJson(change(JSON.parse(text))), reseal);
}

async function rewrite(name: string, change: (text: string) => string, reseal = false): Promise<void> {
  const path = join(run.root, name);
  await writeFile(path, change(await readFile(path, 'utf8')));
  if (!reseal) return;
  const sums = JSON.parse(await readFile(run.checksums, 'utf8'));
  await writeJson(run.checksums, { ...sums, [name]: sha256(await readFile(path)) });
}

describe('a finished run', () => {
  it('is as it was', async () => {
    expect(await verifyRun(run, {})).toEqual([
      { subject: 'outputs', holds: true, found: '9 files as the run left them' },
      {
        subject: 'results',
        holds: true,
        found: 'metrics.json, events.jsonl and times.jsonl agree in 2 steps and the scores of en',
      },
      { subject: 'settings', holds: true, found: 'config.json and environment.json are what identity.json says' },
      {
        subject: 'checkpoint',
        holds: true,
        found: 'of the model that it started from, with 7 labels, O B-PER I-PER B-ORG I-ORG B-LOC I-LOC',
      },
      { subject: 'data', holds: true, found: `2 files in ${dataDir}` },
      { subject: 'start', holds: true, found: `3 files in ${model}` },
    ]);
  });

  it('may have a trace, a mark, and files beside it that are not panx’s', async () => {
    await writeFile(run.trace, '{}');
    await writeJson(join(run.root, 'panx.json'), { kind: 'run', format: 1 });
    await writeFile(join(run.root, 'notes.txt'), 'mine');
    await mkdir(join(run.root, 'plots\x1b[2J'));
    expect(await failures()).toEqual([]);
    expect((await verifyRun(run, {}))[0]!.found).toMatch(
      /^9 files as the run left them; not panx's, and not looked at: (notes\.txt, )?"plots\\u001b\[2J"(, notes\.txt)?$/,
    );
  });

  it('may not have another mark', async () => {
    await writeJson(join(run.root, 'panx.json'), { kind: 'sweep', format: 1 });
    expect(await failures()).toEqual([`outputs: ${run.root}/panx.json: kind is "sweep", expected "run"`]);
  });

  it.each([
    'checkpoint/model.safetensors',
    'checkpoint/tokenizer.json',
    'checkpoint/config.json',
    'events.jsonl',
    'metrics.json',
    'config.json',
    'identity.json',
  ])('has changed with one flipped bit of %s', async name => {
    const bytes = await readFile(join(run.root, name));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(run.root, name), bytes);
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${name} has changed`);
  });

  it('says of a pointer in the place of a file how to get the file', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n';
    await writeFile(join(run.root, 'events.jsonl'), pointer);
    const told = 'is a Git LFS pointer, and not the file of 5.0 kB that it stands for';
    expect((await failures()).slice(0, 2)).toEqual([
      `outputs: ${run.root}: events.jsonl ${told}`,
      `results: ${run.root}/events.jsonl ${told}: run git lfs pull in ${run.root}, or download the file`,
    ]);
  });

  it.each([
    'config.json',
    'identity.json',
    'environment.json',
    'events.jsonl',
    'times.jsonl',
    'metrics.json',
    'checksums.json',
  ])('misses %s, and takes neither a folder nor a link for it', async name => {
    const path = join(run.root, name);
    await rename(path, join(folder, 'aside'));
    const unfinished = name === 'metrics.json' ? ': the run is not finished' : '';
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${name} is missing${unfinished}`);
    await mkdir(path);
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${name} is a folder`);
    await rm(path, { recursive: true });
    await symlink(join(folder, 'aside'), path);
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${name} is a link`);
  });

  it.each([
    'events.jsonl',
    'metrics.json',
    'times.jsonl',
    'checksums.json',
    'checkpoint/model.safetensors',
    'checkpoint/config.json',
  ])('does not wait for a pipe in place of %s', async name => {
    await rm(join(run.root, name));
    execFileSync('mkfifo', [join(run.root, name)]);
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${name} is a pipe, a socket or a device`);
  });

  it.each<[what: string, break_: () => Promise<unknown>, found: string]>([
    [
      'a file too many',
      () => writeFile(join(run.checkpoint, 'vocab.json'), '{}'),
      'checkpoint/vocab.json is not of the run',
    ],
    ['a folder too many', () => mkdir(join(run.checkpoint, 'more')), 'checkpoint/more is a folder'],
    ['a link too many', () => symlink('/etc/passwd', join(run.checkpoint, 'x')), 'checkpoint/x is a link'],
    ['a file missing', () => rm(join(run.checkpoint, 'config.json')), 'checkpoint/config.json is missing'],
  ])('may not have %s in its checkpoint', async (_, change, found) => {
    await change();
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${found}`);
  });

  it('may not have a file, a link or nothing as its checkpoint', async () => {
    await rename(run.checkpoint, join(run.root, 'moved'));
    expect((await failures())[0]).toBe(`outputs: ${run.root}: checkpoint is missing`);
    await symlink('moved', run.checkpoint);
    expect((await failures())[0]).toBe(`outputs: ${run.root}: checkpoint is a link, not a folder`);
    await rm(run.checkpoint);
    await writeFile(run.checkpoint, '');
    expect((await failures())[0]).toBe(`outputs: ${run.root}: checkpoint is a file, not a folder`);
  });

  it.each<[what: string, change: (sums: Forged) => unknown, found: string]>([
    [
      'nothing',
      () => ({}),
      'checksums.json lacks config.json and lacks identity.json and lacks events.jsonl and lacks metrics.json',
    ],
    ['no metrics.json', ({ 'metrics.json': _, ...sums }) => sums, 'checksums.json lacks metrics.json'],
    [
      'no checkpoint/config.json',
      ({ 'checkpoint/config.json': _, ...sums }) => sums,
      'checksums.json lacks checkpoint/config.json',
    ],
    [
      'a file that is not there',
      sums => ({ ...sums, 'notes.txt': 'a'.repeat(64) }),
      'checksums.json names "notes.txt", which no run makes',
    ],
    [
      'a file of the checkpoint that no run makes',
      sums => ({ ...sums, 'checkpoint/evil.py': 'a'.repeat(64) }),
      'checksums.json names "checkpoint/evil.py", which no run makes',
    ],
    [
      'a file of the checkpoint that is not there',
      sums => ({ ...sums, 'checkpoint/vocab.json': 'a'.repeat(64) }),
      'checkpoint/vocab.json is missing',
    ],
  ])('whose checksums.json names %s fails', async (_, change, found) => {
    await edit('checksums.json', change);
    expect((await failures())[0]).toBe(`outputs: ${run.root}: ${found}`);
  });

  it.each<[change: (sums: Forged) => unknown, found: string]>([
    [
      sums => ({ ...sums, '../x': 'a'.repeat(64) }),
      ': ["../x"] is there, expected the path of a file inside the folder as a key',
    ],
    [sums => ({ ...sums, '/etc/passwd': 'a'.repeat(64) }), ': ["/etc/passwd"] is there, expected the path'],
    [
      sums => ({ ...sums, 'checkpoint/../../x': 'a'.repeat(64) }),
      ': ["checkpoint/../../x"] is there, expected the path',
    ],
    [sums => ({ ...sums, 'checkpoint\\x': 'a'.repeat(64) }), ': ["checkpoint\\\\x"] is there, expected the path'],
    [
      sums => ({ ...sums, 'metrics.json': 'abc' }),
      ': ["metrics.json"] is "abc", expected a SHA-256 of 64 hexadecimal digits',
    ],
    [sums => ({ ...sums, 'metrics.json': null }), ': ["metrics.json"] is null, expected a SHA-256'],
    [() => null, ' holds null, expected an object'],
    [() => 5, ' holds 5, expected an object'],
    [() => [], ' holds [], expected an object'],
  ])('whose checksums.json is none fails: %#', async (change, found) => {
    await edit('checksums.json', change);
    expect((await failures())[0]).toContain(`outputs: ${run.checksums}${found}`);
  });

  it.each<[name: string, change: (content: Forged) => unknown, found: string]>([
    [
      'metrics.json',
      m => ({ ...m, rows: 41 }),
      'metrics.json: rows is 41, expected 40, as config.json and events.jsonl make it',
    ],
    ['metrics.json', m => ({ ...m, steps: 3 }), 'metrics.json: steps is 3, expected 2, as'],
    ['metrics.json', m => ({ ...m, trainLoss: m.trainLoss / 2 }), 'metrics.json: trainLoss is '],
    [
      'metrics.json',
      m => ({ ...m, metric: 'exact match' }),
      'metrics.json: metric is "exact match", expected "seqeval',
    ],
    ['metrics.json', m => ({ ...m, test: {} }), 'metrics.json: test is [], expected ["en"], as'],
    [
      'metrics.json',
      m => ({ ...m, test: { ...m.test, tr: m.test.en } }),
      'metrics.json: test is ["en","tr"], expected ["en"]',
    ],
    [
      'metrics.json',
      m => ({ ...m, test: { en: { ...m.test.en, f1: 0.99 } } }),
      'metrics.json: test.en.f1 is 0.99, expected 0.',
    ],
    [
      'metrics.json',
      m => ({ ...m, test: { en: { ...m.test.en, f1: 99 } } }),
      'metrics.json: test.en.f1 is 99, expected a number from 0 to 1',
    ],
    [
      'metrics.json',
      m => ({ ...m, test: { en: { ...m.test.en, rows: 1e6 } } }),
      'metrics.json: test.en.rows is 1000000, expected 10',
    ],
    ['metrics.json', () => null, 'metrics.json holds null, expected an object'],
    ['config.json', c => ({ ...c, seed: 7 }), 'settings: seed was 42 and is 7 now'],
    ['config.json', c => ({ ...c, extends: '/etc/passwd' }), 'config.json has "extends", which is no setting'],
    ['config.json', ({ seed: _, ...c }) => c, 'config.json lacks the setting seed'],
    ['config.json', c => ({ ...c, training: null }), 'config.json has "training", which is no setting'],
    ['config.json', c => ({ ...c, seed: 'x' }), 'seed is "x", from '],
    ['config.json', c => ({ ...c, 'training.epochs': 3 }), 'which is no setting'],
    ['config.json', () => [], 'config.json holds [], expected an object'],
    ['identity.json', i => ({ ...i, settings: { ...i.settings, seed: 7 } }), 'identity.json: key is '],
    ['identity.json', i => ({ ...i, key: 'a'.repeat(64) }), 'identity.json: key is aaaa'],
    ['identity.json', i => ({ ...i, start: null }), 'identity.json: start is null, expected an object'],
    [
      'identity.json',
      i => ({ ...i, start: { stage: '../..', key: i.key } }),
      'identity.json: start.stage is "../..", expected the name of a stage',
    ],
    [
      'identity.json',
      i => ({ ...i, data: { '../../etc/passwd': 'a'.repeat(64) } }),
      'identity.json: data["../../etc/passwd"] is there',
    ],
    ['identity.json', () => ({}), 'identity.json: id is missing, expected the name of a stage'],
  ])('whose %s was forged, checksums and all, fails: %#', async (name, change, found) => {
    await edit(name, change, true);
    const all = await failures();
    expect(all.join('\n')).toContain(found);
    expect(all[0]).not.toMatch(/^outputs/);
  });

  it('whose identity was forged whole, with the key that fits, fails by its config.json', async () => {
    await edit('identity.json', i => ({ ...i, ...keyed({ ...i, settings: { ...i.settings, seed: 7 } }) }), true);
    expect(await failures()).toEqual(['settings: seed was 7 and is 42 now']);
    await edit(
      'identity.json',
      i => ({ ...i, ...keyed({ ...i, settings: { ...i.settings, seed: 42 }, data: {} }) }),
      true,
    );
    expect(await failures()).toEqual([
      'settings: identity.json names no file of en train; identity.json names no file of en test; ' +
        'environment.json names other data files than identity.json',
      `data: ${dataDir}: PAN-X.en/train-00000-of-00001.parquet was not there`,
    ]);
  });

  it.each<[change: (e: Forged) => unknown, found: string]>([
    [
      e => ({ ...e, data: { ...e.data, files: {} } }),
      'settings: environment.json names other data files than identity.json',
    ],
    [
      e => ({ ...e, startFrom: { ...e.startFrom, files: {} } }),
      'settings: environment.json names other files of the starting model than identity.json',
    ],
    [
      e => ({ ...e, protocol: { ...e.protocol, stage: 'phase-1' } }),
      'environment.json: protocol.stage is "phase-1", expected "train"',
    ],
    [
      e => ({ ...e, protocol: { ...e.protocol, metric: 'accuracy' } }),
      'protocol.metric is "accuracy", expected "seqeval',
    ],
    [e => ({ ...e, sessions: [] }), 'environment.json: sessions[0].fromStep is null, expected 0'],
    [
      e => ({ ...e, sessions: [{ ...e.sessions[0], fromStep: 2 }] }),
      'environment.json: sessions[0].fromStep is 2, expected 0',
    ],
    [e => ({ ...e, startFrom: { ...e.startFrom, folder: '/nowhere' } }), 'start: /nowhere has none of the 3 files'],
    [
      e => ({ ...e, engine: { ...e.engine, threads: 'many' } }),
      'environment.json: engine.threads is "many", expected a whole number of at least 1, or null',
    ],
    [e => ({ ...e, extra: 1 }), 'environment.json: extra is there, expected no key but panx, node, '],
    [() => null, 'environment.json holds null, expected an object'],
  ])('whose environment.json was forged fails: %#', async (change, found) => {
    await edit('environment.json', change);
    expect((await failures()).join('\n')).toContain(found);
  });

  it('whose log was forged, checksums and all, fails', async () => {
    await rewrite('events.jsonl', text => text.replace(/"loss":[\d.]+/, '"loss":0.001'), true);
    expect((await failures()).join()).toMatch(
      /^results: .*metrics\.json: trainLoss is [\d.]+, expected [\d.]+, as config\.json and events\.jsonl/,
    );
    await rewrite('events.jsonl', text => text.replace(/.*\n/, ''), true);
    expect(await failures()).toEqual([`results: ${run.events}, line 1 is step 2, expected step 1`]);
    await rewrite('events.jsonl', () => '', true);
    expect(await failures()).toEqual([`results: ${run.events} ends after line 0; expected step 1 next`]);
  });

  it('whose times do not go with its events fails', async () => {
    await rewrite('times.jsonl', text => text.replace('"step":2', '"step":3'));
    expect(await failures()).toEqual([`results: ${run.times}, line 2 has step 3, expected 2`]);
    await rewrite('times.jsonl', text => text.slice(0, -3));
    expect((await failures())[0]).toContain(`results: ${run.times}, line 2 `);
  });

  it('whose checkpoint is of another shape, or not of its starting model, fails, although the checksums fit', async () => {
    await edit('checkpoint/config.json', c => ({ ...c, id2label: { 0: 'O' }, label2id: { O: 0 } }), true);
    expect(await failures()).toEqual([
      `checkpoint: ${run.checkpoint}: classifier.weight is [7, 128], expected [1, 128], as its config.json says`,
    ]);
  });

  it('whose checkpoint says that it was made otherwise fails, although the checksums fit', async () => {
    await edit('checkpoint/config.json', c => ({ ...c, hidden_dropout_prob: 0.5 }), true);
    expect(await failures()).toEqual([
      `checkpoint: ${run.checkpoint}/config.json is not what a run makes of ${model}/config.json`,
    ]);
    await rewrite('checkpoint/tokenizer.json', text => `${text} `, true);
    expect((await failures())[0]).toContain('checkpoint/tokenizer.json is not that of the model that it started from');
  });

  it('of which a file is too large is refused before it is read', async () => {
    await truncate(run.identity, 5_000_000);
    await truncate(run.environment, 5_000_000);
    const all = (await failures()).join('\n');
    expect(all).toContain(`${run.identity} cannot be read: it is larger than 4,000,000 bytes`);
  });

  it('finds what was moved, and misses what is gone', async () => {
    expect(await failures({ data: '/nowhere', model: samplePaths().modelDir })).toEqual([
      'data: /nowhere has none of the 2 files',
    ]);
  });

  it('fails with a data file too many', async () => {
    const data = await mkdtemp(join(folder, 'data-'));
    await cp(dataDir, data, { recursive: true });
    await rename(join(data, 'PAN-X.en/test-00000-of-00001.parquet'), join(data, 'PAN-X.en/test-a.parquet'));
    expect(await failures({ data })).toEqual([`data: ${data}: PAN-X.en/test-00000-of-00001.parquet is missing`]);
    await cp(join(dataDir, 'PAN-X.en/test-00000-of-00001.parquet'), join(data, 'PAN-X.en/test-00000-of-00001.parquet'));
    await cp(
      join(data, 'PAN-X.en/train-00000-of-00001.parquet'),
      join(data, 'PAN-X.en/train-00000-of-00001-0a.parquet'),
    );
    expect((await failures({ data })).join()).toMatch(/^data: .*(not one set|a number twice)/);
  });

  it('of another version of panx is said to be', async () => {
    const { version } = readPackage();
    await edit('environment.json', e => ({ ...e, panx: { ...e.panx, version: '0.0.9' } }));
    expect(await failures()).toEqual([]);
    await edit(
      'identity.json',
      i => ({ ...i, ...keyed({ ...i, settings: { ...i.settings, 'training.mood': 1 } }) }),
      true,
    );
    await edit('config.json', c => ({ ...c, training: { ...c.training, mood: 1 } }), true);
    const other = `${run.root} was made by panx 0.0.9, and this is panx ${version}`;
    expect((await failures())[1]).toBe(`settings: ${other}: ${run.config} has "training.mood", which is no setting`);
    await edit('config.json', ({ training: { mood: _, ...training }, ...c }) => ({ ...c, training }), true);
    expect(await failures()).toEqual([`settings: training.mood was 1, and there is no such setting now (${other})`]);
    await edit(
      'identity.json',
      ({ settings: { 'training.mood': _, seed: __, ...settings }, ...i }) => ({ ...i, ...keyed({ ...i, settings }) }),
      true,
    );
    expect(await failures()).toEqual([`settings: seed is 42 now, and there was no such setting then (${other})`]);
  });

  it('of panx 0.2 is verified, which knew other settings and another key; it is not repeated', async () => {
    await edit('environment.json', e => ({ ...e, panx: { ...e.panx, version: '0.2.0' } }));
    const known = (section: string, values: object) =>
      Object.fromEntries(Object.entries(values).filter(([name]) => !addedSince.includes(`${section}${name}` as Key)));
    await edit(
      'config.json',
      ({ study: { source, target, sizes, protocol }, evaluation, training, ...config }) => ({
        ...config,
        training: known('training.', training),
        evaluation: known('evaluation.', evaluation),
        sweep: { source, target, sizes, protocol },
      }),
      true,
    );
    await edit(
      'identity.json',
      ({ id, settings, data, start }) => {
        const old = { id, key: '', settings: known('', settings), data, start };
        return { ...old, key: oldKeyOf(old) };
      },
      true,
    );
    expect(await failures()).toEqual([]);
    await expect(repeatRun(run, {}, runDirectory(join(run.root, 'again')), runStage)).rejects.toThrow(
      `${run.root} was made by panx 0.2.0, and this is panx ${readPackage().version}.`,
    );
    await edit('config.json', ({ seed: _, ...config }) => ({ ...config, seed: 1 }), true);
    expect((await failures())[0]).toMatch('settings: seed was 42 and is 1 now');
  });

  it('is not finished without its metrics', async () => {
    await rm(run.metrics);
    const sentence = `outputs: ${run.root}: metrics.json is missing: the run is not finished`;
    expect((await failures())[0]).toBe(sentence);
    await mkdir(join(run.state, 'step-1'), { recursive: true });
    expect((await failures())[0]).toBe(sentence);
  });

  it('comes out the same again', async () => {
    const again = runDirectory(join(run.root, 'again'));
    expect(await repeatRun(run, {}, again, runStage)).toEqual({
      subject: 'rerun',
      holds: true,
      found: '9 files the same, byte for byte',
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

/** What an identity is with the key that its content has. */
function keyed(identity: StageIdentity): StageIdentity {
  return { ...identity, key: keyOf(identity) };
}
