import type { Config } from '../../config/schema.js';
import type { SplitName } from '../../data/splits.js';
import { PanxError } from '../../errors.js';
import { totalSteps } from '../../training/schedule.js';
import { sizeOf } from '../row-settings.js';

/** One stage of a study: a training with a fresh optimizer and schedule. */
export interface Stage {
  /** Its name: phase-3.1-tr-250. */
  id: string;
  /** Its number as tables call it: "1", "2", "3.1"; null of a row of the matrix of training and test languages. */
  phase: string | null;
  role: Role;
  /** What it trains on, in words: "en → tr 250". */
  label: string;
  /** Training rows. */
  samples: number;
  /** The segments that they are split into, which training visits; absent where none is split. */
  segments?: number;
  /** Those of the target among them, or among those of the stages before it; null of a row of the matrix. */
  targetSamples: number | null;
  /** Id of the stage whose checkpoint it starts from; null starts from the base checkpoint. */
  startStage: string | null;
  /** Optimizer steps. */
  steps: number;
  /** The configuration of this training: its languages, its size, and the languages to score. */
  config: Config;
}

/**
 * What a stage stands for in figures. `target`, `source`: trained on all rows of that language alone, a level to compare with; `size`: a
 * point of the learning curve; `start`: others start from it, and it is no point itself; `set`: a row of the matrix.
 */
export type Role = 'target' | 'source' | 'size' | 'start' | 'set';

/** How a study's settings become stages. Nothing in it reads a file: the numbers of rows come from outside. */
export interface Protocol {
  /** Check what can be checked before a file is read or fetched. @throws PanxError */
  check(config: Config): void;
  /** The splits that the study reads: a damaged file is found before hours of training. */
  splitsToRead(config: Config): [lang: string, split: SplitName][];
  /** The languages whose test splits every stage is scored on. */
  scoredLangs(config: Config): string[];
  /**
   * The stages, each after the one that it starts from.
   *
   * @param trainRows rows of the train splits, by language
   * @throws PanxError where the settings ask for what the data do not have
   */
  stages(config: Config, trainRows: TrainRows): Stage[];
}

/** Rows of the train splits, by language; and, by `fitName`, how many rows a re-split leaves to fit. */
export type TrainRows = Readonly<Record<string, number>>;

/**
 * Into how many segments the rows of stages are split (`tokenization.longRows`), by the stages' names; none of a stage whose rows stay whole. The
 * tokenizers say it, and where a study was run, its stages.json.
 */
export type StageSegments = Readonly<Record<string, number>>;

/** What the rows to fit of a re-split of these languages are called among the rows. */
export function fitName(langs: readonly string[]): string {
  return `${langs.join('+')}:fit`;
}

/** What a protocol says of a stage; the rest follows from it. */
export interface StageChoice extends Pick<Stage, 'id' | 'phase' | 'role' | 'label' | 'startStage' | 'targetSamples'> {
  langs: string[];
  /** What it changes in the settings of the rows; left out: nothing. */
  rows?: Partial<Pick<Config['training'], 'size' | 'sizes'>>;
}

export function stageOf(config: Config, choice: StageChoice, trainRows: TrainRows): Stage {
  const { langs, rows = {}, ...named } = choice;
  const training = { ...config.training, ...rows, langs };
  const samples = training.resplit
    ? rowsIn(trainRows, fitName(langs))
    : langs.reduce((sum, lang) => sum + (sizeOf(training, lang) ?? rowsIn(trainRows, lang)), 0);
  return { ...named, samples, steps: totalSteps(samples, training), config: { ...config, training } };
}

export function rowsIn(trainRows: TrainRows, lang: string): number {
  const rows = trainRows[lang];
  if (rows === undefined) throw new PanxError(`How many rows there are of ${lang} is not known.`);
  return rows;
}
