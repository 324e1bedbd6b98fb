import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, panx, root } from '../built-cli.js';
import { expectDocument } from '../schemas.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-check-'));
const at = (name: string) => join(folder, name);

beforeAll(() => {
  buildCli();
  const scores = (f1: number) => ({ precision: f1, recall: f1, f1, accuracy: 0.9, loss: 0.3, rows: 10 });
  const types = [{ type: 'PER', precision: 0.7, recall: 0.7, f1: 0.7, support: 3 }];
  const report = (tr: number) => ({
    split: 'test',
    scores: { tr: { ...scores(tr), entities: { default: { macro: scores(tr), types } } }, en: scores(0.8) },
  });
  writeFileSync(at('good.json'), JSON.stringify(report(0.9)));
  writeFileSync(at('bad.json'), JSON.stringify(report(0.8)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (args: readonly string[], env: Record<string, string> = {}) =>
  panx(['check', ...args], { GITHUB_STEP_SUMMARY: '', ...env });

it('says what it found, a line for each condition in the order in which they were typed, and by its exit code', () => {
  const both = ['--max-drop', 'tr.f1=0.05', '--min', 'tr.PER.f1=0.7', '--max', 'tr.loss=0.4', '--min', 'en.f1=0.85'];
  const { code, stdout, stderr } = check([at('bad.json'), ...both, '--against', at('good.json')]);
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout.split('\n')).toEqual([
    "✗ tr.f1 is 0.8000, the baseline's 0.9000 (0.1000 below); expected at most 0.05 below",
    '✓ tr.PER.f1 is 0.7000; expected at least 0.7 (the same)',
    '✓ tr.loss is 0.3000; expected at most 0.4 (0.1000 below)',
    '✗ en.f1 is 0.8000; expected at least 0.85 (0.0500 below)',
    '',
  ]);
  expect(
    check([at('good.json'), '--min', 'tr.f1=0.9', '--min-gain', 'tr.f1=0.1', '--against', at('bad.json')]).code,
  ).toBe(0);
});

it('tells of scores from the table of a study, and not of a report that is called like one', () => {
  const table = { conditions: { mode: 'default', average: 'micro', split: 'test' }, rows: [] as object[] };
  const f1 = { n: 1, mean: 0.9, sd: null };
  table.rows.push({ stage: 'phase-1-tr', status: 'done', n: 1, scores: { tr: { micro: { f1 } } } });
  mkdirSync(at('committed'));
  writeFileSync(at('committed/table.json'), JSON.stringify(table));
  const stage = at('committed/phase-1-tr');
  const ofStage = check([stage, '--min', 'tr.f1=0.5']);
  expect(ofStage.code).toBe(0);
  expect(ofStage.stderr).toContain(
    `the scores of ${stage} are those of its study's table.json: the store does not have them`,
  );
  writeFileSync(at('my-table.json'), readFileSync(at('good.json')));
  const ofReport = check([at('my-table.json'), '--min', 'tr.f1=0.5']);
  expect([ofReport.code, ofReport.stderr]).toEqual([0, '']);
});

it('prints the same as JSON', () => {
  const { code, stdout } = check([
    at('bad.json'),
    '--min',
    'tr.f1=0.9',
    '--max-drop=tr.f1=0.1',
    '--against',
    at('good.json'),
    '--json',
  ]);
  expect(code).toBe(1);
  expect(expectDocument('check', stdout)).toMatchObject({
    ok: false,
    run: at('bad.json'),
    baseline: at('good.json'),
    conditions: [
      { condition: '--min tr.f1=0.9', met: false, value: 0.8, baseline: null, change: null },
      {
        condition: '--max-drop tr.f1=0.1',
        met: true,
        value: 0.8,
        baseline: { value: 0.9, n: 1, source: at('good.json') },
      },
    ],
  });
});

it('is no pass where a condition cannot be told: exit code 2, and a sentence', () => {
  for (const args of [
    [at('good.json'), '--min', 'de.f1=0'],
    [at('nothing'), '--min', 'tr.f1=0'],
    [at('good.json'), '--max-drop', 'tr.f1=1', '--min', 'tr.f1=0', '--against', at('nothing')],
    [at('good.json'), '--min', 'tr.f1=0', '--min', 'de.f1=0', '--json'],
  ]) {
    const { code, stdout, stderr } = check(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^panx: .+\.\n {2}.+\n$/);
  }
});

it('ends with 2 where the system has an error: 1 says that a condition is not met', () => {
  const script = 'd=$(mktemp -d); cd $d; rmdir $d; exec "$0" "$1" check "$2" --min tr.f1=0.99 --junit j.xml';
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, process.execPath, join(root, 'dist/cli.js'), at('good.json')],
    { encoding: 'utf8' },
  );
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toBe('panx: The folder that panx was started in is not there any more.\n  Change to another: cd ~\n');
});

it('prints what became of the other conditions where one cannot be told', () => {
  const unknown = `${at('good.json')} has no scores of de; it has those of tr, en.`;
  const { code, stdout, stderr } = check([
    at('good.json'),
    ...['--min', 'tr.f1=0.5', '--min', 'de.f1=0', '--min', 'en.f1=0.85'],
  ]);
  expect(code).toBe(2);
  expect(stdout.split('\n')).toEqual([
    '✓ tr.f1 is 0.9000; expected at least 0.5 (0.4000 above)',
    `? de.f1 ≥ 0: ${unknown}`,
    '✗ en.f1 is 0.8000; expected at least 0.85 (0.0500 below)',
    '',
  ]);
  expect(stderr.split('\n')[0]).toBe(`panx: ${unknown}`);
});

it.each([
  [[], 'panx check is given no condition.'],
  [['--max-drop', 'tr.f1=0.1'], '--max-drop tr.f1=0.1 is given without --against, so there is no baseline.'],
  [['--min', 'tr.f1=0.1', '--against', 'x'], '--against is given, but no condition compares with a baseline.'],
  [
    ['--min', 'tr.f1=0.1', '--store', 'x'],
    '--store is given, and reports of panx evaluate are checked, which need no store.',
  ],
  [['--min', 'tr.f2=0.1'], '--min tr.f2=0.1 has the metric "f2"; did you mean "f1"?'],
  [['--min', ''], '--min is empty; expected a value.'],
])('refuses %j', (args, message) => {
  const { code, stdout, stderr } = check([at('good.json'), ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.split('\n')[0]).toBe(`panx: ${message}`);
});

describe('--junit', () => {
  it('writes a report, and replaces it, also where a condition cannot be told', () => {
    const file = at('reports/check.xml');
    expect(check([at('good.json'), '--min', 'tr.f1=0.5', '--junit', file]).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('tests="1" failures="0" errors="0"');
    expect(check([at('good.json'), '--min', 'tr.f1=0.99', '--junit', file]).code).toBe(1);
    expect(readFileSync(file, 'utf8')).toContain('tests="1" failures="1" errors="0"');
    expect(check([at('gone.json'), '--min', 'tr.f1=0.5', '--junit', file]).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toContain('tests="1" failures="0" errors="1"');
  });

  it('is not put into the folder of a study', () => {
    mkdirSync(at('study'));
    writeFileSync(at('study/panx.json'), '{"kind": "study", "format": 1}');
    const { code, stderr } = check([at('good.json'), '--min', 'tr.f1=0.5', '--junit', at('study/j.xml')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/lies inside a study of panx, .*study\.\n {2}Choose a file outside of it with --junit\.\n$/);
    expect(existsSync(at('study/j.xml'))).toBe(false);
  });

  it('overwrites nothing else', () => {
    const before = readFileSync(at('bad.json'), 'utf8');
    const { code, stderr } = check([at('good.json'), '--min', 'tr.f1=0.5', '--junit', at('bad.json')]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'is a file that panx did not write; expected a new file, or a JUnit report of panx check.',
    );
    expect(readFileSync(at('bad.json'), 'utf8')).toBe(before);
  });
});

describe('the summary', () => {
  const args = [at('good.json'), '--min', 'tr.f1=0.5'];

  it('is appended to the file that GITHUB_STEP_SUMMARY names, which other steps write as well', () => {
    const file = at('step_summary_1');
    writeFileSync(file, '# Build\n\n');
    expect(check(args, { GITHUB_STEP_SUMMARY: file }).code).toBe(0);
    expect(check(args, { GITHUB_STEP_SUMMARY: file }).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith('# Build\n\n### panx check: 1 of 1 condition met\n')).toBe(true);
    expect(text.match(/^### /gm)).toHaveLength(2);
  });

  it('goes elsewhere with --summary, to a new file or one of Markdown', () => {
    const [other, file] = [at('step_summary_2'), at('summaries/new.md')];
    expect(check([...args, '--summary', file], { GITHUB_STEP_SUMMARY: other }).code).toBe(0);
    expect(check([...args, '--summary', file]).code).toBe(0);
    expect(existsSync(other)).toBe(false);
    expect(readFileSync(file, 'utf8').match(/^### /gm)).toHaveLength(2);
    const { code, stderr } = check([...args, '--summary', at('bad.json')]);
    expect(code).toBe(2);
    expect(stderr).toContain('holds something, and its name does not end in .md; expected a Markdown file.');
    mkdirSync(at('folder.md'));
    expect(check([...args, '--summary', at('folder.md')]).stderr).toContain('is a folder; expected a file.');
  });

  it('is no folder that panx reads', () => {
    mkdirSync(at('model'));
    writeFileSync(at('model/panx.json'), '{"kind": "model", "format": 1}');
    const { code, stderr } = check([...args, '--summary', at('model/notes.md')]);
    expect(code).toBe(2);
    expect(stderr).toContain('lies inside a model of panx');
  });
});
