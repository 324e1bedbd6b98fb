import type { LineSeriesOption } from 'echarts/charts';
import { formatCount } from '../system/console.js';
import { displayWidth } from '../system/display-width.js';
import { visible } from '../system/visible.js';
import {
  chartSvg,
  faint,
  fontFamily,
  height,
  ink,
  palette,
  scoreRange,
  titleOption,
  wideLegend,
  width,
} from './chart.js';

export interface BucketsPlot {
  title: string;
  /** A line each below the title. */
  facts: readonly string[];
  /** Compared side by side; they have the same attributes and buckets, in one order. */
  systems: readonly { name: string; attributes: readonly BucketedScores[] }[];
}

/** Scores of the entities in each bucket of an attribute. */
export interface BucketedScores {
  /** Such as `entity length`. */
  attribute: string;
  buckets: readonly PlottedBucket[];
}

export interface PlottedBucket {
  name: string;
  /** Fractions of 1; null where there is nothing to score. */
  f1: number | null;
  precision: number | null;
  recall: number | null;
  /** True entities, and predicted ones. */
  gold: number;
  predicted: number;
}

/**
 * F1 by the buckets of attributes as SVG, a panel for each attribute, a marker for each system, and below each bucket how many true entities it
 * has. The same scores give the same bytes, on any machine.
 */
export function bucketsSvg({ title, facts, systems }: BucketsPlot): string {
  const attributes = systems[0]?.attributes ?? [];
  const perRow = attributes.length === 1 ? 1 : 2;
  const rows = Math.ceil(attributes.length / perRow);
  const lines = [...facts.map(visible), 'F1 of the entities in a bucket; n is how many true entities it has'];
  const legendTop = 66 + 19 * lines.length;
  const entries = systems.map(({ name }) => ({ name: visible(name), text: visible(name) }));
  const { legend, bottom } =
    systems.length > 1 ? wideLegend(entries, legendTop) : { legend: [], bottom: legendTop - 8 };
  const [panelGap, left] = [70, 70];
  const panelWidth = (width - left - 36 - panelGap * (perRow - 1)) / perRow;
  const namesOf = ({ buckets }: BucketedScores) =>
    buckets.map(({ name }) => wrapped(visible(name), panelWidth / buckets.length - 10));
  const mostLines = Math.max(1, ...attributes.flatMap(namesOf).map(name => name.length));
  // Names of buckets, their support, and the name of the attribute.
  const below = 16 * (mostLines + 1) + 34;
  const rowGap = below + 44;
  const panelHeight = perRow === 1 ? height - bottom - 34 - below : 190;
  const places = attributes.map((_, i) => ({
    left: left + (i % perRow) * (panelWidth + panelGap),
    top: bottom + 34 + Math.floor(i / perRow) * (panelHeight + rowGap),
    width: panelWidth,
    height: panelHeight,
  }));
  const range = scoreRange(
    systems.flatMap(({ attributes }) => attributes.flatMap(({ buckets }) => buckets.map(({ f1 }) => f1))),
  );
  const option = {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily, color: ink },
    title: titleOption(visible(title), lines),
    legend,
    grid: places,
    xAxis: attributes.map(({ attribute, buckets }, gridIndex) => ({
      gridIndex,
      type: 'value',
      min: -0.5,
      max: buckets.length - 0.5,
      name: visible(attribute),
      nameLocation: 'middle',
      nameGap: below - 16,
      nameTextStyle: { fontFamily, fontSize: 14, color: ink },
      axisLine: { lineStyle: { color: faint }, onZero: false },
      axisTick: { customValues: buckets.map((_, i) => i), length: 4 },
      axisLabel: {
        customValues: buckets.map((_, i) => i),
        formatter: (i: number) =>
          [...namesOf(attributes[gridIndex]!)[i]!, `n ${supportOf(systems, gridIndex, i)}`].join('\n'),
        ...{ interval: 0, hideOverlap: false, fontFamily, fontSize: 12, lineHeight: 16, color: ink },
      },
      splitLine: { show: false },
    })),
    yAxis: attributes.map((_, gridIndex) => ({
      gridIndex,
      type: 'value',
      ...range,
      name: gridIndex % perRow === 0 ? 'F1' : '',
      nameLocation: 'middle',
      nameGap: 44,
      nameTextStyle: { fontFamily, fontSize: 14, color: ink },
      axisLine: { show: true, onZero: false, lineStyle: { color: faint } },
      axisLabel: { formatter: (value: number) => value.toFixed(2), fontSize: 12, color: ink },
      splitLine: { lineStyle: { color: '#e6e6e6' } },
    })),
    series: systems.flatMap((_, s) => attributes.map((_, panel) => dots(systems, s, panel, range))),
  };
  return chartSvg(option, bottom + 34 + rows * panelHeight + (rows - 1) * rowGap + below + 16);
}

const symbols = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin'] as const;

/** The dots of one system in one panel, beside those of the others. Of one or two systems the scores are written at them. */
function dots(
  systems: BucketsPlot['systems'],
  system: number,
  panel: number,
  range: { min: number; max: number },
): LineSeriesOption {
  const of = systems.length;
  const step = Math.min(0.22, 0.7 / of);
  const scores = systems.map(({ attributes }) => attributes[panel]!.buckets.map(({ f1 }) => f1));
  const data = scores[system]!.map((f1, i) => {
    const other = scores[1 - system]?.[i] ?? null;
    const isAbove = other === null || f1 === null || f1 > other || (f1 === other && system === 0);
    // Below the lowest dots stand the names of the buckets.
    const isLow = f1 !== null && (f1 - range.min) / (range.max - range.min) < 0.12;
    const position = isAbove ? 'top' : isLow ? (system === 0 ? 'left' : 'right') : 'bottom';
    return {
      value: [i + (system - (of - 1) / 2) * step, f1] as number[],
      label: { position: position as 'top' | 'bottom' | 'left' | 'right' },
    };
  });
  const color = palette[system % palette.length]!;
  return {
    ...{ type: 'line', name: visible(systems[system]!.name), xAxisIndex: panel, yAxisIndex: panel, color, clip: false },
    ...{ symbol: symbols[system % symbols.length]!, symbolSize: 10, lineStyle: { width: 0 }, data },
    label: {
      show: of <= 2,
      formatter: ({ value }) => (value as number[])[1]!.toFixed(2),
      ...{ fontFamily, fontSize: 11, color: ink, distance: 5 },
    },
  };
}

/** A name on as many lines as it needs; a word is not divided. */
function wrapped(name: string, px: number): string[] {
  const lines: string[] = [];
  for (const word of name.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && 7.2 * displayWidth(longer) <= px) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** True entities of a bucket; of systems that were scored on different rows, from the fewest to the most. */
function supportOf(systems: BucketsPlot['systems'], attribute: number, bucket: number): string {
  const counts = systems.map(({ attributes }) => attributes[attribute]!.buckets[bucket]!.gold);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? formatCount(least) : `${formatCount(least)}–${formatCount(most)}`;
}
