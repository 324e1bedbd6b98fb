import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';
import { expectDocument } from '../schemas.js';

/** What of an analysis the tests look at. */
interface Found {
  rows: string;
  lang: string | null;
  sentences: number;
  trainingRows: number | null;
  kinds: object;
  semeval: { partial: { f1: number } };
  report: { micro: { f1: number } };
  losses: { suspects: object[] | null };
}

let folder: string;
let study: string;
let store: string;
beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-analyze-'));
  [study, store] = [join(folder, 'study'), join(folder, 'store')];
  const settings = [
    'study: {protocol: cumulative, sizes: [10, 20], seeds: 2, score: [en, tr]}',
    'training: {maxSteps: 1, learningRate: 1e-3}',
    'evaluation: {limit: 30, eachEpoch: false}',
  ];
  writeFileSync(join(folder, 'study.yaml'), `${settings.join('\n')}\n`);
  const { code, stderr } = panx(['run', join(folder, 'study.yaml'), '--sample', '--out', study, '--store', store]);
  expect(code, stderr).toBe(0);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const fixture: [gold: string, predicted: string][] = [
  ['B-PER I-PER O B-LOC O', 'B-PER I-PER O B-LOC O'],
  ['B-ORG I-ORG I-ORG O B-LOC', 'O B-ORG I-ORG O B-ORG'],
  ['B-PER I-PER O O O', 'B-LOC O O B-ORG O'],
  ['B-LOC O B-PER I-PER I-PER', 'B-LOC O O O O'],
  ['B-PER B-PER O B-ORG I-ORG', 'B-PER I-PER O B-ORG B-ORG'],
  ['O O O O O O', 'O O O O O O'],
];

/** A file of predictions. */
function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const jsonLines = fixture.map(([gold, predicted]) =>
  JSON.stringify({ gold: gold.split(' '), predicted: predicted.split(' ') }),
);
const columns = fixture.map(([gold, predicted]) => {
  const guesses = predicted.split(' ');
  return gold
    .split(' ')
    .map((tag, i) => `w${i} x ${tag} ${guesses[i]}\n`)
    .join('');
});

