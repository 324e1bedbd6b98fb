import { createHash } from 'node:crypto';
import { PanxError } from '../errors.js';
import { type Analysis, createAnalysis, surfacesIn } from '../evaluation/analysis/analyse.js';
import { countSurfaces, type TrainingSurfaces } from '../evaluation/analysis/training-surfaces.js';
import type { ScoredRow } from '../evaluation/foreign-predictions.js';
import type { Places } from './places.js';
import type { SubjectTraining } from './subject.js';
import type { FoundPredictions } from './subject-predictions.js';
import { trainedLangs, trainingRows } from './training-rows.js';

/** The analysis of a training's predictions of one row set. */
export interface AnalysedRows {
  /** Name of the training. */
  model: string;
  rows: string;
  /** null of a file, which does not say. */
  lang: string | null;
  split: string | null;
  analysis: Analysis;
}

/** What is known of the rows that a model was trained on; or why nothing is. */
export type KnownTraining = SeenInTraining | { why: string };

interface SeenInTraining {
  /** The texts of the predicted rows' entities, counted in the training rows. */
  surfaces: TrainingSurfaces;
  /** Training rows, of all stages, each once. */
  rows: number;
  /** Whether a row is one of them, with the same tags. */
  has(row: Pick<ScoredRow, 'words' | 'gold'>): boolean;
}

/**
 * Analyse the predictions of row sets. Each file is read twice: for the texts of its entities, which are counted in the training rows, and for
 * the rest.
 *
 * @param most how many words and sentences are listed
 * @throws PanxError where a file is damaged
 */
export async function analyseSubject(
  training: SubjectTraining,
  predictions: readonly FoundPredictions[],
  { places, most }: { places: Places; most: number },
): Promise<{ analysed: AnalysedRows[]; training: KnownTraining }> {
  const known = await knownTraining(training, predictions, places);
  const analysed: AnalysedRows[] = [];
  for (const { rows, lang, split, read } of predictions) {
    const surfaces = 'surfaces' in known ? known.surfaces : null;
    const trainedOn = await trainedOnOf(training, known, { lang, split });
    const analysis = createAnalysis({ surfaces, most, trainedOn });
    for await (const row of read()) analysis.add(row);
    analysed.push({ model: training.name, rows, lang, split, analysis: analysis.result() });
  }
  return { analysed, training: known };
}

/** Whether rows were trained on. Where the training rows are not there any more, all train rows of the languages that were trained count as such. */
export async function trainedOnOf(
  training: SubjectTraining,
  known: KnownTraining,
  { lang, split }: Pick<FoundPredictions, 'lang' | 'split'>,
): Promise<(row: ScoredRow) => boolean> {
  if ('has' in known) return known.has;
  const langs = training.kind === 'run' && split === 'train' ? await trainedLangs(training.run) : new Set<string>();
  const all = lang !== null && langs.has(lang);
  return () => all;
}

/** Read the training rows for what is to be known of them. */
export async function knownTraining(
  training: SubjectTraining,
  predictions: readonly FoundPredictions[],
  places: Places,
): Promise<KnownTraining> {
  if (training.kind !== 'run') return { why: `${training.name} does not say what its model was trained on` };
  const wanted = new Set<string>();
  for (const { read } of predictions) await surfacesIn(read(), wanted);
  const surfaces = countSurfaces(wanted);
  const digests = new Set<string>();
  let rows = 0;
  try {
    for await (const row of trainingRows(training.run, places)) {
      surfaces.add(row);
      digests.add(digestOf(row.words, row.tags));
      rows++;
    }
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return { why: error.message.replace(/\.$/, '') };
  }
  return { surfaces, rows, has: ({ words, gold }) => words !== null && digests.has(digestOf(words, gold)) };
}

/** Rows are told apart by a digest: texts of all of them would fill the memory. */
function digestOf(words: readonly string[], tags: readonly string[]): string {
  return createHash('sha1')
    .update(JSON.stringify([words, tags]))
    .digest('base64');
}
