import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSignature } from '../../src/reporting/signature.js';
import { buildCli, panx, root } from '../built-cli.js';

let folder: string;
beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-run-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Type panx run with a study on the sample's data, of a step each. */
function run(name: string, study: string, ...args: string[]) {
  writeFileSync(
    join(folder, `${name}.yaml`),
    `study: ${study}\ntraining: {maxSteps: 1, learningRate: 1e-3}\nevaluation: {limit: 10, eachEpoch: false}\n`,
  );
  const places = ['--out', join(folder, name), '--store', join(folder, 'store')];
  return panx(['run', join(folder, `${name}.yaml`), '--sample', ...places, ...args]);
}

/** The same without the models of the file being left for that of the sample. */
function runWithModels(name: string, models: readonly string[], ...args: string[]): ReturnType<typeof run> {
  const study = `{protocol: target-only, sizes: [10], metrics: {mode: strict, average: macro}}`;
  return run(name, study, '--grid', `model=${models.join(',')}`, ...args);
}

const table = (name: string) => JSON.parse(readFileSync(join(folder, name, 'table.json'), 'utf8'));

it('multiplies protocols, seeds and data seeds, shares what they have in common, and has their mean', () => {
  const study = '{protocol: [cumulative, target-only], sizes: [10], seeds: 2, dataSeeds: [1, 2]}';
  const plan = run('axes', study, '--dry-run');
  expect(plan.stdout).toContain(
    '\n12 stages of 4,880 rows an epoch in all; of 16 that were asked for, 4 are shared.\n',
  );
  const { code, stdout, stderr } = run('axes', study);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(
    'weights of the last step, mean ± standard deviation over 2 seeds and 2 data seeds, n trainings',
  );
  const { rows, signature } = table('axes');
  expect(rows.map(({ protocol, label, n }: Record<string, unknown>) => [protocol, label, n])).toEqual([
    ['cumulative', 'tr', 2],
    ['cumulative', 'en', 2],
    ['cumulative', 'en → tr 10', 4],
    ['target-only', 'tr 10', 4],
  ]);
  expect(parseSignature(signature)).toMatchObject({
    protocol: ['cumulative', 'target-only'],
    seeds: 2,
    dataseeds: 2,
    n: [10],
  });
  const f1 = rows[2].trainings.map((training: { f1: { tr: number } }) => training.f1.tr);
  expect(rows[2].f1.tr).toBeCloseTo(f1.reduce((sum: number, value: number) => sum + value, 0) / 4, 12);
  expect(rows[2].scores.tr.types.PER.f1.n).toBe(4);
  expect(panx(['verify', join(folder, 'axes')]).code).toBe(0);
});

it('takes the stages of a study without axes, whatever they are called there', () => {
  const { code, stderr } = run(
    'one',
    '{protocol: target-only, sizes: [10]}',
    '--seed',
    '43',
    '--set',
    'training.dataSeed=2',
  );
  expect(code).toBe(0);
  expect(stderr).toContain('all 1 stages are done already; nothing is trained');
});

it('leaves cells out whose model it does not know, does all others, and ends with code 1', () => {
  const [known, unknown] = [join(folder, 'known'), join(folder, 'unknown')];
  for (const model of [known, unknown]) cpSync(join(root, 'sample', 'model'), model, { recursive: true });
  const config = join(unknown, 'config.json');
  writeFileSync(config, readFileSync(config, 'utf8').replace('"xlm-roberta"', '"rembert"'));
  const why = `${config}: model_type is "rembert": RemBERT, whose embeddings for input and output differ in size. panx does not know it; expected one of "xlm-roberta", "roberta", "camembert", "bert", "electra", "distilbert", "deberta", "deberta-v2".`;
  const plan = runWithModels('models', [known, unknown], '--dry-run');
  expect([plan.code, plan.stderr]).toEqual([0, '']);
  expect(plan.stdout).toContain(`\n${unknown}  not supported: ${why} (1 stage)\n`);
  expect(existsSync(join(folder, 'models'))).toBe(false);
  const { code, stdout, stderr } = runWithModels('models', [known, unknown]);
  expect(code).toBe(1);
  expect(stderr).toContain(`1 of 2 models are not supported: ${why}`);
  expect(stdout).toContain('F1 is seqeval strict mode (IOB2), macro F1, first 10 rows of the test split');
  expect(table('models').rows.map(({ status }: { status: string }) => status)).toEqual(['done', 'not supported']);
  expect(panx(['verify', join(folder, 'models')]).code).toBe(0);
  const none = runWithModels('none', [unknown]);
  expect([none.code, none.stderr.includes(why)]).toEqual([1, true]);
  expect(runWithModels('none', [unknown], '--dry-run').stdout).toContain('No stage can be run.');
  // One model that is asked for takes the place of those of the file: here that of the sample.
  expect(run('tried', `{protocol: target-only, sizes: [10], grid: {model: [${unknown}]}}`).code).toBe(0);
});

