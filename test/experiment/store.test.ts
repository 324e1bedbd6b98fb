import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { identityOf, type StageIdentity } from '../../src/experiment/identity.js';
import { lookUp, openStore, register, storePath } from '../../src/experiment/store.js';
import { replaceByAgain } from '../../src/experiment/store-moves.js';
import { dropWeights, setRefusedAside } from '../../src/experiment/train-stored.js';
import { withWeightsLock } from '../../src/experiment/weights-lock.js';
import { type RunDirectory, runDirectory } from '../../src/run/directory.js';
import { takeLock } from '../../src/run/lock.js';
import type { StoreDirectory } from '../../src/run/store-directory.js';
import { fakeContents } from './contents.js';
import { writeFakeRun } from './fake-run.js';

let folder: string;
let store: StoreDirectory;
let config: Config;
let identity: StageIdentity;
let notices: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-store-'));
  store = await openStore(join(folder, 'store'));
  ({ config, identity } = await asked());
  notices = [];
});
afterEach(() => rm(folder, { recursive: true }));

async function asked(...settings: string[]) {
  const assignments = ['training.size=10', 'training.epochs=1', 'evaluation.atEnd=false', ...settings];
  const { config } = await loadConfig({ assignments });
  return { config, identity: identityOf('train', config, fakeContents({ en: 100 })) };
}

async function train(run: RunDirectory, as = { config, identity }): Promise<void> {
  const start = { startFrom: 'base', startFiles: {}, dataDir: 'data' };
  await writeFakeRun({ ...start, ...as, out: run.root, resume: false, label: 'test' }, 10);
}

const look = (wanted = identity) => lookUp(store, wanted, text => void notices.push(text));

describe('a store', () => {
  it('is where it was asked for, else in PANX_STORE, else in results/store', () => {
    const before = process.env.PANX_STORE;
    try {
      process.env.PANX_STORE = '/somewhere';
      expect(storePath('here')).toBe('here');
      expect(storePath(undefined)).toBe('/somewhere');
      process.env.PANX_STORE = '';
      expect(storePath(undefined)).toBe('results/store');
    } finally {
      process.env.PANX_STORE = before;
    }
  });

  it('is not made where something else is', async () => {
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine', 'notes.txt'), 'mine');
    await expect(openStore(join(folder, 'mine'))).rejects.toThrow('holds what panx did not make (notes.txt)');
  });

  it.skipIf(process.platform !== 'linux')('says where it cannot be made, which costs no run its end', async () => {
    const place = '/proc/panx-store'; // No folder can be made there, not even by root.
    const message = `The store ${place} cannot be made: no such file or folder.`;
    await expect(openStore(place)).rejects.toMatchObject({
      name: 'PanxError',
      message,
      hint: 'Choose a folder that you can write to with --store, or in PANX_STORE.',
    });
    expect(await register(place, identity.key, runDirectory(join(folder, 'run')))).toBe(message);
  });
});

