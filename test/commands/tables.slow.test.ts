import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { samplePaths } from '../../src/hub/sample.js';
import { buildCli, panx } from '../built-cli.js';

let folder: string;
let study: string;

beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-tables-'));
  study = join(folder, 'small');
  writeFileSync(
    join(folder, 'small.yaml'),
    'study: {protocol: mixtures, train: [[en], [en, tr]], score: [en, tr]}\ntraining: {maxSteps: 2, resplit: true}\nevaluation: {limit: 20, eachEpoch: false}\n',
  );
  const { code, stderr } = panx([
    ...['run', join(folder, 'small.yaml'), '--sample', '--out', study, '--store', join(folder, 'store')],
  ]);
  expect(code, stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('counts the rows that the study trained on and scored, as panx data stats counts the splits that they are of', () => {
  const { code, stdout, stderr } = panx(['tables', study, '--tables', 'data', '--format', 'json']);
  expect([code, stderr]).toEqual([0, '']);
  const { schema, tables } = JSON.parse(stdout);
  expect(schema).toBe('tables/1');
  const rows: Record<string, number | string>[] = tables.data.rows;
  expect(rows.map(({ language, split }) => `${language} ${split}`)).toEqual([
    ...['en train:fit', 'en validation:20', 'tr validation:20', 'tr train:fit'],
  ]);
  expect(rows[1]).toMatchObject({ sentences: 20 });
  expect(tables.data.notes).toEqual([expect.stringContaining('tokens with that tag')]);
  const trainedRows = readdirSync(join(folder, 'store'))
    .map(name => join(folder, 'store', name, 'metrics.json'))
    .flatMap(path => {
      try {
        return [JSON.parse(readFileSync(path, 'utf8')).rows as number];
      } catch {
        return [];
      }
    });
  const ofEn = rows.find(({ language, split }) => language === 'en' && split === 'train:fit')!;
  // Of en alone, and of both.
  expect(trainedRows.sort((a, b) => a - b)[0]).toBe(ofEn.sentences);
  for (const row of rows) {
    const tags = Object.entries(row).filter(([key]) => key.startsWith('tag_'));
    expect(tags.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(row.tokens);
    expect(Number(row.tokens) / Number(row.sentences)).toBeCloseTo(Number(row.mean_length), 10);
  }
});

it('has the sizes and the parameters of the encoder', () => {
  const { stdout } = panx(['tables', study, '--tables', 'encoders', '--format', 'csv']);
  const [head, row, ...more] = stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split(','));
  expect(more).toEqual([]);
  const cells = Object.fromEntries(head!.map((key, i) => [key, row![i]]));
  const config = JSON.parse(readFileSync(join(samplePaths().modelDir, 'config.json'), 'utf8'));
  expect(cells).toMatchObject({
    ...{ layers: String(config.num_hidden_layers), hidden: String(config.hidden_size) },
    ...{ vocabulary: String(config.vocab_size), n: '2' },
  });
  expect(Number(cells.parameters)).toBe(parametersOfXlmRoberta(config, 7));
  expect(Number(cells.training_seconds)).toBeGreaterThan(0);
});

it('prints all tables, on the terminal, in Markdown and in LaTeX', () => {
  const text = panx(['tables', study]).stdout;
  for (const title of ['Training languages × test languages', 'Seeds', 'Encoders', 'Data sets']) {
    expect(text).toContain(`${title}\n`);
  }
  const markdown = panx(['tables', study, '--tables', 'results,types', '--format', 'markdown']).stdout;
  expect(markdown).toContain('\n## F1 by language and type\n\n| trained on | test |');
  const latex = panx(['tables', study, '--tables', 'results,scores', '--format', 'latex']).stdout;
  expect(latex.match(/\\begin\{tabular\}/g)).toHaveLength(2);
  expect(latex).toContain('\\label{tab:scores}');
});

it('reads a store that was moved, where it is named', () => {
  const [store, moved] = [join(folder, 'store'), join(folder, 'moved')];
  renameSync(store, moved);
  const [gone, found] = [panx(['tables', study]), panx(['tables', study, '--store', moved])];
  renameSync(moved, store);
  expect([gone.code, gone.stdout]).toEqual([2, '']);
  expect(gone.stderr).toContain(`stages.json says that it is ${store}.\n`);
  expect(found.stdout).toBe(panx(['tables', study]).stdout);
});

it('refuses a --store that has nothing of the study, as panx status does', () => {
  const nothing = join(folder, 'nothing');
  for (const args of [
    ['tables', study, '--tables', 'encoders'],
    ['status', study],
  ]) {
    expect(panx([...args, '--store', nothing])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `panx: --store is ${nothing}, and the stages of small are in ${join(folder, 'store')}.\n  Leave --store out: the study says where its store is.\n`,
    });
    expect(panx([...args, '--store', join(folder, 'store')]).code).toBe(0);
  }
});

