import type { LineSeriesOption } from 'echarts/charts';
import type { EChartsCoreOption } from 'echarts/core';
import type { EpochPoint } from '../experiment/epoch-curve.js';
import { type Summary, type SweepRow, type SweepTable, summaryOf } from '../experiment/table.js';
import { chartSvg, faint, fontFamily, ink, mostLines, palette, scoreRange, titleOption, wideLegend } from './chart.js';
import { errorBars } from './error-bars.js';
import { shortModelName } from './model-name.js';
import { axesOf, titleOf } from './table-view.js';

/**
 * Losses and scores after each epoch as SVG. To the left the loss of training, a solid line, and that of validation, a dashed one; to the right
 * the F1 of validation. Each row of the table has a colour; where it has several trainings, lines are means and bars standard deviations. Where
 * nothing was scored after each epoch, the loss of training stands alone. The same table gives the same bytes, on any machine.
 *
 * @param heading what is drawn; that of the file in a study's folder stays as it is, since a study is verified by its bytes
 */
export function trainingCurvesSvg(table: SweepTable, heading = 'Losses and F1 after each epoch'): string {
  return chartSvg(optionOf(table, heading));
}

function optionOf(table: SweepTable, heading: string): EChartsCoreOption {
  const all = rowsToDraw(table);
  const shown = all.slice(0, mostLines);
  const lines = shown.map((row, i) => lineOf(row, nameOf(table, row, shown), styleOf(i, table)));
  const hasValidation = lines.some(({ validationLoss }) => validationLoss.some(({ mean }) => mean !== null));
  const [left, right] = hasValidation ? [78, 500] : [78, null];
  const epochs = Math.max(1, ...lines.map(({ trainLoss }) => trainLoss.length));
  const interval = Math.max(1, Math.ceil(epochs / 10));
  const losses = lines.flatMap(({ trainLoss, validationLoss }) => [...trainLoss, ...validationLoss]);
  const f1 = lines.flatMap(line => line.f1);
  const some = all.length > mostLines ? `, the first ${mostLines} of ${all.length} rows` : '';
  // After a re-split the validation split is the test set.
  const scored = table.conditions.split === 'test' ? 'the validation split' : 'what the re-split holds out';
  const solid = hasValidation ? 'loss of training solid, of validation dashed' : 'loss of training';
  const subtitle = [
    `${solid}; mean of the steps of an epoch${some}`,
    `${hasValidation ? `F1 of ${scored}, seqeval default mode, micro F1 · ` : ''}model ${shortModelName(table.model)}`,
  ];
  const { legend, bottom } = wideLegend(
    lines.map(({ name }) => ({ name, text: name })),
    106,
  );
  const top = bottom + 24;
  const panel = (name: string) => ({
    name,
    nameLocation: 'middle' as const,
    nameGap: 48,
    nameTextStyle: { fontFamily, fontSize: 14, color: ink },
    splitLine: { lineStyle: { color: '#e6e6e6' } },
  });
  const xAxis = (gridIndex: number) => ({
    gridIndex,
    type: 'value' as const,
    min: 1,
    max: 1 + interval * Math.ceil(Math.max(1, epochs - 1) / interval),
    interval,
    name: 'epoch',
    nameLocation: 'middle' as const,
    nameGap: 32,
    nameTextStyle: { fontFamily, fontSize: 14, color: ink },
    axisLine: { lineStyle: { color: faint }, onZero: false },
    axisLabel: { fontSize: 13, color: ink },
    splitLine: { show: false },
  });
  const axisLabel = { formatter: (value: number) => value.toFixed(2), fontSize: 13, color: ink };
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily, color: ink },
    title: titleOption(`${heading}: ${titleOf(table)}`, subtitle),
    legend,
    grid: [
      { left, top, bottom: 66, ...(right === null ? { right: 40 } : { width: 340 }) },
      ...(right === null ? [] : [{ left: right, top, bottom: 66, right: 40 }]),
    ],
    xAxis: [xAxis(0), ...(right === null ? [] : [xAxis(1)])],
    yAxis: [
      { ...panel('loss'), gridIndex: 0, type: 'value', ...lossRange(losses), axisLabel },
      ...(right === null
        ? []
        : [
            {
              ...panel('F1 of validation'),
              ...{ gridIndex: 1, type: 'value', axisLabel },
              ...scoreRange(f1.flatMap(ends)),
            },
          ]),
    ],
    series: lines.flatMap(({ name, style, trainLoss, validationLoss, f1 }) => [
      ...seriesOf(name, trainLoss, style, 0, 'solid'),
      ...(right === null ? [] : seriesOf(name, validationLoss, style, 0, [6, 4])),
      ...(right === null ? [] : seriesOf(name, f1, style, 1, 'solid')),
    ]),
  };
}

