import type { EpochPoint } from '../../experiment/epoch-curve.js';
import { readCurve } from '../../experiment/epoch-curve.js';
import type { SubjectTraining } from '../../experiment/subject.js';
import { shortModelName } from '../../reporting/model-name.js';
import type { Summary } from '../../reporting/page/summary.js';
import { column } from '../../reporting/table.js';

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

/** The losses and scores of a run after each epoch; null of what is no run. */
export async function summaryOfRun(training: SubjectTraining): Promise<Summary | null> {
  if (training.kind !== 'run') return null;
  const curve = await readCurve(training.run, training.config);
  const langs = [...new Set(curve.flatMap(({ validation }) => Object.keys(validation)))];
  const scores = (point: EpochPoint, lang: string) => [
    point.validation[lang]?.loss ?? null,
    point.validation[lang]?.f1 ?? null,
  ];
  const table = {
    title: 'Losses and scores after each epoch',
    facts: ['the loss of training is the mean over the steps of an epoch; the others are of validation'],
    columns: [
      column('epoch', 'count'),
      column('training loss', 'number', { digits: 4 }),
      ...langs.flatMap(lang => [
        column(`${lang.toUpperCase()} loss`, 'number', { digits: 4 }),
        column(`${lang.toUpperCase()} F1`, 'score'),
      ]),
    ],
    rows: curve.map((point, i) => [i + 1, point.trainLoss, ...langs.flatMap(lang => scores(point, lang))]),
    notes: [],
  };
  return { tables: [table], figures: [] };
}