it('of a scoring by itself, panx verify reads neither data nor model', () => {
  const key = readdirSync(join(folder, 'store')).find(name => existsSync(join(folder, 'store', name, 'scores.json')))!;
  const scoring = join(folder, 'store', key);
  expect(panx(['verify', scoring]).code).toBe(0);
  for (const option of ['--data', '--model']) {
    expect(panx(['verify', scoring, option, folder])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `panx: ${option} is given, and ${scoring} is a scoring, whose files are looked at by themselves;`,
      ),
    });
  }
});

it('says of data that were moved or changed that they are not counted', () => {
  const elsewhere = panx(['tables', study, '--tables', 'data', '--data', join(folder, 'nowhere')]);
  expect(elsewhere.code).toBe(0);
  expect(elsewhere.stdout).toContain(
    `The data folder ${join(folder, 'nowhere')} cannot be read: no such file or folder.\n`,
  );
  const csv = panx(['tables', study, '--tables', 'data', '--data', join(folder, 'nowhere'), '--format', 'csv']);
  expect(csv.stdout.split('\n')).toHaveLength(2);
  expect(csv.stderr).toContain(`The data folder ${join(folder, 'nowhere')} cannot be read: no such file or folder.\n`);
  const changed = join(folder, 'changed');
  cpSync(samplePaths().dataDir, changed, { recursive: true });
  const language = (lang: string) => join(changed, `PAN-X.${lang}`);
  rmSync(language('en'), { recursive: true });
  cpSync(language('tr'), language('en'), { recursive: true });
  const { stdout } = panx(['tables', study, '--tables', 'data', '--data', changed]);
  expect(stdout).toContain('The rows of en/train:fit are not those that the study read: the data was changed.\n');
  expect(stdout).not.toMatch(/^en /m);
});

it.each([
  [
    ['--tables', 'result'],
    '--tables names "result", which is no table; expected results, scores, types, seeds, encoders, data.',
  ],
  [
    ['--tables', 'types', '--data', 'x'],
    '--data is given without the table data, which alone reads the data; expected no --data.',
  ],
  [['--format', 'csv'], '--format csv prints one table, and 6 are asked for; expected one.'],
])('refuses %j', (options, sentence) => {
  const { code, stdout, stderr } = panx(['tables', study, ...options]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`panx: ${sentence}\n`);
});

/** Counted by hand: tables, two LayerNorm vectors each, query, key, value and output, two maps of the feed-forward, the classifier. */
function parametersOfXlmRoberta(config: Record<string, number>, labels: number): number {
  const {
    vocab_size: v,
    hidden_size: h,
    intermediate_size: i,
    num_hidden_layers: n,
  } = config as Record<string, number>;
  const embeddings = (v! + config.max_position_embeddings! + config.type_vocab_size!) * h! + 2 * h!;
  const layer = 4 * (h! * h! + h!) + (h! * i! + i!) + (i! * h! + h!) + 4 * h!;
  return embeddings + n! * layer + h! * labels + labels;
}