describe('a file of predictions', () => {
  it.each([
    ['JSON lines', 'a.jsonl', `${jsonLines.join('\n')}\n`],
    ['JSON lines, packed', 'a.jsonl.gz', gzipSync(jsonLines.join('\n'))],
    ['columns', 'a.conll', columns.join('\n')],
    ['columns with other line ends', 'b.conll', `${columns.join('\n\n').replaceAll('\n', '\r\n')}\r\n\r\n`],
  ])('of %s has its errors told', (_, name, content) => {
    const { code, stdout, stderr } = panx(['analyze', file(name, content), '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const [found] = expectDocument<{ analyses: Found[] }>('analyze', stdout).analyses as [Found];
    expect(found.kinds).toMatchObject({
      counts: { correct: 3, type: 1, boundary: 3, both: 1, missed: 2, spurious: 2 },
      f1: 0.3,
      ifMended: { missed: { f1: expect.closeTo(5 / 11, 12), gain: expect.closeTo(0.1545, 4) } },
    });
    expect(found.semeval.partial.f1).toBe(0.6);
    expect([found.sentences, found.rows, found.lang, found.trainingRows]).toEqual([6, name, null, null]);
  });

  it('may begin with a mark, hold the marks of documents, and words of blanks and brackets', () => {
    const rows = ['\ufeff-DOCSTART- -X- O O\n', '{ x O O\n\u00a0 x B-PER B-PER\n', 'of two\tB-LOC\tO\n'];
    const { stdout } = panx(['analyze', file('odd.conll', rows.join('\n')), '--json', '--top', '1']);
    const [found] = expectDocument<{ analyses: Found[] }>('analyze', stdout).analyses as [Found];
    expect(found).toMatchObject({
      sentences: 2,
      kinds: { counts: { correct: 1, missed: 1 } },
      mistaken: [{ word: 'of two' }],
    });
  });

  it('prints tables in every format', () => {
    const path = file('a.jsonl', `${jsonLines.join('\n')}\n`);
    const text = panx(['analyze', path, '--tables', 'kinds,costs']).stdout;
    expect(text).toContain(
      'Entities with the wrong bounds cost most: mending them would raise F1 from 0.3000 to 0.6000.',
    );
    expect(text).toMatch(/\nmissed +a true entity paired with no prediction +2 +0\.2222 +0\.4545 +\+0\.1545\n/);
    expect(text).toContain('what was seen in training is left out: a.jsonl does not say');
    expect(panx(['analyze', path, '--tables', 'kinds', '--format', 'csv']).stdout).toContain('\ntype,');
    expect(panx(['analyze', path, '--tables', 'kinds', '--format', 'markdown']).stdout).toContain('| missed | a true');
    expect(panx(['analyze', path, '--tables', 'kinds', '--format', 'latex']).stdout).toContain('\\begin{tabular}');
  });

  it.each([
    ['{"gold": ["O"]}', 'line 1: predicted is missing'],
    ['{"gold": ["O"], "predicted": ["O", "O"]}', 'line 1: predicted has 2 items, expected 1, as gold.'],
    ['{"gold": ["O"], "predicted": [""]}', 'line 1: predicted[0] is'],
    ['{"gold": ["O"], "predicted": ["O"], "loss": [-1]}', 'line 1: loss[0] is -1'],
    ['a O\n', 'line 1 has 2 columns; expected a word, its gold tag and its predicted tag.'],
    ['', 'holds no row; expected predictions.'],
    ['{"gold": [}', 'line 1'],
    ['{"gold": ["B-A\\nB"], "predicted": ["O"]}', 'line 1: gold[0] is', undefined],
    [
      'the quick brown fox\n',
      'line 1: "brown" is no tag; expected O, or one of B, I, E and S with a type, such as B-PER.',
    ],
    ['Ann 0.5 0.7\n', 'line 1: "0.5" is no tag'],
    [
      '{"gold": ["O"], "predicted": ["O"], "words": ["\u00e9"]}',
      'line 1: byte 48 of the line, 0xE9, is not UTF-8',
      'latin1',
    ],
    ['a O O', 'begins with the mark of UTF-16', 'utf16le'],
  ] as [content: string, sentence: string, encoding?: BufferEncoding][])(
    'that is none is refused: %s',
    (content, sentence, encoding) => {
      const mark = encoding === 'utf16le' ? '\ufeff' : '';
      const { code, stdout, stderr } = panx(['analyze', file('none.jsonl', Buffer.from(mark + content, encoding))]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(sentence);
      expect(stderr).not.toContain('    at ');
    },
  );

  it('has its confusion and buckets drawn, again where they were drawn before, and over nothing else', () => {
    const path = file('a.jsonl', jsonLines.join('\n'));
    const [svg, png] = [join(folder, 'c.svg'), join(folder, 'b.png')];
    const draw = () =>
      panx(['analyze', path, '--tables', 'kinds', '--plot', `confusion=${svg}`, '--plot', `buckets=${png}`]);
    const { code, stderr } = draw();
    expect([code, stderr]).toEqual([0, `confusion plot: ${svg}\nbuckets plot: ${png}\n`]);
    const drawn = readFileSync(png);
    expect(readFileSync(svg, 'utf8')).toContain('Confusion of entities');
    expect(drawn.subarray(1, 4).toString()).toBe('PNG');
    expect(draw().code).toBe(0);
    expect(readFileSync(png).equals(drawn)).toBe(true);
    writeFileSync(svg, '<svg xmlns="http://www.w3.org/2000/svg"></svg>');
    const refused = draw();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`--plot ${svg} is a file that panx did not write`);
  });

  it('that is damaged after it was packed is told in a sentence', () => {
    const packed = gzipSync(jsonLines.join('\n'));
    for (const at of [20, packed.length >> 1, packed.length - 6]) {
      const damaged = Buffer.from(packed);
      damaged[at]! ^= 4;
      const { code, stderr } = panx(['analyze', file('d.jsonl.gz', damaged)]);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/^panx: \S+d\.jsonl\.gz(, line \d+| is damaged)/);
    }
  });

  it('without an entity has scores of 0, in JSON too', () => {
    const { code, stdout } = panx(['analyze', file('o.jsonl', '{"gold":["O"],"predicted":["O"]}'), '--json']);
    expect(code).toBe(0);
    const [found] = expectDocument<{ analyses: Found[] }>('analyze', stdout).analyses as [Found];
    expect(found.report).toMatchObject({ types: [], micro: { f1: 0 }, macro: { f1: 0 } });
  });

  it('counts a word without a prediction nowhere, not even its loss', () => {
    const row = { words: ['a', 'b'], gold: ['B-PER', 'O'], predicted: [null, 'O'], loss: [3.5, 0.5] };
    const { stdout } = panx(['analyze', file('n.jsonl', JSON.stringify(row)), '--json']);
    expect(JSON.parse(stdout).analyses[0].losses).toMatchObject({
      labels: [{ name: 'O', count: 1, total: 0.5 }],
      sentences: [{ total: 0.5 }],
      suspects: [{ word: 1 }],
    });
  });

  it('says which tables there are not, and refuses options that nothing depends on', () => {
    const path = file('a.jsonl', jsonLines.join('\n'));
    const some = panx(['analyze', path, '--tables', 'kinds,losses']);
    expect([some.code, some.stderr]).toEqual([0, 'the table losses needs losses, which the predictions do not have\n']);
    for (const [args, sentence] of [
      [['--tables', 'losses', '--format', 'csv'], 'There is no table of a.jsonl: losses needs losses'],
      [['--tables', 'kinds', '--json'], '--tables is given, and --format json holds all tables'],
      [['--tables', 'kinds', '--top', '3'], '--top is given, and kinds list nothing; expected no --top.'],
      [['--store', 'nowhere'], '--store is given, and a.jsonl holds the predictions of one row set'],
    ] as const) {
      const { code, stdout, stderr } = panx(['analyze', path, ...args]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(sentence);
    }
  });

  it('escapes what data say in Markdown too', () => {
    const row = { gold: ['B-<img'], predicted: ['O'] };
    const { stdout } = panx(['analyze', file('m.jsonl', JSON.stringify(row)), '--format', 'markdown']);
    expect(stdout.replaceAll('\\<', '')).not.toContain('<');
  });

  it('may have a row of many entities', () => {
    const tags = new Array<string>(60_000).fill('B-PER');
    const row = { words: tags.map(() => 'w'), gold: tags, predicted: tags };
    const { code, stdout } = panx(['analyze', file('long.jsonl', JSON.stringify(row)), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).analyses[0].kinds.counts).toMatchObject({ correct: 60_000, missed: 0 });
  });

  it('takes no options of runs', () => {
    const { code, stderr } = panx(['analyze', file('a.jsonl', jsonLines.join('\n')), '--lang', 'tr']);
    expect(code).toBe(2);
    expect(stderr).toContain('--lang is given, and a.jsonl holds the predictions of one row set; expected no --lang.');
  });

  it('does not act on the terminal', () => {
    const row = { words: ['\u001b[2J', 'b'], gold: ['B-\u001b]0;x', 'O'], predicted: ['O', 'O'], loss: [3, 1] };
    const { stdout } = panx(['analyze', file('evil.jsonl', JSON.stringify(row)), '--tables', 'all']);
    expect(stdout).toContain('<U+001B>[2J');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('a stage of a study', () => {
  it('is analysed with what all stages before it have seen', () => {
    const stage = `${study}/phase-3.2-tr-20-seed-42`;
    const { code, stdout, stderr } = panx(['analyze', stage, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const { analyses, subject } = expectDocument<{ subject: string; analyses: Found[] }>('analyze', stdout);
    expect(subject).toBe('study/phase-3.2-tr-20-seed-42');
    expect(analyses.map(({ rows }) => rows)).toEqual(['en/test:30', 'tr/test:30']);
    // All rows of en; of tr the 20, of which the first 10 are a stage before.
    expect(analyses[0]!.trainingRows).toBe(1220);
    const table = JSON.parse(readFileSync(join(study, 'table.json'), 'utf8'));
    const row = table.rows.find(({ label }: { label: string }) => label === 'en → tr 20');
    expect(analyses[1]!.report.micro.f1).toBe(row.trainings[0].f1.tr);
    expect(analyses[1]!.losses.suspects).not.toBeNull();
  });

  it('is one training, or all seeds', () => {
    const { code, stdout } = panx(['analyze', `${study}/phase-2-en`, '--lang', 'tr', '--tables', 'kinds,sentences']);
    expect(code).toBe(0);
    expect(stdout).toContain('tr/test:30 by study/phase-2-en: mean ± standard deviation over 2 trainings');
    expect(stdout).toMatch(/\nmissed .* ± /);
    expect(stdout).not.toContain('Sentences with the highest loss');
  });

  it('is scored first where it is not scored yet, and not a second time', () => {
    const args = ['analyze', `${study}/phase-2-en-seed-42`, '--lang', 'tr', '--split', 'validation', '--json'];
    const first = panx(args);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain('study/phase-2-en-seed-42 is not scored on tr/validation:30 yet: that comes first');
    const second = panx(args);
    expect([second.code, second.stderr]).toEqual([0, '']);
    expect(second.stdout).toBe(first.stdout);
  });

  it('tells which predictions are gone that its study asked for', () => {
    const { stages } = JSON.parse(readFileSync(join(study, 'stages.json'), 'utf8'));
    const scoring = join(store, stages['phase-2-en-seed-43'].scorings['tr/test:30']);
    renameSync(scoring, `${folder}/aside`);
    const { code, stdout, stderr } = panx(['analyze', `${study}/phase-2-en-seed-43`, '--tables', 'kinds']);
    renameSync(`${folder}/aside`, scoring);
    expect(code).toBe(0);
    expect(stdout).not.toContain('tr/test');
    expect(stderr).toContain('has no predictions of tr/test:30 any more, which its study asked for');
  });

  it('has no suspected labels among rows that it was trained on', () => {
    const of = (lang: string) => {
      const args = ['analyze', `${study}/phase-2-en-seed-42`, '--lang', lang, '--split', 'train', '--json'];
      return JSON.parse(panx(args).stdout).analyses[0].losses.suspects;
    };
    expect(of('en')).toBeNull();
    expect(of('tr')).toHaveLength(10);
  });

  it('says which training rows are not there any more', () => {
    const { code, stdout } = panx(['analyze', `${study}/phase-1-tr`, '--tables', 'buckets', '--data', folder]);
    expect(code).toBe(0);
    expect(stdout).toContain('what was seen in training is left out: ');
    expect(stdout).not.toContain('label consistency');
  });

  it.each([
    [['study'], 'study is no run, no stage of a study and no file of predictions.'],
    [['STUDY'], 'has 4 stages; expected the name of one of them behind it.'],
    [['STUDY/phase-2-ne'], 'has no stage phase-2-ne; did you mean phase-2-en?'],
    [['STUDY/phase-2-en', '--lang', 'xx', '--top', '0'], '--top is "0"; expected a whole number from 1'],
    [['STUDY/phase-2-en', '--tables', 'kind'], '--tables has "kind"; did you mean "kinds"?'],
    [['STUDY/phase-2-en', '--format', 'csv'], '--format csv prints one table, and 11 are asked for; expected one.'],
    [['STUDY/phase-2-en', '--tables', 'kinds', '--format', 'csv'], 'prints one table, and 2 row sets are analysed'],
    [['STUDY/phase-2-en', '--plot', 'confusion=c.pdf'], 'expected a name that ends with .svg or .png.'],
    [['STUDY/phase-2-en', '--plot', 'confusoin=c.svg'], 'did you mean confusion=c.svg?'],
    [['STUDY/phase-2-en', '--plot', 'buckets=c.svg'], '--plot shows one row set by one training, and 4 are analysed'],
    [['STUDY/phase-2-en', '--split', 'tset'], '--split has "tset"; did you mean "test"?'],
  ])('is asked for in a way that is understood, or refused: %j', (args, sentence) => {
    const typed = args.map(text => text.replace('STUDY', study));
    const { code, stdout, stderr } = panx(['analyze', ...typed]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });
});

it('scores a run of panx train, whose predictions then lie in the store', () => {
  const out = join(folder, 'train-en');
  const train = ['train', '--sample', '--lang', 'en', '--max-steps', '1', '--no-eval', '--out', out, '--store', store];
  expect(panx(train).code).toBe(0);
  const nothing = panx(['analyze', out, '--store', store]);
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain('has no predictions of a test split yet; expected the languages to score.');
  const { code, stdout, stderr } = panx(['analyze', out, '--store', store, '--lang', 'tr', '--json']);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout).analyses[0]).toMatchObject({
    lang: 'tr',
    sentences: 300,
    trainingRows: 1200,
    trainedOn: 0,
  });
  expect(panx(['analyze', out, '--store', store, '--json']).stderr).toBe('');
  for (const name of ['metrics.json', 'checkpoint']) rmSync(join(out, name), { recursive: true });
  expect(panx(['analyze', out, '--store', store, '--lang', 'en']).stderr).toMatch(
    /train-en has no predictions of en\/test: it is not finished\.\n {2}Go on with it by panx train --resume/,
  );
});
