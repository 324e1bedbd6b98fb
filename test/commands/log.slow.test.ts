import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, panx, root } from '../built-cli.js';
import { readEvents } from '../reporting/tensorboard/read-events.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-log-'));
beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const eventFile = 'events.out.tfevents.panx';
const trainArgs = (out: string, ...args: string[]) => [
  ...['train', '--sample', '--lang', 'en', '--size', '64', '--epochs', '2', '--eval-limit', '40'],
  ...['--out', join(folder, out), ...args],
];
const shownIn = (...path: string[]) => readEvents(join(folder, ...path, eventFile));
const stepsOf = (found: ReturnType<typeof readEvents>, tag = 'train/loss') =>
  found.scalars.filter(scalar => scalar.tag === tag).map(({ step }) => step);

describe('panx train --log tensorboard', () => {
  it('shows the training, and leaves all results as they are without', () => {
    expect(panx(trainArgs('plain')).code).toBe(0);
    expect(panx(trainArgs('shown', '--log', 'tensorboard')).code).toBe(0);
    const found = shownIn('shown', 'tensorboard');
    expect(stepsOf(found)).toEqual([1, 2, 3, 4]);
    expect([stepsOf(found, 'eval/f1'), stepsOf(found, 'test/f1')]).toEqual([[2, 4], [4]]);
    const { test } = JSON.parse(readFileSync(join(folder, 'shown', 'metrics.json'), 'utf8'));
    expect(found.scalars.find(({ tag }) => tag === 'test/loss')!.value).toBe(Math.fround(test.en.loss));
    const files = readdirSync(join(folder, 'plain'), { recursive: true, encoding: 'utf8' }).filter(
      name => !['checkpoint', 'environment.json', 'times.jsonl'].includes(name),
    );
    expect(files).toContain('checkpoint/model.safetensors');
    for (const name of files) {
      expect(readFileSync(join(folder, 'shown', name)).equals(readFileSync(join(folder, 'plain', name))), name).toBe(
        true,
      );
    }
    const { code, stdout } = panx(['verify', join(folder, 'shown')]);
    expect(code).toBe(0);
    expect(stdout).not.toContain('not looked at');
  });

  it('writes it of a finished run with --resume, if that is what is asked for', () => {
    const shown = join(folder, 'shown', 'tensorboard', eventFile);
    const before = readFileSync(shown);
    rmSync(join(folder, 'shown', 'tensorboard'), { recursive: true });
    const { code, stdout, stderr } = panx(trainArgs('shown', '--log', 'tensorboard', '--resume'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^4 steps on 64 rows, /) });
    expect(stderr).toContain(`train en  is finished already; its event file: ${shown}`);
    expect(readFileSync(shown).equals(before)).toBe(true);
    const other = panx(trainArgs('shown', '--log', 'tensorboard', '--resume', '--seed', '1'));
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining(
        `${join(folder, 'shown')} holds a finished run of other settings: seed was 42 and is 1 now.`,
      ),
    ]);
    expect(panx(trainArgs('shown', '--resume')).stderr).toContain('holds a finished run.');
  });

  it('shows each step once of a run that was killed and is gone on with', async () => {
    // The sample has 1,200 rows: 38 steps an epoch.
    const args = ['train', '--sample', '--lang', 'en', '--epochs', '3', '--no-eval', '--log', 'tensorboard'];
    args.push('--set', 'checkpoint.everySteps=10', '--out', join(folder, 'killed'));
    const events = join(folder, 'killed', 'events.jsonl');
    const killed = spawn(process.execPath, ['dist/cli.js', ...args], { cwd: root, stdio: 'ignore' });
    const lines = () => (existsSync(events) ? readFileSync(events, 'utf8').split('\n').length - 1 : 0);
    while (killed.exitCode === null && lines() < 15) await new Promise(resolve => setTimeout(resolve, 2));
    killed.kill('SIGKILL');
    await new Promise(resolve => killed.on('close', resolve));
    expect(lines()).toBeLessThan(114);
    expect(panx([...args, '--resume']).code).toBe(0);
    expect(stepsOf(shownIn('killed', 'tensorboard'))).toEqual(Array.from({ length: 114 }, (_, i) => i + 1));
  });

  it('is an option of the commands that train, and takes none or tensorboard', () => {
    for (const command of ['train', 'sweep', 'run']) expect(panx([command, '--help']).stdout).toContain('--log <kind>');
    const { code, stderr } = panx(trainArgs('wrong', '--log', 'wandb'));
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('log is "wandb", from --log; expected none or tensorboard.'),
    ]);
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });

  it('is refused where a link lies in the place of its folder', () => {
    const out = join(folder, 'linked');
    expect(panx(trainArgs('linked', '--no-eval')).code).toBe(0);
    symlinkSync(folder, join(out, 'tensorboard'));
    const { code, stderr } = panx(trainArgs('linked', '--no-eval', '--log', 'tensorboard', '--force'));
    expect(code).toBe(1);
    expect(stderr).toContain('holds, where panx keeps its own files, what panx did not make: tensorboard.');
  });
});

describe('a study and a sweep', () => {
  const settings = [
    '--sample',
    '--epochs',
    '1',
    '--eval-limit',
    '40',
    '--source',
    'en',
    '--target',
    'tr',
    '--sizes',
    '40',
  ];
  const stages = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-40'];
  const ofStudy = (name: string, ...args: string[]) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, 'study: {protocol: cumulative}\n');
    return panx(['run', file, ...settings, '--out', join(folder, name), ...args]);
  };
  const table = (name: string, file: string) => {
    const { rows } = JSON.parse(readFileSync(join(folder, name, file), 'utf8')) as { rows: { f1: { tr: number } }[] };
    return rows.map(({ f1 }) => Math.fround(f1.tr));
  };
  const f1Of = (name: string, stage: string) =>
    shownIn(name, 'tensorboard', stage)
      .scalars.filter(({ tag }) => tag === 'test/tr_f1')
      .map(({ value }) => value);

  it('show each stage in a folder of its name: a study, though the store has it', () => {
    expect(ofStudy('study').code).toBe(0);
    expect(existsSync(join(folder, 'study', 'tensorboard'))).toBe(false);
    const again = ofStudy('study', '--log', 'tensorboard');
    expect(again.stderr).toContain('all 3 stages are done already; nothing is trained');
    expect(again.stderr).not.toContain('other settings');
    expect(readdirSync(join(folder, 'study', 'tensorboard')).sort()).toEqual(stages);
    expect(stages.flatMap(stage => f1Of('study', stage))).toEqual(table('study', 'table.json'));
    expect(stepsOf(shownIn('study', 'tensorboard', 'phase-3.1-tr-40'))).toEqual([1, 2]);
  });

  it('show each stage in a folder of its name: a sweep', () => {
    const sweep = panx(['sweep', ...settings, '--seed', '1', '--out', join(folder, 'sweep'), '--log', 'tensorboard']);
    expect(sweep.code).toBe(0);
    expect(readdirSync(join(folder, 'sweep', 'tensorboard')).sort()).toEqual(stages);
    expect(stages.flatMap(stage => f1Of('sweep', stage))).toEqual(table('sweep', 'sweep.json'));
    expect(panx(['verify', join(folder, 'sweep')]).stdout).not.toMatch(/not looked at|✗/);
  });
});
