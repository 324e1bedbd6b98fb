import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../../src/experiment/inputs.js';
import { readStart } from '../../src/experiment/start-files.js';
import { samplePaths } from '../../src/hub/sample.js';
import { sha256OfFile } from '../../src/system/files.js';

const dataDir = fileURLToPath(new URL('../../../shared/panx/', import.meta.url));

describe.skipIf(!existsSync(dataDir))('the real PAN-X', () => {
  it('gives the rows of each train split and the hash of every file', async () => {
    const contentOf = await readCorpus(dataDir, [
      ['en', 'train'],
      ['tr', 'train'],
      ['tr', 'test'],
    ]);
    expect(['en', 'tr'].map(lang => contentOf(lang, 'train').index.rows)).toEqual([20000, 20000]);
    const path = 'PAN-X.tr/test-00000-of-00001.parquet';
    expect(contentOf('tr', 'test').files).toEqual({ [path]: await sha256OfFile(`${dataDir}${path}`) });
    expect(() => contentOf('de', 'test')).toThrow('not known');
  });
});

describe('the checkpoint that training starts from', () => {
  const folder = join(tmpdir(), `panx-start-${process.pid}`);

  it('is hashed, and refused where its last number is not finite', async () => {
    try {
      cpSync(samplePaths().modelDir, folder, { recursive: true });
      const path = join(folder, 'model.safetensors');
      expect(await readStart(folder)).toMatchObject({ 'model.safetensors': await sha256OfFile(path) });
      const bytes = readFileSync(path);
      bytes.writeUInt32LE(0x7fc00000, bytes.length - 4);
      writeFileSync(path, bytes);
      await expect(readStart(folder)).rejects.toThrow(/model\.safetensors: \S+\[\d+(, \d+)?\] is NaN; expected/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
