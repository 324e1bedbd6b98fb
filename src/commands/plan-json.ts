import { type DiskNeed, weightsToMake } from '../experiment/disk.js';
import { estimateMs, type Pace, stageMs } from '../experiment/estimate.js';
import type { PlannedWork } from '../experiment/look-at-study.js';
import type { PlannedStage } from '../experiment/plan.js';
import type { Stage } from '../experiment/protocols/stage.js';
import type { NotSupportedModels } from '../experiment/study.js';
import type { StudyPlan } from '../experiment/study-plan.js';
import { endlessWarmup } from '../training/schedule.js';

/** What --dry-run prints for programs: of a study and of a sweep the same. */
export interface PlanDocument {
  /** Where tables and figures go. */
  folder: string;
  /** The languages that every stage is scored on. */
  langs: string[];
  stages: PlannedStageDocument[];
  /** Stages that protocols, cells and seeds ask for; those that are the same are one. */
  asked: number;
  /** Optimizer steps of what is to be trained. */
  steps: number;
  /** Milliseconds that all of it takes; null where no pace is known. */
  estimatedMs: number | null;
  /** Milliseconds of training a row once, as measured here; null where nothing has been. */
  msPerRow: number | null;
  /** Whether scoring counts for the estimates: not where none has been measured here. */
  scoringCounted: boolean;
  /** Bytes of the store's disk; null where nothing is to be trained, and of a sweep. `free` is null where the system does not tell. */
  disk: (DiskNeed & { free: number | null }) | null;
  /** Models that panx does not know, and why. */
  notSupported: { model: string; why: string; stages: number }[];
}

export interface PlannedStageDocument {
  stage: string;
  /** Training rows. */
  samples: number;
  /** The segments that they are split into; absent where none is. */
  segments?: number;
  /** Name of a stage; null starts from the model. */
  startsFrom: string | null;
  /** Optimizer steps. */
  steps: number;
  /** `to resume`: an interrupted part is there; `to score`: it is trained; `to train again`: its weights were let go and are needed. */
  state: 'done' | 'to train' | 'to resume' | 'to train again' | 'to score';
  /** Milliseconds of its training, of a stage of a sweep with its scoring; 0 where it is trained, null where no pace is known. */
  estimatedMs: number | null;
  /** What is to be said of its warm-up; null where there is nothing. */
  warning: string | null;
}

/** What of a plan comes from elsewhere. */
type Given = Pick<PlanDocument, 'folder' | 'langs'> & { pace: Pace | null };

/** @param pace scoringMs is that of one set of rows */
export function studyPlan(
  plan: readonly PlannedWork[],
  study: StudyPlan,
  { pace, ...given }: Given,
  { disk, notSupported }: { disk: (DiskNeed & { free: number }) | null; notSupported: NotSupportedModels },
): PlanDocument {
  const toTrain = weightsToMake(plan);
  const stages = plan.map(({ stage, done, trained }) => {
    const isToTrain = toTrain.has(stage.id);
    const state = isToTrain ? (trained ? 'to train again' : 'to train') : done ? 'done' : 'to score';
    return documentOf(stage, state, isToTrain ? pace && stageMs(stage, pace.msPerRow) : 0);
  });
  const scorings = plan.reduce((sum, { unscored }) => sum + unscored, 0);
  const trainingMs = sumOf(stages);
  return {
    ...given,
    stages,
    ...totalsOf(study, stages),
    estimatedMs: trainingMs === null ? null : trainingMs + scorings * (pace?.scoringMs ?? 0),
    ...paceOf(pace),
    disk: disk && { ...disk, free: Number.isFinite(disk.free) ? disk.free : null },
    notSupported: [...notSupported].map(([model, why]) => {
      return { model, why, stages: study.stages.filter(({ config }) => config.model === model).length };
    }),
  };
}

/** @param pace scoringMs is that of a whole stage */
export function sweepPlan(plan: readonly PlannedStage[], study: StudyPlan, { pace, ...given }: Given): PlanDocument {
  const states = { done: 'done', resume: 'to resume', start: 'to train' } as const;
  const stages = plan.map(planned => {
    const ms = planned.state === 'done' ? 0 : pace && estimateMs(planned, pace);
    return documentOf(planned.stage, states[planned.state], ms);
  });
  const totals = totalsOf(study, stages);
  return { ...given, stages, ...totals, estimatedMs: sumOf(stages), ...paceOf(pace), disk: null, notSupported: [] };
}

function paceOf(pace: Pace | null): Pick<PlanDocument, 'msPerRow' | 'scoringCounted'> {
  return { msPerRow: pace?.msPerRow ?? null, scoringCounted: (pace?.scoringMs ?? null) !== null };
}

function documentOf(
  stage: Stage,
  state: PlannedStageDocument['state'],
  estimatedMs: number | null,
): PlannedStageDocument {
  const { id, samples, segments, startStage, steps, config } = stage;
  const warning = endlessWarmup(config.training, steps);
  const rows = { samples, ...(segments === undefined ? {} : { segments }) };
  return { stage: id, ...rows, startsFrom: startStage, steps, state, estimatedMs, warning };
}

function totalsOf({ asked }: StudyPlan, stages: readonly PlannedStageDocument[]): { asked: number; steps: number } {
  const left = stages.filter(({ state }) => state.startsWith('to ') && state !== 'to score');
  return { asked, steps: left.reduce((sum, { steps }) => sum + steps, 0) };
}

function sumOf(stages: readonly PlannedStageDocument[]): number | null {
  const times = stages.map(({ estimatedMs }) => estimatedMs);
  return times.includes(null) ? null : times.reduce<number>((sum, ms) => sum + ms!, 0);
}
