import type { Config } from '../../config/schema.js';
import type { SplitName } from '../../data/splits.js';
import type { Phase } from './curriculum.js';

/** One stage of a study: a training with a fresh optimizer and schedule. */
export interface Stage {
  /** Its name: phase-3.1-tr-250. */
  id: string;
  phase: Phase;
  /** What it trains on, in words: "en → tr 250". */
  label: string;
  /** Training rows. */
  samples: number;
  /** Id of the stage whose checkpoint it starts from; null starts from the base checkpoint. */
  startStage: string | null;
  /** Optimizer steps. */
  steps: number;
  /** The configuration of this training: its languages, its size, and the languages to score. */
  config: Config;
}

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
  stages(config: Config, trainRows: Record<string, number>): Stage[];
}
