import type { LineSeriesOption } from 'echarts/charts';
import type { EChartsCoreOption } from 'echarts/core';
import type { Role } from '../experiment/protocols/stage.js';
import type { Summary, SweepRow, SweepTable } from '../experiment/table.js';
import { displayWidth } from '../system/display-width.js';
import { chartSvg, faint, fontFamily, ink, mostLines, palette, scoreRange, titleOption, wideLegend } from './chart.js';
import { errorBars } from './error-bars.js';
import { shortModelName } from './model-name.js';
import { protocolText } from './protocol.js';
import { axesOf, f1Of } from './table-view.js';

/**
 * The learning curve as SVG: F1 over the number of target sentences trained on. Of one protocol it has a line for every language scored; of
 * several, or of a grid, a line for each of them, of the target. Bars are standard deviations. The zero-shot F1 (source only) is a dashed
 * line and, where it is known, that of training on all of the target alone a dotted one. A stage without a result leaves a gap. The same table
 * gives the same bytes, on any machine.
 */
export function learningCurveSvg(table: SweepTable): string {
  return chartSvg(optionOf(table));
}

const [targetColor, sourceColor, aloneColor, ...otherColors] = palette;

function optionOf(table: SweepTable): EChartsCoreOption {
  const source = table.source.toUpperCase();
  const target = table.target.toUpperCase();
  const sizes = [...new Set(sized(table).map(row => row.targetSamples!))].sort((a, b) => a - b);
  const axis = sampleAxis(sizes);
  const all = groupsOf(table);
  const groups = all.slice(0, mostLines);
  const drawn = groups.length > 1 ? curvesOfGroups(table, groups, axis) : curvesOfLangs(table, axis);
  const curves = [...drawn, ...levelsOf(table, axis)];
  const legends = new Map(curves.map(({ series, legend }) => [series.name as string, legend]));
  const protocols = [table.protocol].flat();
  const hasBars = curves.some(({ points }) => points.some(({ summary }) => summary.sd !== null));
  const entries = [...legends].map(([name, { text, icon }]) => ({ name, text, icon }));
  const wide = groups.length > 1 ? wideLegend(entries, 106) : null;
  const lines = [
    (protocols.length === 1 ? `protocol ${protocolText(protocols[0]!)}` : `${target} F1 of ${protocols.join(', ')}`) +
      (all.length > mostLines ? `, the first ${mostLines} of ${all.length} lines` : ''),
    `${table.metric}${hasBars ? ', mean ± standard deviation' : ''} · model ${shortModelName(table.model)}`,
  ];
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily, color: ink },
    title: titleOption(`Learning curve ${source} → ${target}`, lines),
    legend: wide?.legend ?? {
      data: [...legends].map(([name, { icon }]) => (icon === undefined ? { name } : { name, icon })),
      formatter: (name: string) => legends.get(name)!.text,
      left: 70,
      top: 106,
      itemWidth: 34,
      itemHeight: 9,
      itemGap: 34,
      textStyle: { fontFamily, fontSize: 13, color: ink },
    },
    grid: {
      left: 78,
      right: wide === null ? 168 : rightOf(curves),
      top: wide === null ? 146 : wide.bottom + 16,
      bottom: 72,
    },
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
      ...scoreRange(curves.flatMap(({ points }) => points.flatMap(({ summary }) => ends(summary)))),
      name: 'F1',
      nameLocation: 'middle',
      nameGap: 48,
      nameTextStyle: { fontFamily, fontSize: 14, color: ink },
      axisLabel: { formatter: (value: number) => value.toFixed(2), fontSize: 13, color: ink },
      splitLine: { lineStyle: { color: '#e6e6e6' } },
    },
    series: curves.flatMap(({ series, points, color }) => [
      series,
      ...errorBars(
        points.map(({ at, summary }) => ({ at, ...summary })),
        color,
      ),
    ]),
  };
}

/** Room for what is written behind the lines. */
function rightOf(curves: readonly Curve[]): number {
  return Math.max(168, 48 + 7.2 * Math.max(...curves.map(({ behind }) => displayWidth(`${behind} 0.000`))));
}

/** Position on the axis, and the F1 there. */
interface Point {
  at: number;
  summary: Summary;
}

interface Curve {
  points: Point[];
  color: string;
  /** What is written behind the line, before its last value. */
  behind: string;
  series: LineSeriesOption;
  legend: { text: string; icon?: string };
}

/** The highest and the lowest that is drawn of a point. */
function ends({ mean, sd }: Summary): (number | null)[] {
  return mean === null ? [null] : [mean - (sd ?? 0), mean + (sd ?? 0)];
}

/** The languages over the sizes. */
function curvesOfLangs(table: SweepTable, axis: SampleAxis): Curve[] {
  const { source, target } = table;
  const rows = bySize(sized(table));
  const others = table.langs.filter(lang => lang !== source && lang !== target);
  const styles: [string, Style][] = [
    [target, { color: targetColor, symbol: 'circle', symbolSize: 9 }],
    [source, { color: sourceColor, symbol: 'rect', symbolSize: 8 }],
    ...others.map((lang, i): [string, Style] => [
      lang,
      { color: otherColors[i % otherColors.length]!, symbol: 'triangle', symbolSize: 7 },
    ]),
  ];
  return styles.map(([lang, style]) => {
    const points = rows.map(row => ({ at: axis.at(row.targetSamples!), summary: f1Of(row, lang, table) }));
    return curve(lang.toUpperCase(), lang.toUpperCase(), points, style);
  });
}

