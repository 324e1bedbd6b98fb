import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, panx, root } from '../built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-compare-'));
const store = join(folder, 'store');
beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true }));

const compare = (...args: string[]) => panx(['compare', ...args, '--store', store]);

interface Document {
  systems: string[];
  seeds: string[] | null;
  comparisons: {
    rows: string;
    sentences: number;
    f1: { a: number; b: number };
    difference: number;
    bootstrap: { bergKirkpatrick: { count: number; trials: number }; koehn: { count: number } };
    randomization: { count: number; trials: number; exact: boolean };
    holm: number;
    verdict: string;
  }[];
}

const isDocument = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(root, 'docs/schemas/compare.json'), 'utf8')) as object,
);

function documentOf(stdout: string): Document {
  const document = JSON.parse(stdout) as Document;
  isDocument(document);
  expect(isDocument.errors).toBeNull();
  return document;
}

/** Sentences with so many true, predicted and correct entities, each a word. */
function tagged(counts: readonly (readonly [gold: number, correct: number, predicted: number])[]): string {
  return counts
    .map(([gold, correct, predicted]) => {
      const tags = (entities: (place: number) => boolean) =>
        Array.from({ length: 8 }, (_, place) => (entities(place) ? 'B-PER' : 'O'));
      // Wrong ones stand behind the true ones.
      const row = {
        gold: tags(place => place < gold),
        predicted: tags(place => place < correct || (place >= gold && place < gold + predicted - correct)),
      };
      return `${JSON.stringify(row)}\n`;
    })
    .join('');
}

