import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { define } from '../../src/commands/tokenizers.js';
import { buildCli, panx, root } from '../built-cli.js';
import { tokenizerFolder } from '../tokenization/fixtures.js';

const unigram = tokenizerFolder('unigram');
const byteLevel = tokenizerFolder('byte-level');
const sample = join(root, 'sample', 'model');
const bert = fileURLToPath(new URL('../fixtures/converters/bert-cased', import.meta.url));
const data = fileURLToPath(new URL('../../sample/many/data', import.meta.url));
const schema = JSON.parse(readFileSync(join(root, 'docs/schemas/tokenizers.json'), 'utf8')) as object;
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

beforeEach(() => {
  vi.stubEnv('PANX_CACHE', mkdtempSync(join(tmpdir(), 'panx-test-')));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What the command prints to stdout. */
async function run(...args: string[]): Promise<string> {
  const written = vi.spyOn(process.stdout, 'write').mockClear().mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const command = new Command('tokenizers').exitOverride().configureOutput({ outputError: () => {} });
  define(command);
  await command.parseAsync(args, { from: 'user' });
  return written.mock.calls.map(([text]) => String(text)).join('');
}

interface Counted {
  tokenizers: { name: string; vocabularySize: number; maxLength: number }[];
  maxLength: number;
  languages: { lang: string; tokenizer: string; rows: number; words: number; subwords: number; cutRows: number }[];
  differingWords: { lang: string; word: string; count: number; moreSubwords: number; subwords: unknown[][] }[];
  words: { word: string; subwords: { text: string; unknown: boolean }[][] }[];
}

async function json(...args: string[]): Promise<Counted> {
  const document: unknown = JSON.parse(await run(...args, '--json'));
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  return document as Counted;
}

describe('panx tokenizers --langs', () => {
  it('counts each language by each tokenizer, and lists the words that they split differently', async () => {
    const text = await run('--data', data, '--langs', 'en,tr', '--model', unigram, '--model', bert, '--top', '2');
    const [counts, words] = text.split('\n\nWords that the tokenizers split most differently\n');
    expect(counts).toContain('Tokenizers on the train rows\nlang  tokenizer ');
    for (const lang of ['en', 'tr']) {
      for (const name of ['unigram   ', 'bert-cased']) expect(counts).toMatch(new RegExp(`^${lang}    ${name} `, 'm'));
      expect(words!.match(new RegExp(`^${lang} `, 'gm'))).toHaveLength(2);
    }
    expect(words).toMatch(/^tr {4}yılında {4}139 {3}834 {2}▁ y ı l ı nd a {2}7 {2}yılında {5}1$/m);
  });

  it('takes --lang as well', async () => {
    const of = (option: string) => run('--data', data, option, 'tr', '--limit', '20', '--model', unigram);
    expect(await of('--lang')).toBe(await of('--langs'));
  });

  it('gives each LaTeX table a label of its own', async () => {
    const models = ['--model', unigram, '--model', bert, '--format', 'latex'];
    const labels = (text: string) => text.match(/(?<=\\label\{)[^}]*/g);
    expect(labels(await run('--data', data, '--langs', 'tr', '--limit', '20', ...models))).toEqual([
      'tab:fertility',
      'tab:words',
    ]);
    expect(labels(await run('--text', 'Ankara', ...models))).toEqual(['tab:subwords']);
  });

  it('prints JSON of its schema, whose sums agree', async () => {
    const args = ['--data', data, '--langs', 'tr', '--split', 'test', '--model', unigram, '--model', byteLevel];
    const { tokenizers, languages, differingWords } = await json(...args, '--top', '1000000');
    expect(tokenizers.map(({ name }) => name)).toEqual(['unigram', 'byte-level']);
    const [a, b] = languages;
    expect(a).toMatchObject({ lang: 'tr', tokenizer: 'unigram', rows: 100, words: 1027 });
    // All that the two differ in stands in the list.
    const difference = differingWords.reduce((sum, { count, subwords: [first, second] }) => {
      return sum + count * (first!.length - second!.length);
    }, 0);
    expect(a!.subwords - b!.subwords).toBe(difference);
    expect(difference).not.toBe(0);
    for (const { count, moreSubwords, subwords } of differingWords) {
      expect(moreSubwords).toBe(count * Math.abs(subwords[0]!.length - subwords[1]!.length));
    }
  });

  it('takes the first rows, another maxLength, and the corpora of a configuration', async () => {
    const args = ['--data', data, '--langs', 'tr', '--split', 'test', '--model', unigram];
    const { languages, differingWords } = await json(...args, '--limit', '7', '--set', 'tokenization.maxLength=3');
    expect(languages).toMatchObject([{ rows: 7, cutRows: 7 }]);
    expect(differingWords).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    writeFileSync(join(folder, 'de.txt'), 'Oslo B-LOC\nist O\n\nAda B-PER\n');
    const corpus = `corpora.mine={format: conll, files: {test: "${folder}/{lang}.txt"}}`;
    const named = await json('--model', unigram, '--langs', 'mine=de', '--split', 'test', '--set', corpus);
    expect(named.languages).toMatchObject([{ lang: 'mine=de', rows: 2, words: 3 }]);
  });

  it('counts the rows that each model has no positions for, as its config.json says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    const lines = [200, 127, 126].map(count => 'a O\n'.repeat(count));
    writeFileSync(join(folder, 'de.txt'), lines.join('\n'));
    const corpus = `corpora.mine={format: conll, files: {test: "${folder}/{lang}.txt"}}`;
    const args = ['--langs', 'mine=de', '--split', 'test', '--set', corpus, '--model', sample, '--model', unigram];
    const { tokenizers, maxLength, languages } = await json(...args);
    expect([maxLength, ...tokenizers.map(tokenizer => tokenizer.maxLength)]).toEqual([512, 128, 512]);
    expect(languages.map(({ cutRows }) => cutRows)).toEqual([2, 0]);
    expect(await run(...args)).toContain(
      'cut: rows longer than 128 with model, 512 with unigram, which training cuts or',
    );
    const shorter = await json(...args, '--set', 'tokenization.maxLength=100');
    expect(shorter.languages.map(({ cutRows }) => cutRows)).toEqual([3, 3]);
    await expect(run(...args, '--set', 'tokenization.maxLength=129')).rejects.toThrow(
      `tokenization.maxLength is 129, and the model in ${sample} has positions for rows of 128 subwords.`,
    );
  });

  it('prints one table as CSV', async () => {
    const args = ['--data', data, '--model', unigram, '--model', bert, '--format', 'csv'];
    const lines = (await run(...args, '--tables', 'words', '--top', '3')).trim().split('\n');
    expect(lines[0]).toBe(
      'lang,word,count,more_subwords,subwords_unigram,count_unigram,subwords_bert-cased,count_bert-cased',
    );
    expect(lines).toHaveLength(4);
    await expect(run(...args)).rejects.toThrow('--format csv prints one table, and 2 are asked for; expected one.');
  });

  it('prints the tables that are asked for as JSON too', async () => {
    const args = ['--data', data, '--model', unigram, '--model', bert, '--limit', '20'];
    const fertility = await json(...args, '--tables', 'fertility');
    const words = await json(...args, '--tables', 'words');
    const both = await json(...args);
    expect(fertility).toMatchObject({ languages: both.languages, differingWords: null });
    expect(words).toMatchObject({ languages: null, differingWords: both.differingWords });
    expect(both.differingWords.length).toBeGreaterThan(0);
  });

  it('takes of the sample what --set does not name', async () => {
    const { tokenizers } = await json('--sample', '--langs', 'hu', '--set', `model=${unigram}`);
    expect(tokenizers).toMatchObject([{ name: 'unigram' }]);
    await expect(json('--sample', '--langs', 'hu', '--set', 'data=no/such/folder')).rejects.toThrow('no/such/folder');
  });
  it('takes the tokenizer of the sample', async () => {
    const { tokenizers, languages } = await json('--sample', '--langs', 'hu');
    expect(tokenizers).toMatchObject([{ name: 'sample' }]);
    expect(languages).toMatchObject([{ lang: 'hu', unknownSubwords: 0 }]);
  });
});

describe('panx tokenizers --text', () => {
  it('shows the subwords of each word side by side', async () => {
    const text = await run('--text', "İstanbul'da 東!", '--text', 'Oslo', '--model', byteLevel, '--model', bert);
    expect(text.split('\n').slice(0, 3)).toEqual([
      'Subwords of each word',
      expect.stringMatching(/^sentence {2}word +byte-level +n {2}bert-cased +n$/),
      expect.stringMatching(/^ +1 {2}İstanbul'da {2}Ġ.* \d+ {2}İ.* \d+$/),
    ]);
    expect(text).toMatch(/^ +1 {2}東 +Ġ <0xE6> <0x9D> <0xB1> +4 {2}\S+ +1$/m);
    expect(text).toMatch(/^ +2 {2}Oslo /m);
    expect(text).toMatch(
      /^byte-level: \d+ subwords of 4 words \(\d\.\d\d a word\), \d words? continued, 0 subwords unknown$/m,
    );
  });

  it('marks what a tokenizer does not know', async () => {
    const { words } = await json('--text', 'ॐ', '--model', unigram, '--model', byteLevel);
    expect(words[0]!.subwords.map(subwords => subwords.some(({ unknown }) => unknown))).toEqual([true, false]);
    expect(await run('--text', 'ॐ', '--model', unigram)).toContain('<unk>*');
  });

  it('splits at white space only where the text is tokenized already', async () => {
    const texts = async (...args: string[]) => (await json('--model', unigram, ...args)).words.map(({ word }) => word);
    expect(await texts('--text', 'Oslo, 1924')).toEqual(['Oslo', ',', '1924']);
    expect(await texts('--text', 'Oslo, 1924', '--no-split-text')).toEqual(['Oslo,', '1924']);
  });
});

describe('panx tokenizers refuses', () => {
  it.each([
    [['--text', 'a', '--langs', 'en'], '--text and --langs are both given; expected one of them.'],
    [['--text', 'a', '--limit', '3'], '--text and --limit are both given; expected one of them.'],
    [['--text', 'a', '--split', 'test'], '--text and --split are both given; expected one of them.'],
    [['--text', 'a'], '--text and --data are both given; expected one of them.'],
    [['--no-split-text'], '--no-split-text is given without --text; expected no --no-split-text.'],
    [['--top', '4'], '--top is given without the table of words; expected no --top.'],
    [
      ['--model', bert, '--tables', 'fertility', '--top', '4'],
      '--top is given without the table of words; expected no --top.',
    ],
    [['--limit', '0'], '--limit is "0"; expected a whole number from 1.'],
    [['--limit', '-3'], '--limit is "-3"; expected a whole number from 1.'],
    [['--top', 'ten'], '--top is "ten"; expected a whole number from 1.'],
    [['--split', 'dev'], '--split has "dev"'],
    [['--langs', 'EN'], '--langs has "EN"; expected a language code such as tr.'],
    [['--tables', 'word'], '--tables has "word"; did you mean "words"?'],
    [['--tables', 'words'], '--tables has words, and one tokenizer is given; expected two or more to compare.'],
    [['--set', 'tokenization.maxlength=3'], 'tokenization.maxlength'],
  ])('%j', async (args, message) => {
    await expect(run('--model', unigram, '--data', data, ...args)).rejects.toThrow(message);
  });

  it('a text without a word', async () => {
    await expect(run('--model', unigram, '--text', ' \t ')).rejects.toThrow('--text has no word; expected a sentence.');
  });

  it('a model folder that has no tokenizer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    await expect(run('--data', data, '--model', folder)).rejects.toThrow(
      `${folder} has no tokenizer.json: found an empty folder.`,
    );
  });
});

it('runs as a program', () => {
  buildCli();
  const { code, stdout, stderr } = panx(['tokenizers', '--sample', '--text', 'Ada Lovelace'], {
    PANX_CACHE: mkdtempSync(join(tmpdir(), 'panx-test-')),
  });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Lovelace');
  expect(panx(['tokenizers', '--sample', '--limit', 'x'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'panx: --limit is "x"; expected a whole number from 1.\n',
  });
});