describe('a stage of the store', () => {
  it('is found by its key, with its weights, and not before it is done', async () => {
    expect(await look()).toEqual({ stage: null, recorded: null, busy: null });
    await train(store.stage(identity.key));
    const { stage, recorded } = await look();
    expect(stage).toMatchObject({ hasWeights: true, isOwn: true, identity: { key: identity.key } });
    expect(Object.keys(recorded!)).toContain('model.safetensors');
    expect((await look((await asked('seed=1')).identity)).stage).toBeNull();
    rmSync(store.stage(identity.key).metrics);
    expect((await look()).stage).toBeNull();
    expect(notices).toEqual([]);
  });

  it('is found for other scores at the end, without its weights, and with what these must be', async () => {
    await train(store.stage(identity.key));
    const { recorded } = await look();
    rmSync(store.stage(identity.key).checkpoint, { recursive: true });
    const found = await look((await asked('evaluation.batchSize=32', 'evaluation.langs=[en]')).identity);
    expect(found.stage).toMatchObject({ hasWeights: false });
    expect(found.recorded).toEqual(recorded);
  });

  it('is not found where scores after each epoch are wanted that it lacks, but what its weights must be is', async () => {
    const without = await asked('evaluation.eachEpoch=false');
    expect(without.identity.key).toBe(identity.key);
    await train(store.stage(identity.key), without);
    const found = await look();
    expect(found.stage).toBeNull();
    expect(found.recorded).not.toBeNull();
    // One that has more than is wanted will do.
    rmSync(store.stage(identity.key).root, { recursive: true });
    await train(store.stage(identity.key));
    expect((await look(without.identity)).stage).not.toBeNull();
  });

  it.each([
    ...['config.json', 'identity.json', 'environment.json', 'events.jsonl', 'times.jsonl', 'metrics.json'],
    ...['checksums.json', 'checkpoint/model.safetensors', 'checkpoint/config.json', 'checkpoint/more.txt'],
  ])('is not taken once somebody has changed its %s: it is set aside, whole', async name => {
    const { root } = store.stage(identity.key);
    await train(store.stage(identity.key));
    await appendFile(join(root, name), 'x');
    const names = readdirSync(root);
    expect((await look()).stage).toBeNull();
    expect(existsSync(root)).toBe(false);
    const aside = store.setAside(identity.key, 1);
    expect(readdirSync(aside)).toEqual(names);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(`${root} is not as its run left it, and is not taken: `);
    expect(notices[0]).toMatch(`it is set aside as ${aside}`);
    // The next one finds room.
    await train(store.stage(identity.key));
    await appendFile(join(root, 'metrics.json'), 'x');
    await look();
    expect(existsSync(store.setAside(identity.key, 2))).toBe(true);
  });

  it('is not taken where its folder bears the key of another', async () => {
    const other = await asked('seed=1');
    await train(store.stage(identity.key), other);
    expect((await look()).stage).toBeNull();
    expect(notices[0]).toMatch('it holds another stage than its name says');
  });

  it('is whole where its weights were let go while it was looked at', async () => {
    const run = store.stage(identity.key);
    await train(run);
    rmSync(join(run.checkpoint, 'model.safetensors')); // As whoever looks finds it halfway.
    let looking: ReturnType<typeof look> | undefined;
    await withWeightsLock(store, async () => {
      looking = look();
      await sleep(200);
      rmSync(run.checkpoint, { recursive: true });
    });
    expect((await looking)!.stage).toMatchObject({ hasWeights: false });
    expect(notices).toEqual([]);
  });

  it('is set aside once where two processes find it changed, and not what was made anew meanwhile', async () => {
    const run = store.stage(identity.key);
    await train(run);
    await appendFile(run.metrics, 'x');
    await Promise.all([look(), look()]);
    expect(notices).toHaveLength(1);
    expect(readdirSync(join(store.root, 'set-aside'))).toHaveLength(1);
  });

  it('is not taken through a link, which is set aside, and what it leads to left alone', async () => {
    const run = store.stage(identity.key);
    const mine = join(folder, 'mine');
    for (const [number, target] of [mine, join(folder, 'nowhere')].entries()) {
      if (target === mine) await train(runDirectory(mine));
      symlinkSync(target, run.root);
      await dropWeights(run);
      expect((await look()).stage).toBeNull();
      expect(readlinkSync(store.setAside(identity.key, number + 1))).toBe(target);
    }
    expect(notices[0]).toMatch('it is a link, not a folder; it is set aside as ');
    expect(existsSync(runDirectory(mine).checkpoint)).toBe(true);
  });

  it('is told to be in work where another process holds its lock, or that of its second training', async () => {
    for (const run of [store.stage(identity.key), store.again(identity.key)]) {
      const release = await takeLock(run.lock);
      expect((await look()).busy).toMatch(/^process \d+ on /);
      await release();
      expect((await look()).busy).toBeNull();
    }
  });
});

