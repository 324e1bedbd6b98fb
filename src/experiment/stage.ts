import type { Config } from '../config/schema.js';

/** One training of an experiment: what to train on, from what, and the run directory it goes into. */
export interface StageRequest {
  config: Config;
  /** Folder of the checkpoint that training starts from. */
  startFrom: string;
  /** Folder that holds PAN-X.<lang>/. */
  dataDir: string;
  /** The run directory. */
  out: string;
  /** Go on from the training state that an interrupted run left in `out`. */
  resume: boolean;
  /** What progress lines call it. */
  label: string;
  /** Aborted when the user wants to stop: leave a training state and throw, or finish. */
  signal?: AbortSignal;
}

/** What a finished stage is worth; the content of its metrics.json. */
export interface StageMetrics {
  /** Training rows. */
  rows: number;
  /** Optimizer steps. */
  steps: number;
  /** Mean of the steps' losses; null where no step had a label. */
  trainLoss: number | null;
  durationMs: number;
  /** Scores of the test splits by language; fractions of 1. */
  test: Record<string, { precision: number; recall: number; f1: number; accuracy: number; rows: number }>;
}
