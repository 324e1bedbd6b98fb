import { PanxError } from '../errors.js';
import { type Analysis, createAnalysis, surfacesIn } from '../evaluation/analysis/analyse.js';
import { countSurfaces, type TrainingSurfaces } from '../evaluation/analysis/training-surfaces.js';
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

/** What is known of the rows that a model was trained on. */
export type KnownTraining = { surfaces: TrainingSurfaces; rows: number } | { why: string };

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
  const seen = training.kind === 'run' ? await trainedLangs(training.run) : new Set<string>();
  const analysed: AnalysedRows[] = [];
  for (const { rows, lang, split, read } of predictions) {
    const trainedOn = split === 'train' && lang !== null && seen.has(lang);
    const surfaces = 'surfaces' in known ? known.surfaces : null;
    const analysis = createAnalysis({ surfaces, most, trainedOn });
    for await (const row of read()) analysis.add(row);
    analysed.push({ model: training.name, rows, lang, split, analysis: analysis.result() });
  }
  return { analysed, training: known };
}

/** The texts of the predicted rows' entities, counted in the training rows; or why they cannot be. */
export async function knownTraining(
  training: SubjectTraining,
  predictions: readonly FoundPredictions[],
  places: Places,
): Promise<KnownTraining> {
  if (training.kind !== 'run') return { why: `${training.name} does not say what its model was trained on` };
  const wanted = new Set<string>();
  for (const { read } of predictions) await surfacesIn(read(), wanted);
  const surfaces = countSurfaces(wanted);
  let rows = 0;
  try {
    for await (const row of trainingRows(training.run, places)) {
      surfaces.add(row);
      rows++;
    }
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return { why: error.message.replace(/\.$/, '') };
  }
  return { surfaces, rows };
}
