import { expect, it } from 'vitest';
import { type BucketsPlot, bucketsSvg } from '../../src/reporting/buckets-plot.js';
import { palette, renderPng } from '../../src/reporting/chart.js';

function system(name: string, f1: readonly (number | null)[], gold = [5230, 40, 7]): BucketsPlot['systems'][number] {
  const bucket = (i: number) => ({
    name: ['1', '2', '4 or more'][i]!,
    precision: f1[i]!,
    recall: f1[i]!,
    gold: gold[i]!,
    predicted: 9,
  });
  const buckets = f1.map((one, i) => ({ ...bucket(i), f1: one }));
  return { name, attributes: ['entity length', 'sentence length'].map(attribute => ({ attribute, buckets })) };
}

const plot = (...systems: BucketsPlot['systems'][number][]): BucketsPlot => ({
  title: 'Buckets',
  facts: ['tr test'],
  systems,
});

it('has a panel for each attribute, with the F1 of each bucket and how many true entities it has', () => {
  const svg = bucketsSvg(plot(system('one', [0.9, 0.8123, null])));
  for (const text of ['entity length', 'sentence length', 'F1', 'n 5,230', 'n 40', 'n 7', '4 or more']) {
    expect(texts(svg)).toContain(text);
  }
  expect(texts(svg).filter(text => text === '0.81')).toHaveLength(2);
  expect(bucketsSvg(plot(system('one', [0.9, 0.8123, null])))).toBe(svg);
  expect(renderPng(svg).length).toBeGreaterThan(10_000);
});

it('tells systems apart by colour and marker, in a legend, and shows the support of both where it differs', () => {
  const svg = bucketsSvg(plot(system('first', [0.9, 0.8, 0.7]), system('<b>\u001b', [0.7, 0.8, null], [5230, 41, 7])));
  expect(texts(svg)).toContain('first');
  expect(texts(svg)).toContain('&lt;b&gt;&lt;U+001B&gt;');
  expect(texts(svg)).toContain('n 40–41');
  for (const color of palette.slice(0, 2)) expect(svg).toContain(`fill="${color}"`);
  expect(renderPng(svg).length).toBeGreaterThan(10_000);
});

it('writes the lowest scores beside their dots, and not over the names of the buckets', () => {
  const place = (svg: string, text: string) =>
    [...svg.matchAll(/<text[^>]*translate\(([\d.]+) ([\d.]+)\)"[^>]*>([^<]*)<\/text>/g)]
      .filter(([, , , found]) => found === text)
      .map(([, , y]) => Number(y));
  const svg = bucketsSvg(plot(system('first', [0.9, 0.05, 0.7]), system('second', [0.7, 0, null])));
  const [names, scores] = [place(svg, '4 or more'), place(svg, '0.00')];
  expect(scores.length).toBeGreaterThan(0);
  expect(Math.max(...scores)).toBeLessThan(Math.max(...names));
});

it('is a picture of one attribute, and of none', () => {
  const one = system('one', [0.9, 0.8, 0.7]);
  const svg = bucketsSvg(plot({ ...one, attributes: one.attributes.slice(0, 1) }));
  expect(svg).not.toContain('sentence length');
  expect(bucketsSvg(plot())).toContain('Buckets');
});

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
}
