import { PanxError } from '../../errors.js';
import { createAnalysis } from '../../evaluation/analysis/analyse.js';
import type { EntityKind } from '../../evaluation/analysis/error-kinds.js';
import { surfaceOf } from '../../evaluation/analysis/spans.js';
import type { TrainingSurfaces } from '../../evaluation/analysis/training-surfaces.js';
import type { ScoredRow } from '../../evaluation/foreign-predictions.js';
import { type AnalysedRows, knownTraining, trainedOnOf } from '../../experiment/analyse-subject.js';
import type { Places } from '../../experiment/places.js';
import type { SubjectTraining } from '../../experiment/subject.js';
import type { FoundPredictions } from '../../experiment/subject-predictions.js';
import { formatCount } from '../../system/console.js';
import { type AnalysisFigures, analysisFigures } from './figures.js';
import { createTagCode, type EncodedSentence, mainSpan, type Sentence, sentenceOf, textOf } from './sentences.js';
import type { PageSummary } from './summary.js';

/** All that a report shows. */
export interface ReportContent {
  /** Of the study, the run or the file. */
  name: string;
  /** Name and value of what else is known of it, such as its model. */
  facts: readonly (readonly [name: string, value: string])[];
  summary: PageSummary | null;
  /** Of which trainings the stages are, and why these, in sentences; null where there is no other. */
  choice: string | null;
  stages: ReportedStage[];
  /** Tags by the order of their characters, in all sentences. */
  labels: string[];
}

/** One training, and its predictions. */
export interface ReportedStage {
  name: string;
  /** What is known of its training rows, in a sentence. */
  training: string;
  knowsSeen: boolean;
  rows: ReportedRows[];
}

/** Predictions of one row set. */
export interface ReportedRows extends AnalysedRows {
  /** null where the predictions have no words, or sentences are left out. */
  sentences: EncodedSentence[] | null;
  /** Why there are none, in a sentence; null where they are there. */
  without: string | null;
  examples: Example[];
  figures: AnalysisFigures;
}

/** A sentence with an error of a kind. */
export interface Example {
  sentence: Sentence;
  /** Which of its entities. */
  entity: number;
}

/** How many examples there are of a kind. */
const mostExamples = 3;

/**
 * Analyse the predictions of trainings and keep their sentences. Each file of predictions is read twice: for the texts of its entities, which
 * are counted in the training rows, and for the rest.
 *
 * @param options.most how many words and sentences are listed; 0 leaves out whatever the data say in words
 * @throws PanxError where a file is damaged, or there are too many sentences
 */
export async function reportedStages(
  found: readonly { training: SubjectTraining; predictions: readonly FoundPredictions[] }[],
  { places, most }: { places: Places; most: number },
): Promise<{ stages: ReportedStage[]; labels: string[] }> {
  const code = createTagCode();
  const stages: ReportedStage[] = [];
  let total = 0;
  for (const { training, predictions } of found) {
    const known = await knownTraining(training, predictions, places);
    const surfaces = 'surfaces' in known ? known.surfaces : null;
    const rows: ReportedRows[] = [];
    for (const { rows: name, lang, split, read } of predictions) {
      const trainedOn = await trainedOnOf(training, known, { lang, split });
      const analysis = createAnalysis({ surfaces, most, trainedOn });
      const examples = createExamples();
      let sentences: EncodedSentence[] | null = most === 0 ? null : [];
      let number = 0;
      for await (const row of read()) {
        analysis.add(row);
        if (most === 0) continue;
        if (++total > mostSentences) throw tooMany();
        const sentence = readSentence(row, number++, surfaces);
        if (sentence === null) sentences = null;
        else {
          sentences?.push(code.encode(sentence));
          examples.add(sentence);
        }
      }
      const ofRows = { model: training.name, rows: name, lang, split, analysis: analysis.result() };
      const noWords = `The predictions of ${name} have no words: no sentence can be shown.`;
      const without = most === 0 ? 'The sentences are left out.' : sentences === null ? noWords : null;
      rows.push({ ...ofRows, sentences, without, examples: examples.all(), figures: await analysisFigures(ofRows) });
    }
    stages.push({ name: training.name, training: trainingText(known), knowsSeen: surfaces !== null, rows });
  }
  return { stages, labels: code.labels() };
}

const mostSentences = 500_000;

function tooMany(): PanxError {
  return new PanxError(
    `The report would have more than ${mostSentences} sentences, which is more than a browser holds.`,
    {
      hint: 'Choose languages with --lang, or fewer --stages.',
      exitCode: 2,
    },
  );
}

/** A row as the report shows it; null where it has no words. */
export function readSentence(row: ScoredRow, number: number, surfaces: TrainingSurfaces | null): Sentence | null {
  const { words } = row;
  if (words === null) return null;
  const tagged = { ...row, words };
  const scored = row.predicted.flatMap((tag, word) => (tag === null ? [] : [word]));
  return sentenceOf(number, tagged, bounds => {
    if (surfaces === null) return null;
    const { type, first, last } = mainSpan(bounds);
    const inScored = { type, first: scored.indexOf(first), last: scored.indexOf(last) };
    return surfaces.of(surfaceOf(inScored, scored, row)!, type).seen;
  });
}

function trainingText(known: Awaited<ReturnType<typeof knownTraining>>): string {
  if ('why' in known) return `Whether entities were seen in training is not known: ${known.why}.`;
  return `Entities were looked up in the ${formatCount(known.rows)} rows that the model was trained on.`;
}

/** The first sentences with an error of each kind, each once and with another text, none that is long. */
function createExamples(): { add(sentence: Sentence): void; all(): Example[] } {
  const found = new Map<EntityKind, Example[]>();
  const textOfExample = ({ sentence, entity }: Example) => textOf(mainSpan(sentence.entities[entity]!), sentence);
  return {
    add(sentence) {
      if (sentence.words.length > 40) return;
      const used = new Set<EntityKind>();
      for (const [entity, { kind }] of sentence.entities.entries()) {
        const ofKind = found.get(kind) ?? [];
        const example = { sentence, entity };
        if (kind === 'correct' || used.has(kind) || ofKind.length === mostExamples) continue;
        if (ofKind.some(one => textOfExample(one) === textOfExample(example))) continue;
        found.set(kind, [...ofKind, example]);
        used.add(kind);
      }
    },
    all: () => [...found.values()].flat(),
  };
}
