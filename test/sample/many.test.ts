import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { loadSplit, readExample, type Split } from '../../src/data/corpus.js';
import { splitNames } from '../../src/data/splits.js';
import { splitStatistics } from '../../src/data/statistics.js';
import { samplePaths } from '../../src/hub/sample.js';
import { formatCount } from '../../src/system/console.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { buildCli, panx } from '../built-cli.js';
import { pythonVersion } from './python.js';
import { itHasNoRowTwice, itIsAnEncoder, itIsWellFormed, rowsOf } from './well-formed.js';

const langs = ['en', 'tr', 'de', 'fr', 'it', 'af', 'sw', 'hu'];
const { dataDir, modelDir } = samplePaths(langs);
const expectedRows = { train: 400, validation: 100, test: 100 };
const splits = await Promise.all(langs.flatMap(lang => splitNames.map(name => loadSplit(dataDir, lang, name))));
const named = splits.map(split => [`${split.lang}/${split.split}`, split] as const);
const tokenizer = await loadTokenizer(modelDir);
const config = await readModelConfig(modelDir);

describe.each(named)('%s of sample/many', (_, split) => {
  itIsWellFormed(split, expectedRows);

  it('has rows of 3 to 25 words, some in each of four bins of lengths', () => {
    const rows = rowsOf(split);
    const lengths = rows.map(({ tokens }) => tokens.length);
    expect([Math.min(...lengths), Math.max(...lengths) <= 25]).toEqual([3, true]);
    for (const [least, below] of [
      [0, 5],
      [5, 10],
      [10, 15],
      [15, 30],
    ] as const) {
      expect(lengths.filter(n => n >= least && n < below).length).toBeGreaterThan(0.05 * rows.length);
    }
  });

  it('is spelt without <unk>, within the positions of the model', async () => {
    const rows = await tokenizer.encodeWords(
      rowsOf(split).map(({ tokens }) => tokens),
      config.maxPositions - 2,
    );
    expect(rows.filter(row => row.cutSubwords > 0 || row.inputIds.includes(tokenizer.unkId))).toEqual([]);
  });
});

itHasNoRowTwice(splits);

it('shares names between any two languages, and has some that only one language has', () => {
  const names = langs.map(lang => namesOf(splits.filter(split => split.lang === lang)));
  for (const [i, some] of names.entries()) {
    const others = names.filter((_, j) => j !== i);
    for (const other of others) expect([...some].filter(name => other.has(name)).length).toBeGreaterThan(50);
    expect([...some].filter(name => !others.some(other => other.has(name))).length).toBeGreaterThan(20);
  }
});

it('has the numbers that its README gives', () => {
  const readme = readFileSync(join(dirname(modelDir), 'README.md'), 'utf8').split('\n');
  const stated = readme.filter(line => /^\| [a-z]{2} (train|validation|test) /.test(line));
  const counted = splits.map(split => {
    const { lang, rows, tokens, sentenceLength, entities } = splitStatistics(split);
    const cells = [rows, formatCount(tokens), sentenceLength.max, entities.PER, entities.ORG, entities.LOC];
    return `| ${lang} ${split.split} | ${cells.join(' | ')} |`;
  });
  expect(stated).toEqual(counted);
});

it('has names in each test split that no training row of any language holds', () => {
  const known = namesOf(splits.filter(({ split }) => split === 'train'));
  for (const split of splits.filter(({ split }) => split === 'test')) {
    const scored = [...namesOf([split])];
    expect(scored.filter(name => !known.has(name)).length / scored.length).toBeGreaterThan(0.1);
  }
});

it('knows every letter of its languages, small and capital', async () => {
  const small = 'abcdefghijklmnopqrstuvwxyzçğışöüâîûäßàéèêëïôùÿœæìíîòóúáőűåñ';
  const letters = [...new Set([...small, ...small.replace('ß', '').toUpperCase(), 'İ'])];
  const rows = await tokenizer.encodeWords(
    letters.map(letter => [`x${letter}x`]),
    config.maxPositions - 2,
  );
  expect(letters.filter((_, i) => rows[i]!.inputIds.includes(tokenizer.unkId))).toEqual([]);
});

itIsAnEncoder({ config, tokenizer, modelDir }, 64);

it('is under 2 MB in all, and holds no more than it should', () => {
  const root = dirname(modelDir);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(f => statSync(join(root, f)).isFile());
  expect(files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)).toBeLessThan(2e6);
  expect(readdirSync(root).sort()).toEqual(['README.md', 'data', 'model', 'tagger']);
  expect(readdirSync(modelDir).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
});

describe('panx with --sample', () => {
  const folder = mkdtempSync(join(tmpdir(), 'panx-many-'));
  beforeAll(buildCli);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has a study between two of its languages', () => {
    const study = ['run', 'configs/studies/en-tr-demo.yaml', '--source', 'de', '--target', 'sw', '--sizes', '100,400'];
    const { code, stdout } = panx([...study, '--sample', '--out', join(folder, 'study'), '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('phase-3.2-sw-400');
    expect(stdout).toContain('Scored on de, sw.');
  });

  it('refuses a language that no sample has', () => {
    expect(panx(['data', 'stats', '--sample', '--langs', 'de,ja'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No embedded sample has ja: sample has en, tr; sample/many has en, tr, de, '),
    });
  });
});

const python = pythonVersion();
describe.skipIf(python === undefined || python < 310)('make-many.py', () => {
  const script = fileURLToPath(new URL('../../scripts/make-sample/make-many.py', import.meta.url));
  const printed = (...args: string[]) =>
    execFileSync('python3', ['-B', script, ...args], { encoding: 'utf8', maxBuffer: 2 ** 24 });

  it('writes the rows of all splits again, to the word', () => {
    const made = printed('--print', ...named.map(([name]) => name))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { tokens: string[]; ner_tags: number[] });
    const committed = splits.flatMap(split => Array.from({ length: split.rows }, (_, i) => readExample(split, i)));
    expect(made).toEqual(committed.map(({ tokens, tagIds }) => ({ tokens, ner_tags: tagIds })));
  });

  it('writes the tokenizer again, to the byte', { timeout: 120_000 }, () => {
    expect(printed('--tokenizer') === readFileSync(join(modelDir, 'tokenizer.json'), 'utf8')).toBe(true);
  });
});

/** The capitalised words inside mentions, without their endings. */
function namesOf(some: Split[]): Set<string> {
  const words = some.flatMap(rowsOf).flatMap(({ tokens, tags }) => tokens.filter((_, i) => tags[i] !== 'O'));
  return new Set(words.map(word => word.split("'")[0]!).filter(stem => /^\p{Lu}\p{Ll}{2,}/u.test(stem)));
}
