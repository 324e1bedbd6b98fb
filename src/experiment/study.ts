import { type Config, defaultsOf, schema } from '../config/schema.js';
import { nameRows } from '../data/row-sets.js';
import { excerpt, PanxError } from '../errors.js';
import { createSpanCounter } from '../evaluation/seqeval/counter.js';
import { type Contents, identitiesOf, type StageIdentity } from './identity.js';
import { trainRowsOf } from './plan.js';
import type { Stage } from './protocols/stage.js';
import { endSplitOf, scoredSet } from './row-settings.js';
import { type ScoringTask, scoredTokenization, scoringTask } from './scoring.js';
import { planStudy, scoredLangs, splitsOfStudy } from './study-plan.js';

/** A stage of a study: all that whoever works on it needs to know. It can be written as JSON. */
export interface StageTask {
  identity: StageIdentity;
  /** The configuration of its training. Scores at the end are no part of it. */
  config: Config;
  /** What progress lines call it. */
  label: string;
  /** The stage whose weights it starts from; null starts from the base model. */
  start: StageTask | null;
  /** What it is scored on. */
  scorings: ScoringTask[];
  /** Whether its weights stay when nothing needs them any more. */
  keep: boolean;
}

/** Models of a study of several that panx does not know, and why, in a sentence: their stages are left out. */
export type NotSupportedModels = ReadonlyMap<string, string>;

/** A stage as its protocol has it, and as it is worked on. */
export interface StudyStage {
  stage: Stage;
  task: StageTask;
}

/**
 * The stages of a study, each after the one that it starts from.
 *
 * @throws PanxError as the protocol does, and where study.keep names a stage that the study does not have
 */
export function studyOf(
  config: Config,
  contents: Contents,
  notSupported: NotSupportedModels = new Map(),
): StudyStage[] {
  const planned = planStudy(config, trainRowsOf(config, contents.contentOf), contents.segments).stages;
  const stages = planned.filter(({ config: { model } }) => !notSupported.has(model)).map(trainedOnly);
  checkTags(config, contents);
  const identities = identitiesOf(stages, contents);
  const kept = keptStages(config, stages);
  const tasks = new Map<string, StageTask>();
  return stages.map((stage, i) => {
    const identity = identities.get(stage.id)!;
    const task: StageTask = {
      identity,
      config: stage.config,
      label: `${stage.id} (${i + 1} of ${stages.length})`,
      start: stage.startStage === null ? null : tasks.get(stage.startStage)!,
      scorings: scoringsOf(stage.config, config, identity, contents),
      keep: kept.has(stage.id),
    };
    tasks.set(stage.id, task);
    return { stage, task };
  });
}

/** Stages are shared by studies that score them otherwise: of the study itself their settings say nothing. */
function trainedOnly(stage: Stage): Stage {
  const { config } = stage;
  const { langs, fractions } = config.training;
  const ofTraining = Object.entries(fractions).filter(([lang]) => langs.includes(lang));
  const training = { ...config.training, fractions: Object.fromEntries(ofTraining) };
  const evaluation = { ...config.evaluation, langs: [], atEnd: false };
  return { ...stage, config: { ...config, training, evaluation, study: defaultsOf(schema.study) } };
}

function scoringsOf(
  trained: Config,
  config: Config,
  { key, arithmetic }: StageIdentity,
  { contentOf }: Contents,
): ScoringTask[] {
  const { evaluation } = config;
  const tokenization = scoredTokenization(trained);
  const split = endSplitOf(config);
  return scoredLangs(config).map(lang => {
    const { index } = contentOf(lang, split);
    const set = scoredSet(config, lang, split, index.rows);
    const rows = nameRows(set, index);
    return scoringTask({ stage: key, set, rows, tokenization, arithmetic, batchSize: evaluation.batchSize });
  });
}

/** @throws PanxError where the strict reading is asked for of tags that are not IOB2's: before hours of training */
function checkTags(config: Config, { contentOf }: Contents): void {
  if (config.study.metrics.mode !== 'strict') return;
  for (const [lang, split] of splitsOfStudy(config)) {
    if (split === 'train') createSpanCounter(contentOf(lang, split).index.labelNames, { scheme: 'IOB2' });
  }
}

function keptStages({ study: { keep } }: Config, stages: readonly Stage[]): ReadonlySet<string> {
  const ids = stages.map(({ id }) => id);
  if (keep === 'all') return new Set(ids);
  if (keep === 'last') return new Set(ids.slice(-1));
  const stray = keep.find(name => !ids.includes(name));
  if (stray === undefined) return new Set(keep);
  throw new PanxError(
    `study.keep names ${excerpt(stray)}, and the study has no such stage; it has ${ids.join(', ')}.`,
    {
      ...(stray === 'last' || stray === 'all' ? { hint: `Write keep: ${stray}, without brackets.` } : {}),
      exitCode: 2,
    },
  );
}
