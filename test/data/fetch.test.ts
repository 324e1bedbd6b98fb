import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { fetchData } from '../../src/data/fetch.js';
import { namedFiles } from '../../src/data/named-files.js';
import { type SplitName, splitNames } from '../../src/data/splits.js';
import { bytesOf, dataRepo, useHub } from '../hub/fixtures.js';

const data = { type: 'dataset', name: 'org/data', revision: 'main' } as const;

describe('the files of data', () => {
  const test = useHub();
  const bring = (langs: string[], splits: readonly SplitName[] = splitNames) =>
    fetchData(data, langs, splits, { settings: test.settings });

  it('are refused for a language that the repository lacks, with the nearest and all names', async () => {
    await expect(bring(['en', 'tk'])).rejects.toMatchObject({
      message: 'org/data has no language "tk"; did you mean "tr"?',
      hint: 'It has de, en, tr.',
    });
    expect(test.hub.requests.filter(line => line.includes('resolve'))).toEqual([]);
  });

  it('are refused for a repository of another layout', async () => {
    test.hub.repos[1] = dataRepo({ files: { 'train.parquet': bytesOf(9) } });
    await expect(bring(['en'])).rejects.toThrow('org/data has no folder PAN-X.en, nor any other PAN-X.<lang>.');
  });

  it('are refused for a split that a language lacks', async () => {
    test.hub.repos[1] = dataRepo({ files: { 'PAN-X.en/test-00000-of-00001.parquet': bytesOf(9) } });
    await expect(bring(['en'])).rejects.toThrow(
      'org/data has no PAN-X.en/train-*.parquet; in that folder are: test-00000-of-00001.parquet.',
    );
  });

  it.each([
    ['en/train-00000-of-00001.parquet', 'en/test-00000-of-00001.parquet'],
    ['en/train/0000.parquet', 'en/train/0001.parquet', 'en/test/0000.parquet'],
    ['data/en/train-00000-of-00001.parquet', 'data/en/test-00000-of-00001.parquet'],
    ['data/PAN-X.en/train-00000-of-00001.parquet', 'data/PAN-X.en/test-00000-of-00001.parquet'],
    ['data/train-00000-of-00001.parquet', 'data/test-00000-of-00001.parquet'],
    ['train-00000-of-00001.parquet', 'test-00000-of-00001.parquet'],
  ])('are found in other layouts: %s', async (...files) => {
    const other = { 'README.md': bytesOf(9), 'tr/train-00000-of-00001.parquet': bytesOf(9) };
    test.hub.repos[1] = dataRepo({
      files: { ...other, ...Object.fromEntries(files.map((file, i) => [file, bytesOf(9 + i)])) },
    });
    const splits = ['train', 'test'] as const;
    const brought = await bring(['en'], splits);
    expect(brought.files.map(({ path, fetched }) => [path, fetched])).toEqual(files.map(file => [file, true]));
    const requests = test.hub.requests.length;
    const corpora = (await loadConfig({ assignments: ['corpora.wiki={format: panx, files: org/data}'] })).config
      .corpora;
    const found = await namedFiles(corpora, 'wiki=en', 'test').catch((error: Error) => error.message);
    expect(found).toEqual([
      { path: join(brought.folder, files.at(-1)!), name: `wiki=en/test/${files.at(-1)!.split('/').at(-1)}` },
    ]);
    expect(test.hub.requests).toHaveLength(requests); // All is in the cache.
  });

  it('are refused in other layouts for a split or a language that is not there', async () => {
    test.hub.repos[1] = dataRepo({
      files: { 'en/train/0000.parquet': bytesOf(9), 'en/test-00000-of-00002.parquet': bytesOf(9) },
    });
    await expect(bring(['en'], ['validation'])).rejects.toThrow(
      'org/data has no en/validation-*.parquet; in that folder are: test-00000-of-00002.parquet.',
    );
    await expect(bring(['en'], ['test'])).rejects.toThrow(
      'org/data: en lacks some of its test files; found test-00000-of-00002.parquet.',
    );
    await expect(bring(['de'], ['train'])).rejects.toThrow(
      'org/data has no folder PAN-X.de, nor any other PAN-X.<lang>.',
    );
  });
});
