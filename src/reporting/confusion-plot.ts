import type { CustomSeriesOption } from 'echarts/charts';
import { formatCount } from '../system/console.js';
import { displayWidth } from '../system/display-width.js';
import { visible } from '../system/visible.js';
import { chartSvg, faint, fontFamily, ink, titleOption, width } from './chart.js';

export interface ConfusionPlot {
  /** What was compared, such as `Confusion of entities`. */
  title: string;
  /** A line each below the title: model, language, split. */
  facts: readonly string[];
  /** (L) names, O among them. */
  labels: readonly string[];
  /** (L, L) true label x predicted label. */
  counts: readonly (readonly number[])[];
}

/**
 * A confusion matrix as SVG: true labels are the rows, predicted labels the columns. Each cell has its count, and its share of the row where that
 * is at least half a percent; the darker, the larger the share. The same counts give the same bytes, on any machine.
 */
export function confusionSvg({ title, facts, labels, counts }: ConfusionPlot): string {
  const names = labels.map(visible);
  const size = Math.max(1, labels.length);
  const namesPx = Math.min(190, Math.max(30, 8 + 7.6 * Math.max(...names.map(displayWidth))));
  const cell = Math.max(34, Math.min(72, Math.floor(560 / size)));
  // Names of columns that are wider than a cell stand upright.
  const areUpright = namesPx > cell;
  const lines = [...facts.map(visible), 'count, and its share of the row: of what is truly so'];
  const top = 50 + 19 * lines.length + 56 + (areUpright ? namesPx : 20);
  const left = namesPx + 74;
  // The picture is as wide as all others; a matrix of many labels is drawn in smaller cells.
  const cellWidth = Math.min(Math.max(cell, 130), Math.floor((width - left - 40) / size));
  const option = {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily, color: ink },
    title: titleOption(visible(title), lines),
    grid: { left, top, width: cellWidth * size, height: cell * size },
    xAxis: {
      ...axis(names, 'predicted', areUpright ? namesPx + 14 : 32, namesPx),
      position: 'top',
      axisLabel: { ...labelStyle(namesPx), rotate: areUpright ? 90 : 0 },
    },
    yAxis: { ...axis(names, 'true', namesPx + 18, namesPx), inverse: true, axisLabel: labelStyle(namesPx) },
    series: [cellsOf(counts, cellWidth, cell)],
  };
  return chartSvg(option, top + cell * size + 36);
}

function axis(names: readonly string[], name: string, nameGap: number, namesPx: number): object {
  return {
    type: 'category',
    data: [...names],
    name,
    nameLocation: 'middle',
    nameGap,
    nameTextStyle: { fontFamily, fontSize: 14, color: ink },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: labelStyle(namesPx),
  };
}

function labelStyle(namesPx: number): object {
  return { interval: 0, fontFamily, fontSize: 13, color: ink, width: namesPx, overflow: 'truncate' };
}

function cellsOf(counts: ConfusionPlot['counts'], cellWidth: number, cellHeight: number): CustomSeriesOption {
  const data = counts.flatMap((row, y) => {
    const sum = row.reduce((total, count) => total + count, 0);
    return row.map((count, x) => [x, y, count, sum === 0 ? 0 : count / sum]);
  });
  const largest = Math.max(0, ...counts.flat());
  const fontSize = Math.max(7, Math.min(14, Math.floor((cellWidth - 6) / (0.66 * formatCount(largest).length))));
  const hasShares = cellHeight >= 40 && cellWidth >= 40;
  return {
    type: 'custom',
    silent: true,
    data,
    encode: { x: 0, y: 1 },
    renderItem: (_, api) => {
      const [count, share] = [api.value(2) as number, api.value(3) as number];
      const [x, y] = api.coord([api.value(0), api.value(1)]) as [number, number];
      const fill = shadeOf(share);
      const isShared = hasShares && share >= 0.005;
      const text = (content: string, dy: number, size: number, color: string) => ({
        type: 'text' as const,
        style: {
          ...{ text: content, x, y: y + dy, fill: color, fontFamily, fontSize: size },
          ...{ align: 'center' as const, verticalAlign: 'middle' as const },
        },
      });
      const onCell = count === 0 ? faint : textOn(fill);
      return {
        type: 'group',
        children: [
          {
            type: 'rect',
            shape: { x: x - cellWidth / 2, y: y - cellHeight / 2, width: cellWidth, height: cellHeight },
            style: { fill, stroke: '#ffffff', lineWidth: 2 },
          },
          text(formatCount(count), isShared ? -8 : 0, fontSize, onCell),
          ...(isShared ? [text(`${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`, 10, 11, onCell)] : []),
        ],
      };
    },
  };
}

type Rgb = readonly [number, number, number];
/** From almost white to a dark blue: one hue, so that it is told by its lightness with every kind of colour vision. */
const [lightest, darkest]: [Rgb, Rgb] = [
  [243, 246, 249],
  [0, 84, 140],
];

/** @param share from 0 to 1 */
export function shadeOf(share: number): string {
  const mixed = lightest.map((light, i) => Math.round(light + (darkest[i]! - light) * share));
  return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever stands out more: at least 4.5 to 1 on any colour (WCAG 2, contrast ratio). */
export function textOn(fill: string): string {
  const luminance = luminanceOf(fill);
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}

/** Relative luminance of #rrggbb, from 0 to 1. Source: WCAG 2. */
function luminanceOf(color: string): number {
  const [r, g, b] = [1, 3, 5].map(at => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
