import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { LineChart, type LineSeriesOption } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';
import type { Phase } from '../experiment/protocols/curriculum.js';
import type { SweepRow, SweepTable } from '../experiment/table.js';
import { visible } from '../system/visible.js';
import { protocolText } from './protocol.js';

echarts.use([LineChart, GridComponent, LegendComponent, TitleComponent, LabelLayout, SVGRenderer]);

/** Size of the picture, in px of the SVG. The PNG has twice as many pixels each way. */
const width = 960;
const height = 560;
const pixelRatio = 2;

/**
 * The learning curve of a sweep as SVG: F1 of the languages scored over the number of target sentences trained on, with the
 * zero-shot F1 (source only) as a dashed line and, where it is known, the F1 of training on the target alone as a dotted
 * one. A stage without a result leaves a gap. The same table gives the same bytes, on any machine.
 */
export function learningCurveSvg(table: SweepTable): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(optionOf(table));
    // zrender counts charts and hover styles through the life of the process: their numbers would change the bytes.
    return chart
      .renderToSVGString()
      .replace(/<style[\s\S]*<\/style>\n?/, '')
      .replaceAll(/ (class|ecmeta_\w+)="[^"]*"/g, '')
      .replaceAll(/\bzr\d+-/g, 'zr-');
  } finally {
    chart.dispose();
  }
}

/** The same picture as PNG, drawn with the packaged DejaVu Sans and never with a font of the system. */
export function renderPng(svg: string): Buffer {
  const font = (name: string): string => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: pixelRatio },
    font: {
      loadSystemFonts: false,
      fontFiles: [font('DejaVuSans'), font('DejaVuSans-Bold')],
      defaultFontFamily: 'DejaVu Sans',
    },
  });
  return picture.render().asPng();
}

const fontFamily = "'DejaVu Sans', Verdana, sans-serif";
const ink = '#222222';
const faint = '#6b6b6b';
// Okabe and Ito's palette: told apart with every kind of colour vision, and by their markers without colour.
const targetColor = '#0072b2';
const sourceColor = '#d55e00';
const aloneColor = '#009e73';
/** Of languages that are scored and not trained on. */
const otherColors = ['#cc79a7', '#56b4e9', '#e69f00', '#7a7a7a'];

function optionOf(table: SweepTable): echarts.EChartsCoreOption {
  const source = table.source.toUpperCase();
  const target = table.target.toUpperCase();
  const sizes = sizesOf(table);
  const axis = sampleAxis(sizes);
  const curves = curvesOf(table, axis);
  const legends = new Map(curves.map(({ series, legend }) => [series.name as string, legend]));
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily, color: ink },
    title: {
      text: `Learning curve ${source} → ${target}`,
      subtext: `protocol ${protocolText(table.protocol)}\n${table.metric} · model ${shortened(table.model)}`,
      left: 24,
      top: 18,
      itemGap: 9,
      textStyle: { fontFamily, fontSize: 21, fontWeight: 'bold', color: ink },
      subtextStyle: { fontFamily, fontSize: 13, lineHeight: 19, color: faint },
    },
    legend: {
      data: [...legends].map(([name, { icon }]) => (icon === undefined ? { name } : { name, icon })),
      formatter: (name: string) => legends.get(name)!.text,
      left: 70,
      top: 106,
      itemWidth: 34,
      itemHeight: 9,
      itemGap: 34,
      textStyle: { fontFamily, fontSize: 13, color: ink },
    },
    grid: { left: 78, right: 168, top: 146, bottom: 72 },
    xAxis: {
      type: 'value',
      min: axis.min,
      max: axis.max,
      name: `${target} training sentences${axis.logarithmic ? ' (logarithmic)' : ''}`,
      nameLocation: 'middle',
      nameGap: 40,
      nameTextStyle: { fontFamily, fontSize: 14, color: ink },
      axisLine: { lineStyle: { color: faint } },
      axisTick: { customValues: sizes.map(axis.at), length: 5 },
      axisLabel: {
        customValues: sizes.map(axis.at),
        formatter: (value: number) => formatSize(axis.sizeAt(value)),
        hideOverlap: true,
        fontSize: 13,
        color: ink,
      },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      ...scoreRange(curves.flatMap(({ points }) => points.map(([, f1]) => f1))),
      name: 'F1',
      nameLocation: 'middle',
      nameGap: 48,
      nameTextStyle: { fontFamily, fontSize: 14, color: ink },
      axisLabel: { formatter: (value: number) => value.toFixed(2), fontSize: 13, color: ink },
      splitLine: { lineStyle: { color: '#e6e6e6' } },
    },
    series: curves.map(({ series }) => series),
  };
}

/** Position on the axis and F1; null where the stage has no result. */
type Point = [at: number, f1: number | null];

interface Curve {
  points: Point[];
  series: LineSeriesOption;
  legend: { text: string; icon?: string };
}

