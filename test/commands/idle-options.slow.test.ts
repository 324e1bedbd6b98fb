import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everyCommand } from '../../src/commands/completion.js';
import { samplePaths } from '../../src/hub/sample.js';
import { buildCli, panx } from '../built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-idle-options-'));
const out = join(folder, 'out');
const study = join(folder, 'study.yaml');
const { taggerDir, modelDir, dataDir } = samplePaths();

beforeAll(() => {
  buildCli();
  writeFileSync(study, 'study: {protocol: target-only, target: tr, sizes: [20]}\ntraining: {plateauPatience: 3}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const expected = 'for which it would stand,';

it.each<[string[], string]>([
  [
    ['predict', '--sample', '--model', taggerDir, '--text', 'a'],
    `--sample is given, and model, ${expected} is given too;`,
  ],
  [
    ['evaluate', '--sample', '--model', taggerDir, '--data', dataDir, '--langs', 'en'],
    `model and data, ${expected} are given`,
  ],
  [
    ['train', '--sample', '--model', modelDir, '--set', `data=${dataDir}`, '--out', out],
    `model and data, ${expected} are`,
  ],
  [
    ['run', study, '--sample', '--model', modelDir, '--data', dataDir, '--out', out],
    `model and data, ${expected} are given`,
  ],
  [
    ['tokenizers', '--sample', '--model', modelDir, '--text', 'a'],
    `--sample is given, and model, ${expected} is given too;`,
  ],
  [
    ['data', 'show', '--sample', '--data', dataDir, '--row', '0'],
    `--sample is given, and data, ${expected} is given too;`,
  ],
  [['data', 'convert', '--sample', '--data', dataDir, '--to', 'conll', '--out', out], `--sample is given, and data, `],
  [
    ['init', '--size', 'tiny', '--sample', '--tokenizer', modelDir, '--out', out],
    `and --tokenizer, ${expected} is given too;`,
  ],
  [
    ['data', 'show', '--sample', '--row', '0', '--model', modelDir],
    '--model is given without --tokens, so there are no subwords',
  ],
  [
    ['config', '--markdown', '--set', 'seed=1'],
    '--set is given, and the page of the manual has the defaults; expected no --set.',
  ],
  [
    ['config', '--format', 'markdown', '--epochs', '2'],
    '--epochs is given, and the page of the manual has the defaults;',
  ],
  [
    ['fetch', '--sample', '--langs', 'en'],
    '--langs is given, and --sample says where the embedded samples are, and brings nothing;',
  ],
  [['fetch', '--sample', '--no-model'], '--no-model is given, and --sample says where'],
  [
    ['fetch', '--no-data', '--splits', 'test'],
    '--splits is given, and --no-data leaves out what it is of; expected no --splits.',
  ],
  [['fetch', '--no-data', '--no-model'], '--no-data and --no-model are both given, which leaves nothing to bring;'],
  [
    ['train', '--sample', '--set', 'training.plateauPatience=3', '--out', out],
    'is used only with training.schedule plateau; ',
  ],
  [
    ['train', '--sample', '--config', study, '--no-eval', '--eval-langs', 'tr', '--out', out],
    'evaluation.langs is [tr], from --eval-langs, and is used only with',
  ],
  [['sweep', '--sample', '--tr-sizes', '20', '--temperature', '2', '--out', out], "Unknown option '--temperature'"],
  [
    ['sweep', '--sample', '--tr-sizes', '20', '--set', 'training.temperature=2', '--out', out],
    'only where a training has several',
  ],
  [
    ['sweep', '--sample', '--tr-sizes', '20', '--grid', 'training.accumulation=mean,sum', '--out', out],
    'would train the same twice',
  ],
  [
    ['run', study, '--sample', '--grid', 'training.plateauPatience=1,2', '--out', out],
    'study.grid, from --grid, would train the same twice',
  ],
  [
    ['run', study, '--sample', '--seed', '3', '--seeds', '1,2', '--out', out],
    'seed is 3, from --seed, and is used only where study.seeds',
  ],
])('panx %j is refused before any work', (args, sentence) => {
  const { code, stdout, stderr } = panx(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(sentence);
  expect(existsSync(out)).toBe(false);
});

it('a file whose setting is idle is taken, by each command', () => {
  const dry = ['--sample', '--dry-run', '--backend', 'wasm', '--out', out];
  expect(panx(['run', study, ...dry])).toMatchObject({ code: 0 });
  expect(panx(['config', '--set', 'training.plateauPatience=3']).stdout).toContain('plateauPatience: 3  # from --set');
});

it('--device is refused where PANX_LIBTENSORFLOW names what is taken', async () => {
  const before = process.env.PANX_LIBTENSORFLOW;
  process.env.PANX_LIBTENSORFLOW = '/somewhere';
  try {
    const program = (await everyCommand()).exitOverride();
    await expect(program.parseAsync(['setup', '--device', 'cuda'], { from: 'user' })).rejects.toThrow(
      '--device is cuda, and PANX_LIBTENSORFLOW is /somewhere, whose build is taken as it is; expected one of them.',
    );
  } finally {
    if (before === undefined) delete process.env.PANX_LIBTENSORFLOW;
    else process.env.PANX_LIBTENSORFLOW = before;
  }
});
