import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findEngine } from '../../src/engine/tensorflow/installed-engine.js';
import { buildCli, panx } from '../built-cli.js';

const found = await findEngine();

describe('panx setup', () => {
  let cache: string;
  beforeAll(buildCli);
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'panx-setup-'));
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  it.skipIf(!('engine' in found))('says that the engine is there', () => {
    const { code, stderr } = panx(['setup']);
    expect(stderr).toMatch(/^The TensorFlow engine is set up \(.*addon-[0-9a-f]{16}\)\.\n$/);
    expect(code).toBe(0);
  });

  it('says what is missing and the remedy where TensorFlow cannot be had', () => {
    const { code, stderr } = panx(['setup', '--device', 'cpu'], {
      PANX_CACHE: cache,
      PANX_LIBTENSORFLOW: '',
      PATH: cache,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^panx: Python 3 is not installed, and its pip brings TensorFlow\.\n {2}Install Python 3/m);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(join(cache, 'engine')).filter(name => !name.endsWith('.wheels'))).toEqual([]);
  });

  it('refuses a device that there is not', () => {
    const { code, stderr } = panx(['setup', '--device', 'tpu']);
    expect(code).toBe(2);
    expect(stderr).toContain("argument 'tpu' is invalid. Allowed choices are auto, cpu, cuda.");
  });

  it('names what PANX_LIBTENSORFLOW lacks', () => {
    const { code, stderr } = panx(['setup'], { PANX_CACHE: cache, PANX_LIBTENSORFLOW: cache });
    expect(code).toBe(1);
    expect(stderr).toContain(`panx: PANX_LIBTENSORFLOW is ${cache}, and there is no libtensorflow_cc.so.2`);
  });
});
