import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePaths } from '../src/hub/sample.js';
import { parseSignature } from '../src/reporting/signature.js';
import { buildCli, root } from './built-cli.js';
import { architectures, writeEncoder } from './encoder-folders.js';

/** Of each study the option that makes it small on the sample, beside two steps a training. */
const sizes: Record<string, string[]> = {
  'axes-demo.yaml': ['--sizes', '50,100'],
  'en-tr-curriculum.yaml': ['--sizes', '50,100'],
  'en-tr-demo.yaml': ['--sizes', '50,100'],
  'en-tr-from-source.yaml': ['--sizes', '50,100'],
  'en-tr-protocols.yaml': ['--sizes', '50,100'],
  'french-subsets.yaml': ['--sizes', '20,60'],
};

/** How many trainings it has on the sample, which has one encoder. */
const trainings: Record<string, number> = {
  'german-zero-shot.yaml': 1,
  'german-joint.yaml': 6,
  'french-subsets.yaml': 3,
  'in5550-encoders.yaml': 1,
  'in5550-frozen.yaml': 1,
  'in5550-learning-rates.yaml': 4,
  'in5550-mixtures.yaml': 7,
};

let folder: string;
beforeAll(async () => {
  buildCli();
  folder = await mkdtemp(join(tmpdir(), 'panx-study-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(readdirSync(join(root, 'configs', 'studies')))('configs/studies/%s on the sample', name => {
  const panx = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const out = () => join(folder, name);
  const run = (...args: string[]) => {
    const small = ['--max-steps', '2', '--eval-limit', '20', '--sample', ...(sizes[name] ?? [])];
    const place = ['--out', out(), '--store', join(folder, 'store')];
    return panx('run', `configs/studies/${name}`, ...small, ...place, ...args);
  };

  it('is planned, runs, holds what its records say, and trains nothing when it is typed again', async () => {
    const plan = run('--dry-run');
    expect(plan, plan.stderr).toMatchObject({ status: 0 });
    const count = trainings[name];
    if (count !== undefined) expect(plan.stdout).toContain(`\n${count} ${count === 1 ? 'stage' : 'stages'} of `);
    const first = run();
    expect(first, first.stderr).toMatchObject({ status: 0 });
    const table = await readFile(join(out(), 'table.md'), 'utf8');
    const line = /^.*(F1\|data:.*)$/m.exec(table.replaceAll('`', '').replaceAll('\\|', '|'))![1]!;
    const { data, n } = parseSignature(line);
    expect([data, n.at(-1)]).toEqual([['PAN-X'], 20]); // A fraction may leave fewer rows of a language.
    const again = run();
    expect(again.status).toBe(0);
    expect(again.stderr).toContain('nothing is trained');
    expect(again.stdout).toBe(first.stdout);
    const verified = panx('verify', out());
    expect(verified, verified.stdout).toMatchObject({ status: 0 });
  });
});

/** How many trainings each file has with every encoder. */
const withEveryEncoder: [string, number][] = [
  ['in5550-encoders.yaml', architectures.length],
  ['in5550-frozen.yaml', architectures.length],
  ['in5550-learning-rates.yaml', 4 * architectures.length],
  ['in5550-mixtures.yaml', 7 * architectures.length],
];

describe('the files of IN5550 with every encoder, on the languages of the sample', () => {
  it.each(withEveryEncoder)('%s, %i trainings', async (name, count) => {
    const models = architectures.map(architecture => join(folder, 'models', architecture));
    for (const [index, model] of models.entries()) {
      if (!existsSync(model)) await writeEncoder(model, architectures[index]!);
    }
    const out = join(folder, `every-encoder-${name}`);
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        ...['dist/cli.js', 'run', `configs/studies/${name}`, '--data', samplePaths(['de']).dataDir],
        ...['--set', `study.grid.model=${JSON.stringify(models)}`, '--set', 'study.exclude=[]'],
        ...['--max-steps', '2', '--eval-limit', '20', '--out', out, '--store', join(folder, 'store')],
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect({ status, stderr }, stderr).toMatchObject({ status: 0 });
    expect(stderr).toContain(`(${count} of ${count})`);
    const table = await readFile(join(out, 'table.md'), 'utf8');
    for (const architecture of architectures) expect(table).toContain(architecture);
  });
});