interface Style {
  color: string;
  symbol: string;
  symbolSize: number;
}

interface Line {
  name: string;
  style: Style;
  /** One for each epoch, from the first. */
  trainLoss: Summary[];
  validationLoss: Summary[];
  f1: Summary[];
}

/** Rows that have something to draw; protocols share some, which are drawn once. */
function rowsToDraw({ rows }: SweepTable): SweepRow[] {
  const seen = new Set<string>();
  return rows.filter(({ trainings }) => {
    const isNew = trainings.some(({ id }) => !seen.has(id));
    for (const { id } of trainings) seen.add(id);
    return isNew && trainings.some(({ curve }) => curve.length > 0);
  });
}

function lineOf(row: SweepRow, name: string, style: Style): Line {
  const curves = row.trainings.map(({ curve }) => curve).filter(({ length }) => length > 0);
  const epochs = Math.max(...curves.map(({ length }) => length));
  const at = (pick: (point: EpochPoint) => number | null): Summary[] =>
    Array.from({ length: epochs }, (_, epoch) =>
      summaryOf(curves.flatMap(curve => (curve[epoch] === undefined ? [] : (pick(curve[epoch]) ?? [])))),
    );
  return {
    name,
    style,
    trainLoss: at(({ trainLoss }) => trainLoss),
    validationLoss: at(point => meanOver(point, 'loss')),
    f1: at(point => meanOver(point, 'f1')),
  };
}

const symbols = ['circle', 'rect', 'triangle', 'diamond'] as const;

/** No two of twelve lines have the same colour and marker, nor do neighbours the same marker. */
function styleOf(i: number, { figures }: SweepTable): Style {
  const round = Math.floor(i / palette.length);
  const color = palette[i % palette.length]!;
  if (figures === 1) return { color, symbol: symbols[round]!, symbolSize: 6 };
  return { color, symbol: symbols[(i + round) % symbols.length]!, symbolSize: 8 };
}

/** The mean over the languages that are trained on. */
function meanOver({ validation }: EpochPoint, name: 'loss' | 'f1'): number | null {
  return summaryOf(Object.values(validation).map(scores => scores[name])).mean;
}

/** "3.1 en → tr 250", with the settings of its cell, and with its protocol where two of those shown would be called the same. */
function nameOf(table: SweepTable, row: SweepRow, shown: readonly SweepRow[]): string {
  const plain = ({ phase, label }: SweepRow) => `${phase === null ? '' : `${phase} `}${label}`;
  const settings = (one: SweepRow, withProtocol: boolean) =>
    axesOf(table)
      .filter(({ key }) => withProtocol || key !== 'protocol')
      .map(({ key, head, shownOf }) => (key === 'protocol' ? '' : `${head} `) + shownOf(one));
  const named = (one: SweepRow, withProtocol: boolean) => [plain(one), ...settings(one, withProtocol)].join(', ');
  const isAlike = shown.some(other => other !== row && named(other, false) === named(row, false));
  return named(row, isAlike);
}

function seriesOf(
  name: string,
  points: readonly Summary[],
  { color, symbol, symbolSize }: Style,
  panel: number,
  type: 'solid' | number[],
): object[] {
  const line: LineSeriesOption = {
    ...{ type: 'line', name, color, symbol, symbolSize, clip: false, xAxisIndex: panel, yAxisIndex: panel },
    data: points.map(({ mean }, i) => [i + 1, mean]) as number[][],
    lineStyle: { width: 2, color, type },
  };
  const bars = errorBars(
    points.map((summary, i) => ({ at: i + 1, ...summary })),
    color,
  );
  return [line, ...bars.map(series => ({ ...series, xAxisIndex: panel, yAxisIndex: panel }))];
}

/** What is drawn of a point. */
function ends({ mean, sd }: Summary): (number | null)[] {
  return mean === null ? [null] : [mean - (sd ?? 0), mean + (sd ?? 0)];
}

/** From 0 to a little more than the largest loss. */
function lossRange(points: readonly Summary[]): { min: number; max: number } {
  const known = points.flatMap(ends).filter(value => value !== null);
  const largest = Math.max(0, ...known);
  const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5].find(size => largest / size <= 6) ?? 10;
  return { min: 0, max: largest === 0 ? 1 : Number((Math.ceil(largest / step) * step).toFixed(2)) };
}
