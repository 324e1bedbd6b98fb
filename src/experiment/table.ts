import type { Phase } from './protocols/curriculum.js';
import type { Stage } from './protocols/stage.js';
import type { StageResult } from './stage.js';

/** The results of a sweep, one row per stage, in the order in which the stages run. */
export interface SweepTable {
  source: string;
  target: string;
  protocol: 'cumulative' | 'from-source';
  /** What `f1` is, in words. */
  metric: string;
  model: string;
  rows: SweepRow[];
}

export interface SweepRow {
  /** The stage's name. */
  id: string;
  phase: Phase;
  /** What the stage trained on, in words. */
  label: string;
  /** Training rows. */
  samples: number;
  /** Optimizer steps. */
  steps: number;
  /** By language, a fraction of 1; null where the stage has no scores. */
  f1: Record<string, number | null>;
  durationMs: number | null;
  status: 'done' | 'failed' | 'not run';
}

/** The row of a stage that is not done. */
export function plannedRow(stage: Stage, langs: readonly string[]): SweepRow {
  return {
    id: stage.id,
    phase: stage.phase,
    label: stage.label,
    samples: stage.samples,
    steps: stage.steps,
    f1: Object.fromEntries(langs.map(lang => [lang, null])),
    durationMs: null,
    status: 'not run',
  };
}

/** The row of a stage that is done. */
export function doneRow(row: SweepRow, { metrics, durationMs }: StageResult): SweepRow {
  const f1 = Object.fromEntries(Object.keys(row.f1).map(lang => [lang, metrics.test[lang]?.f1 ?? null]));
  return { ...row, f1, durationMs, status: 'done' };
}
