import type { AnalysedRows } from '../../experiment/analyse-subject.js';
import { readCurve } from '../../experiment/epoch-curve.js';
import type { SubjectTraining, TrainedSubject } from '../../experiment/subject.js';
import { shortModelName } from '../../reporting/model-name.js';
import type { PageSummary } from '../../reporting/page/summary.js';
import { formatSignature } from '../../reporting/signature.js';
import { column, type Table } from '../../reporting/table.js';
import { readPackage } from '../../system/package.js';

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

/** The scores of a single training and, of a run, its losses after each epoch. */
export async function runSummary(training: SubjectTraining, rows: readonly AnalysedRows[]): Promise<PageSummary> {
  const epochs = training.kind === 'run' ? [await epochsTable(training)] : [];
  return { tables: [scoresTable(training, rows), ...epochs], figures: [] };
}

function scoresTable(training: SubjectTraining, rows: readonly AnalysedRows[]): Table {
  const signature = training.kind === 'run' ? signatureOfRun(training, rows) : null;
  return {
    title: 'Scores',
    facts: ['F1 is seqeval default mode, micro F1'],
    columns: [
      column('rows'),
      column('sentences', 'count'),
      column('entities', 'count'),
      ...['precision', 'recall', 'F1', 'accuracy'].map(head => column(head, 'score')),
    ],
    rows: rows.map(({ rows: name, analysis: { sentences, accuracy, report } }) => [
      ...[name, sentences, report.micro.support],
      ...[report.micro.precision, report.micro.recall, report.micro.f1, accuracy],
    ]),
    notes: [],
    ...(signature === null ? {} : { signature }),
  };
}

/** A training by itself is of no protocol of a study: it is called after the command that makes one. */
function signatureOfRun({ config }: TrainedSubject, rows: readonly AnalysedRows[]): string {
  const langs = rows.flatMap(({ lang }) => lang ?? []);
  const counts = rows.map(({ analysis }) => analysis.sentences);
  return formatSignature({
    data: [...new Set(langs.map(lang => (lang.includes('=') ? lang.split('=')[0]! : 'PAN-X')))],
    split: rows[0]!.split ?? 'test',
    ...{ mode: 'default', avg: 'micro', sub: 'first', sel: [config.training.select], protocol: ['train'] },
    n: [...new Set(counts)].sort((a, b) => a - b),
    max: [config.tokenization.maxLength],
    empty: [config.tokenization.emptyWords],
    ...(config.tokenization.longRows === 'cut' ? {} : { long: [config.tokenization.longRows] }),
    ...{ prec: config.precision, seeds: 1, dataseeds: 1, panx: readPackage().version },
  });
}

async function epochsTable({ run, config }: TrainedSubject): Promise<Table> {
  const curve = await readCurve(run, config);
  const langs = [...new Set(curve.flatMap(({ validation }) => Object.keys(validation)))];
  return {
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
    rows: curve.map(({ epoch, trainLoss, validation }) => [
      ...[epoch, trainLoss],
      ...langs.flatMap(lang => [validation[lang]?.loss ?? null, validation[lang]?.f1 ?? null]),
    ]),
    notes: [],
  };
}