/** The languages over the sizes, and the levels that do not depend on them, as far as they are known. */
function curvesOf(table: SweepTable, axis: SampleAxis): Curve[] {
  const source = table.source.toUpperCase();
  const target = table.target.toUpperCase();
  const points = (lang: string): Point[] => adapted(table).map(row => [axis.at(row.samples), row.f1[lang] ?? null]);
  const curves = [
    curve(target, target, points(table.target), { color: targetColor, symbol: 'circle', symbolSize: 9 }),
    curve(source, source, points(table.source), { color: sourceColor, symbol: 'rect', symbolSize: 8 }),
  ];
  const others = Object.keys(table.rows[0]?.f1 ?? {}).filter(lang => lang !== table.source && lang !== table.target);
  for (const [i, lang] of others.entries()) {
    const style = { color: otherColors[i % otherColors.length]!, symbol: 'triangle', symbolSize: 7 };
    curves.push(curve(lang.toUpperCase(), lang.toUpperCase(), points(lang), style));
  }
  const of = (trains: Phase['trains']) => table.rows.find(({ phase }) => phase.trains === trains);
  const level = (
    trains: Phase['trains'],
    name: string,
    meaning: string,
    color: string,
    pattern: keyof typeof patterns,
  ): void => {
    const score = of(trains)?.f1[table.target] ?? null;
    if (score === null) return;
    const { type, icon } = patterns[pattern];
    const ends: Point[] = [axis.min, axis.max].map(at => [at, score]);
    const drawn = curve(name, meaning, ends, { color, symbol: 'none', lineStyle: { width: 2, color, type } });
    curves.push({ ...drawn, legend: { text: meaning, icon } });
  };
  const alone = of('target')?.samples ?? 0;
  level('source', `${target} zero-shot`, `${target} zero-shot (${source} only)`, targetColor, 'dashed');
  level('target', `${target} alone`, `${target} alone (${formatSize(alone)}, without ${source})`, aloneColor, 'dotted');
  return curves;
}

/** A line with its name and last value written behind it. */
function curve(name: string, text: string, points: Point[], style: LineSeriesOption & { color: string }): Curve {
  const series: LineSeriesOption = {
    type: 'line',
    name,
    data: points as number[][], // echarts takes null for a gap, but its type does not say so
    clip: false, // the last marker lies on the edge of the plot
    lineStyle: { width: 2.5, color: style.color },
    endLabel: {
      show: true,
      formatter: ({ value }) => `${name} ${(value as number[])[1]!.toFixed(3)}`,
      fontFamily,
      fontSize: 13,
      color: style.color,
      distance: 12,
      minMargin: 4, // between labels that are pushed apart
    },
    labelLayout: { moveOverlap: 'shiftY' },
    ...style,
  };
  return { points, series, legend: { text } };
}

/** Broken lines, and what stands for them in the legend, where echarts would draw a line with a marker. */
const patterns = {
  dashed: { type: [9, 6], icon: 'path://M0 0H8V2H0ZM13 0H21V2H13ZM26 0H34V2H26Z' },
  dotted: { type: [2, 5], icon: 'path://M0 0H2V2H0ZM8 0H10V2H8ZM16 0H18V2H16ZM24 0H26V2H24ZM32 0H34V2H32Z' },
};

/** The stages that train on the target after the source, from the fewest sentences to the most. */
function adapted(table: SweepTable): SweepRow[] {
  return table.rows.filter(({ phase }) => phase.trains === 'adapted').sort((a, b) => a.samples - b.samples);
}

function sizesOf(table: SweepTable): number[] {
  return [...new Set(adapted(table).map(row => row.samples))];
}

interface SampleAxis {
  logarithmic: boolean;
  at(size: number): number;
  sizeAt(value: number): number;
  min: number;
  max: number;
}

/** Where sizes lie on the axis: by their logarithm where they span more than a factor of four. */
function sampleAxis(sizes: readonly number[]): SampleAxis {
  const smallest = sizes[0] ?? 1;
  const largest = sizes.at(-1) ?? 10;
  const logarithmic = largest / smallest > 4;
  const at = (size: number): number => (logarithmic ? Math.log10(size) : size);
  const sizeAt = (value: number): number => Math.round(logarithmic ? 10 ** value : value);
  const margin = (at(largest) - at(smallest)) * 0.05 || at(largest) * 0.1 || 1;
  return { logarithmic, at, sizeAt, min: at(smallest) - margin, max: at(largest) };
}

/** The axis of the scores: a little more than they span, in round steps, within 0 and 1. */
function scoreRange(scores: readonly (number | null)[]): { min: number; max: number; interval: number } {
  const known = scores.filter(score => score !== null);
  if (known.length === 0) return { min: 0, max: 1, interval: 0.2 };
  const [lowest, highest] = [Math.min(...known), Math.max(...known)];
  const interval = [0.01, 0.02, 0.05, 0.1].find(step => (highest - lowest) / step <= 6) ?? 0.2;
  const round = (value: number): number => Number((value * interval).toFixed(2));
  const min = Math.max(0, round(Math.floor(lowest / interval - 0.2)));
  const max = Math.min(1, round(Math.ceil(highest / interval + 0.2)));
  return { min, max, interval };
}

/** 250, 1k, 2.5k, 20k. */
export function formatSize(size: number): string {
  return size >= 1000 && size % 100 === 0 ? `${size / 1000}k` : `${size}`;
}

/** A hub id whole; of a path the last two folders, so that the picture does not depend on where the model lies. */
function shortened(model: string): string {
  const name = visible(model).split(/[\\/]/).filter(Boolean).slice(-2).join('/');
  return name.length > 56 ? `…${name.slice(-55)}` : name;
}
