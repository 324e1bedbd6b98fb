import { type Cell, withCell } from '../config/grid.js';
import type { Config, ProtocolName } from '../config/schema.js';
import { testMetric } from '../evaluation/score.js';
import { readPackage } from '../system/package.js';
import type { LossCounts } from '../tokenization/losses.js';
import { totalSteps } from '../training/schedule.js';
import type { EpochPoint } from './epoch-curve.js';
import type { Stage } from './protocols/stage.js';
import { endSplitOf } from './row-settings.js';
import type { StageMetrics, StageResult } from './stage.js';
import { axesOf, modelsOf, type PlannedRow, type PlannedTraining, scoredLangs, splitsOfStudy } from './study-plan.js';

/** The results of a study or a sweep: a row for the trainings that differ in their seeds alone, in the order in which they run. */
export interface SweepTable {
  source: string;
  target: string;
  protocol: ProtocolName | ProtocolName[];
  /** What `f1` is, in words. */
  metric: string;
  model: string;
  /** The languages that every stage is scored on. */
  langs: string[];
  conditions: Conditions;
  /**
   * How its figures are drawn: 2. Of 1, which older tables are that do not say, the lines of training curves differ in their colours alone; verifying
   * draws each as it was drawn.
   */
  figures: 1 | 2;
  /** Rows of the train splits, by language: with the settings they say which stages there are. */
  trainRows: Readonly<Record<string, number>>;
  rows: SweepRow[];
}

/** What the numbers of a table depend on, for its signature. */
export interface Conditions {
  /** Names of the corpora that are trained on or scored. */
  data: string[];
  /** What is scored. */
  split: string;
  mode: 'default' | 'strict';
  average: 'micro' | 'macro';
  /** Which of a training's weights are scored; of a grid, all values that it has, as of the two that follow. */
  selection: ('last' | 'best' | 'average')[];
  maxLength: number[];
  emptyWords: ('drop' | 'unk')[];
  /** What becomes of longer rows; absent where all are cut, as before there was another way. */
  longRows?: ('cut' | 'split')[];
  precision: string;
  seeds: number;
  dataSeeds: number;
  /** The version that counted the scores. */
  panx: string;
}

export interface SweepRow {
  /** The stage's name, without seeds. */
  id: string;
  protocol: ProtocolName;
  /** The settings of its cell of the grid: {} where the study has none. */
  cell: Cell;
  phase: string | null;
  role: Stage['role'];
  /** What the stage trained on, in words. */
  label: string;
  /** Training rows. */
  samples: number;
  /** Those of the target; null of a row of the matrix. */
  targetSamples: number | null;
  /** Optimizer steps: of several trainings the mean, and of none those that were planned. */
  steps: number;
  /** By language, the mean of the trainings that are done, a fraction of 1; null where none has scores. */
  f1: Record<string, number | null>;
  /** Of all its trainings together; null where one of them is not done. */
  durationMs: number | null;
  /** `done` where all its trainings are. */
  status: Training['status'];
  trainings: Training[];
}

/** One training and its scores. */
export interface Training extends PlannedTraining {
  status: 'done' | 'failed' | 'not run' | 'not supported';
  /** By language; null where the training has no scores. */
  scores: Record<string, LanguageScores | null>;
  /** Passes over its rows; null where it is not done. */
  epochs: number | null;
  /** Optimizer steps; null where it is not done. */
  steps: number | null;
  durationMs: number | null;
  /** Its losses and scores after each epoch. */
  curve: EpochPoint[];
}

/** Scores of one test split; fractions of 1. What cannot be counted where no predictions were kept is null. */
export interface LanguageScores {
  /** That were scored. */
  rows: number;
  micro: Prf;
  macro: Prf | null;
  types: Record<string, Prf> | null;
  /** As `Scores` has it. */
  unseen?: LossCounts;
}

export interface Prf {
  precision: number;
  recall: number;
  f1: number;
}

/** The results of a training that is not done. */
export function plannedTraining(
  planned: PlannedTraining,
  langs: readonly string[],
  status: Training['status'] = 'not run',
): Training {
  const scores = Object.fromEntries(langs.map(lang => [lang, null]));
  return { ...planned, status, scores, epochs: null, steps: null, durationMs: null, curve: [] };
}

/** The results of a training that is done, of which metrics.json alone has the scores. */
export function doneTraining(
  planned: Training,
  { config }: Pick<Stage, 'config'>,
  { metrics, durationMs }: StageResult,
  curve: EpochPoint[],
): Training {
  const scores = Object.keys(planned.scores).map(lang => {
    const found = metrics.test[lang];
    if (found === undefined) return [lang, null];
    const { rows, precision, recall, f1, unseen } = found;
    const micro = { precision, recall, f1 };
    return [lang, { rows, micro, macro: null, types: null, ...(unseen === undefined ? {} : { unseen }) }];
  });
  const epochs = epochsOf(metrics, config);
  return {
    ...planned,
    status: 'done',
    scores: Object.fromEntries(scores),
    epochs,
    steps: metrics.steps,
    durationMs,
    curve,
  };
}

