import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { everySample, samplePaths } from '../../src/hub/sample.js';

const sample = fileURLToPath(new URL('../../sample', import.meta.url));

describe('samplePaths', () => {
  it.each([
    [[], sample],
    [['en'], sample],
    [['tr', 'en', 'tr'], sample],
    [['de'], join(sample, 'many')],
    [['en', 'tr', 'de', 'fr', 'it', 'af', 'sw', 'hu'], join(sample, 'many')],
  ])('takes for %j the first sample that has them all', (langs, folder) => {
    expect(samplePaths(langs)).toEqual({
      dataDir: join(folder, 'data'),
      modelDir: join(folder, 'model'),
      taggerDir: join(folder, 'tagger'),
    });
  });

  it('refuses languages that no sample has, and says which there are', () => {
    expect(() => samplePaths(['en', 'ja', 'de', 'zh', 'ja'])).toThrow(
      expect.objectContaining({
        message: 'No embedded sample has ja, zh: sample has en, tr; sample/many has en, tr, de, fr, it, af, sw, hu.',
        hint: 'Choose among these languages, or leave --sample out and give --model and --data.',
        exitCode: 2,
      }),
    );
  });

  it('gives the folders, or names the first thing that is missing', () => {
    const root = mkdtempSync(join(tmpdir(), 'panx-sample-'));
    const url = pathToFileURL(`${root}/`);
    mkdirSync(join(root, 'sample/data/PAN-X.en'), { recursive: true });
    expect(() => samplePaths([], url)).toThrow(
      `The embedded sample is not complete: ${root}/sample/data/PAN-X.tr does not exist.`,
    );
    mkdirSync(join(root, 'sample/data/PAN-X.tr'));
    mkdirSync(join(root, 'sample/model'));
    expect(() => samplePaths([], url)).toThrow(`${root}/sample/model/config.json does not exist.`);
    writeFileSync(join(root, 'sample/model/config.json'), '{}');
    expect(() => samplePaths([], url)).toThrow(`${root}/sample/tagger/config.json does not exist.`);
    mkdirSync(join(root, 'sample/tagger'));
    writeFileSync(join(root, 'sample/tagger/config.json'), '{}');
    expect(samplePaths([], url)).toEqual({
      dataDir: join(root, 'sample/data'),
      modelDir: join(root, 'sample/model'),
      taggerDir: join(root, 'sample/tagger'),
    });
    const missing = expect.objectContaining({
      message: `The embedded sample is not complete: ${root}/sample/many/data/PAN-X.en does not exist.`,
      hint: 'Install panx anew (a git checkout holds it in sample/many/), or give --model and --data.',
    });
    expect(() => samplePaths(['de'], url)).toThrow(missing);
    expect(() => everySample(url)).toThrow(missing);
    rmSync(root, { recursive: true });
  });
});
