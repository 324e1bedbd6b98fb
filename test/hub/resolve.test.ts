import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { resolveData } from '../../src/data/fetch.js';
import { placeOf, resolveModel } from '../../src/hub/resolve.js';
import { writeMark } from '../../src/run/mark.js';
import { useHub } from './fixtures.js';

describe('placeOf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'panx-place-'));
  const before = process.cwd();
  beforeAll(() => {
    mkdirSync(join(folder, 'checkpoints/final'), { recursive: true });
    writeFileSync(join(folder, 'checkpoints/config.json'), '{}');
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it('says where the model of a stage lies that is named as other commands name it', async () => {
    const study = join(folder, 'en-tr');
    mkdirSync(study);
    await writeMark(study, 'study');
    await expect(placeOf(`${study}/phase-2-en`, 'model')).rejects.toMatchObject({
      message: `--model ${study}/phase-2-en: there is no such folder.`,
      hint: `${study} holds a study. Give the model of one of its stages: STORE/KEY/checkpoint. panx status ${study} --json has the store and the keys.`,
    });
  });

  it.each([
    join(folder, 'checkpoints/final'),
    './checkpoints/final',
    'checkpoints/final',
    'checkpoints/../checkpoints/final/',
  ])('takes the existing folder %s for itself', async path => {
    const place = await placeOf(path, 'model');
    expect(place).toEqual({ folder: join(process.cwd(), 'checkpoints/final') });
  });

  it('expands ~', async () => {
    vi.stubEnv('HOME', folder);
    expect(await placeOf('~/checkpoints', 'model')).toEqual({ folder: join(folder, 'checkpoints') });
    vi.unstubAllEnvs();
  });

  it.each([
    ['FacebookAI/xlm-roberta-base', 'FacebookAI/xlm-roberta-base', 'main'],
    ['org/name.v1@v2.0', 'org/name.v1', 'v2.0'],
    ['org/name@refs/pr/3', 'org/name', 'refs/pr/3'],
  ])('takes %s for a hub id', async (argument, name, revision) => {
    expect(await placeOf(argument, 'model')).toEqual({ repo: { type: 'model', name, revision } });
  });

  it.each([
    [
      './checkpoints/finall',
      /^--model \.\/checkpoints\/finall: there is no such folder; in .*checkpoints there is "final"\.$/,
    ],
    ['checkpoint', /^--model checkpoint: there is no such folder; in .* there is "checkpoints"\.$/],
    ['/no/where/model', /^--model \/no\/where\/model: there is no such folder; nor is there \/no\/where\.$/],
    ['~/no-such-model', /^--model ~\/no-such-model: there is no such folder/],
    ['a/b/c', /^--model a\/b\/c: there is no such folder/],
    ['xlm-roberta-base', /^--model xlm-roberta-base: there is no such folder\.$/],
    ['runs/model.safetensors', /^--model runs\/model.safetensors: there is no such folder/],
    ['checkpoints/config.json', /^--model checkpoints\/config.json is a file, expected a folder with config\.json\.$/],
    ['', /^--model is empty; expected a folder or a hub id such as FacebookAI\/xlm-roberta-base\.$/],
    ['org/name@../x', /^--model org\/name@..\/x: "..\/x" is not a revision\.$/],
    ['org/name@a//b', /^--model org\/name@a\/\/b: "a\/\/b" is not a revision\.$/],
    ['org/name@a/', /"a\/" is not a revision\.$/],
    ['org/name@a/./b', /"a\/.\/b" is not a revision\.$/],
    ['org/name@', /"" is not a revision\.$/],
    [`org/name@${'x'.repeat(300)}`, /^--model org\/name@x{100,}…: "x+…" is not a revision\.$/],
    ['org--a/b', /^--model org--a\/b: "org--a\/b" is not a hub id\.$/],
    [`org/${'x'.repeat(300)}`, /"org\/x+…" is not a hub id\.$/],
  ])('refuses %s', async (argument, message) => {
    await expect(placeOf(argument, 'model')).rejects.toThrow(message);
  });

  it('speaks of --data and google/xtreme for data', async () => {
    await expect(placeOf('xtreme', 'dataset')).rejects.toMatchObject({
      message: '--data xtreme: there is no such folder.',
      hint: 'Give a folder, or a hub id of the form org/name such as google/xtreme.',
    });
  });
});

describe('resolveModel and resolveData', () => {
  const test = useHub();

  it('give the folder that was given, without asking anyone', async () => {
    expect(await resolveModel(test.home)).toBe(test.home);
    expect(await resolveData(test.home, ['en'])).toBe(test.home);
    expect(test.hub.requests).toEqual([]);
  });

  it('bring what a hub id names through HF_ENDPOINT into HF_HOME', async () => {
    const model = await resolveModel('org/model');
    expect(model).toBe(join(test.home, 'hub/models--org--model/snapshots', 'a'.repeat(40)));
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe('{"model_type": "xlm-roberta"}\n');
    const data = await resolveData('org/data@main', ['tr'], { splits: ['test'] });
    expect(data).toBe(join(test.home, 'hub/datasets--org--data/snapshots', 'b'.repeat(40)));
    expect(readFileSync(join(data, 'PAN-X.tr/test-00000-of-00001.parquet'))).toHaveLength(1020);
  });

  it('need all three splits unless told', async () => {
    await resolveData('org/data', ['tr'], { splits: ['test'] });
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(resolveData('org/data', ['tr'])).rejects.toThrow(
      'org/data: PAN-X.tr/train-*.parquet is not in the cache',
    );
    expect(await resolveData('org/data', ['tr'], { splits: ['test'] })).toContain('datasets--org--data');
  });
});

const python = process.env.PANX_PYTHON ?? 'python3';

describe.skipIf(!hasPythonHub())('the cache beside the Python library', () => {
  const test = useHub();

  /** Let huggingface_hub give the path of a file. It runs beside this process, which serves as its hub. */
  async function pythonPath(repoId: string, repoType: string, file: string, offline: boolean): Promise<string> {
    const { promisify } = await import('node:util');
    const { execFile } = await import('node:child_process');
    const script =
      'import sys, huggingface_hub as h; print(h.hf_hub_download(sys.argv[1], sys.argv[3], repo_type=sys.argv[2]))';
    const env = {
      ...process.env,
      HF_HUB_OFFLINE: offline ? '1' : '0',
      HF_HUB_DISABLE_XET: '1',
      HF_HUB_DISABLE_TELEMETRY: '1',
    };
    const { stdout } = await promisify(execFile)(python, ['-c', script, repoId, repoType, file], { env });
    return stdout.trim();
  }

  it('lets Python find what panx has brought', async () => {
    const folder = await resolveModel('org/model');
    const path = await pythonPath('org/model', 'model', 'model.safetensors', true);
    expect(path).toBe(join(folder, 'model.safetensors'));
  });

  it('finds what Python has brought', async () => {
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors'])
      await pythonPath('org/model', 'model', file, false);
    const path = await pythonPath('org/data', 'dataset', 'PAN-X.tr/test-00000-of-00001.parquet', false);
    test.hub.requests.length = 0;
    expect(await resolveModel('org/model')).toContain('models--org--model/snapshots');
    expect(
      join(await resolveData('org/data', ['tr'], { splits: ['test'] }), 'PAN-X.tr/test-00000-of-00001.parquet'),
    ).toBe(path);
    expect(test.hub.requests).toEqual([]);
  });
});

function hasPythonHub(): boolean {
  try {
    execFileSync(python, ['-c', 'import huggingface_hub'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
