import { existsSync } from 'node:fs';
import { PanxError } from '../errors.js';
import { readForeignPredictions, type ScoredRow } from '../evaluation/foreign-predictions.js';
import { readTrusted } from '../evaluation/predictions.js';
import type { ScoringDirectory, StoreDirectory } from '../run/store-directory.js';
import { scoringDirectory } from '../run/store-directory.js';
import { openScoring, readScores } from './scoring.js';
import { contentsOf } from './store-contents.js';
import type { SubjectTraining } from './subject.js';

/** The predictions that there are of one row set. */
export interface FoundPredictions {
  /** Name of the rows: `tr/test`, `tr/test:1000`; of a file, the file's name. */
  rows: string;
  /** null of a file, which does not say. */
  lang: string | null;
  split: string | null;
  /** The file. */
  path: string;
  /**
   * Its rows, one after the other. May be called again.
   *
   * @throws PanxError where the file is not any more what the scoring left, or is damaged
   */
  read(): AsyncGenerator<ScoredRow>;
}

/** All predictions of a training that are there, those of its study first, each row set once. Nothing is hashed until they are read. */
export async function predictionsOf(training: SubjectTraining): Promise<FoundPredictions[]> {
  switch (training.kind) {
    case 'file': {
      const { path, name } = training;
      return [{ rows: name, lang: null, split: null, path, read: () => readForeignPredictions(path) }];
    }
    case 'scoring': {
      const { rows } = await readScores(training.place);
      return [foundIn(training.place, rows.name)];
    }
    case 'run': {
      const { store, scorings, key } = training;
      if (store === null) return [];
      const asked = Object.entries(scorings)
        .map(([name, scoring]) => foundIn(store.scoring(scoring), name))
        .filter(({ path }) => existsSync(path));
      const names = new Set(asked.map(({ rows }) => rows));
      const others = await scoringsOfStage(store, key);
      return [...asked, ...others.filter(({ rows }) => !names.has(rows))];
    }
  }
}

/** The predictions of a language's split among others; undefined where they are not there. Whole splits come before parts. */
export function predictionsFor(
  found: readonly FoundPredictions[],
  lang: string,
  split: string,
): FoundPredictions | undefined {
  const fitting = found.filter(one => one.lang === lang && one.split === split);
  return fitting.find(({ rows }) => rows === `${lang}/${split}`) ?? fitting[0];
}

function foundIn(place: ScoringDirectory, rows: string): FoundPredictions {
  const [lang = '', split = ''] = rows.split(':')[0]!.split('/');
  return { rows, lang, split, path: place.predictions, read: () => readChecked(place) };
}

async function* readChecked(place: ScoringDirectory): AsyncGenerator<ScoredRow> {
  await openScoring(place);
  yield* readTrusted(place.predictions);
}

/** Scorings that another study, or nobody any more, asked for. */
async function scoringsOfStage(store: StoreDirectory, stage: string): Promise<FoundPredictions[]> {
  if (!existsSync(store.root)) return [];
  const { entries } = await contentsOf(store);
  const found = new Map<string, FoundPredictions>();
  for (const { kind, path } of entries) {
    if (kind !== 'scoring') continue;
    const place = scoringDirectory(path);
    try {
      const scored = await readScores(place);
      if (scored.stage === stage && !found.has(scored.rows.name)) {
        found.set(scored.rows.name, foundIn(place, scored.rows.name));
      }
    } catch (error) {
      // A damaged scoring of something else is not what was asked for; panx list tells of it.
      if (!(error instanceof PanxError)) throw error;
    }
  }
  return [...found.values()].sort((a, b) => (a.rows < b.rows ? -1 : 1));
}
