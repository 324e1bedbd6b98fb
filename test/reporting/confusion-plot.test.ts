import { describe, expect, it } from 'vitest';
import { renderPng } from '../../src/reporting/chart.js';
import { type ConfusionPlot, confusionSvg, shadeOf, textOn } from '../../src/reporting/confusion-plot.js';

const plot: ConfusionPlot = {
  title: 'Confusion of entities',
  facts: ['tr test'],
  labels: ['O', 'LOC', 'PER'],
  counts: [
    [0, 412, 95],
    [230, 3980, 1],
    [0, 0, 0],
  ],
};

describe('confusionSvg', () => {
  it('has the counts of each row, and their shares of it where they are at least half a percent', () => {
    const svg = confusionSvg(plot);
    expect(texts(svg)).toEqual(
      [
        ...['Confusion of entities', 'tr test', 'count, and its share of the row: of what is truly so'],
        ...[...['O', 'LOC', 'PER'], 'predicted', ...['O', 'LOC', 'PER'], 'true'],
        ...['0', '412', '81%', '95', '19%', '230', '5.5%', '3,980', '95%', '1', '0', '0', '0'],
      ].sort(),
    );
    expect(renderPng(svg).length).toBeGreaterThan(10_000);
  });

  it('is the same bytes every time', () => expect(confusionSvg(plot)).toBe(confusionSvg(plot)));

  it('has the true labels as rows', () => {
    const place = (text: string) => {
      const [, x, y] = new RegExp(
        `(?:x="([\\d.]+)" y="([\\d.]+)"|translate\\(([\\d.]+) ([\\d.]+)\\))[^>]*>${text}</text>`,
      ).exec(confusionSvg(plot).replaceAll(/transform="translate\(([\d.]+) ([\d.]+)\)"/g, 'x="$1" y="$2"'))!;
      return { x: Number(x), y: Number(y) };
    };
    // True LOC was predicted as O 230 times, and nothing was predicted as LOC 412 times.
    expect(place('230').y).toBeGreaterThan(place('412').y);
    expect(place('230').x).toBeLessThan(place('412').x);
  });

  it('fits many labels with long names, and shows what names hold and nobody would see', () => {
    const labels = Array.from({ length: 25 }, (_, i) => (i === 3 ? '<b>\u001b&' : `a-long-name-of-a-type-${i}`));
    const svg = confusionSvg({ ...plot, labels, counts: labels.map(() => labels.map(() => 123_456)) });
    expect(svg).toContain('&lt;b&gt;&lt;U+001B&gt;&amp;');
    expect(renderPng(svg).length).toBeGreaterThan(10_000);
  });

  it('is a picture where there is nothing', () => {
    expect(confusionSvg({ ...plot, labels: [], counts: [] })).toContain('Confusion of entities');
  });
});

describe('the numbers on the cells', () => {
  it.each(Array.from({ length: 21 }, (_, i) => i / 20))('stand out from a cell of share %f', share => {
    const [cell, text] = [shadeOf(share), textOn(shadeOf(share))].map(luminance);
    const [light, dark] = [Math.max(cell!, text!), Math.min(cell!, text!)];
    expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5);
  });
});

/** Relative luminance, as WCAG 2 has it. */
function luminance(color: string): number {
  const value = Number.parseInt(color.slice(1), 16);
  const linear = [16, 8, 0]
    .map(shift => ((value >> shift) & 255) / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
}

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!).sort();
}