describe('a run that was registered', () => {
  const elsewhere = () => runDirectory(join(folder, 'results', 'run'));

  it('is found where it lies, also when both were moved together, and left alone', async () => {
    await train(elsewhere());
    expect(await register(store.root, identity.key, elsewhere())).toBeNull();
    expect((await look()).stage).toMatchObject({ isOwn: false, run: { root: elsewhere().root } });
    const moved = join(folder, 'moved');
    mkdirSync(moved);
    for (const name of ['store', 'results']) renameSync(join(folder, name), join(moved, name));
    store = await openStore(join(moved, 'store'));
    expect((await look()).stage?.run.root).toBe(join(moved, 'results', 'run'));
  });

  it('that is gone, holds another run, has lost its weights or was changed, is no stage', async () => {
    await train(elsewhere());
    await register(store.root, identity.key, elsewhere());
    cpSync(elsewhere().root, join(folder, 'copy'), { recursive: true });
    const restore = () => {
      rmSync(elsewhere().root, { recursive: true, force: true });
      cpSync(join(folder, 'copy'), elsewhere().root, { recursive: true });
    };
    rmSync(elsewhere().checkpoint, { recursive: true });
    expect((await look()).stage).toBeNull();
    rmSync(elsewhere().root, { recursive: true });
    expect((await look()).stage).toBeNull();
    await train(elsewhere(), await asked('seed=1'));
    expect((await look()).stage).toBeNull();
    expect(notices).toEqual([]);
    restore();
    expect((await look()).stage).not.toBeNull();
    await appendFile(join(elsewhere().checkpoint, 'model.safetensors'), 'x');
    expect((await look()).stage).toBeNull();
    expect(notices).toEqual([
      `train in ${elsewhere().root} is not as its run left it, and is not taken: checkpoint/model.safetensors has changed`,
    ]);
    expect(existsSync(elsewhere().root)).toBe(true);
  });

  it('stays registered when another run of that key is begun', async () => {
    await train(elsewhere());
    await register(store.root, identity.key, elsewhere());
    const begun = runDirectory(join(folder, 'begun'));
    await register(store.root, identity.key, begun);
    expect((await look()).stage?.run.root).toBe(elsewhere().root);
    await train(begun);
    await register(store.root, identity.key, begun);
    expect((await look()).stage?.run.root).toBe(begun.root);
  });

  it('cannot be where the store is something else, which is said', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await register(join(folder, 'file'), identity.key, elsewhere())).toMatch('cannot be written');
  });
});

it('a stage that was trained once more takes the place of the one before once, where two processes put it there', async () => {
  const { key } = identity;
  await train(store.stage(key), await asked('evaluation.eachEpoch=false'));
  await train(store.again(key));
  writeFileSync(join(store.stage(key).root, 'notes.txt'), 'mine');
  await Promise.all([replaceByAgain(store, key), replaceByAgain(store, key)]);
  expect((await look()).stage).toMatchObject({ hasWeights: true });
  expect(readdirSync(store.root).filter(name => name.startsWith(key))).toEqual([key]);
  expect(readdirSync(store.setAside(key, 1))).toEqual(['notes.txt']);
});

it('a stage that was trained once more with other weights is set aside when its study is typed again, and no other', async () => {
  const { key } = identity;
  const set = () => setRefusedAside(store, [key], text => void notices.push(text));
  await train(store.stage(key));
  await train(store.again(key));
  await set();
  expect(notices).toEqual([]);
  const { checksums } = store.again(key);
  writeFileSync(checksums, readFileSync(checksums, 'utf8').replace(/(model.safetensors": ")..../, '$1dead'));
  await set();
  expect(notices).toEqual([
    `${store.again(key).root} has other weights than the first time; it is set aside as ${store.setAside(key, 1)}`,
  ]);
  expect(existsSync(store.again(key).root)).toBe(false);
  expect((await look()).stage).not.toBeNull();
});

it('a stage that was trained once more takes the place of the one before, also after a kill in between', async () => {
  const { key } = identity;
  await train(store.stage(key), await asked('evaluation.eachEpoch=false'));
  await train(store.again(key));
  await replaceByAgain(store, key);
  expect((await look()).stage).not.toBeNull();
  expect(existsSync(store.again(key).root)).toBe(false);
  // Killed when the old one was away and the new one not yet there.
  mkdirSync(join(store.root, 'again'), { recursive: true });
  renameSync(store.stage(key).root, store.again(key).root);
  expect((await look()).stage).not.toBeNull();
  expect(readdirSync(store.root).filter(name => name.startsWith(key))).toEqual([key]);
});
