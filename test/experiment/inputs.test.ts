import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../../src/experiment/inputs.js';
import { sha256OfFile } from '../../src/run/files.js';

const dataDir = fileURLToPath(new URL('../../../shared/panx/', import.meta.url));

describe.skipIf(!existsSync(dataDir))('the real PAN-X', () => {
  it('gives the rows of each train split and the hash of every file', async () => {
    const { trainRows, hashes } = await readCorpus(dataDir, ['en', 'tr']);
    expect(trainRows).toEqual({ en: 20000, tr: 20000 });
    expect(Object.keys(hashes)).toHaveLength(6);
    const path = 'PAN-X.tr/test-00000-of-00001.parquet';
    expect(hashes[path]).toBe(await sha256OfFile(`${dataDir}${path}`));
  });
});
