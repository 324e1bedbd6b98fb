import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';
import { readTrace } from '../system/trace.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-evaluate-'));
const checkpoint = join(folder, 'run', 'checkpoint');

beforeAll(() => {
  buildCli();
  const quick = ['--max-steps', '8', '--learning-rate', '0.003', '--no-eval'];
  const { code, stderr } = panx(['train', '--sample', '--lang', 'en', ...quick, '--out', join(folder, 'run')]);
  expect(stderr).not.toContain('panx:');
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const evaluate = (...args: string[]) =>
  panx(['evaluate', '--sample', '--model', checkpoint, '--set', 'evaluation.limit=40', '--langs', 'en,tr', ...args]);

it('prints and writes strict scores and intervals, and the same again', () => {
  const out = join(folder, 'scores.json');
  const args = ['--split', 'validation', '--metrics', 'strict', '--ci', '0.9', '--ci-samples', '200'];
  const { code, stdout } = evaluate(...args, '--out', out);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^tr validation {2}strict IOB2 {6}macro {6}0\.\d{4} \[0\.\d{4}, 0\.\d{4}\]/m);
  expect(stdout).toContain(
    '90% confidence intervals: percentile bootstrap over rows, 200 samples, seed 42\n\nen validation, seqeval default mode, by type\n',
  );
  const written = JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown>;
  expect(written).toMatchObject({
    split: 'validation',
    arithmetic: expect.stringMatching(/^(fp32|bf16)$/),
    intervals: { method: 'percentile bootstrap over rows', level: 0.9, samples: 200, seed: 42 },
  });
  const { en } = written.scores as { en: { f1: number; entities: Record<string, { micro: { f1: number } }> } };
  expect(Object.keys(en.entities)).toEqual(['default', 'strictIob2']);
  expect(en.entities.default!.micro.f1).toBe(en.f1);
  expect(JSON.parse(evaluate(...args, '--json').stdout)).toEqual(written);
});

it('without them prints the default mode alone', () => {
  const { stdout } = evaluate();
  expect(stdout).toContain('seqeval default mode)');
  expect(stdout).toContain('\n\ntr test, seqeval default mode, by type\n\n');
  expect(stdout).not.toMatch(/strict|span only|\[/);
});

it('--profile prints where the time went after the same scores, and writes a trace where told', () => {
  const trace = join(folder, 'trace.json');
  const plain = evaluate();
  const { code, stdout } = evaluate('--profile', trace);
  expect(code).toBe(0);
  expect(stdout.startsWith(plain.stdout)).toBe(true);
  const profile = stdout.slice(plain.stdout.length);
  expect(profile).toMatch(/^a batch of scoring: /m);
  expect(profile).toMatch(/^forward +[\d.,]+ +[\d.]+%$/m);
  expect(profile).toContain(`trace: ${trace} (open it in`);
  expect(readTrace(trace).paths).toContain('scoring/batch/forward');
});

it('--profile leaves stdout to the scores where they are JSON', () => {
  const { stdout, stderr } = evaluate('--json', '--profile');
  expect(Object.keys(JSON.parse(stdout) as object)).toContain('scores');
  expect(stderr).toContain('a batch of scoring: ');
  expect(stderr).not.toContain('trace: ');
});

it('refuses an option out of range before any work', () => {
  const { code, stdout, stderr } = evaluate('--ci', '95');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toBe(
    'panx: --ci is "95"; expected a number above 0 and below 1.\n  --ci 0.9 gives 90% intervals; --ci alone 95% ones.\n',
  );
});

it('takes --lang as well', () => {
  const of = (option: string) =>
    panx(['evaluate', '--sample', '--model', checkpoint, '--set', 'evaluation.limit=40', option, 'tr']);
  const { code, stdout } = of('--lang');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^tr test /m);
  expect(stdout).toBe(of('--langs').stdout);
});
