import type { Analysis, Confusion } from '../evaluation/analysis/analyse.js';
import {
  type EntityKind,
  entityKinds,
  errorKinds,
  f1IfMended,
  f1OfKinds,
  type KindCounts,
  semevalReadings,
  semevalScores,
} from '../evaluation/analysis/error-kinds.js';
import type { LossSummary } from '../evaluation/analysis/losses.js';
import type { ScoredRow } from '../evaluation/foreign-predictions.js';
import type { AnalysedRows } from '../experiment/analyse-subject.js';
import { aligned, meanRows } from './analysis-means.js';
import { allCosts } from './error-costs.js';
import { type Cell, type Column, isSummary, type Table } from './table.js';

/** The tables of an analysis, in the order in which they are read. */
export const analysisTableNames = [
  'kinds',
  'types',
  'costs',
  'semeval',
  'report',
  'buckets',
  'entities',
  'tags',
  'losses',
  'words',
  'mistaken',
  'sentences',
  'suspects',
] as const;
export type AnalysisTableName = (typeof analysisTableNames)[number];

/** Tables of what stands in single rows of the corpus: of several trainings they have no mean. */
const ofSingleRows: ReadonlySet<AnalysisTableName> = new Set(['words', 'mistaken', 'sentences', 'suspects']);

/**
 * A table of an analysis; of several trainings that differ in their seeds, with the means of their numbers. null where the predictions do not
 * have what it shows, or it has no mean.
 *
 * @param analysed of one row set
 * @param most lines of a list, at most
 */
export function analysisTable(name: AnalysisTableName, analysed: readonly AnalysedRows[], most: number): Table | null {
  if (analysed.length > 1 && ofSingleRows.has(name)) return null;
  const made = aligned(analysed.map(({ analysis }) => analysis)).flatMap(analysis => tableOf(name, analysis) ?? []);
  if (made.length === 0) return null;
  const table = { title: `${titles[name]}, ${analysed[0]!.rows}`, facts: [], notes: [], ...made[0]! };
  const rows = made.length === 1 ? table.rows : meanRows(table.columns, made);
  return { ...table, rows: name === 'costs' ? costliest(rows, table.columns).slice(0, most) : rows };
}

/** Why there is no such table, to follow its name. */
export function whyNoTable(name: AnalysisTableName, analysed: readonly AnalysedRows[]): string {
  const [{ analysis }] = analysed as [AnalysedRows];
  if (analysed.length > 1 && ofSingleRows.has(name))
    return 'shows single words or sentences, which several seeds do not share';
  if (name === 'mistaken') return 'is empty: no word is tagged wrongly, or the predictions have no words';
  if (analysis.losses === null) return 'needs losses, which the predictions do not have';
  if (name === 'suspects' && analysis.losses.suspects === null) return 'is empty: all sentences were trained on';
  return 'needs words, which the predictions do not have';
}

/** The rows with errors, the costliest first. */
function costliest(rows: Table['rows'], columns: Table['columns']): Table['rows'] {
  const [gain, count] = ['gain', 'count'].map(name => columns.findIndex(({ key }) => key === name)) as [number, number];
  const value = (cell: Cell) => (typeof cell === 'number' ? cell : cell !== null && isSummary(cell) ? cell.mean! : 0);
  return rows.filter(row => value(row[count]!) > 0).sort((a, b) => value(b[gain]!) - value(a[gain]!));
}

const titles: Readonly<Record<AnalysisTableName, string>> = {
  kinds: 'Kinds of errors',
  types: 'Kinds of errors by entity type',
  costs: 'Errors that cost most',
  semeval: 'SemEval-2013 scores',
  report: 'Classification report',
  buckets: 'Scores by attribute of the entity',
  entities: 'Confusion of entities: true (rows) and predicted (columns)',
  tags: 'Confusion of tags: true (rows) and predicted (columns)',
  losses: 'Loss by true tag',
  words: 'Words with the highest loss in all',
  mistaken: 'Words tagged wrongly most often',
  sentences: 'Sentences with the highest loss',
  suspects: 'Labels that may be wrong',
};

type Made = Pick<Table, 'columns' | 'rows'> & Partial<Pick<Table, 'facts' | 'notes'>>;

