import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { listed, nearest, PanxError } from '../errors.js';
import { countPredictions } from '../evaluation/count-predictions.js';
import { scoringDirectory } from '../run/store-directory.js';
import { findStudy } from './noted-studies.js';
import { readMetrics } from './records.js';
import { type ReportedLanguage, readEvaluateReport, readTableRow, type ScoreOrigin } from './reported-scores.js';
import { endSplitOf } from './row-settings.js';
import type { ScoreName } from './score-names.js';
import { openScoring, readScores } from './scoring.js';
import { readStudy } from './study-folder.js';
import { runOf } from './study-on-disk.js';
import { withStore } from './study-store.js';
import { findSubject, isFile, rowsOf, type Subject, type SubjectTraining, type TrainedSubject } from './subject.js';
import { type FoundPredictions, predictionsFor, predictionsOf } from './subject-predictions.js';
import { summaryOf } from './table.js';

/** The scores of something that was named on a command line: seqeval's default mode, on the rows that it was scored on. */
export interface ScoreReport {
  /** As it was typed. */
  typed: string;
  /** @throws PanxError, exit code 2, where it has no such score */
  score(name: ScoreName): Promise<FoundScore>;
}

export interface FoundScore {
  /** Unrounded. Of several trainings, which differ in their seeds, the mean. */
  value: number;
  /** How many trainings that is the mean of. */
  n: number;
  /** That were scored; null where what was found does not say. */
  rows: number | null;
  split: string;
  /** The file that it is from; of several the first. */
  source: string;
  from: ScoreOrigin;
}

/**
 * What was typed: a report of panx evaluate, or what `findSubject` takes. A stage of a study whose store is not there, as on a fresh clone, is
 * read from the study's table.json.
 *
 * @throws PanxError, exit code 2, where it is none of these
 */
export async function openScores(typed: string, storeFolder?: string): Promise<ScoreReport> {
  if (await isReport(typed)) return reportOf(typed, await readEvaluateReport(typed));
  const table = await tableNear(typed);
  const reader = table === null ? null : () => readTableRow(table.path, table.stage);
  try {
    return subjectReport(typed, await findSubject(typed, storeFolder), reader);
  } catch (error) {
    if (reader === null || !(error instanceof PanxError) || !(await isGone(typed, table!.stage, storeFolder)))
      throw error;
    return reportOf(typed, await reader());
  }
}

/** Whether what was typed is taken for a report of panx evaluate, and not looked for in a store. */
export async function isReport(typed: string): Promise<boolean> {
  return (await isFile(typed)) && !/\.ya?ml$/i.test(typed);
}

/**
 * Whether a stage of a study, or one of its seeds, is not in the study's store, or of the study there is nothing but its table; what is damaged
 * there is another matter.
 */
async function isGone(typed: string, stage: string | null, storeFolder: string | undefined): Promise<boolean> {
  if (stage !== null && existsSync(typed)) return false;
  const study = await findStudy(stage === null ? typed : dirname(typed), null).catch(() => null);
  if (study === null || !existsSync(study.stages)) return true;
  const told = await readStudy(study);
  const rows = rowsOf(Object.keys(told.stages));
  const ids =
    (stage === null ? [...rows.values()].flat() : Object.hasOwn(told.stages, stage) ? [stage] : rows.get(stage)) ?? [];
  const record = await withStore(study, told, storeFolder, ids).catch(() => null);
  if (record === null) return true;
  for (const id of ids) if ((await runOf(study, record, record.stages[id]!)) === null) return true;
  return false;
}

/** Reads what the table of a study says of a stage. */
type TableReader = () => Promise<ReadonlyMap<string, ReportedLanguage>>;

/** The table of a study that was typed, alone or with the name of a stage behind it; null where there is none. */
async function tableNear(typed: string): Promise<{ path: string; stage: string | null } | null> {
  for (const [folder, stage] of [[typed, null] as const, [dirname(typed), basename(typed)] as const]) {
    const study = await findStudy(folder, null).catch(() => null);
    for (const place of [folder, ...(study === null ? [] : [study.root]), join('results', folder)]) {
      const path = join(place, 'table.json');
      if (existsSync(path)) return { path, stage };
    }
  }
  return null;
}

function reportOf(typed: string, langs: ReadonlyMap<string, ReportedLanguage>): ScoreReport {
  return {
    typed,
    async score(name) {
      return pick(typed, langOf(typed, langs, name.lang), name);
    },
  };
}

/** Each training's scores are read when they are first asked for, and once. */
function subjectReport(typed: string, { trainings }: Subject, table: TableReader | null): ScoreReport {
  const readers = trainings.map(trainingScores);
  return {
    typed,
    async score(name) {
      const found: FoundScore[] = [];
      for (const read of readers) {
        const language = await read(name);
        // What the store has lost, the study's table still has.
        if (language === null && table !== null) return pick(typed, langOf(typed, await table(), name.lang), name);
        if (language === null) throw notScored(typed, name.lang);
        found.push(pick(typed, language, name));
      }
      const { mean } = summaryOf(found.map(({ value }) => value));
      return { ...found[0]!, value: mean!, n: found.length };
    },
  };
}

type TrainingReader = (name: ScoreName) => Promise<ReportedLanguage | null>;

