import { PanxError } from '../errors.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isObject } from '../system/json.js';

/** The scores of a language, as far as a file has them; fractions of 1, but for the loss. */
export interface ReportedLanguage {
  split: string;
  /** The file. */
  source: string;
  /** How many trainings they are the mean of. */
  n: number;
  /** That were scored; null where the file does not say. */
  rows: number | null;
  /** Over all entities, and of all words; {} where the file has none. */
  micro: Numbers;
  /** The mean of the types. */
  macro?: Numbers;
  types?: Readonly<Record<string, Numbers>>;
}

type Numbers = Partial<Record<'precision' | 'recall' | 'f1' | 'accuracy' | 'loss', number>>;

/**
 * A report that `panx evaluate --out` or `--format json` wrote. Read loosely: what it has beside the scores does not matter.
 *
 * @throws PanxError, exit code 2, where it is none
 */
export async function readEvaluateReport(path: string): Promise<Map<string, ReportedLanguage>> {
  const report = await readBoundedJson(path, largest).catch((error: unknown) => {
    if (!(error instanceof PanxError)) throw error;
    throw new PanxError(error.message, { hint: reportHint, exitCode: 2, cause: error });
  });
  const notAReport = (found: string) =>
    new PanxError(`${path} is no report of panx evaluate: ${found}.`, { hint: reportHint, exitCode: 2 });
  if (!isObject(report) || !isObject(report.scores)) throw notAReport('it has no "scores" by language');
  if (typeof report.split !== 'string') throw notAReport('it does not say which "split" was scored');
  const split = report.split;
  return new Map(
    Object.entries(report.scores).map(([lang, scores]) => {
      if (!isObject(scores) || typeof scores.f1 !== 'number') throw notAReport(`it has no "f1" of ${lang}`);
      const entities = isObject(scores.entities) && isObject(scores.entities.default) ? scores.entities.default : {};
      const rows = typeof scores.rows === 'number' ? scores.rows : null;
      const types = Array.isArray(entities.types) ? { types: typesOf(entities.types) } : {};
      const macro = isObject(entities.macro) ? { macro: numbersOf(entities.macro) } : {};
      return [lang, { split, source: path, n: 1, rows, micro: numbersOf(scores), ...macro, ...types }];
    }),
  );
}

const largest = 16_000_000;
const reportHint = 'Give a run, STUDY/STAGE, or the file that panx evaluate --out FILE wrote.';

/**
 * What a study's table.json says of a row, or of one of its trainings.
 *
 * @param stage name of the row, or of a training with its seeds
 * @returns by language; null where there is no such table, or no such stage in it
 * @throws PanxError, exit code 2, where the stage is not done, or its entities were counted otherwise than elsewhere
 */
export async function readTableRow(path: string, stage: string): Promise<Map<string, ReportedLanguage> | null> {
  const table = await readBoundedJson(path, largest).catch(() => null);
  if (!isObject(table) || !Array.isArray(table.rows)) return null;
  const rows: unknown[] = table.rows;
  const trainingsOf = (row: Record<string, unknown>) =>
    Array.isArray(row.trainings) ? (row.trainings as unknown[]) : [];
  const row = rows
    .filter(isObject)
    .find(
      one => one.stage === stage || trainingsOf(one).some(training => isObject(training) && training.stage === stage),
    );
  if (row === undefined) return null;
  const conditions = isObject(table.conditions) ? table.conditions : {};
  const refused = (found: string, hint: string) => new PanxError(`${path}: ${found}.`, { hint, exitCode: 2 });
  if (conditions.mode !== 'default') {
    throw refused(
      `its entities were counted in ${String(conditions.mode)} mode; expected seqeval's default mode`,
      'Where the store of the study is there (--store), the scores are read from it.',
    );
  }
  const of =
    row.stage === stage
      ? row
      : trainingsOf(row)
          .filter(isObject)
          .find(training => training.stage === stage)!;
  if (of.status !== 'done') {
    throw refused(`${stage} is ${String(of.status)}; expected that it is done`, 'panx run goes on with the study.');
  }
  const given = { split: String(conditions.split), source: path, rows: null };
  if (of !== row) {
    // Of a training by itself the table has one number a language.
    const average = conditions.average === 'macro' ? 'macro' : 'micro';
    const f1 = Object.entries(isObject(of.f1) ? of.f1 : {}).flatMap(([lang, value]) =>
      typeof value === 'number' ? [[lang, { ...given, n: 1, micro: {}, [average]: { f1: value } }] as const] : [],
    );
    return new Map(f1);
  }
  return new Map(
    Object.entries(isObject(row.scores) ? row.scores : {}).flatMap(([lang, scores]) => {
      if (!isObject(scores)) return [];
      const { micro, macro, types } = scores;
      const language: ReportedLanguage = {
        ...given,
        n: typeof row.n === 'number' ? row.n : 1,
        micro: meansOf(micro),
        ...(isObject(macro) ? { macro: meansOf(macro) } : {}),
        ...(isObject(types)
          ? { types: Object.fromEntries(Object.entries(types).map(([type, one]) => [type, meansOf(one)])) }
          : {}),
      };
      return [[lang, language] as const];
    }),
  );
}

/** The numbers of an object that are finite. */
function numbersOf(scores: Record<string, unknown>): Numbers {
  const names = ['precision', 'recall', 'f1', 'accuracy', 'loss'] as const;
  return Object.fromEntries(names.flatMap(name => (Number.isFinite(scores[name]) ? [[name, scores[name]]] : [])));
}

/** The same of means over trainings. */
function meansOf(scores: unknown): Numbers {
  if (!isObject(scores)) return {};
  return numbersOf(
    Object.fromEntries(Object.entries(scores).map(([name, one]) => [name, isObject(one) ? one.mean : undefined])),
  );
}

function typesOf(types: readonly unknown[]): Record<string, Numbers> {
  return Object.fromEntries(
    types.filter(isObject).flatMap(one => (typeof one.type === 'string' ? [[one.type, numbersOf(one)]] : [])),
  );
}
