import type { SubjectTraining } from '../../experiment/subject.js';
import { shortModelName } from '../../reporting/model-name.js';

/** What a run was trained with, for the head of its report. */
export function factsOfRun(training: SubjectTraining): [name: string, value: string][] {
  if (training.kind !== 'run') return [];
  const { model, seed, precision, training: settings } = training.config;
  return [
    ['model', shortModelName(model)],
    ['trained on', settings.langs.join(', ')],
    ['epochs', String(settings.epochs)],
    ['learning rate', String(settings.learningRate)],
    ['batch size', String(settings.batchSize)],
    ['seed', String(seed)],
    ['precision', precision],
    ['key', training.key.slice(0, 12)],
  ];
}