function tableOf(name: AnalysisTableName, analysis: Analysis): Made | null {
  switch (name) {
    case 'kinds':
      return kindsTable(analysis.kinds);
    case 'types':
      return typesTable(analysis);
    case 'costs':
      return costsTable(analysis);
    case 'semeval':
      return semevalTable(analysis.kinds);
    case 'report':
      return reportTable(analysis);
    case 'buckets':
      return bucketsTable(analysis);
    case 'entities':
      return confusionTable(analysis.confusion.entities, 'type');
    case 'tags':
      return confusionTable(analysis.confusion.tags, 'tag');
    case 'losses':
      return analysis.losses === null ? null : lossTable('label', 'true tag', analysis.losses.labels);
    case 'words':
      if (analysis.losses === null || analysis.losses.words.length === 0) return null;
      return lossTable('word', 'word', analysis.losses.words);
    case 'mistaken':
      return analysis.mistaken.length === 0 ? null : mistakenTable(analysis);
    case 'sentences':
      if (analysis.losses === null || analysis.losses.sentences.length === 0) return null;
      return sentencesTable(analysis.losses.sentences);
    case 'suspects':
      return suspectsTable(analysis);
  }
}

/** What the kinds are, for readers. */
export const kindText: Readonly<Record<EntityKind, string>> = {
  correct: 'bounds and type are right',
  type: 'bounds are right, the type is wrong',
  boundary: 'the type is right, the bounds overlap',
  both: 'bounds overlap, the type is wrong',
  missed: 'a true entity paired with no prediction',
  spurious: 'a prediction paired with no true entity',
};

function kindsTable(kinds: KindCounts): Made {
  const f1 = f1OfKinds(kinds);
  const errors = errorKinds.reduce((sum, kind) => sum + kinds[kind], 0);
  return {
    columns: [
      text('kind', 'kind'),
      { ...text('meaning', 'what it is'), leavesAs: 1 },
      count('count', 'count'),
      score('share_of_errors', 'of all errors'),
      score('f1_if_mended', 'F1 if mended'),
      difference('gain', 'gain'),
    ],
    rows: entityKinds.map(kind => {
      if (kind === 'correct') return [kind, kindText[kind], kinds[kind], null, null, null];
      const mended = f1IfMended(kinds, kind);
      return [kind, kindText[kind], kinds[kind], errors === 0 ? null : kinds[kind] / errors, mended, mended - f1];
    }),
  };
}

function typesTable({ kindsByType, spans, report }: Analysis): Made {
  return {
    facts: ['an error is of the type of the true entity; a spurious one of its own'],
    columns: [
      text('entity_type', 'type'),
      count('gold', 'true'),
      count('predicted', 'predicted'),
      ...entityKinds.map(kind => count(kind, kind)),
      score('f1', 'F1'),
    ],
    rows: kindsByType.map(({ type, counts }) => {
      const ofType = spans.find(one => one.type === type)!;
      const scores = report.types.find(one => one.type === type);
      return [type, ofType.true, ofType.predicted, ...entityKinds.map(kind => counts[kind]), scores?.f1 ?? null];
    }),
  };
}

function costsTable(analysis: Analysis): Made {
  return {
    columns: [
      text('kind', 'kind'),
      text('type', 'type'),
      count('count', 'count'),
      score('f1_if_mended', 'F1 if mended'),
      difference('gain', 'gain'),
    ],
    rows: allCosts(analysis).map(({ kind, type, count, f1, gain }) => [kind, type, count, f1, gain]),
  };
}

function semevalTable(kinds: KindCounts): Made {
  const scores = semevalScores(kinds);
  return {
    columns: [
      text('reading', 'reading'),
      score('precision', 'precision'),
      score('recall', 'recall'),
      score('f1', 'F1'),
      ...(['correct', 'incorrect', 'partial', 'missing', 'spurious'] as const).map(name => count(name, name)),
    ],
    rows: semevalReadings.map(reading => {
      const { precision, recall, f1, correct, incorrect, partial, missing, spurious } = scores[reading];
      return [reading, precision, recall, f1, correct, incorrect, partial, missing, spurious];
    }),
  };
}

function reportTable({ report, spans }: Analysis): Made {
  const named = [
    ...spans.map(({ type }) => [type, report.types.find(one => one.type === type) ?? null] as const),
    ...(['micro', 'macro', 'weighted'] as const).map(average => [`${average} avg`, report[average]] as const),
  ];
  return {
    columns: [
      text('type', 'type'),
      score('precision', 'precision'),
      score('recall', 'recall'),
      score('f1', 'F1'),
      count('support', 'support'),
    ],
    rows: named.map(([name, scores]) => [
      name,
      ...(['precision', 'recall', 'f1'] as const).map(which => scores?.[which] ?? null),
      scores?.support ?? 0,
    ]),
  };
}

