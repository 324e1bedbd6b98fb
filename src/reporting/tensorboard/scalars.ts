import type { EvaluationEvent, StepEvent } from '../../run/events.js';
import type { Scalar } from './event.js';

/** Languages that are scored after each epoch and at the end. */
export interface ScoredLangs {
  eval: readonly string[];
  test: readonly string[];
}

/**
 * Scalars of a step under the tags of Hugging Face Trainer's TensorBoardCallback. Trainer's own are means over `logging_steps`; these are of
 * each step.
 */
export function stepScalars({ step, loss, gradNorm, learningRate }: StepEvent, stepsPerEpoch: number): Scalar[] {
  return [
    { tag: 'train/loss', value: loss },
    { tag: 'train/grad_norm', value: gradNorm },
    { tag: 'train/learning_rate', value: learningRate },
    { tag: 'train/epoch', value: step / stepsPerEpoch },
  ];
}

/**
 * Scores of a split. A run that scores one language has Trainer's own tags, `eval/f1`. Where several languages are scored, by the run or by the
 * runs beside it, each has its own, as Trainer has them for several evaluation sets: its `eval_tr_f1` becomes `eval/tr_f1`.
 *
 * @param own what the run scores
 * @param all what the runs score that are shown together
 */
export function scoreScalars(
  score: EvaluationEvent,
  kind: keyof ScoredLangs,
  own: ScoredLangs,
  all: ScoredLangs,
): Scalar[] {
  const prefixes = [
    ...(own[kind].length === 1 ? [''] : []),
    ...(own[kind].length > 1 || all[kind].length > 1 ? [`${score.lang}_`] : []),
  ];
  return prefixes.flatMap(prefix =>
    (['loss', 'f1', 'precision', 'recall', 'accuracy'] as const).map(name => ({
      tag: `${kind}/${prefix}${name}`,
      value: score[name],
    })),
  );
}
