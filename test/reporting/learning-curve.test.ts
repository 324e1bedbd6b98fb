import { describe, expect, it } from 'vitest';
import { renderPng } from '../../src/reporting/chart.js';
import { formatSize, learningCurveSvg } from '../../src/reporting/learning-curve.js';
import { exampleTable } from './example.js';

describe('learningCurveSvg', () => {
  const svg = learningCurveSvg(exampleTable());

  it('marks every size, and writes title, axes, protocol, metric and model', () => {
    expect(texts(svg)).toEqual(expect.arrayContaining(['250', '1k', '5k', '20k']));
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        'Learning curve EN → TR',
        'protocol cumulative: each stage continues from the one before',
        'seqeval default mode, micro F1, test split · model FacebookAI/xlm-roberta-base',
        'TR training sentences (logarithmic)',
        'F1',
      ]),
    );
  });

  it.each([
    '<script>alert(1)</script>',
    '"onload="x" a=\'b\'',
    '&lt;&amp;&bogus;',
    ']]><!--',
    '{a|b}\\n%s',
    '\u0000\u001b\ud800\uffff\n',
  ])('is a sound picture whatever the model is called: %j', model => {
    const drawn = learningCurveSvg({ ...exampleTable(), model });
    expect(drawn).not.toMatch(/<script|<!--|\sonload="/);
    expect(texts(drawn).join('\n')).toContain('Learning curve EN → TR');
    // A reader of XML refuses what is none: unknown entities, control characters, tags that do not close.
    expect(renderPng(drawn).length).toBeGreaterThan(10_000);
  });

  it('draws the zero-shot score as a dashed level line, and training on the target alone as a dotted one', () => {
    const y = axisOf(svg);
    const [zeroShot] = dashedLines(svg, '9,6');
    expect(zeroShot!.from).toBe(zeroShot!.to);
    expect(zeroShot!.from).toBeCloseTo(y(0.75), 0);
    const [alone] = dashedLines(svg, '2,5');
    expect(alone!.from).toBeCloseTo(y(0.891), 0);
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['TR zero-shot 0.750', 'TR zero-shot (EN only)', 'TR alone (20k, without EN)']),
    );
  });

  it('puts a marker where a stage has a result, at its F1, and leaves a gap where it has none', () => {
    const y = axisOf(svg);
    // Round markers are the target's, square ones the source's.
    const circles = [...svg.matchAll(/matrix\(4\.5,0,0,4\.5,[\d.]+,([\d.]+)\)/g)].map(([, at]) => Number(at));
    const squares = [...svg.matchAll(/matrix\(4,0,0,4,[\d.]+,([\d.]+)\)/g)].map(([, at]) => Number(at));
    expect(circles).toHaveLength(2);
    expect(squares).toHaveLength(2);
    expect(circles[0]).toBeCloseTo(y(0.78), 0);
    expect(circles[1]).toBeCloseTo(y(0.84), 0);
    expect(squares[0]).toBeCloseTo(y(0.80125), 0);
    expect(texts(svg)).toEqual(expect.arrayContaining(['TR 0.840', 'EN 0.795']));
  });

  it('is the same bytes every time, and names no path of this machine', () => {
    const elsewhere = { ...exampleTable(), model: '/home/someone/runs/a/checkpoint' };
    const other = { ...exampleTable(), model: '/data/runs/a/checkpoint' };
    expect(learningCurveSvg(elsewhere)).toBe(learningCurveSvg(other));
    expect(learningCurveSvg(exampleTable())).toBe(svg);
    expect(texts(learningCurveSvg(other)).join(' ')).toContain('model a/checkpoint');
  });

  it('draws no level that is not known yet, and an empty plot for a sweep that has not begun', () => {
    const table = exampleTable();
    for (const { trainings } of table.rows) for (const one of trainings) one.scores = { en: null, tr: null };
    const empty = learningCurveSvg(table);
    expect(dashedLines(empty, '9,6')).toEqual([]);
    expect(texts(empty)).toEqual(expect.arrayContaining(['250', '20k', '0.00', '1.00']));
    expect(learningCurveSvg({ ...table, rows: [] })).toContain('Learning curve');
  });

  it('has a linear axis where the sizes are close together', () => {
    const table = exampleTable();
    table.rows = table.rows.slice(0, 4);
    table.rows[2]!.targetSamples = 300;
    expect(texts(learningCurveSvg(table))).toEqual(expect.arrayContaining(['300', '1k', 'TR training sentences']));
  });
});

describe('renderPng', () => {
  it('is a PNG of twice the size, the same bytes every time', () => {
    const svg = learningCurveSvg(exampleTable());
    const png = renderPng(svg);
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1920, 1120]);
    expect(renderPng(svg).equals(png)).toBe(true);
  });

  it('draws the text: without it the picture is another', () => {
    const svg = learningCurveSvg(exampleTable());
    const bare = renderPng(svg.replaceAll(/<text[\s\S]*?<\/text>/g, ''));
    expect(renderPng(svg).length).toBeGreaterThan(bare.length + 10_000);
  });
});

it.each([
  [50, '50'],
  [999, '999'],
  [1000, '1k'],
  [1200, '1.2k'],
  [1250, '1250'],
  [20_000, '20k'],
])('formatSize(%i) is %s', (size, text) => {
  expect(formatSize(size)).toBe(text);
});

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
}

/** Heights at which lines of this dash pattern begin and end. */
function dashedLines(svg: string, pattern: string): { from: number; to: number }[] {
  const lines = new RegExp(`<path d="M[\\d.]+ ([\\d.]+)L[\\d.]+ ([\\d.]+)"[^>]*stroke-dasharray="${pattern}"`, 'g');
  return [...svg.matchAll(lines)].map(([, from, to]) => ({ from: Number(from), to: Number(to) }));
}

/** The height at which an F1 lies, from the labels of the axis. */
function axisOf(svg: string): (f1: number) => number {
  const labels = [...svg.matchAll(/<text[^>]*translate\([\d.]+ ([\d.]+)\)"[^>]*>([01]\.\d\d)<\/text>/g)];
  const [low, high] = [labels[0]!, labels.at(-1)!].map(([, y, f1]) => ({ y: Number(y), f1: Number(f1) }));
  return f1 => low!.y + ((f1 - low!.f1) / (high!.f1 - low!.f1)) * (high!.y - low!.y);
}