/** How many passes over its rows a training made. */
export function epochsOf(
  { rows, segments, steps }: Pick<StageMetrics, 'rows' | 'segments' | 'steps'>,
  config: Config,
): number {
  const { training } = config;
  return steps / totalSteps(segments ?? rows, { ...training, epochs: 1, maxSteps: null });
}

/** A row of the table. @param trainings in the order of the plan's */
export function rowOf({ protocol, cell, stage }: PlannedRow, trainings: Training[], { study }: Config): SweepRow {
  const langs = Object.keys(trainings[0]?.scores ?? {});
  const { id, phase, role, label, samples, targetSamples } = stage;
  // Patience may have ended some before others.
  const made = summaryOf(trainings.flatMap(({ steps }) => steps ?? [])).mean;
  const steps = made === null ? stage.steps : Math.round(made);
  const row = { id, protocol, cell, phase, role, label, samples, targetSamples, steps, trainings };
  const f1 = langs.map(lang => [
    lang,
    summaryOf(valuesOf(row, lang, scores => scores[study.metrics.average]?.f1)).mean,
  ]);
  const times = trainings.map(({ durationMs }) => durationMs);
  return {
    ...row,
    f1: Object.fromEntries(f1),
    durationMs: times.includes(null) ? null : times.reduce<number>((sum, ms) => sum + ms!, 0),
    status:
      (['failed', 'not run', 'not supported'] as const).find(status => trainings.some(one => one.status === status)) ??
      'done',
  };
}

/** The table of a study, as far as it is done. @param trainings by their stages' names */
export function makeTable(
  config: Config,
  planned: readonly PlannedRow[],
  trainRows: Readonly<Record<string, number>>,
  trainings: ReadonlyMap<string, Training>,
): SweepTable {
  const { study, evaluation } = config;
  const cells = axesOf(config).cells.map(cell => withCell(config, cell));
  const { seeds, dataSeeds } = axesOf(config);
  return {
    source: study.source,
    target: study.target,
    protocol: study.protocol,
    metric: testMetric(evaluation.limit, endSplitOf(config), study.metrics),
    model: modelsOf(config).join(', '),
    langs: scoredLangs(config),
    conditions: {
      ...{ data: corporaOf(config), split: endSplitOf(config), ...study.metrics },
      selection: different(cells.map(({ training }) => training.select)),
      maxLength: different(cells.map(({ tokenization }) => tokenization.maxLength)),
      emptyWords: different(cells.map(({ tokenization }) => tokenization.emptyWords)),
      ...longRowsOf(cells),
      precision: config.precision,
      ...{ seeds: seeds.length, dataSeeds: dataSeeds.length, panx: readPackage().version },
    },
    figures: 2,
    trainRows,
    rows: planned.map(row => {
      const own = row.trainings.map(one => ({ ...trainings.get(one.id)!, ...one }));
      return rowOf(row, own, config);
    }),
  };
}

function longRowsOf(cells: readonly Config[]): Pick<Conditions, 'longRows'> {
  const longRows = different(cells.map(({ tokenization }) => tokenization.longRows));
  return longRows.includes('split') ? { longRows } : {};
}

function different<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** The corpora that a study reads: what settings call `data` is PAN-X. */
function corporaOf(config: Config): string[] {
  const names = splitsOfStudy(config).map(([lang]) => (lang.includes('=') ? lang.split('=')[0]! : 'PAN-X'));
  return [...new Set(names)];
}

/** The numbers that a row's trainings have of a language, of those that have one. */
export function valuesOf(
  { trainings }: Pick<SweepRow, 'trainings'>,
  lang: string,
  pick: (scores: LanguageScores) => number | undefined,
): number[] {
  return trainings.flatMap(({ scores }) => {
    const found = scores[lang];
    const value = found === null || found === undefined ? undefined : pick(found);
    return value === undefined ? [] : [value];
  });
}

/** n numbers, their mean, and their standard deviation as that of a sample, with n - 1; null where there are too few. */
export interface Summary {
  n: number;
  mean: number | null;
  sd: number | null;
}

export function summaryOf(values: readonly number[]): Summary {
  const n = values.length;
  if (n === 0) return { n, mean: null, sd: null };
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  // From the first on: what is alike has itself as its mean, and no deviation.
  const mean = values[0]! + sum(values.map(value => value - values[0]!)) / n;
  return { n, mean, sd: n === 1 ? null : Math.sqrt(sum(values.map(value => (value - mean) ** 2)) / (n - 1)) };
}
