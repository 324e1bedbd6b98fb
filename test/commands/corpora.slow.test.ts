import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePaths } from '../../src/hub/sample.js';
import { buildCli, panx } from '../built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
const settings = join(folder, 'corpora.yaml');
const env = { PANX_CACHE: join(folder, 'cache'), PANX_STORE: join(folder, 'store') };
const run = (...args: string[]) => panx(args, env);
const convert = (to: string, out: string, ...more: string[]) =>
  run('data', 'convert', '--to', to, '--out', join(folder, out), ...more);

beforeAll(() => {
  buildCli();
  expect(convert('conll', 'conll', '--sample', '--langs', 'en,tr').code).toBe(0);
  writeFileSync(
    settings,
    `corpora:
  copy:
    format: conll
    files: {train: "${folder}/conll/{lang}/train.conll", test: "${folder}/conll/{lang}/test.conll"}
    labels: [I-LOC, B-LOC, I-ORG, B-ORG, I-PER, B-PER, O]
  biloes:
    format: conll
    files: {test: "${folder}/biloes.conll"}
`,
  );
  writeFileSync(join(folder, 'biloes.conll'), '-DOCSTART- O\n\nAda U-PER\n\nAda U-PER\n\nNew B-LOC\nYork L-LOC\n');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('panx data convert', () => {
  it('says what it wrote, and how to read it', () => {
    const { stdout, code } = convert('conll', 'said', '--sample', '--langs', 'tr', '--splits', 'test');
    const out = join(folder, 'said');
    expect(code).toBe(0);
    expect(stdout).toBe(`${out}/tr  test  300 rows

Read it with these settings, as converted=LANG:

corpora:
  converted:
    format: conll
    files:
      test: "${out}/{lang}/test*.conll"
    scheme: IOB2
    labels: [O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC]
`);
    expect(readdirSync(out).sort()).toEqual(['panx.json', 'tr']);
    const back = stdout.slice(stdout.indexOf('corpora:'));
    writeFileSync(join(folder, 'back.yaml'), back);
    const counted = run(
      'data',
      'stats',
      '--config',
      join(folder, 'back.yaml'),
      '--langs',
      'converted=tr',
      '--format',
      'json',
    );
    const [{ rows, reading }] = JSON.parse(counted.stdout) as [{ rows: number; reading: object }];
    expect(rows).toBe(300);
    expect(reading).toEqual({ scheme: 'IOB2', changedTags: 0, documentMarks: 0, otherLines: 0, duplicateRows: 0 });
  });

  it('leaves parquet that --data reads, of a named corpus too', () => {
    const { stdout } = convert('parquet', 'parquet', '--config', settings, '--langs', 'copy=tr', '--splits', 'test');
    expect(stdout).toContain(`data: ${join(folder, 'parquet')}`);
    expect(readdirSync(join(folder, 'parquet/PAN-X.tr'))).toEqual(['test-00000-of-00001.parquet']);
    const stats = (...from: string[]) =>
      run('data', 'stats', '--langs', 'tr', '--splits', 'test', '--format', 'json', ...from).stdout;
    const [copy] = JSON.parse(stats('--data', join(folder, 'parquet'))) as [{ tags: object; rows: number }];
    const [sample] = JSON.parse(stats('--sample')) as [{ tags: object; rows: number }];
    expect(copy.tags).toEqual(sample.tags);
    expect(Object.keys(copy.tags)[0]).toBe('I-LOC'); // Its ids are in the order that labels tells.
  });

  it('replaces only a corpus that panx wrote, and only with --force', () => {
    const again = convert('jsonl', 'conll', '--sample');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(`${join(folder, 'conll')} holds a corpus already.`);
    const own = join(folder, 'own');
    convert('conll', 'own', '--sample', '--splits', 'test');
    expect(convert('jsonl', 'own', '--sample', '--splits', 'test', '--force').code).toBe(0);
    expect(readdirSync(join(own, 'en'))).toEqual(['test.jsonl']);
    writeFileSync(join(own, 'en/mine.txt'), 'x');
    const strange = convert('conll', 'own', '--sample', '--splits', 'test', '--force');
    expect(strange.stderr).toContain(`${own} holds, beside a corpus, what panx did not make: en/mine.txt.`);
    expect(readFileSync(join(own, 'en/mine.txt'), 'utf8')).toBe('x');
    rmSync(join(own, 'panx.json'));
    const unmarked = convert('conll', 'own', '--sample', '--force');
    expect(unmarked.stderr).toContain(
      `${own} holds what panx did not make (en); expected a new or empty folder, or one that holds a corpus of panx.`,
    );
  });

  it('leaves nothing where a word has no place in the format', () => {
    const source = join(folder, 'spaces.jsonl');
    writeFileSync(source, '{"tokens": ["Ada"], "tags": ["B-PER"]}\n{"tokens": ["New York"], "tags": ["B-LOC"]}\n');
    const corpus = `corpora.x={format: jsonl, files: {train: ${source}}}`;
    const { code, stderr } = convert('conll', 'nothing', '--set', corpus, '--langs', 'x=und');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'The train split of x=und, row 1: word 0, "New York", holds a space, which separates columns',
    );
    expect(readdirSync(folder).filter(name => name.startsWith('nothing'))).toEqual([]);
    expect(convert('parquet', 'nothing', '--set', corpus, '--langs', 'x=und').code).toBe(0);
  });

  it('refuses places where something is read, and two languages for one folder', () => {
    const into = convert(
      'conll',
      'conll/tr/test.conll',
      '--config',
      settings,
      '--langs',
      'copy=tr',
      '--splits',
      'test',
    );
    expect(into.stderr).toContain('lies inside a corpus of panx');
    const holding = run(
      'data',
      'convert',
      '--config',
      settings,
      '--langs',
      'biloes=und',
      '--to',
      'conll',
      '--out',
      folder,
    );
    expect(holding.stderr).toMatch(/holds what panx did not make|holds a file of the corpus/);
    const data = join(folder, 'as-data');
    convert('parquet', 'as-data', '--sample', '--langs', 'tr', '--splits', 'test');
    const language = convert('parquet', 'as-data/PAN-X.xx', '--data', data, '--langs', 'tr', '--splits', 'test');
    expect(language.stderr).toMatch(/would be taken for a language of the data|lies inside a corpus of panx/);
    const twice = convert(
      'conll',
      'two',
      '--sample',
      '--config',
      settings,
      '--langs',
      'tr,copy=tr',
      '--splits',
      'test',
    );
    expect(twice.stderr).toContain('tr and copy=tr would be written to one folder; expected different languages.');
    expect(twice.code).toBe(2);
  });
});

describe('panx data stats and show, of a named corpus', () => {
  it('count what it holds and how it was read, and say what was changed', () => {
    const { stdout, stderr } = run('data', 'stats', '--config', settings, '--langs', 'biloes');
    expect(stderr).toBe('biloes=und test: 3 of 4 tags converted from BILOU to IOB2, 1 -DOCSTART- line dropped\n');
    expect(stdout).toContain('How named corpora were read');
    expect(stdout).toMatch(/biloes=und {2}test +BILOU +3 +1 +0 +1\n/);
    const csv = run('data', 'stats', '--config', settings, '--langs', 'biloes', '--format', 'csv').stdout;
    expect(csv.split('\n')[0]).toMatch(/,tag_scheme,converted_tags,document_lines,other_lines,duplicate_rows$/);
    expect(csv.split('\n')[1]).toMatch(/,BILOU,3,1,0,1$/);
  });

  it('say nothing of that where it is data', () => {
    const { stdout } = run('data', 'stats', '--sample', '--langs', 'en', '--splits', 'test');
    expect(stdout).not.toContain('named');
  });

  it('show a row', () => {
    const { stdout } = run('data', 'show', '--config', settings, '--lang', 'biloes', '--split', 'test', '--row', '2');
    expect(stdout).toMatch(/^biloes=und test, row 2 of 0 to 2: 2 tokens\n/);
    expect(stdout).toMatch(/New +York\n.*B-LOC +I-LOC/s);
  });

  it('refuse a corpus that is not there', () => {
    const { stderr, code } = run('data', 'stats', '--config', settings, '--langs', 'copi=de');
    expect(stderr).toContain('--langs has "copi=de", but there is no corpus "copi"; did you mean copy?');
    expect(code).toBe(2);
  });
});

describe('a training on a named corpus', () => {
  const train = (out: string, ...args: string[]) =>
    run(
      'train',
      '--sample',
      '--size',
      '32',
      '--epochs',
      '1',
      '--out',
      join(folder, out),
      ...args,
      '--set',
      'evaluation.eachEpoch=false',
      '--eval-limit',
      '20',
    );
  const identity = (out: string) =>
    JSON.parse(readFileSync(join(folder, out, 'identity.json'), 'utf8')) as {
      key: string;
      rows: { training: { name: string }[] };
    };

  it('has the weights of the same rows of PAN-X, is verified, and repeats itself by its config.json', () => {
    const named = train('named', '--config', settings, '--lang', 'copy=tr', '--set', 'corpora.copy.labels=null');
    expect(named.stderr).toContain('done');
    expect(named.code).toBe(0);
    expect(train('panx', '--lang', 'tr').code).toBe(0);
    expect(identity('named').key).toBe(identity('panx').key);
    expect(identity('named').rows.training[0]!.name).toBe('copy=tr/train:32');
    const weights = (out: string) => readFileSync(join(folder, out, 'checkpoint/model.safetensors'));
    expect(weights('named').equals(weights('panx'))).toBe(true);
    const verified = run('verify', join(folder, 'named'));
    expect(verified.stdout).toContain('2 files of named corpora');
    expect(verified.code).toBe(0);
    const again = run('train', '--config', join(folder, 'named/config.json'), '--out', join(folder, 'again'));
    expect(again.code).toBe(0);
    expect(weights('again').equals(weights('named'))).toBe(true);
    const test = join(folder, 'conll/tr/test.conll');
    const before = readFileSync(test);
    writeFileSync(test, `${before.toString()}x\tO\n`);
    const changed = run('verify', join(folder, 'named'));
    writeFileSync(test, before);
    expect(changed.stdout).toContain(`${test} (copy=tr/test/test.conll) was changed`);
    expect(changed.code).toBe(1);
  }, 60_000);

  it('is scored by a model whose tags are in another order', () => {
    const scores = (langs: string, ...more: string[]) => {
      const { stdout } = run(
        'evaluate',
        '--model',
        join(folder, 'panx/checkpoint'),
        '--langs',
        langs,
        '--json',
        ...more,
      );
      return Object.values((JSON.parse(stdout) as { scores: object }).scores)[0] as object;
    };
    expect(existsSync(join(folder, 'panx/checkpoint'))).toBe(true);
    expect(scores('copy=tr', '--config', settings)).toEqual(
      scores('tr', '--sample', '--model', join(folder, 'panx/checkpoint')),
    );
  }, 60_000);

  it('goes on from a model whose tags are in another order, in that order', () => {
    const model = ['--model', join(folder, 'panx/checkpoint')];
    expect(train('from', '--config', settings, '--lang', 'copy=tr', ...model).code).toBe(0);
    expect(train('like', '--lang', 'tr', ...model).code).toBe(0);
    const labels = (out: string) => readFileSync(join(folder, out, 'checkpoint/config.json'), 'utf8');
    expect(labels('from')).toBe(labels('like'));
    const weights = (out: string) => readFileSync(join(folder, out, 'checkpoint/model.safetensors'));
    expect(weights('from').equals(weights('like'))).toBe(true);
  }, 60_000);

  it('needs files of the splits that it scores, and no data at all', () => {
    const lacking = run(
      'train',
      '--config',
      settings,
      '--lang',
      'copy=tr',
      '--sample',
      '--out',
      join(folder, 'lacking'),
    );
    expect(lacking.stderr).toContain('corpora.copy has no files of the validation split; found train, test.');
    expect(lacking.stderr).toContain('evaluation.eachEpoch=false');
    const short = ['--size', '32', '--epochs', '1', '--set', 'evaluation.eachEpoch=false', '--backend', 'wasm'];
    const alone = (...args: string[]) =>
      run('train', '--config', settings, '--lang', 'copy=tr', '--model', samplePaths().modelDir, ...short, ...args);
    expect(alone('--out', join(folder, 'alone')).code).toBe(0); // data are google/xtreme by default.
    expect(alone('--data', samplePaths().dataDir, '--out', join(folder, 'idle'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is read for no language: the files of copy=tr are those that corpora names.'),
    });
    const corpora = ['--set', 'corpora={one: {format: conll, files: {test: a.txt}}}'];
    expect(run('data', 'stats', '--sample', '--langs', 'en', ...corpora).stderr).toContain(
      'and no language is of one of them: en; expected such as one=en.',
    );
  }, 60_000);

  it('never writes over its files', () => {
    const { stderr, code } = train('conll/tr', '--config', settings, '--lang', 'copy=tr');
    expect(stderr).toMatch(/lies inside a corpus of panx|is not of panx|did not make/);
    expect(code).not.toBe(0);
  });
});