describe('files', () => {
  const compare = (...args: string[]) => panx(['compare', ...args]);
  const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl.gz')];
  beforeAll(() => {
    writeFileSync(a, tagged([[2, 2, 2], [1, 1, 1], [3, 2, 3], [1, 0, 1], [2, 2, 2]])); // biome-ignore format: rows
    writeFileSync(b, gzipSync(tagged([[2, 1, 2], [1, 1, 1], [3, 2, 2], [1, 0, 0], [2, 1, 3]]))); // biome-ignore format: rows
  });

  it('are compared by all samples and swaps where these are few', () => {
    const { code, stdout, stderr } = compare(a, b, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { systems, seeds, comparisons } = documentOf(stdout);
    expect({ systems, seeds }).toEqual({ systems: ['a.jsonl', 'b.jsonl.gz'], seeds: null });
    expect(comparisons).toMatchObject([
      {
        ...{ rows: 'a.jsonl', sentences: 5, f1: { a: 7 / 9, b: 10 / 17 } },
        bootstrap: { bergKirkpatrick: { count: 407, trials: 3125 }, koehn: { count: 423 } },
        randomization: { count: 16, trials: 32, exact: true },
        ...{ holm: 0.5, verdict: 'not distinguishable' },
      },
    ]);
  });

  it('are told of words without a prediction, which do not count', () => {
    const without = join(folder, 'without.jsonl');
    const rows = readFileSync(a, 'utf8').trim().split('\n');
    const changed = rows.map(line => {
      const row = JSON.parse(line) as { predicted: (string | null)[] };
      return JSON.stringify({ ...row, predicted: row.predicted.map((tag, word) => (word < 6 ? tag : null)) });
    });
    writeFileSync(without, changed.join('\n'));
    const { code, stdout, stderr } = compare(a, without, '--json');
    expect(code).toBe(0);
    expect(stderr).toBe(
      'a.jsonl: 10 of 40 words have no prediction by without.jsonl (cut off, or without a subword), and do not count for it\n',
    );
    expect(documentOf(stdout).comparisons).toMatchObject([{ unpredicted: { a: 0, b: 10 } }]);
  });

  it('are told in words, in each format, and written where told', () => {
    const plain = compare(a, b).stdout;
    expect(plain).toContain('\na.jsonl: A and B are not distinguishable (F1 0.1895 apart, p 0.5000).\n');
    for (const [format, ending] of [
      ['table', 'txt'],
      ['markdown', 'md'],
      ['csv', 'csv'],
      ['latex', 'tex'],
      ['json', 'json'],
    ] as const) {
      const out = join(folder, `result.${ending}`);
      const printed = compare(a, b, '--format', format).stdout;
      expect(compare(a, b, '--out', out)).toMatchObject({ code: 0, stdout: plain });
      expect(readFileSync(out, 'utf8')).toBe(printed);
      // Again over its own.
      expect(compare(b, a, '--out', out).code).toBe(0);
      expect(readFileSync(out, 'utf8')).not.toBe(printed);
    }
  });

  it('have the columns that conlleval reads too', () => {
    const columns = join(folder, 'columns.txt');
    writeFileSync(columns, 'Ada B-PER B-PER\nlives O O\n\nRome B-LOC O\n');
    const other = join(folder, 'other.txt');
    writeFileSync(other, 'Ada B-PER O\nlives O O\n\nRome B-LOC O\n');
    expect(documentOf(compare(columns, other, '--json').stdout).comparisons[0]).toMatchObject({
      f1: { a: 2 / 3, b: 0 },
      sentences: 2,
    });
    writeFileSync(other, 'Ada B-PER O\nlives O O\n\nOslo B-LOC O\n');
    const { code, stderr } = compare(columns, other);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `panx: Row 2 differs: word 1 is "Rome" in ${columns} and "Oslo" in ${other}; expected systems that were scored on the same rows.\n  Words and gold tags must be the same, row by row. Score the systems on the same data.\n`,
    );
  });

  it('of the same name are told apart by what was typed', () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'a.jsonl'), readFileSync(a));
    expect(documentOf(compare(a, join(inner, 'a.jsonl'), '--json').stdout).systems).toEqual([
      a,
      join(inner, 'a.jsonl'),
    ]);
    expect(compare(a, a)).toMatchObject({
      code: 2,
      stderr: `panx: ${a} is given twice; expected different systems.\n`,
    });
    const link = join(folder, 'link.jsonl');
    symlinkSync(a, link);
    expect(compare(a, link)).toMatchObject({
      code: 2,
      stderr: `panx: ${a} and ${link} are the same file; expected different systems.\n`,
    });
  });

  it.each([
    [['--trials', '99'], '--trials is "99"; expected a whole number from 100 to 1000000.'],
    [['--trials', '1e9'], '--trials is "1e9"; expected a whole number from 100 to 1000000.'],
    [['--trials', '0x400'], '--trials is "0x400"; expected a whole number from 100 to 1000000.'],
    ...['--split', '--store', '--data'].map((option): [string[], string] => [
      [option, 'test'],
      `${option} is given, and what is compared are predictions by themselves; expected no ${option}.`,
    ]),
    [['--seed', '-1'], '--seed is "-1"; expected a whole number from 0 to 4294967295.'],
    [['--alpha', '0x0'], '--alpha is "0x0"; expected a number above 0 and below 1.'],
    [['--alpha', '5'], '--alpha is "5"; expected a number above 0 and below 1.'],
    [['--split', 'tets'], '--split has "tets"; did you mean "test"?'],
    [
      ['--langs', 'en,tr'],
      'a.jsonl is one file, of one language, and en, tr are to be compared; expected one language.',
    ],
    [['--out', 'scores'], '--out scores has no ending; expected .md, .csv, .tex, .json, .txt.'],
    [['--out', 'scores.pdf'], '--out scores.pdf has the ending .pdf; expected .md, .csv, .tex, .json, .txt.'],
  ])('are refused with %j', (args, sentence) => {
    const { code, stdout, stderr } = compare(a, b, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`panx: ${sentence}`);
  });

  it('are never overwritten', () => {
    const own = join(folder, 'notes.md');
    writeFileSync(own, '# My notes\n');
    expect(compare(a, b, '--out', own)).toMatchObject({
      code: 2,
      stderr: `panx: --out ${own} is a file that panx did not write; expected a new file, or a result of panx compare.\n  Choose another file with --out.\n`,
    });
    expect(readFileSync(own, 'utf8')).toBe('# My notes\n');
  });

  it('alone have nothing to be compared with', () => {
    expect(compare(a)).toMatchObject({
      code: 2,
      stderr: `panx: One system is given, ${a}; expected two or more.\n  panx compare A B compares A with B.\n`,
    });
  });
});

