import { describe, expect, it } from 'vitest';
import { fetchData } from '../../src/data/fetch.js';
import { splitNames } from '../../src/data/splits.js';
import { bytesOf, dataRepo, useHub } from '../hub/fixtures.js';

const data = { type: 'dataset', name: 'org/data', revision: 'main' } as const;

describe('the files of data', () => {
  const test = useHub();
  const bring = (langs: string[], splits = splitNames) => fetchData(data, langs, splits, { settings: test.settings });

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
});
