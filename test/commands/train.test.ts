import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/system/package.js';
import { buildCli, panx } from '../built-cli.js';
import { readTrace } from '../system/trace.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-train-'));
beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = (out: string, ...args: string[]) =>
  panx(['train', '--sample', '--lang', 'en', '--size', '64', '--max-steps', '3', '--out', join(folder, out), ...args]);
const made = (out: string, name: string) => readFileSync(join(folder, out, name));

it('--help tells of --profile', () => {
  expect(panx(['train', '--help']).stdout).toMatch(
    /--profile +print where the time goes, by phase and\s+operation, and leave a trace/,
  );
});

it.each([
  ['auto', ['--eval-limit', '40', '--set', 'evaluation.eachEpoch=false']],
  ['wasm', ['--backend', 'wasm', '--no-eval']],
])('--profile prints where the time went and leaves a trace; all results are the same (%s)', (name, settings) => {
  const [plain, profiled] = [`plain-${name}`, `profiled-${name}`];
  expect(train(plain, ...settings).code).toBe(0);
  const { code, stdout } = train(profiled, ...settings, '--profile');
  expect(code).toBe(0);

  expect(stdout).toMatch(/^3 steps on 64 rows, /);
  expect(stdout).toMatch(/^profile: (tensorflow|wasm) \d\S* on /m);
  expect(stdout).toMatch(/^a step: the mean of 2, without the first, which warms up$/m);
  const phases = 'make batch|weights|forward|loss|backward|read loss|optimizer|the rest';
  for (const phase of phases.split('|')) {
    expect(stdout).toMatch(new RegExp(`^${phase} +[\\d.,]+ +[\\d.]+%$`, 'm'));
  }
  expect(stdout).toMatch(/^matrix products: .* GFLOP a step at .* GFLOP\/s$/m);
  const trace = join(folder, profiled, 'trace.json');
  expect(stdout).toContain(`trace: ${trace} (open it in https://ui.perfetto.dev or chrome://tracing)`);
  expect(readTrace(trace).paths).toContain('training/step/backward');

  // checksums.json holds those of all else that a run makes, but for the times.
  for (const file of ['metrics.json', 'checksums.json', 'identity.json', 'checkpoint/model.safetensors']) {
    expect(made(profiled, file).equals(made(plain, file)), file).toBe(true);
  }
  expect(made(profiled, 'checksums.json').toString()).not.toContain('trace');
});

it('a trace is nothing that panx verify looks at', () => {
  rmSync(join(folder, 'profiled-auto', 'trace.json'));
  expect(panx(['verify', join(folder, 'profiled-auto')]).code).toBe(0);
});

it('a run that comes to no step prints no profile', () => {
  const { code, stdout, stderr } = train('plain-auto', '--profile');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('holds a finished run of other settings');
});

it('a mistyped model or data folder is told before anything is brought', () => {
  // A hub that nobody answers: whoever asks it first speaks of that.
  const nobody = { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HUB_CACHE: join(folder, 'empty-cache') };
  for (const command of [['train'], ['sweep'], ['evaluate', '--langs', 'en']]) {
    const model = panx([...command, '--model', './nowhere'], nobody);
    expect([model.code, model.stderr]).toEqual([
      1,
      expect.stringContaining('--model ./nowhere: there is no such folder'),
    ]);
    const data = panx([...command, '--model', 'some/model', '--data', './nowhere'], nobody);
    expect([data.code, data.stderr]).toEqual([1, expect.stringContaining('--data ./nowhere: there is no such folder')]);
  }
});

it('data that cannot be read are refused before the engine is loaded', () => {
  const data = join(folder, 'data');
  cpSync(join(packageRoot, 'sample', 'data'), data, { recursive: true });
  const [train, bomb] = [join(data, 'PAN-X.en', 'train-00000-of-00001.parquet'), '2-gigabytes-of-text.parquet'];
  copyFileSync(join(packageRoot, 'test', 'fixtures', 'parquet', bomb), train);
  // No engine is here: an order the other way round would speak of that.
  const none = { PANX_CACHE: join(folder, 'no-cache'), PANX_LIBTENSORFLOW: '' };
  const { code, stderr } = panx(
    ['train', '--sample', '--data', data, '--lang', 'en', '--backend', 'tensorflow', '--out', join(folder, 'refused')],
    none,
  );
  expect(code).toBe(1);
  expect(stderr).toContain(`${train} (930 bytes) decodes to more than fits into 192 MB of memory.`);
  expect(existsSync(join(folder, 'refused'))).toBe(false);
});

it('a training that is refused is not noted in the store', () => {
  const store = join(folder, 'store-of-refused');
  const args = ['--no-eval', '--store', store];
  const noted = () => readdirSync(store).filter(name => /^[0-9a-f]{64}\.json$/.test(name));
  expect(train('noted', ...args).code).toBe(0);
  expect(noted()).toHaveLength(1);
  writeFileSync(join(folder, 'noted', 'checkpoint', 'mine.txt'), 'mine');
  const refused = train('noted', ...args, '--force', '--seed', '7');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('mine.txt')]);
  expect(noted()).toHaveLength(1);
});