/** The target over the sizes, of each protocol and each cell of the grid. */
function curvesOfGroups(table: SweepTable, groups: readonly Group[], axis: SampleAxis): Curve[] {
  const isLong = groups.some(({ name }) => displayWidth(name) > 20);
  return groups.map(({ name, rows }, i) => {
    const points = bySize(rows).map(row => ({
      at: axis.at(row.targetSamples!),
      summary: f1Of(row, table.target, table),
    }));
    const symbol = ['circle', 'rect', 'triangle', 'diamond'][i % 4]!;
    const style = { color: palette[i % palette.length]!, symbol, symbolSize: 8 };
    return curve(name, name, points, style, isLong ? '' : name);
  });
}

interface Group {
  name: string;
  rows: SweepRow[];
}

/** The points of the learning curve by what tells lines apart. */
function groupsOf(table: SweepTable): Group[] {
  const axes = axesOf(table);
  const groups = new Map<string, SweepRow[]>();
  for (const row of sized(table)) {
    const name = axes.map(({ key, head, shownOf }) => (key === 'protocol' ? '' : `${head} `) + shownOf(row)).join(', ');
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].map(([name, rows]) => ({ name, rows }));
}

/** The levels that do not depend on the size, as far as they are known; of a grid each cell has others, and none is drawn. */
function levelsOf(table: SweepTable, axis: SampleAxis): Curve[] {
  const source = table.source.toUpperCase();
  const target = table.target.toUpperCase();
  const of = (role: Role) => {
    const found = table.rows.filter(row => row.role === role);
    // Protocols share these stages.
    return new Set(found.map(({ id, cell }) => `${id} ${JSON.stringify(cell)}`)).size === 1 ? found[0]! : null;
  };
  const level = (row: SweepRow | null, name: string, meaning: string, color: string, dashes: Dashes): Curve[] => {
    const summary = row === null ? null : f1Of(row, table.target, table);
    if (summary === null || summary.mean === null) return [];
    const { type, icon } = patterns[dashes];
    const points = [axis.min, axis.max].map(at => ({ at, summary: { ...summary, sd: null } }));
    const drawn = curve(name, meaning, points, { color, symbol: 'none', lineStyle: { width: 2, color, type } });
    return [{ ...drawn, legend: { text: meaning, icon } }];
  };
  const alone = of('target');
  const isSingle = groupsOf(table).length <= 1;
  const [dashed, dotted] = isSingle ? [targetColor, aloneColor] : [faint, ink];
  const size = formatSize(alone?.samples ?? 0);
  return [
    ...level(of('source'), `${target} zero-shot`, `${target} zero-shot (${source} only)`, dashed, 'dashed'),
    ...level(alone, `${target} alone`, `${target} alone (${size}, without ${source})`, dotted, 'dotted'),
  ];
}

type Style = LineSeriesOption & { color: string };

/** A line with its name and last value written behind it. */
function curve(name: string, text: string, points: Point[], style: Style, behind = name): Curve {
  const series: LineSeriesOption = {
    type: 'line',
    name,
    data: points.map(({ at, summary }) => [at, summary.mean]) as number[][], // echarts takes null for a gap, but its type does not say so
    clip: false, // the last marker lies on the edge of the plot
    lineStyle: { width: 2.5, color: style.color },
    endLabel: {
      show: true,
      formatter: ({ value }) => `${behind} ${(value as number[])[1]!.toFixed(3)}`.trim(),
      fontFamily,
      fontSize: 13,
      color: style.color,
      distance: 12,
      minMargin: 4, // between labels that are pushed apart
    },
    labelLayout: { moveOverlap: 'shiftY' },
    ...style,
  };
  return { points, color: style.color, behind, series, legend: { text } };
}

type Dashes = keyof typeof patterns;

/** Broken lines, and what stands for them in the legend, where echarts would draw a line with a marker. */
const patterns = {
  dashed: { type: [9, 6], icon: 'path://M0 0H8V2H0ZM13 0H21V2H13ZM26 0H34V2H26Z' },
  dotted: { type: [2, 5], icon: 'path://M0 0H2V2H0ZM8 0H10V2H8ZM16 0H18V2H16ZM24 0H26V2H24ZM32 0H34V2H32Z' },
};

/** The points of learning curves. */
function sized(table: SweepTable): SweepRow[] {
  return table.rows.filter(({ role }) => role === 'size');
}

/** From the fewest sentences to the most. */
function bySize(rows: readonly SweepRow[]): SweepRow[] {
  return [...rows].sort((a, b) => a.targetSamples! - b.targetSamples!);
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

/** 250, 1k, 2.5k, 20k. */
export function formatSize(size: number): string {
  return size >= 1000 && size % 100 === 0 ? `${size / 1000}k` : `${size}`;
}
