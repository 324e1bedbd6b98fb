import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';
import { fixtureRows, hostileRows } from '../reporting/page/example-content.js';

let folder: string;
let predictions: string;

beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-report-'));
  predictions = join(folder, 'predictions.jsonl');
  writeFileSync(predictions, fixtureRows.map(row => `${JSON.stringify(row)}\n`).join(''));
});

const out = (name: string) => join(folder, name);

describe('panx report', () => {
  it('writes a page and says how large it is; the same again has the same bytes', () => {
    const first = panx(['report', predictions, '--out', out('first.html')]);
    expect(first.stdout).toMatch(/first\.html: \d+\.\d kB, 6 sentences of predictions\.jsonl\n$/);
    expect(first.code).toBe(0);
    panx(['report', predictions, '--out', out('second.html')]);
    expect(readFileSync(out('second.html'))).toEqual(readFileSync(out('first.html')));
    // And again over it.
    expect(panx(['report', predictions, '--out', out('first.html')]).code).toBe(0);
  });

  it('says in the page why it is not known what was seen in training', () => {
    panx(['report', predictions, '--out', out('why.html')]);
    expect(readFileSync(out('why.html'), 'utf8')).toContain(
      'Whether entities were seen in training is not known: predictions.jsonl does not say what its model was trained on.',
    );
  });

  it('writes over nothing that it did not write, and not where a language lies', () => {
    writeFileSync(out('mine.html'), '<!doctype html><p>mine');
    const refused = panx(['report', predictions, '--out', out('mine.html')]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'a file that panx did not write; expected a new file, or a report of panx report.',
    );
    expect(readFileSync(out('mine.html'), 'utf8')).toBe('<!doctype html><p>mine');
    mkdirSync(out('PAN-X.tr'));
    writeFileSync(join(out('PAN-X.tr'), 'test-0.parquet'), '');
    const inside = panx(['report', predictions, '--out', join(out('PAN-X.tr'), 'report.html')]);
    expect(inside.stderr).toContain('is or lies inside a folder of data');
    expect(inside.code).toBe(2);
  });

  it('refuses what is there no more or is no subject', () => {
    const missing = panx(['report', join(folder, 'nowhere')]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('is no run, no stage of a study and no file of predictions.');
    const stages = panx(['report', predictions, '--stages', 'a', '--out', out('no.html')]);
    expect(stages.code).toBe(2);
    expect(stages.stderr).toContain(`--stages is given, and ${predictions} is no study and no sweep.`);
    expect(existsSync(out('no.html'))).toBe(false);
  });

  it('leaves sentences out where the predictions have no words', () => {
    const bare = join(folder, 'bare.jsonl');
    writeFileSync(bare, fixtureRows.map(({ gold, predicted }) => `${JSON.stringify({ gold, predicted })}\n`).join(''));
    const { code, stdout } = panx(['report', bare, '--out', out('bare.html')]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '6 sentences of bare.jsonl. The predictions of bare.jsonl have no words: no sentence can be shown.',
    );
    const page = readFileSync(out('bare.html'), 'utf8');
    expect(page).toContain('mending them would raise F1 from 0.300 to 0.600');
    expect(page).toContain('The predictions of bare.jsonl have no words: no sentence can be shown.');
    expect(page).not.toContain('href="#lang=');
  });
});

it('leaves out all words of the data, where they may not be passed on', () => {
  const secret = join(folder, 'secret.jsonl');
  const rows = fixtureRows.map(row => ({
    ...row,
    words: row.gold.map((_, i) => `secret${i}`),
    loss: row.gold.map(() => 1),
  }));
  writeFileSync(secret, rows.map(row => `${JSON.stringify(row)}\n`).join(''));
  panx(['report', secret, '--out', out('with.html')]);
  expect(readFileSync(out('with.html'), 'utf8')).toContain('secret0');
  const { code, stdout } = panx(['report', secret, '--no-sentences', '--out', out('counts.html')]);
  expect(code).toBe(0);
  expect(stdout).toContain('6 sentences of secret.jsonl. The sentences are left out.');
  const page = readFileSync(out('counts.html'), 'utf8');
  expect(page).toContain('What errors cost');
  expect(page).not.toMatch(/secret\d/);
  const both = panx(['report', secret, '--no-sentences', '--export', 'jsonl']);
  expect(both.code).toBe(2);
  expect(both.stderr).toContain('--no-sentences and --export are both given; expected one of them.');
});

describe('panx report --export', () => {
  const lines = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));

  it('prints the sentences that the filters leave, and nothing else, to stdout', () => {
    const { code, stdout, stderr } = panx(['report', predictions, '--export', 'jsonl', '--kind', 'missed']);
    expect(code).toBe(0);
    expect(lines(stdout).map(({ row }) => row)).toEqual([3, 4]);
    // What is needed to find them again.
    expect(lines(stdout)[0]).toMatchObject({ model: 'predictions.jsonl', rows: 'predictions.jsonl', row: 3 });
    expect(stderr).toContain('2 of 6 sentences');
  });

  it('prints words as they are, in a form that no terminal acts on', () => {
    const hostile = join(folder, 'hostile.jsonl');
    writeFileSync(hostile, hostileRows.map(row => `${JSON.stringify(row)}\n`).join(''));
    const { stdout } = panx(['report', hostile, '--export', 'jsonl']);
    expect(lines(stdout).map(({ words }) => words)).toEqual(hostileRows.map(({ words }) => words));
    expect(stdout).not.toMatch(/[\u202a-\u202e\u2028]/);
    expect(stdout).not.toContain('\u001b');
  });

  it('takes all filters of the page', () => {
    const rows = (...filter: string[]) => {
      const { stdout } = panx(['report', predictions, '--export', 'jsonl', ...filter]);
      return stdout === '' ? [] : lines(stdout).map(({ row }) => row);
    };
    expect(rows('--gold', 'LOC', '--predicted', 'ORG')).toEqual([1]);
    expect(rows('--gold', 'O')).toEqual([2, 4]);
    expect(rows('--length', '3', '--kind', 'error')).toEqual([1, 3]);
    expect(rows('--search', 'GRACE')).toEqual([2]);
    expect(rows('--search', 'nowhere')).toEqual([]);
    expect(rows('--search', 'bank eng')).toEqual([]);
    expect(rows('--search', '"bank of"')).toEqual([1]);
    expect(rows('--search', '"ban"')).toEqual([]);
  });

  it("writes Prodigy's tasks to a new file, and over no other: they may have been annotated", () => {
    const args = ['report', predictions, '--export', 'prodigy', '--kind', 'type', '--out', out('tasks.jsonl')];
    expect(panx(args).stderr).toContain(`1 of 6 sentences in ${out('tasks.jsonl')}`);
    const again = panx(args);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain(
      'is there already; expected a new file: exported sentences may have been annotated.',
    );
    const [task] = lines(readFileSync(out('tasks.jsonl'), 'utf8'));
    expect(task.text).toBe('Bank of England , Paris');
    expect(task.spans).toHaveLength(2);
    writeFileSync(out('mine.jsonl'), '{"text":"mine"}\n');
    expect(panx(['report', predictions, '--export', 'prodigy', '--out', out('mine.jsonl')]).code).toBe(2);
    expect(readFileSync(out('mine.jsonl'), 'utf8')).toBe('{"text":"mine"}\n');
  });

  it('makes rows that panx reads as predictions', () => {
    panx(['report', predictions, '--export', 'jsonl', '--kind', 'error', '--out', out('errors.jsonl')]);
    const { code, stdout } = panx(['report', out('errors.jsonl'), '--out', out('errors.html')]);
    expect(code).toBe(0);
    expect(stdout).toContain('4 sentences of errors.jsonl');
  });

  it('refuses a filter without it, and what is none', () => {
    const refused = (...args: string[]) => {
      const { code, stderr } = panx(['report', predictions, ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(refused('--kind', 'missed')).toContain('--kind is given without --export: a report has all sentences.');
    expect(refused('--export', 'jsonl', '--kind', 'mised')).toContain('--kind is "mised"; did you mean "missed"?');
    expect(refused('--export', 'jsonl', '--gold', 'LOK')).toContain(
      '--gold is "LOK", a type that no entity has; did you mean "LOC"?',
    );
    expect(refused('--export', 'jsonl', '--length', '5')).toContain('--length is "5"');
    expect(refused('--export', 'csv')).toContain('Allowed choices are prodigy, jsonl');
  });

  it('says why it cannot filter by what was seen', () => {
    const { code, stderr } = panx(['report', predictions, '--export', 'jsonl', '--seen', 'unseen']);
    expect(code).toBe(1);
    expect(stderr).toContain('--seen is given, and what was seen in training is not known');
  });
});
