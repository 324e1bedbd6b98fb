import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchData } from '../../src/data/fetch.js';
import { fetchModel } from '../../src/hub/resolve.js';
import { hashesOf, isWhole } from '../../src/hub/verified.js';
import { bytesOf, dataRepo, modelRepo, useHub } from './fixtures.js';
import { gitOidOf, sha256Of } from './server.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;
const data = { type: 'dataset', name: 'org/data', revision: 'main' } as const;
const commit = 'a'.repeat(40);
const { files } = modelRepo();
const weights = files['model.safetensors']!;

describe('a damaged file in the cache', () => {
  const test = useHub();
  const repo = () => join(test.home, 'hub/models--org--model');
  const blob = () => join(repo(), 'blobs', sha256Of(weights));
  const pointer = () => join(repo(), 'snapshots', commit, 'model.safetensors');
  const bring = (options = {}) => fetchModel(model, { settings: test.settings, ...options });
  const offline = () => bring({ settings: { ...test.settings, offline: true } });

  beforeEach(() => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true); // What is said of folders put aside.
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const damages: [string, () => void][] = [
    ['cut short', () => truncateSync(blob(), 100)],
    ['empty', () => truncateSync(blob(), 0)],
    ['longer', () => writeFileSync(blob(), Buffer.concat([weights, Buffer.from('x')]))],
    ['of a flipped bit', () => writeFileSync(blob(), flipped(weights))],
    ['of a flipped bit and its old times', () => keepingTimes(blob(), () => writeFileSync(blob(), flipped(weights)))],
    ['gone, and its link there', () => rmSync(blob())],
    ['a folder', () => replaced(blob(), () => mkdirSync(blob()))],
    ['a folder with something in it', () => replaced(blob(), () => mkdirSync(join(blob(), 'a'), { recursive: true }))],
    ['a link to nothing', () => replaced(blob(), () => symlinkSync('nothing', blob()))],
    ['a link to itself', () => replaced(blob(), () => symlinkSync(sha256Of(weights), blob()))],
    ['a folder where its name is', () => replaced(pointer(), () => mkdirSync(pointer()))],
    [
      'a link to itself where its name is',
      () => replaced(pointer(), () => symlinkSync('model.safetensors', pointer())),
    ],
  ];

  it.each(damages)('that is %s is brought again, alone, and from the same commit', async (name, damage) => {
    await bring();
    damage();
    test.hub.requests.length = 0;
    const { files: brought, folder } = await bring();
    const fetched = brought.filter(file => file.fetched).map(file => file.path);
    expect(fetched).toEqual(name.endsWith('where its name is') ? [] : ['model.safetensors']);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    expect(test.hub.requests.filter(line => line.includes('/revision/')).every(line => line.includes(commit))).toBe(
      true,
    );
    expect(readlinkSync(pointer())).toBe(`../../blobs/${sha256Of(weights)}`);
    test.hub.requests.length = 0;
    await offline();
    expect(test.hub.requests).toEqual([]);
  });

  it.each(damages)('that is %s is named where the hub may not be asked, and is left as it is', async (_, damage) => {
    await bring();
    damage();
    const before = readdirSync(repo(), { recursive: true }).sort();
    await expect(offline()).rejects.toMatchObject({
      name: 'PanxError',
      message: expect.stringMatching(
        /^org\/model: model\.safetensors is damaged in the cache \(.*model\.safetensors (leads to no file|has not the SHA-256 of its blob's name, [0-9a-f]{64})\), and HF_HUB_OFFLINE forbids asking the hub\.$/,
      ),
      hint: expect.stringMatching(/^Type the command again where the hub can be asked: it brings the file anew\./),
    });
    expect(readdirSync(repo(), { recursive: true }).sort()).toEqual(before);
  });

  it.each(['config.json', 'tokenizer.json', 'tokenizer_config.json'])('is found in %s, an ordinary one', async name => {
    const { folder } = await bring();
    const at = join(folder, name);
    writeFileSync(at, readFileSync(at, 'utf8').replace('{', '['));
    await expect(offline()).rejects.toThrow(
      `org/model: ${name} is damaged in the cache (${at} has not the git SHA-1 of its blob's name, ${gitOidOf(files[name]!)})`,
    );
    expect((await bring()).files.filter(file => file.fetched).map(file => file.path)).toEqual([name]);
    expect(readFileSync(at).equals(files[name]!)).toBe(true);
  });

  it('is found in the index of shards before it is read', async () => {
    const { 'model.safetensors': _, ...others } = files;
    const index = Buffer.from('{"weight_map": {"a": "model-1.safetensors"}}');
    test.hub.repos[0] = modelRepo({
      files: { ...others, 'model.safetensors.index.json': index, 'model-1.safetensors': bytesOf(99) },
    });
    const { folder } = await bring();
    for (const text of ['null', '{', '{"weight_map": 5}', '']) {
      writeFileSync(join(folder, 'model.safetensors.index.json'), text);
      const { files: brought } = await bring();
      expect(brought.filter(file => file.fetched).map(file => file.path)).toEqual(['model.safetensors.index.json']);
    }
  });

  it('is found in data, and only the wanted ones are looked at', async () => {
    const settings = test.settings;
    const { folder } = await fetchData(data, ['en', 'tr'], ['train', 'test'], { settings });
    writeFileSync(join(folder, 'PAN-X.tr/train-00000-of-00001.parquet'), 'damaged');
    test.hub.requests.length = 0;
    await fetchData(data, ['en', 'tr'], ['test'], { settings });
    expect(test.hub.requests).toEqual([]);
    const { files: brought } = await fetchData(data, ['tr'], ['train'], { settings });
    expect(brought).toEqual([{ path: 'PAN-X.tr/train-00000-of-00001.parquet', bytes: 1000, fetched: true }]);
  });

  it('is told of where the hub cannot be reached', async () => {
    await bring();
    truncateSync(blob(), 3);
    await test.hub.close();
    await expect(bring()).rejects.toThrow(
      /^org\/model: model\.safetensors is damaged in the cache \(.*\), and .* cannot be reached: connection refused\.$/,
    );
    expect(statSync(blob()).size).toBe(3);
  });

  it('is brought from the newest commit where the hub has no longer that of the file', async () => {
    await bring();
    truncateSync(blob(), 3);
    test.hub.repos[0] = modelRepo({ commit: 'c'.repeat(40) });
    expect(await bring()).toMatchObject({ commit: 'c'.repeat(40) });
    expect((await offline()).commit).toBe('c'.repeat(40));
  });

  it('is brought once by two at once', async () => {
    await bring();
    truncateSync(blob(), 3);
    test.hub.requests.length = 0;
    const both = await Promise.all([bring(), bring()]);
    const fetched = both.map(({ files }) => files.find(file => file.path === 'model.safetensors')?.fetched);
    expect(fetched.sort()).toEqual([false, true]);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it.each(['store', 'blobs', sha256Of(Buffer.from('another'))])(
    'is found behind a blob that is a link to a file elsewhere (%s), which stays as it is',
    async name => {
      await bring();
      const elsewhere = join(test.home, 'elsewhere', name, name);
      mkdirSync(dirname(elsewhere), { recursive: true });
      writeFileSync(elsewhere, weights);
      replaced(blob(), () => symlinkSync(elsewhere, blob()));
      test.hub.requests.length = 0;
      await bring();
      expect(test.hub.requests).toEqual([]);
      writeFileSync(elsewhere, flipped(weights));
      await expect(offline()).rejects.toThrow('is damaged in the cache');
      expect((await bring()).files.filter(file => file.fetched).map(file => file.path)).toEqual(['model.safetensors']);
      expect(readFileSync(blob()).equals(weights)).toBe(true);
      expect(readFileSync(elsewhere).equals(flipped(weights))).toBe(true);
    },
  );

  it('keeps a folder that lay in the place of refs/main under another name', async () => {
    await bring();
    const ref = join(repo(), 'refs', 'main');
    replaced(ref, () => mkdirSync(join(ref, 'x'), { recursive: true }));
    await bring();
    expect(readFileSync(ref, 'utf8')).toBe(commit);
    expect(readdirSync(join(repo(), 'refs'))).toHaveLength(2);
    await offline();
  });

  it('keeps a folder that lay in its place under another name', async () => {
    await bring();
    replaced(blob(), () => mkdirSync(blob()));
    writeFileSync(join(blob(), 'mine'), 'mine');
    await bring();
    const aside = join(repo(), 'blobs', readdirSync(join(repo(), 'blobs')).find(name => name.includes('.aside-'))!);
    expect(readFileSync(join(aside, 'mine'), 'utf8')).toBe('mine');
    expect(process.stderr.write).toHaveBeenCalledWith(
      `${blob()} was a folder, where a file is expected; it is now ${aside}.\n`,
    );
  });
});

describe('a whole file in the cache', () => {
  const test = useHub();
  const bring = (options = {}) => fetchModel(model, { settings: test.settings, ...options });
  const notes = () => readdirSync(join(test.home, 'panx/verified'));

  it('is hashed once: the next start sees that it is the same', async () => {
    const { folder } = await bring();
    expect(notes()).toHaveLength(4);
    rmSync(join(test.home, 'panx'), { recursive: true });
    const at = join(folder, 'model.safetensors');
    const checksum = { kind: 'sha256', hex: sha256Of(weights) } as const;
    const hashed: number[] = [];
    const check = () => isWhole(at, checksum, { onHashing: bytes => hashed.push(bytes) });
    expect([await check(), await check(), await check()]).toEqual([true, true, true]);
    expect(hashed).toEqual([weights.length]);
    const now = new Date();
    utimesSync(at, now, now);
    expect([await check(), await check()]).toEqual([true, true]);
    expect(hashed).toHaveLength(2);
  });

  it('is found where its cache has moved, and where notes cannot be kept or are garbage', async () => {
    await bring();
    renameSync(join(test.home, 'hub'), join(test.home, 'moved'));
    const settings = { ...test.settings, cacheDir: join(test.home, 'moved'), offline: true };
    expect((await bring({ settings })).files).toHaveLength(4);
    for (const name of notes()) writeFileSync(join(test.home, 'panx/verified', name), 'garbage');
    expect((await bring({ settings })).files).toHaveLength(4);
    for (const name of notes()) replaced(join(test.home, 'panx/verified', name), path => mkdirSync(path));
    expect((await bring({ settings })).files).toHaveLength(4);
    replaced(join(test.home, 'panx'), path => writeFileSync(path, 'a file'));
    expect((await bring({ settings })).files).toHaveLength(4);
  });

  it('that is no link to a blob is trusted, and compared with the hub’s where that is asked', async () => {
    const { folder } = await bring();
    const at = join(folder, 'model.safetensors');
    replaced(at, path => writeFileSync(path, weights));
    rmSync(join(test.home, 'hub/models--org--model/blobs', sha256Of(weights)));
    expect((await bring({ refresh: true })).files.map(file => file.fetched)).toEqual([false, false, false, false]);
    expect(lstatSync(at).isFile()).toBe(true);
    writeFileSync(at, flipped(weights));
    expect((await bring()).files.map(file => file.fetched)).toEqual([false, false, false, false]);
    expect((await bring({ refresh: true })).files.map(file => file.fetched)).toEqual([false, false, false, true]);
    expect(readFileSync(at).equals(weights)).toBe(true);
  });

  it('is one whose blob a mirror names by another hash, or by the SHA-1 of the bytes', async () => {
    const { folder } = await bring();
    const config = files['config.json']!;
    for (const name of ['0123456789abcdef', createHash('sha1').update(config).digest('hex')]) {
      writeFileSync(join(folder, '../../blobs', name), config);
      replaced(join(folder, 'config.json'), path => symlinkSync(`../../blobs/${name}`, path));
      expect((await bring({ settings: { ...test.settings, offline: true } })).files).toHaveLength(4);
    }
    expect(await hashesOf(join(folder, 'config.json'), 'git')).toEqual([
      gitOidOf(config),
      createHash('sha1').update(config).digest('hex'),
    ]);
  });

  it('may be empty', async () => {
    test.hub.repos[1] = dataRepo({ files: { 'PAN-X.en/train-00000-of-00001.parquet': Buffer.alloc(0) } });
    const options = { settings: test.settings };
    expect((await fetchData(data, ['en'], ['train'], options)).files[0]).toMatchObject({ bytes: 0, fetched: true });
    expect((await fetchData(data, ['en'], ['train'], options)).files[0]).toMatchObject({ bytes: 0, fetched: false });
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1]! ^= 1;
  return copy;
}

function keepingTimes(path: string, action: () => void): void {
  const { atime, mtime } = statSync(path);
  action();
  utimesSync(path, atime, mtime);
}

function replaced(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true });
  make(path);
}
