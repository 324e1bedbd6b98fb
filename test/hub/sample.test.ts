import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { samplePaths } from '../../src/hub/sample.js';

describe('samplePaths', () => {
  it('gives the folders, or names the first thing that is missing', () => {
    const root = mkdtempSync(join(tmpdir(), 'panx-sample-'));
    const url = pathToFileURL(`${root}/`);
    mkdirSync(join(root, 'sample/data/PAN-X.en'), { recursive: true });
    expect(() => samplePaths(url)).toThrow(
      `The embedded sample is not complete: ${root}/sample/data/PAN-X.tr does not exist.`,
    );
    mkdirSync(join(root, 'sample/data/PAN-X.tr'));
    mkdirSync(join(root, 'sample/model'));
    expect(() => samplePaths(url)).toThrow(`${root}/sample/model/config.json does not exist.`);
    writeFileSync(join(root, 'sample/model/config.json'), '{}');
    expect(samplePaths(url)).toEqual({ dataDir: join(root, 'sample/data'), modelDir: join(root, 'sample/model') });
    rmSync(root, { recursive: true });
  });
});
