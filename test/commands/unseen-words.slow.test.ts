import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';
import { expectDocument } from '../schemas.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-unseen-'));
const store = join(folder, 'store');
const checkpoint = join(folder, 'run', 'checkpoint');
const corpus = join(folder, 'corpus.yaml');

/** The sample's model has positions for rows of 128 subwords; U+3000 gives it none. */
const long = ['Ada', 'Lovelace', ...Array<string>(200).fill('and')];
const rows = [long, ['\u3000', 'Ada', '\u3000'], ['in', 'London'], [...long.slice(0, 150), 'x'.repeat(400)]];

beforeAll(() => {
  buildCli();
  for (const split of ['train', 'validation', 'test']) {
    const lines = rows.map(tokens => `${JSON.stringify({ tokens, tags: tokens.map(() => 'O') })}\n`);
    writeFileSync(join(folder, `${split}.jsonl`), lines.join(''));
  }
  const files = ['train', 'validation', 'test'].map(split => `${split}: ${join(folder, `${split}.jsonl`)}`);
  writeFileSync(
    corpus,
    `corpora:
  mine:
    format: jsonl
    labels: [O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC]
    files: {${files.join(', ')}}
training: {epochs: 1}
study: {protocol: zero-shot, source: mine, score: [mine]}
`,
  );
  const { code, stderr } = panx(
    ['train', '--sample', '--lang', 'mine', '--config', corpus, '--out', join(folder, 'run')],
    {
      PANX_STORE: store,
    },
  );
  expect(stderr).toContain(trainingNotice);
  expect(stderr.split('left out').length).toBe(trainingNotice.split('left out').length);
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cut =
  '2 of 4 rows are longer than 128 subwords: 117 words at the end are left out; 2 words without a subword are left out';
const scores =
  'Words that are left out count neither in the loss nor in the scores: an entity of such words alone is not missed, and another is as long as what is left of it.';
const wayOut =
  'To take them in, split such rows between words (--set tokenization.longRows=split); a larger maxLength would not help, since the model has no positions for longer ones.';
const trainingNotice = `mine=und/train: ${cut}; mine=und/validation: ${cut}; mine=und/test: ${cut}. Nothing is learnt from words that are left out. ${scores} ${wayOut}\n`;
const unseen = { truncatedRows: 2, truncatedWords: 117, emptyWords: 2 };

const evaluate = (...args: string[]) =>
  panx(['evaluate', '--config', corpus, '--model', checkpoint, '--langs', 'mine', ...args], { PANX_STORE: store });

interface Report {
  scores: Record<string, { rows: number; unseen?: typeof unseen }>;
}

it('panx evaluate says once which words it left out, how they count, and what to do', () => {
  const { code, stdout, stderr } = evaluate('--json');
  expect(code).toBe(0);
  expect(stderr).toContain(`mine=und/test: ${cut}. ${scores} ${wayOut}\n`);
  expect(expectDocument<Report>('evaluate', stdout).scores['mine=und']).toMatchObject({ rows: 4, unseen });
});

it('panx data counts by the positions of the model whose tokenizer it reads', () => {
  const corpusOptions = ['--config', corpus, '--model', checkpoint];
  const stats = panx(['data', 'stats', '--langs', 'mine', '--splits', 'test', ...corpusOptions, '--json']);
  const [split] = expectDocument<{ subwords: typeof unseen }[]>('data-stats', stats.stdout);
  expect(split!.subwords).toMatchObject(unseen);
  const show = panx(['data', 'show', '--lang', 'mine', '--split', 'test', '--row', '0', '--tokens', ...corpusOptions]);
  expect(show.stdout).toContain('128 subwords; the rest is cut off, and with it ');
});

it('with rows split none is left out, and a word that is longer than a row keeps its beginning', () => {
  const { stdout, stderr } = evaluate('--json', '--set', 'tokenization.longRows=split');
  expect(stderr).toContain(
    'mine=und/test: 1 of 4 rows has a word that is longer than 128 subwords, of which the first are kept; 2 words without a subword are left out. ',
  );
  expect(stderr).not.toContain('longRows=split');
  const { scores } = expectDocument<Report>('evaluate', stdout);
  expect(scores['mine=und']).toMatchObject({ rows: 4, unseen: { truncatedRows: 1, truncatedWords: 0, emptyWords: 2 } });
});

it('words that the unknown token stands for count, and a shorter row has room for more', () => {
  const { stderr } = evaluate('--set', 'tokenization.maxLength=100', '--set', 'tokenization.emptyWords=unk');
  expect(stderr).toContain('2 words without a subword are read as the unknown token, and count. ');
  expect(stderr).toContain(
    '(--set tokenization.longRows=split), or raise tokenization.maxLength: the model has positions for 128.\n',
  );
});

it('says nothing where the model sees all', () => {
  const { stdout, stderr } = panx(['evaluate', '--sample', '--model', checkpoint, '--lang', 'en', '--json']);
  expect(stderr).not.toMatch(/left out|tokenization\./);
  expect(expectDocument<Report>('evaluate', stdout).scores.en!).not.toHaveProperty('unseen');
});

it('a length that the model has no room for is refused, with both', () => {
  for (const command of [
    ['evaluate', '--langs', 'mine'],
    ['predict', '--text', 'Ada'],
    ['train', '--lang', 'mine', '--out', join(folder, 'refused')],
  ]) {
    const args = ['--config', corpus, '--model', checkpoint, '--set', 'tokenization.maxLength=513'];
    const { code, stdout, stderr } = panx([...command, ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      `panx: tokenization.maxLength is 513, and the model in ${checkpoint} has positions for rows of 128 subwords.\n  Set it to 128 or less (--set tokenization.maxLength=128), or leave it out.`,
    );
  }
  expect(existsSync(join(folder, 'refused'))).toBe(false);
});

it('panx predict tags the beginning of a line that is too long, and all of it where it is split', () => {
  const text = join(folder, 'text.txt');
  writeFileSync(text, `${long.join(' ')}\nAda Lovelace\n`);
  const tagsIn = (...args: string[]) => {
    const { code, stdout, stderr } = panx(['predict', text, '--model', checkpoint, '--json', ...args]);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    const words = lines.map(line => (JSON.parse(line) as { words: { tag: string | null }[] }).words);
    return { words, untagged: words[0]!.filter(({ tag }) => tag === null).length, stderr };
  };
  const cut = tagsIn();
  expect(cut.untagged).toBeGreaterThan(0);
  expect(cut.stderr).toContain(
    `the text: 1 of 2 rows is longer than 128 subwords: ${cut.untagged} words at the end are left out. Words that are left out get no tag. ${wayOut}\n`,
  );
  const split = tagsIn('--set', 'tokenization.longRows=split');
  expect(split.untagged).toBe(0);
  expect(split.stderr).not.toContain('left out');
  expect(split.words[1]).toEqual(cut.words[1]);
});

it('the run keeps what it left out beside its scores, and verify holds', () => {
  const { test, ...metrics } = JSON.parse(readFileSync(join(folder, 'run', 'metrics.json'), 'utf8')) as {
    unseen: object;
    test: Record<string, object>;
  };
  expect(metrics.unseen).toEqual({ 'mine=und': unseen });
  expect(test['mine=und']).toMatchObject({ unseen });
  const events = readFileSync(join(folder, 'run', 'events.jsonl'), 'utf8');
  expect(events).toContain('"unseen":{"truncatedRows":2,"truncatedWords":117,"emptyWords":2}');
  expect(panx(['verify', join(folder, 'run'), '--rerun']).code).toBe(0);
});

it('a study says it of each set once, and again where its scores are found in the store', () => {
  const study = (...args: string[]) =>
    panx(['run', corpus, '--sample', '--out', join(folder, 'study'), '--json', ...args], { PANX_STORE: store });
  const first = study('--set', 'study.seeds=2');
  expect(first.code).toBe(0);
  const told = (stderr: string) => [...stderr.matchAll(/mine=und\/test: \d+ of/g)].length;
  expect(told(first.stderr)).toBe(1);
  interface StudyDocument {
    signature: string;
    conditions: object;
    rows: { scores: Record<string, { unseen?: object }> }[];
  }
  const document = expectDocument<StudyDocument>('run', first.stdout);
  expect(document.rows[0]!.scores['mine=und']).toMatchObject({ unseen });
  expect(document.signature).not.toContain('|long:');
  const again = study('--set', 'study.seeds=2');
  expect(again.stderr).toContain('are done already');
  expect(told(again.stderr)).toBe(1);
  expect(again.stderr).toContain(`${cut.replace('longer than 128 subwords', 'too long')}. ${scores} `);
  expect(panx(['verify', join(folder, 'study')]).code).toBe(0);
  const { stderr } = study('--set', 'study.seeds=[7, 8]', '--jobs', '2');
  expect(told(stderr)).toBe(1);
  expect(stderr).toContain('mine=und/train: 2 rows are too long: 117 words at the end are left out; ');
  const split = study('--set', 'study.seeds=2', '--set', 'tokenization.longRows=split');
  expect(split.code).toBe(0);
  const other = expectDocument<StudyDocument>('run', split.stdout);
  expect(other.conditions).toMatchObject({ longRows: ['split'] });
  expect(other.signature).toContain('|empty:drop|long:split|');
  expect(panx(['verify', join(folder, 'study')]).code).toBe(0);
});