function trainingScores(training: SubjectTraining): TrainingReader {
  let predictions: FoundPredictions[] | undefined;
  const known = new Map<string, ReportedLanguage>();
  return async name => {
    predictions ??= await predictionsOf(training);
    const isByType = name.of !== 'micro';
    const key = `${name.lang} ${isByType}`;
    if (!known.has(key)) {
      const language = isByType
        ? await countedScores(training, predictions, name.lang)
        : await storedScores(training, predictions, name.lang);
      if (language === null) return null;
      known.set(key, language);
    }
    return known.get(key)!;
  };
}

/**
 * What a scoring says of a language, that its study asked for before others, or metrics.json of a run that was named by its folder; null where
 * neither does.
 */
async function storedScores(
  training: SubjectTraining,
  predictions: readonly FoundPredictions[],
  lang: string,
): Promise<ReportedLanguage | null> {
  const split = splitOf(training, predictions);
  if (training.kind === 'run' && training.isOfStudy !== true) {
    const scores = (await readMetrics(training.run)).test[lang];
    if (scores !== undefined) {
      return { split, source: training.run.metrics, from: 'metrics', n: 1, rows: scores.rows, micro: scores };
    }
  }
  // Other rows than the study asked for are not its scores.
  if (training.kind === 'run' && asksFor(training, lang, split)) {
    predictions = predictions.filter(({ rows }) => Object.hasOwn(training.scorings, rows));
  }
  const found = predictionsFor(predictions, lang, split);
  if (found === undefined || training.kind === 'file') return null;
  const place = scoringDirectory(dirname(found.path));
  const { scores } = await openScoring(place);
  return { split, source: place.scores, from: 'scoring', n: 1, rows: scores.rows, micro: scores };
}

function asksFor({ scorings }: TrainedSubject, lang: string, split: string): boolean {
  return Object.keys(scorings).some(rows => rows.split(':')[0] === `${lang}/${split}`);
}

/** Scores by type, which predictions alone have; null where there are none of the language, or of other rows than were scored. */
async function countedScores(
  training: SubjectTraining,
  predictions: readonly FoundPredictions[],
  lang: string,
): Promise<ReportedLanguage | null> {
  const stored = await storedScores(training, predictions, lang);
  if (stored === null || training.kind === 'file') return stored;
  const found = await predictionsBehind(stored, predictions, lang);
  if (found === null) return stored;
  const { entities, rows } = await countPredictions(found.read(), 'default');
  const types = Object.fromEntries(entities.default.types.map(({ type, ...scores }) => [type, scores]));
  const { split, micro } = stored;
  return { split, source: found.path, from: 'predictions', n: 1, rows, micro, macro: entities.default.macro, types };
}

/** The predictions that make these scores: those beside them, or else of as many rows and the same F1; null where there are none. */
async function predictionsBehind(
  { source, split, rows, micro }: ReportedLanguage,
  predictions: readonly FoundPredictions[],
  lang: string,
): Promise<FoundPredictions | null> {
  const fitting = predictions.filter(one => one.lang === lang && one.split === split);
  const beside = fitting.find(({ path }) => dirname(path) === dirname(source));
  if (beside !== undefined) return beside;
  for (const one of fitting) {
    const { scores } = await readScores(scoringDirectory(dirname(one.path)));
    if (scores.rows === rows && scores.f1 === micro.f1) return one;
  }
  return null;
}

function splitOf(training: SubjectTraining, predictions: readonly FoundPredictions[]): string {
  return training.kind === 'run' ? endSplitOf(training.config) : (predictions[0]?.split ?? 'test');
}

function langOf(typed: string, langs: ReadonlyMap<string, ReportedLanguage>, lang: string): ReportedLanguage {
  const language = langs.get(lang);
  if (language === undefined) throw notScored(typed, lang, [...langs.keys()]);
  return language;
}

function notScored(typed: string, lang: string, langs?: readonly string[]): PanxError {
  const there = langs === undefined || langs.length === 0 ? '' : `; it has those of ${listed(langs, 12)}`;
  return new PanxError(`${typed} has no scores of ${lang}${there}.`, {
    hint: `panx evaluate --model CHECKPOINT --langs ${lang} --out FILE makes a report, which panx check takes.`,
    exitCode: 2,
  });
}

/** @throws PanxError, exit code 2, where the language has other scores, but not this one */
function pick(typed: string, language: ReportedLanguage, { text, lang, of, metric }: ScoreName): FoundScore {
  const { n, rows, split, source, from, types } = language;
  const missing = (what: string, hint: string) =>
    new PanxError(`${typed} has no ${text}: ${what}.`, { hint, exitCode: 2 });
  if (typeof of === 'object' && types !== undefined && !Object.hasOwn(types, of.type)) {
    const suggestion = nearest(of.type, Object.keys(types));
    const meant = suggestion === undefined ? '' : `; did you mean ${lang}.${suggestion}.${metric}?`;
    throw missing(
      `no entity of ${lang}/${split} is of type ${of.type}`,
      `Its types are ${listed(Object.keys(types), 12)}${meant || '.'}`,
    );
  }
  const scores = typeof of === 'object' ? types?.[of.type] : language[of];
  const value = scores?.[metric];
  if (value !== undefined) return { value, n, rows, split, source, from };
  throw missing(
    of === 'micro' || from === 'table' ? `${source} does not say it` : 'there are no predictions to count it from',
    `${from === 'table' ? 'The store of the study may have it: --store FOLDER names it. ' : ''}panx evaluate --model CHECKPOINT --langs ${lang} --out FILE makes a report, which has it and which panx check takes.`,
  );
}
