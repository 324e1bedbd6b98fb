import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepTable } from '../../src/experiment/table.js';
import { renderCsv } from '../../src/reporting/render/csv.js';
import { fileTable } from '../../src/reporting/result-tables.js';
import { sweepMarkdown, sweepText, writeSweepReport } from '../../src/reporting/sweep.js';
import { displayWidth } from '../../src/system/display-width.js';
import { exampleTable } from './example.js';

const signature =
  'F1|data:PAN-X|split:test|mode:default|avg:micro|sub:first|sel:last|protocol:cumulative|n:10000|max:512|empty:drop|prec:bf16|seeds:1|dataseeds:1|panx:1.2.3';

describe('sweepText', () => {
  it('aligns the stages under what the numbers are', () => {
    expect(sweepText(exampleTable())).toBe(
      [
        'EN → TR curriculum',
        'protocol cumulative: each stage continues from the one before',
        'F1 is seqeval default mode, micro F1, test split',
        'weights of the last step, 1 seed',
        'model FacebookAI/xlm-roberta-base',
        '',
        'phase  trained on     TR samples   EN F1   TR F1  epochs  steps        time',
        '1      tr                 20,000  0.6213  0.8910       3  1,875   1 h 2 min',
        '2      en                      0  0.8125  0.7500       3  1,875   1 h 0 min',
        '3.1    en → tr 250           250  0.8013  0.7800       3     24        42 s',
        '3.2    en → tr 1000        1,000  0.7950  0.8400       3     96  2 min 42 s',
        '3.3    en → tr 5000        5,000       –       –       –    471      failed',
        '3.4    en → tr 20000      20,000       –       –       –  1,875     not run',
        '',
        'Phase 2 has seen no TR sentence: its TR F1 is zero-shot.',
        signature,
        '',
      ].join('\n'),
    );
  });

  it('fits 100 columns whatever the stages are called', () => {
    const table = exampleTable();
    table.rows[2]!.label = 'İngilizce ve ardından 日本語 çok uzun bir ad '.repeat(3);
    const lines = sweepText(table).split('\n').slice(6, 13);
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(100);
    expect(lines[3]).toContain('…');
    expect(new Set(lines.map(line => displayWidth(line))).size).toBe(1);
  });

  it('names the other protocol', () => {
    expect(sweepText({ ...exampleTable(), protocol: 'from-source' })).toContain(
      'protocol from-source: each stage continues from the source-only model\n',
    );
  });
});

describe('sweepMarkdown', () => {
  it('is a page with the table and the curve', () => {
    expect(sweepMarkdown(exampleTable())).toBe(
      [
        '# EN → TR curriculum',
        '',
        '- protocol cumulative: each stage continues from the one before',
        '- F1 is seqeval default mode, micro F1, test split',
        '- weights of the last step, 1 seed',
        '- model FacebookAI/xlm-roberta-base',
        '',
        '| phase | trained on | TR samples | EN F1 | TR F1 | epochs | steps | status |',
        '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
        '| 1 | tr | 20,000 | 0.6213 | 0.8910 | 3 | 1,875 | done |',
        '| 2 | en | 0 | 0.8125 | 0.7500 | 3 | 1,875 | done |',
        '| 3.1 | en → tr 250 | 250 | 0.8013 | 0.7800 | 3 | 24 | done |',
        '| 3.2 | en → tr 1000 | 1,000 | 0.7950 | 0.8400 | 3 | 96 | done |',
        '| 3.3 | en → tr 5000 | 5,000 | – | – | – | 471 | failed |',
        '| 3.4 | en → tr 20000 | 20,000 | – | – | – | 1,875 | not run |',
        '',
        'Phase 2 has seen no TR sentence: its TR F1 is zero-shot.',
        '',
        `\`${signature}\``,
        '',
        '![Learning curve](learning-curve.svg)',
        '',
        '![Losses and F1 after each epoch](training-curves.svg)',
        '',
        '## Precision, recall and F1',
        '',
        '| trained on | test | micro P | micro R | micro F1 |',
        '| --- | --- | ---: | ---: | ---: |',
        '| tr | en | 0.6213 | 0.6213 | 0.6213 |',
        '| tr | tr | 0.8910 | 0.8910 | 0.8910 |',
        '| en | en | 0.8125 | 0.8125 | 0.8125 |',
        '| en | tr | 0.7500 | 0.7500 | 0.7500 |',
        '| en → tr 250 | en | 0.8013 | 0.8013 | 0.8013 |',
        '| en → tr 250 | tr | 0.7800 | 0.7800 | 0.7800 |',
        '| en → tr 1000 | en | 0.7950 | 0.7950 | 0.7950 |',
        '| en → tr 1000 | tr | 0.8400 | 0.8400 | 0.8400 |',
        '',
      ].join('\n'),
    );
  });

  it('escapes what Markdown would read as its own', () => {
    const markdown = sweepMarkdown({ ...exampleTable(), model: 'a|b*c_d`<e>' });
    expect(markdown).toContain('- model a\\|b\\*c\\_d\\`\\<e\\>\n');
  });
});

