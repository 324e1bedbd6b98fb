import { describe, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { type ConditionKind, isUnknown, judge, parseCondition } from '../../src/experiment/conditions.js';
import type { FoundScore, ScoreReport } from '../../src/experiment/score-report.js';

/** A report with one score of each name. */
function report(typed: string, values: Record<string, number>, more: Partial<FoundScore> = {}): ScoreReport {
  return {
    typed,
    async score({ text }) {
      const value = values[text];
      if (value === undefined) throw new PanxError(`${typed} has no ${text}.`, { exitCode: 2 });
      return { value, n: 1, rows: 100, split: 'test', source: 'metrics.json', from: 'metrics', ...more };
    },
  };
}

async function isMet(kind: ConditionKind, text: string, value: number, before?: number): Promise<boolean> {
  const condition = parseCondition(kind, text);
  const name = condition.score.text;
  const baseline = before === undefined ? null : report('before', { [name]: before });
  const verdict = await judge(condition, report('run', { [name]: value }), baseline);
  if (isUnknown(verdict)) throw verdict.error;
  return verdict.met;
}

describe('a condition', () => {
  it('compares the score as it is: what is at the bound meets it, what is below by little does not', async () => {
    expect(await isMet('min', 'tr.f1=0.85', 0.85)).toBe(true);
    expect(await isMet('min', 'tr.f1=0.85', 0.849999)).toBe(false);
    expect(await isMet('min', 'tr.f1=0.3', 0.1 + 0.2)).toBe(true);
    expect(await isMet('min', 'tr.f1=0.3', 0.3 - 1e-9)).toBe(false);
    expect(await isMet('max', 'tr.loss=0.4', 0.4)).toBe(true);
    expect(await isMet('max', 'tr.loss=0.4', 0.40001)).toBe(false);
    expect(await isMet('max', 'tr.loss=2', 1.9)).toBe(true);
  });

  it('compares with a baseline: how far below it, and how far above', async () => {
    // 0.9 - 0.85 is 0.050000000000000044 in floating-point arithmetic.
    expect(await isMet('max-drop', 'en.f1=0.05', 0.85, 0.9)).toBe(true);
    expect(await isMet('max-drop', 'en.f1=0.05', 0.8499, 0.9)).toBe(false);
    expect(await isMet('max-drop', 'en.f1=0', 0.9, 0.9)).toBe(true);
    expect(await isMet('max-drop', 'en.f1=0', 0.95, 0.9)).toBe(true);
    expect(await isMet('min-gain', 'en.f1=0.05', 0.95, 0.9)).toBe(true);
    expect(await isMet('min-gain', 'en.f1=0.05', 0.94, 0.9)).toBe(false);
    expect(await isMet('min-gain', 'en.f1=0', 0.9, 0.9)).toBe(true);
    expect(await isMet('min-gain', 'en.f1=0', 0.89, 0.9)).toBe(false);
  });

  it('is neither met nor unmet where a score is missing, of the run or of the baseline', async () => {
    const condition = parseCondition('max-drop', 'en.f1=0.05');
    const [with_, without] = [report('run', { 'en.f1': 0.5 }), report('other', { 'de.f1': 0.5 })];
    expect(await judge(condition, without, with_)).toMatchObject({ error: { message: 'other has no en.f1.' } });
    expect(await judge(condition, with_, without)).toMatchObject({ error: { message: 'other has no en.f1.' } });
  });

  it('is neither where a file cannot be read; a bug of panx is no verdict', async () => {
    const condition = parseCondition('min', 'en.f1=0.05');
    const failing = (error: Error): ScoreReport => ({ typed: 'run', score: () => Promise.reject(error) });
    const system = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open', path: '/run/metrics.json' });
    expect(await judge(condition, failing(system), null)).toMatchObject({
      error: { message: '/run/metrics.json: permission denied (open).' },
    });
    await expect(judge(condition, failing(new TypeError('x')), null)).rejects.toThrow(TypeError);
  });

  it('does not compare scores of other rows', async () => {
    const condition = parseCondition('max-drop', 'en.f1=0.05');
    const run = report('run', { 'en.f1': 0.5 });
    const judged = (more: Partial<FoundScore>) => judge(condition, run, report('before', { 'en.f1': 0.5 }, more));
    expect(await judged({ rows: 300 })).toMatchObject({
      error: {
        message: 'run was scored on 100 rows of en/test and before on 300 rows of en/test; expected the same rows.',
        exitCode: 2,
      },
    });
    expect(await judged({ split: 'validation' })).toMatchObject({
      error: { message: expect.stringContaining('en/validation') },
    });
    expect(await judged({ rows: null })).toMatchObject({ met: true, change: 0 });
  });
});

describe('parseCondition', () => {
  it('reads languages of named corpora, types and every way to write a number', () => {
    expect(parseCondition('min', 'conll=de.f1=0.5')).toMatchObject({
      score: { lang: 'conll=de', of: 'micro' },
      bound: 0.5,
    });
    expect(parseCondition('min', 'my.corpus=de.PER.recall=.5')).toMatchObject({
      score: { lang: 'my.corpus=de', of: { type: 'PER' }, metric: 'recall' },
    });
    expect(parseCondition('min', 'tr.a.b.f1 = 5e-1')).toMatchObject({ score: { of: { type: 'a.b' } }, bound: 0.5 });
    expect(parseCondition('min', 'tr.macro.f1=1')).toMatchObject({ score: { of: 'macro' }, bound: 1 });
    expect(parseCondition('min', 'tr.micro.f1=0')).toMatchObject({ score: { of: 'micro' }, bound: 0 });
  });

  it.each([
    ['min', 'tr.f1', '--min is "tr.f1"; expected SCORE=NUMBER, such as tr.f1=0.85.'],
    ['min', 'tr.f1=', '--min is "tr.f1="; expected SCORE=NUMBER, such as tr.f1=0.85.'],
    ['min', '=0.5', '--min is "=0.5"; expected SCORE=NUMBER, such as tr.f1=0.85.'],
    ['min', 'tr.f1=0,85', '--min is "tr.f1=0,85"; expected SCORE=NUMBER, such as tr.f1=0.85.'],
    ['min', 'tr.f1=Infinity', '--min is "tr.f1=Infinity"; expected SCORE=NUMBER, such as tr.f1=0.85.'],
    ['min', 'tr.f1=0x1', '--min is "tr.f1=0x1"; expected SCORE=NUMBER, such as tr.f1=0.85.'],
    ['min', 'tr.f1=85', '--min tr.f1=85 has the number 85; expected a fraction from 0 to 1.'],
    ['max-drop', 'tr.f1=-0.1', '--max-drop tr.f1=-0.1 has the number -0.1; expected a fraction from 0 to 1.'],
    ['max', 'tr.loss=-1', '--max tr.loss=-1 has the number -1; expected a loss, which is not below 0.'],
    ['max', 'tr.loss=1e999', '--max tr.loss=1e999 has the number 1e999; expected a loss, which is not below 0.'],
    ['min', 'tr.F1=0.5', '--min tr.F1=0.5 has the metric "F1"; did you mean "f1"?'],
    ['min', 'tr.bleu=0.5', '--min tr.bleu=0.5 has the metric "bleu".'],
    ['min', 'f1=0.5', '--min f1=0.5 names the score "f1"; expected LANGUAGE.METRIC, such as tr.f1.'],
    ['min', 'Turkish.f1=0.5', '--min Turkish.f1=0.5 has the language "Turkish"; expected a language code such as tr.'],
    ['min', 'all.f1=0.5', '--min all.f1=0.5 has the language "all"; expected a language code such as tr.'],
    ['max', 'tr.macro.loss=1', '--max tr.macro.loss=1 asks for loss of "macro"; expected tr.loss: it is of all words.'],
    [
      'max-drop',
      'tr.loss=0.1',
      '--max-drop tr.loss=0.1 compares a loss with that of a baseline; expected a score that is better when higher.',
    ],
  ] as const)('refuses --%s %s', (kind, text, message) => {
    expect(() => parseCondition(kind, text)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  });

  it('says what a percentage is as a fraction', () => {
    for (const [typed, hint] of [
      ['85', '85 % is 0.85.'],
      ['1.1', '1.1 % is 0.011.'],
    ]) {
      expect(() => parseCondition('min', `tr.f1=${typed}`)).toThrow(expect.objectContaining({ hint }));
    }
  });
});
