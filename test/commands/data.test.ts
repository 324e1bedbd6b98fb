import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { define } from '../../src/commands/data.js';
import { PanxError } from '../../src/errors.js';
import { panx, temporaryFolder, writeParquet } from '../data/formats/parquet-fixture.js';
import { tokenizerFolder } from '../tokenization/fixtures.js';

const sample = vi.hoisted(() => ({ dataDir: '', modelDir: '' }));
vi.mock('../../src/hub/sample.js', () => ({ samplePaths: () => sample }));

const dataDir = temporaryFolder();
const model = tokenizerFolder('unigram');

beforeAll(() => {
  const english = panx([
    [
      ['Ada', 1],
      ['Lovelace', 2],
      ['.', 0],
    ],
    [
      ['\u200e', 0],
      ['Oslo', 5],
    ],
    [],
  ]);
  writeParquet(join(dataDir, 'PAN-X.en/train-00000-of-00001.parquet'), english);
  writeParquet(join(dataDir, 'PAN-X.en/test-00000-of-00001.parquet'), panx([[['Oslo', 5]]]));
  const turkish = panx([Array.from({ length: 12 }, (_, i) => [`sözcük${i}`, i % 7] as const)]);
  writeParquet(join(dataDir, 'PAN-X.tr/train-00000-of-00001.parquet'), turkish);
  writeParquet(join(dataDir, 'PAN-X.tr/test-00000-of-00001.parquet'), turkish);
});