function bucketsTable({ buckets }: Analysis): Made {
  return {
    facts: ['recall is of the true entities of a bucket, precision of the predicted ones, each by its own attribute'],
    columns: [
      text('attribute', 'attribute'),
      text('bucket', 'bucket'),
      count('gold', 'true'),
      count('predicted', 'predicted'),
      count('correct', 'right'),
      score('precision', 'precision'),
      score('recall', 'recall'),
      score('f1', 'F1'),
    ],
    rows: buckets.flatMap(({ attribute, scores }) =>
      scores.map(({ bucket, gold, predicted, correct, precision, recall, f1 }) => [
        ...[attribute, bucket, gold, predicted, correct],
        // Without an entity there is nothing to be right about.
        predicted === 0 ? null : precision,
        gold === 0 ? null : recall,
        gold + predicted === 0 ? null : f1,
      ]),
    ),
  };
}

function confusionTable({ labels, counts }: Confusion, key: string): Made {
  return {
    columns: [text(key, 'true'), ...labels.map(label => count(`predicted_${label}`, label))],
    rows: labels.map((label, i) => [label, ...counts[i]!]),
  };
}

function lossTable(key: string, head: string, rows: readonly (LossSummary & { name: string })[]): Made {
  return {
    facts: ['the loss of a word is -ln p(true tag), in nats'],
    columns: [text(key, head), count('count', 'words'), number('mean', 'mean'), number('total', 'total')],
    rows: rows.map(({ name, count: words, mean, total }) => [name, words, mean, total]),
  };
}

function mistakenTable({ mistaken }: Analysis): Made {
  return {
    columns: [
      text('word', 'word'),
      count('wrong', 'wrong'),
      count('count', 'of'),
      text('mistakes', 'true → predicted', true),
    ],
    rows: mistaken.map(({ word, wrong, count: of, mistakes }) => [
      ...[word, wrong, of],
      mistakes.map(({ gold, predicted, count: times }) => `${gold} → ${predicted} (${times})`).join(', '),
    ]),
  };
}

function sentencesTable(sentences: NonNullable<Analysis['losses']>['sentences']): Made {
  return {
    facts: ['the loss of a sentence is the sum over its words'],
    columns: [
      text('row', 'row'),
      number('loss', 'loss'),
      number('mean_loss', 'mean'),
      text('sentence', 'word/true tag, or word/true tag→predicted tag', true),
    ],
    rows: sentences.map(sentence => [String(sentence.row), sentence.total, sentence.mean, taggedText(sentence)]),
  };
}

function suspectsTable({ losses }: Analysis): Made | null {
  if (losses === null || losses.suspects === null || losses.suspects.length === 0) return null;
  return {
    facts: [
      'softmin of p(true tag) over the words of a sentence, at temperature 0.05: the lower, the less likely that all are right',
    ],
    columns: [
      text('row', 'row'),
      number('score', 'score'),
      text('word', 'word'),
      text('label', 'given'),
      text('predicted', 'predicted'),
      text('sentence', 'sentence', true),
    ],
    rows: losses.suspects.map(suspect => [
      ...[String(suspect.row), suspect.score],
      ...(suspect.words === null ? [null] : [suspect.words[suspect.word]!]),
      ...[suspect.gold[suspect.word]!, suspect.predicted[suspect.word] ?? null, taggedText(suspect)],
    ]),
  };
}

/** `Ankara/B-LOC→O`: each word with its true tag where that is not O or not the predicted one. */
function taggedText({ words, gold, predicted }: ScoredRow): string {
  return gold
    .map((tag, i) => {
      const word = words?.[i] ?? String(i);
      const guess = predicted[i] ?? '?';
      if (tag === guess) return tag === 'O' ? word : `${word}/${tag}`;
      return `${word}/${tag}→${guess}`;
    })
    .join(' ');
}

function text(key: string, head: string, shrinks = false): Column {
  return { key, head, kind: 'text', ...(shrinks ? { shrinks } : {}) };
}

function count(key: string, head: string): Column {
  return { key, head, kind: 'count' };
}

function score(key: string, head: string): Column {
  return { key, head, kind: 'score' };
}

function difference(key: string, head: string): Column {
  return { key, head, kind: 'difference' };
}

function number(key: string, head: string): Column {
  return { key, head, kind: 'number', digits: 4 };
}
