import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fetchData } from '../../src/data/fetch.js';
import { splitNames } from '../../src/data/splits.js';
import type { TransferProgress } from '../../src/hub/progress.js';
import { fetchModel } from '../../src/hub/resolve.js';
import { bytesOf, dataRepo, filesUnder, modelRepo, useHub } from './fixtures.js';
import { gitOidOf, sha256Of } from './server.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;
const data = { type: 'dataset', name: 'org/data', revision: 'main' } as const;
const commit = 'a'.repeat(40);

describe('a snapshot', () => {
  const test = useHub();

  it('brings the wanted files of a model into the layout of the Python cache', async () => {
    const snapshot = await fetchModel(model, { settings: test.settings });
    const { files } = modelRepo();
    const weights = files['model.safetensors']!;
    const folder = join(test.home, 'hub/models--org--model');
    expect(snapshot).toEqual({
      repo: model,
      commit,
      folder: join(folder, 'snapshots', commit),
      current: true,
      files: [
        { path: 'config.json', bytes: 30, fetched: true },
        { path: 'tokenizer.json', bytes: 14, fetched: true },
        { path: 'tokenizer_config.json', bytes: 3, fetched: true },
        { path: 'model.safetensors', bytes: 300_000, fetched: true },
      ],
    });
    expect(filesUnder(folder)).toEqual(
      [
        `blobs/${gitOidOf(files['config.json']!)}`,
        `blobs/${gitOidOf(files['tokenizer.json']!)}`,
        `blobs/${gitOidOf(files['tokenizer_config.json']!)}`,
        `blobs/${sha256Of(weights)}`,
        'refs/main',
        `snapshots/${commit}/config.json`,
        `snapshots/${commit}/model.safetensors`,
        `snapshots/${commit}/tokenizer.json`,
        `snapshots/${commit}/tokenizer_config.json`,
      ].sort(),
    );
    expect(readFileSync(join(folder, 'refs/main'), 'utf8')).toBe(commit);
    expect(readlinkSync(join(snapshot.folder, 'model.safetensors'))).toBe(`../../blobs/${sha256Of(weights)}`);
    expect(readFileSync(join(snapshot.folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('asks the hub nothing where all is cached, and only for the commit and lists where it shall refresh', async () => {
    await fetchModel(model, { settings: test.settings });
    test.hub.requests.length = 0;
    const again = await fetchModel(model, { settings: test.settings });
    expect(again.files.map(file => file.fetched)).toEqual([false, false, false, false]);
    expect(test.hub.requests).toEqual([]);
    const refreshed = await fetchModel(model, { settings: test.settings, refresh: true });
    expect(refreshed).toEqual(again);
    expect(test.hub.requests.filter(line => !line.startsWith('GET /api/models/org/model/'))).toEqual([]);
  });

  it('brings only what a new commit changed', async () => {
    await fetchModel(model, { settings: test.settings });
    const config = Buffer.from('{"model_type": "roberta"}\n');
    test.hub.repos[0] = modelRepo({ commit: 'c'.repeat(40), files: { ...modelRepo().files, 'config.json': config } });
    const { files, folder } = await fetchModel(model, { settings: test.settings, refresh: true });
    expect(files.filter(file => file.fetched).map(file => file.path)).toEqual(['config.json']);
    expect(readFileSync(join(folder, 'config.json')).equals(config)).toBe(true);
    expect(readFileSync(join(test.home, 'hub/models--org--model/refs/main'), 'utf8')).toBe('c'.repeat(40));
    const old = await fetchModel({ ...model, revision: commit }, { settings: test.settings });
    expect(readFileSync(join(old.folder, 'config.json'), 'utf8')).toBe('{"model_type": "xlm-roberta"}\n');
  });

  it('keeps serving what is cached where the hub cannot be reached for a refresh', async () => {
    await fetchModel(model, { settings: test.settings });
    await test.hub.close();
    const snapshot = await fetchModel(model, { settings: test.settings, refresh: true });
    expect(snapshot.current).toBe(false);
    expect(snapshot.files).toHaveLength(4);
  });

  it('finds files that Python has cached, also as plain files, and brings the missing one', async () => {
    const { files } = modelRepo();
    const folder = join(test.home, 'hub/models--org--model');
    mkdirSync(join(folder, 'snapshots', commit), { recursive: true });
    mkdirSync(join(folder, 'refs'));
    writeFileSync(join(folder, 'refs/main'), commit);
    for (const name of ['config.json', 'model.safetensors']) {
      writeFileSync(join(folder, 'snapshots', commit, name), files[name]!);
    }
    const { files: brought } = await fetchModel(model, { settings: test.settings });
    expect(brought.filter(file => file.fetched).map(file => file.path)).toContain('tokenizer.json');
    expect(lstatSync(join(folder, 'snapshots', commit, 'tokenizer.json')).isSymbolicLink()).toBe(true);
  });

  it('brings a damaged blob anew when refreshing', async () => {
    const { folder } = await fetchModel(model, { settings: test.settings });
    writeFileSync(join(folder, 'model.safetensors'), 'cut');
    const { files } = await fetchModel(model, { settings: test.settings, refresh: true });
    expect(files.filter(file => file.fetched).map(file => file.path)).toEqual(['model.safetensors']);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(modelRepo().files['model.safetensors']!)).toBe(true);
  });

  it('brings the wanted languages and splits of data, and later the further ones', async () => {
    const settings = test.settings;
    const first = await fetchData(data, ['tr'], ['test'], { settings });
    expect(first.files.map(file => file.path)).toEqual(['PAN-X.tr/test-00000-of-00001.parquet']);
    const second = await fetchData(data, ['en', 'tr'], splitNames, { settings });
    expect(second.files.map(file => `${file.path} ${file.fetched}`)).toEqual([
      'PAN-X.en/train-00000-of-00001.parquet true',
      'PAN-X.en/validation-00000-of-00001.parquet true',
      'PAN-X.en/test-00000-of-00001.parquet true',
      'PAN-X.tr/train-00000-of-00001.parquet true',
      'PAN-X.tr/validation-00000-of-00001.parquet true',
      'PAN-X.tr/test-00000-of-00001.parquet false',
    ]);
    expect(test.hub.requests.filter(line => /PAN-X.de|XNLI/.test(line))).toEqual([]);
    expect(readFileSync(join(second.folder, 'PAN-X.tr/test-00000-of-00001.parquet')).length).toBe(1020);
  });

  it('reports progress that ends with the whole file', async () => {
    const seen: TransferProgress[] = [];
    await fetchModel(model, { settings: test.settings, onProgress: transfer => seen.push(transfer) });
    const weights = seen.filter(({ path }) => path === 'model.safetensors');
    expect(weights.at(-1)).toEqual({
      repo: 'org/model',
      path: 'model.safetensors',
      bytes: 300_000,
      received: 300_000,
      state: 'done',
    });
    expect(weights.map(({ received }) => received)).toEqual(
      weights.map(({ received }) => received).sort((a, b) => a - b),
    );
  });
});

describe('without the hub', () => {
  const test = useHub();

  it('names the file and the remedies where there is no network', async () => {
    await test.hub.close();
    await expect(fetchModel(model, { settings: test.settings })).rejects.toMatchObject({
      name: 'PanxError',
      message: `org/model: config.json is not in the cache ${test.settings.cacheDir}, and ${test.hub.endpoint} cannot be reached: connection refused.`,
      hint: expect.stringMatching(/--model DIR.*panx fetch.*HF_HOME.*--sample/),
    });
    await expect(fetchData(data, ['en'], ['train'], { settings: test.settings })).rejects.toMatchObject({
      message: expect.stringMatching(/^org\/data: PAN-X\.en\/train-\*\.parquet is not in the cache /),
      hint: expect.stringMatching(/--data DIR/),
    });
  });

  it('names a host that cannot be resolved', async () => {
    const settings = { ...test.settings, endpoint: 'http://hub.invalid' };
    await expect(fetchModel(model, { settings })).rejects.toThrow(
      /org\/model: config.json is not in the cache .* and http:\/\/hub.invalid cannot be reached: its name cannot be resolved\./,
    );
  });

  it('tells of a proxy variable that Node.js does not heed', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy:3128');
    await test.hub.close();
    await expect(fetchModel(model, { settings: test.settings })).rejects.toMatchObject({
      hint: expect.stringContaining('NODE_USE_ENV_PROXY=1'),
    });
  });

  it('takes what is cached and asks nothing where HF_HUB_OFFLINE is set', async () => {
    const offline = { ...test.settings, offline: true };
    await expect(fetchModel(model, { settings: offline })).rejects.toThrow(
      `org/model: config.json is not in the cache ${test.settings.cacheDir}, and HF_HUB_OFFLINE forbids asking the hub.`,
    );
    expect(test.hub.requests).toEqual([]);
    await fetchModel(model, { settings: test.settings });
    test.hub.requests.length = 0;
    expect((await fetchModel(model, { settings: offline, refresh: true })).commit).toBe(commit);
    expect(test.hub.requests).toEqual([]);
  });

  it('names the first missing file of a model that is cached in part', async () => {
    const { folder } = await fetchModel(model, { settings: test.settings });
    rmSync(join(folder, 'model.safetensors'));
    await expect(fetchModel(model, { settings: { ...test.settings, offline: true } })).rejects.toThrow(
      'org/model: model.safetensors is not in the cache',
    );
  });

  it('does not take a split with a missing shard for whole', async () => {
    test.hub.repos[1] = dataRepo({
      files: {
        'PAN-X.en/train-00000-of-00002.parquet': bytesOf(10),
        'PAN-X.en/train-00001-of-00002.parquet': bytesOf(11),
      },
    });
    const { folder } = await fetchData(data, ['en'], ['train'], { settings: test.settings });
    rmSync(join(folder, 'PAN-X.en/train-00001-of-00002.parquet'));
    await expect(fetchData(data, ['en'], ['train'], { settings: { ...test.settings, offline: true } })).rejects.toThrow(
      'org/data: PAN-X.en/train-*.parquet is not in the cache',
    );
  });
});