beforeEach(() => {
  vi.stubEnv('PANX_CACHE', mkdtempSync(join(tmpdir(), 'panx-test-')));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What the command prints to stdout. */
const run = (...args: string[]) => runBare(...args, '--data', dataDir);

async function runBare(...args: string[]): Promise<string> {
  const written = vi.spyOn(process.stdout, 'write').mockClear().mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const command = new Command('data').exitOverride();
  define(command);
  await command.parseAsync(args, { from: 'user' });
  return written.mock.calls.map(([text]) => String(text)).join('');
}

const stats = (...args: string[]) => run('stats', '--splits', 'train', ...args);

describe('panx data stats', () => {
  it('prints tables, without subwords unless a tokenizer is named', async () => {
    expect(await run('stats', '--langs', 'en,tr', '--splits', 'train,test')).toBe(
      [
        'Rows, tokens, and tokens a row',
        'lang  split  rows  tokens  unique   mean  median  p95  longest',
        'en    train     3       5       5   1.67       2  2.9        3',
        'en    test      1       1       1   1.00       1    1        1',
        'tr    train     1      12      12  12.00      12   12       12',
        'tr    test      1      12      12  12.00      12   12       12',
        '',
        'Tokens with each tag',
        'lang  split  O  B-PER  I-PER  B-ORG  I-ORG  B-LOC  I-LOC',
        'en    train  2      1      1      0      0      1      0',
        'en    test   0      0      0      0      0      1      0',
        'tr    train  2      2      2      2      2      1      1',
        'tr    test   2      2      2      2      2      1      1',
        '',
        'Entities',
        'lang  split  PER  ORG  LOC  all',
        'en    train    1    0    1    2',
        'en    test     0    0    1    1',
        'tr    train    2    2    1    5',
        'tr    test     2    2    1    5',
        '',
      ].join('\n'),
    );
  });

  it('counts subwords where --model names a tokenizer', async () => {
    const text = await stats('--model', model);
    expect(text.split('\n\n').at(-1)).toBe(
      [
        'Subwords, and subwords a row with special tokens',
        'lang  split  subwords  a token  mean  median   p95  longest  rows cut  words cut  words without',
        'en    train        12     2.40  6.00       5  10.4       11         0          0              1',
        '',
      ].join('\n'),
    );
    // The second time from the cache.
    expect(await stats('--model', model)).toBe(text);
  });

  it('prints CSV', async () => {
    expect(await stats('--langs', 'en,tr', '--format', 'csv')).toBe(
      [
        'lang,split,rows,tokens,unique_tokens,tag_O,tag_B-PER,tag_I-PER,tag_B-ORG,tag_I-ORG,tag_B-LOC,tag_I-LOC,entities_PER,entities_ORG,entities_LOC,tokens_per_row_mean,tokens_per_row_median,tokens_per_row_p95,tokens_per_row_max',
        'en,train,3,5,5,2,1,1,0,0,1,0,1,0,1,1.6667,2,2.9,3',
        'tr,train,1,12,12,2,2,2,2,2,1,1,2,2,1,12,12,12,12',
        '',
      ].join('\n'),
    );
    const [header, line] = (await stats('--format', 'csv', '--model', model)).split('\n');
    expect(header).toContain(
      ',tokens_per_row_max,subwords,subwords_per_token,subwords_per_row_mean,subwords_per_row_median,subwords_per_row_p95,subwords_per_row_max,truncated_rows,truncated_words,empty_words',
    );
    expect(line).toMatch(/,0,0,1$/);
    expect(line!.split(',')).toHaveLength(header!.split(',').length);
  });

  it('prints JSON', async () => {
    const counted = JSON.parse(await stats('--format', 'json', '--model', model)) as unknown;
    expect(counted).toMatchObject([
      {
        lang: 'en',
        split: 'train',
        rows: 3,
        tokens: 5,
        uniqueTokens: 5,
        tags: { O: 2, 'B-PER': 1, 'I-PER': 1, 'B-ORG': 0, 'I-ORG': 0, 'B-LOC': 1, 'I-LOC': 0 },
        entities: { PER: 1, ORG: 0, LOC: 1 },
        sentenceLength: { mean: 5 / 3, median: 2, max: 3 },
        subwords: { truncatedRows: 0, truncatedWords: 0, emptyWords: 1 },
      },
    ]);
    expect(JSON.parse(await stats('--format', 'json'))).not.toHaveProperty('0.subwords');
  });

  it('counts each language once', async () => {
    expect(JSON.parse(await stats('--langs', 'tr, en,tr', '--format', 'json'))).toMatchObject([
      { lang: 'tr' },
      { lang: 'en' },
    ]);
  });

  it('refuses what it does not know', async () => {
    await expect(stats('--langs', 'en,,tr')).rejects.toThrow(
      '--langs is "en,,tr", which has an empty part; expected names with commas between.',
    );
    await expect(run('stats', '--splits', 'train,tset')).rejects.toMatchObject({
      message: '--splits has "tset"; did you mean "test"?',
      hint: 'The splits are train, validation, test.',
      exitCode: 2,
    });
    await expect(stats('--langs', 'xx')).rejects.toThrow(`${dataDir} has no language "xx"; found en, tr.`);
    await expect(run('stats')).rejects.toThrow('has no validation split');
    await expect(stats('--format', 'xml')).rejects.toThrow(CommanderError);
  });
});

describe('--sample', () => {
  it('takes data and tokenizer from the embedded sample, unless one of them is named', async () => {
    Object.assign(sample, { dataDir, modelDir: model });
    const text = await runBare('stats', '--splits', 'train', '--sample');
    expect(text).toBe(await stats('--model', model));
    expect(await runBare('show', '--row', '1', '--tokens', '--sample')).toContain('Labels     IGN   B-LOC  IGN');
    Object.assign(sample, { dataDir: '/nowhere' });
    expect(await run('stats', '--splits', 'train', '--sample')).toBe(text);
    Object.assign(sample, { dataDir, modelDir: '/nowhere' });
    expect(await runBare('stats', '--splits', 'train', '--sample', '--model', model)).toBe(text);
    await expect(run('stats', '--splits', 'train', '--sample', '--model', model)).rejects.toThrow(
      '--sample is given, and model and data, for which it would stand, are given too; expected one or the other.',
    );
  });
});

describe('panx data show', () => {
  it('prints tokens above their tags', async () => {
    expect(await run('show', '--row', '0')).toBe(
      [
        'PAN-X.en train, row 0 of 0 to 2: 3 tokens',
        '',
        '        0      1         2',
        'Tokens  Ada    Lovelace  .',
        'Tags    B-PER  I-PER     O',
        '',
      ].join('\n'),
    );
  });

  it('prints subwords, word ids, label ids and labels, IGN for what is ignored', async () => {
    expect(await run('show', '--row', '1', '--tokens', '--model', model)).toBe(
      [
        'PAN-X.en train, row 1 of 0 to 2: 2 tokens',
        '',
        '        0         1',
        'Tokens  <U+200E>  Oslo',
        'Tags    O         B-LOC',
        '',
        '5 subwords; without a subword, and so without a label: 1 word',
        '',
        '           0     1      2     3     4',
        'Tokens     <s>   ▁O     s     lo    </s>',
        'Word IDs   None  1      1     1     None',
        'Label IDs  -100  5      -100  -100  -100',
        'Labels     IGN   B-LOC  IGN   IGN   IGN',
        '',
      ].join('\n'),
    );
  });

  it('shows a row without tokens', async () => {
    expect(await run('show', '--row', '2')).toBe('PAN-X.en train, row 2 of 0 to 2: 0 tokens\n\n\nTokens\nTags\n');
  });

  it('wraps a long row to the width of the terminal', async () => {
    const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
    Object.defineProperty(process.stdout, 'columns', { value: 60, configurable: true });
    try {
      const lines = (await run('show', '--lang', 'tr', '--row', '0', '--split', 'test')).split('\n');
      expect(lines.filter(line => line.startsWith('Tokens')).length).toBeGreaterThan(1);
      expect(Math.max(...lines.slice(1).map(line => line.length))).toBeLessThanOrEqual(60);
      expect(lines.join(' ')).toContain('sözcük11');
    } finally {
      if (columns === undefined) Reflect.deleteProperty(process.stdout, 'columns');
      else Object.defineProperty(process.stdout, 'columns', columns);
    }
  });

  it('refuses a row that is not there, a row that is no number, and an unknown split', async () => {
    await expect(run('show', '--row', '3')).rejects.toThrow(
      'The train split of en has no row 3; its 3 rows are numbered 0 to 2.',
    );
    for (const row of ['-1', '1.5', 'x', '']) {
      const refused = run('show', `--row=${row}`);
      await expect(refused).rejects.toThrow(`--row is "${row}"; expected a row number from 0.`);
      await expect(refused).rejects.toBeInstanceOf(PanxError);
    }
    await expect(run('show', '--row', '0', '--split', 'dev')).rejects.toThrow('--split has "dev".');
    await expect(run('show')).rejects.toThrow("required option '--row <n>' not specified");
  });
});