describe('a model whose name means harm', () => {
  const table = { ...exampleTable(), model: '=HYPERLINK("x")\u001b[2J<script>\n# head\ud800' };

  it('cannot act on a terminal', () => {
    expect(sweepText(table).split('\n')[4]).toBe('model =HYPERLINK("x")<U+001B>[2J<script><U+000A># head<U+D800>');
    table.rows[0]!.label = 'a\u001b[2Jb\nc';
    expect(sweepText(table)).toContain('1      a<U+001B>[2Jb<U+000A>c  ');
  });

  it('is a line of Markdown, and a text to a spreadsheet', () => {
    expect(sweepMarkdown(table)).toContain(
      '\n- model =HYPERLINK("x")\\<U+001B\\>\\[2J\\<script\\>\\<U+000A\\>\\# head\\<U+D800\\>\n',
    );
    expect(sweepCsv(table)).toContain(',"\'=HYPERLINK(""x"")');
  });
});

describe('sweep.csv', () => {
  it('holds every digit, and empty cells where results are missing', () => {
    const [head, ...lines] = sweepCsv(exampleTable()).trimEnd().split('\n');
    const names = head!.split(',');
    expect(names).toEqual(
      'phase trained_on target_samples samples f1_en f1_tr sd_f1_en sd_f1_tr n epochs steps status source target protocol metric model signature'.split(
        ' ',
      ),
    );
    expect(lines).toHaveLength(6);
    const tail = `en,tr,cumulative,"seqeval default mode, micro F1, test split",FacebookAI/xlm-roberta-base,${signature}`;
    expect(lines[0]).toBe(`1,tr,20000,20000,0.62134567,0.891,,,1,3,1875,done,${tail}`);
    expect(lines[1]).toBe(`2,en,0,20000,0.8125,0.75,,,1,3,1875,done,${tail}`);
    expect(lines[4]).toBe(`3.3,en → tr 5000,5000,5000,,,,,0,,471,failed,${tail}`);
  });

  it('reads back as it was written, with quotes and commas in it, and line breaks shown', () => {
    const table = exampleTable();
    table.model = 'models/"mine", v2\nfinal';
    const records = parseCsv(sweepCsv(table));
    const column = (name: string): string[] => records.slice(1).map(record => record[records[0]!.indexOf(name)]!);
    expect(column('trained_on')).toEqual(table.rows.map(({ label }) => label));
    expect(column('f1_tr')).toEqual(table.rows.map(({ f1 }) => (f1.tr === null ? '' : String(f1.tr))));
    expect(new Set(column('model'))).toEqual(new Set(['models/"mine", v2<U+000A>final']));
    expect(new Set(column('protocol'))).toEqual(new Set(['cumulative']));
  });
});

describe('writeSweepReport', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panx-report-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('leaves the table in three formats and the curve in two, and nothing else', async () => {
    const out = join(folder, 'new', 'sweep');
    const table = exampleTable();
    await writeSweepReport(out, table);
    expect((await readdir(out)).sort()).toEqual([
      'learning-curve.png',
      'learning-curve.svg',
      'sweep-scores.csv',
      'sweep-times.csv',
      'sweep.csv',
      'sweep.json',
      'sweep.md',
      'training-curves.png',
      'training-curves.svg',
    ]);
    const json = await readFile(join(out, 'sweep.json'), 'utf8');
    expect(json).not.toContain('durationMs');
    const { rows, ...others } = JSON.parse(json);
    const { rows: asked, ...told } = table;
    expect(others).toEqual({ ...told, signature });
    expect(rows).toHaveLength(asked.length);
    expect(rows[0]).toEqual({
      ...{ protocol: 'cumulative', cell: {}, phase: '1', label: 'tr', samples: 20_000, steps: 1_875, epochs: 3, n: 1 },
      ...{ f1: { en: 0.62134567, tr: 0.891 }, sd: { en: null, tr: null }, status: 'done' },
      scores: { en: { micro: ofOne(0.62134567) }, tr: { micro: ofOne(0.891) } },
      trainings: [
        { stage: 'tr', seed: 42, dataSeed: null, status: 'done', epochs: 3, f1: { en: 0.62134567, tr: 0.891 } },
      ],
    });
    expect(rows[4]).toMatchObject({ n: 0, f1: { en: null, tr: null }, scores: { en: null, tr: null }, epochs: null });
    const times = parseCsv(await readFile(join(out, 'sweep-times.csv'), 'utf8'));
    expect(times.slice(0, 2)).toEqual([
      ['stage', 'phase', 'trained_on', 'steps', 'duration_ms'],
      ['tr', '1', 'tr', '1875', '3723400'],
    ]);
    expect(await readFile(join(out, 'sweep.csv'), 'utf8')).toBe(sweepCsv(table));
    expect(await readFile(join(out, 'learning-curve.svg'), 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>$/);
    const before = await readFile(join(out, 'learning-curve.png'));
    await writeSweepReport(out, table);
    expect(before.equals(await readFile(join(out, 'learning-curve.png')))).toBe(true);
  });

  it('says which file could not be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(writeSweepReport(file, exampleTable())).rejects.toThrow(
      `${join(file, 'sweep.json')} cannot be written: `,
    );
  });
});

const sweepCsv = (table: SweepTable) => renderCsv(fileTable(table, 'sweep'));

/** Precision, recall and F1 that are one number, of one training. */
function ofOne(value: number): object {
  const one = { n: 1, mean: value, sd: null };
  return { precision: one, recall: one, f1: one };
}

/** Records of CSV by RFC 4180. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^",\n]*)(,|\n|$)/gy;
  for (let match = field.exec(text); match !== null && match[0] !== ''; match = field.exec(text)) {
    const [, raw, end] = match;
    records.at(-1)!.push(raw!.startsWith('"') ? raw!.slice(1, -1).replaceAll('""', '"') : raw!);
    if (end === '\n') records.push([]);
  }
  return records.filter(record => record.length > 0);
}