describe('stages and runs', () => {
  const study = join(folder, 'small');
  const run = join(folder, 'run');
  beforeAll(() => {
    const quick = ['--set', 'training.maxSteps=12', '--learning-rate', '0.003', '--set', 'evaluation.limit=30'];
    writeFileSync(join(folder, 'small.yaml'), 'study: {protocol: from-source, sizes: [20], seeds: 2}\n');
    const args = ['--sample', '--store', store, '--set', 'evaluation.eachEpoch=false', ...quick];
    const trained = panx(['run', join(folder, 'small.yaml'), ...args, '--out', study]);
    expect(trained.code, trained.stderr).toBe(0);
    const alone = panx(['train', '--sample', '--lang', 'en', '--no-eval', ...quick, '--seed', '7', '--out', run]);
    expect(alone.code, alone.stderr).toBe(0);
  });

  it('take all seeds of a stage that is named without one, with the F1 of the table', () => {
    const { code, stdout, stderr } = compare(join(study, 'phase-1-tr'), join(study, 'phase-2-en'), '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { systems, seeds, comparisons } = documentOf(stdout);
    expect(systems).toEqual(['small/phase-1-tr', 'small/phase-2-en']);
    expect(seeds).toEqual(['42', '43']);
    expect(comparisons.map(({ rows, sentences }) => [rows, sentences])).toEqual([
      ['en/test:30', 30],
      ['tr/test:30', 30],
    ]);
    const table = JSON.parse(readFileSync(join(study, 'table.json'), 'utf8')) as {
      rows: { phase: string; f1: Record<string, number> }[];
    };
    const f1Of = (lang: string) => ['1', '2'].map(phase => table.rows.find(row => row.phase === phase)!.f1[lang]!);
    for (const [i, lang] of ['en', 'tr'].entries()) {
      const { f1, difference } = comparisons[i]!;
      expect(f1.a).toBeCloseTo(f1Of(lang)[0]!, 12);
      expect(f1.b).toBeCloseTo(f1Of(lang)[1]!, 12);
      expect(difference).toBeCloseTo(f1.a - f1.b, 12);
    }
    // Else the numbers above would be those of systems that found nothing.
    expect(Math.max(...comparisons.flatMap(({ f1 }) => [f1.a, f1.b]))).toBeGreaterThan(0);
  });

  it('take three systems, and the languages that are asked for', () => {
    const stages = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-20'].map(stage => join(study, `${stage}-seed-43`));
    const { code, stdout, stderr } = compare(...stages, '--langs', 'tr');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('\ntest  pair  F1 1st  F1 2nd ');
    expect(stdout.match(/^tr +[ABC], [ABC] /gm)).toHaveLength(3);
    expect(stdout).not.toMatch(/^en /m);
  });

  it('score first what was not scored yet', () => {
    const { code, stdout, stderr } = compare(run, join(study, 'phase-2-en-seed-42'), '--langs', 'en', '--json');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(' is not scored on en/test:30 yet: that comes first\n');
    expect(documentOf(stdout)).toMatchObject({ seeds: null, comparisons: [{ rows: 'en/test:30' }] });
    const again = compare(run, join(study, 'phase-2-en-seed-42'), '--langs', 'en', '--json');
    expect(again).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  it('need the same seeds, and a language that all have', () => {
    expect(compare(join(study, 'phase-1-tr'), join(study, 'phase-2-en-seed-42'))).toMatchObject({
      code: 2,
      stderr:
        'panx: small/phase-1-tr has the seeds 42, 43 and small/phase-2-en-seed-42 the seed 42; expected the same, since systems are compared seed by seed.\n  Name one training of each, such as STUDY/phase-2-en-seed-42, or train the seeds that are missing.\n',
    });
    expect(compare(run, join(study, 'phase-2-en-seed-42'), '--split', 'validation')).toMatchObject({
      code: 2,
      stderr:
        'panx: There is no language of which all systems have predictions of the validation split.\n  Name some with --langs, such as --langs tr: a run is then scored where it was not.\n',
    });
  });

  it('are refused where two are one training by other names', () => {
    const [one, other] = [join(study, 'phase-2-en'), join(study, '..', 'small', 'phase-2-en')];
    expect(compare(one, `${other}/`)).toMatchObject({
      code: 2,
      stderr: `panx: ${one} and ${other}/ are the same training; expected different systems.\n`,
    });
  });

  it('say which languages that their study asked for are left out', () => {
    const stages = JSON.parse(readFileSync(join(study, 'stages.json'), 'utf8')) as {
      stages: Record<string, { scorings: Record<string, string> }>;
    };
    const scoring = join(store, stages.stages['phase-2-en-seed-43']!.scorings['tr/test:30']!);
    renameSync(scoring, `${scoring}-away`);
    const args = [join(study, 'phase-1-tr'), join(study, 'phase-2-en')];
    const { code, stdout, stderr } = compare(...args, '--json');
    renameSync(`${scoring}-away`, scoring);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('tr/test is left out: there are no predictions of it by small/phase-2-en-seed-43\n');
    expect(documentOf(stdout).comparisons.map(({ rows }) => rows)).toEqual(['en/test:30']);
    expect(compare(...args, '--langs', 'en', '--json').stderr).toBe('');
  });

  it('are not written into', () => {
    const { code, stderr } = compare(
      join(study, 'phase-1-tr'),
      join(study, 'phase-2-en'),
      '--out',
      join(run, 'comparison.md'),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('lies inside a run of panx');
    expect(existsSync(join(run, 'comparison.md'))).toBe(false);
  });
});
