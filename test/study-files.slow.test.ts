import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSignature } from '../src/reporting/signature.js';
import { buildCli, root } from './built-cli.js';

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