it('has a matrix of training and test languages, and no learning curve', () => {
  const { code, stdout, stderr } = run('matrix', '{protocol: mixtures, train: [[en], [en, tr]], score: [tr, en]}');
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('\ntrained on  samples   TR F1   EN F1  epochs  steps');
  expect(existsSync(join(folder, 'matrix', 'learning-curve.svg'))).toBe(false);
  expect(existsSync(join(folder, 'matrix', 'training-curves.png'))).toBe(true);
  // A study of sizes in its place has one, and a matrix again has none.
  expect(run('matrix', '{protocol: target-only, sizes: [10]}').code).toBe(0);
  expect(existsSync(join(folder, 'matrix', 'learning-curve.png'))).toBe(true);
  expect(run('matrix', '{protocol: mixtures, train: [[en]], score: [tr, en]}').code).toBe(0);
  expect(existsSync(join(folder, 'matrix', 'learning-curve.png'))).toBe(false);
});

it.each([
  [
    ['--set', 'study.metrics.mode=strict'],
    'study.metrics.mode is strict, but a sweep keeps no predictions to count that',
  ],
  [['--set', 'study.metrics.average=macro'], 'study.metrics.average is macro, but a sweep keeps no predictions'],
  [['--grid', 'model=a,b'], 'study.grid has model, but a sweep starts from one model; expected other settings.'],
])('panx sweep refuses %j', (args, sentence) => {
  const { code, stderr } = panx(['sweep', '--sample', ...args, '--out', join(folder, 'sweep')]);
  expect([code, stderr.includes(sentence)], stderr).toEqual([2, true]);
});

it('panx sweep of data seeds, and of a re-split of several sets, is verified: their rows of one name are others', () => {
  const small = ['--sample', '--max-steps', '1', '--eval-limit', '10', '--store', join(folder, 'store')];
  for (const [name, args] of [
    ['seeds', ['--protocol', 'target-only', '--sizes', '30', '--data-seeds', '2']],
    ['re-split', ['--protocol', 'mixtures', '--train', 'tr', '--train', 'en,tr', '--set', 'training.resplit=true']],
  ] as const) {
    const out = join(folder, `sweep-${name}`);
    const { code, stderr } = panx(['sweep', ...small, ...args, '--out', out]);
    expect(code, stderr).toBe(0);
    const verified = panx(['verify', out]);
    expect(verified.code, verified.stdout).toBe(0);
  }
});

it('says of a grid all that its signature depends on', () => {
  const grid = '{training.select: [last, average], tokenization.maxLength: [16, 64]}';
  const { code, stdout, stderr } = run('selected', `{protocol: target-only, sizes: [10], grid: ${grid}}`);
  expect(code, stderr).toBe(0);
  expect(parseSignature(table('selected').signature)).toMatchObject({ sel: ['last', 'average'], max: [16, 64] });
  expect(stdout).toContain('weights of the last step or averaged, 1 seed');
});

it('refuses a cell whose rows are to be longer than its model has positions for, before anything is trained', () => {
  const study = '{protocol: target-only, sizes: [10], grid: {tokenization.maxLength: [16, 129]}}';
  const refusal = `tokenization.maxLength is 129, and the model in ${join(root, 'sample', 'model')} has positions for rows of 128 subwords.`;
  for (const args of [['--dry-run'], []]) {
    const { code, stdout, stderr } = run('too-long', study, ...args);
    expect([code, stdout, stderr.includes(refusal)], stderr).toEqual([1, '', true]);
  }
  expect(existsSync(join(folder, 'too-long'))).toBe(false);
  const sweep = [
    '--grid',
    'tokenization.maxLength=16,129',
    '--sizes',
    '10',
    '--dry-run',
    '--out',
    join(folder, 'sweep'),
  ];
  expect(panx(['sweep', '--sample', ...sweep]).stderr).toContain(refusal);
  const { code } = run(
    'too-long',
    study.replace('grid', 'exclude: [{protocol: target-only, tokenization.maxLength: 129}], grid'),
    '--dry-run',
  );
  expect(code).toBe(0);
});

it('leaves no request of its processes; its config.json is the study again, and stays in its folder', () => {
  const { code, stderr } = run('jobs', '{protocol: target-only, sizes: [11, 12]}', '--jobs', '2');
  expect(code, stderr).toBe(0);
  expect(readdirSync(join(folder, 'store', 'requests'))).toEqual([]);
  const before = readFileSync(join(folder, 'jobs', 'table.json'));
  rmSync(join(folder, 'jobs', 'table.json'));
  const again = panx(['run', join(folder, 'jobs', 'config.json'), '--store', join(folder, 'store')]);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain(`tables and curve: ${join(folder, 'jobs')};`);
  expect(readFileSync(join(folder, 'jobs', 'table.json')).equals(before)).toBe(true);
});
