import { listed, nearest, PanxError } from '../errors.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isObject } from '../system/json.js';
import { NotTheFile } from '../system/stand-in.js';
import { withoutSeeds } from './subject.js';

/** The scores of a language, as far as a file has them; fractions of 1, but for the loss. */
export interface ReportedLanguage {
  split: string;
  /** The file. */
  source: string;
  from: ScoreOrigin;
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

/** What a score is read from: a report of panx evaluate, a run's metrics.json, a scoring of the store, predictions, or a study's table.json. */
export type ScoreOrigin = 'report' | 'metrics' | 'scoring' | 'predictions' | 'table';

type Numbers = Partial<Record<'precision' | 'recall' | 'f1' | 'accuracy' | 'loss', number>>;

/**
 * A report that `panx evaluate --out` or `--format json` wrote. Read loosely: what it has beside the scores does not matter.
 *
 * @throws PanxError, exit code 2, where it is none
 */
export async function readEvaluateReport(path: string): Promise<Map<string, ReportedLanguage>> {
  const report = await readBoundedJson(path, largest).catch((error: unknown) => {
    if (!(error instanceof PanxError)) throw error;
    throw new PanxError(error.message, {
      hint: error instanceof NotTheFile ? error.hint : reportHint,
      exitCode: 2,
      cause: error,
    });
  });
  const notAReport = (found: string) =>
    new PanxError(`${path} is no report of panx evaluate: ${found}.`, { hint: reportHint, exitCode: 2 });
  if (!isObject(report) || !isObject(report.scores)) throw notAReport('it has no "scores" by language');
  if (typeof report.split !== 'string') throw notAReport('it does not say which "split" was scored');
  const split = report.split;
  return new Map(
    Object.entries(report.scores).map(([lang, scores]) => {
      if (!isObject(scores) || typeof scores.f1 !== 'number') throw notAReport(`it has no "f1" of ${lang}`);
      const where = `${path}: of ${lang}`;
      const entities = isObject(scores.entities) && isObject(scores.entities.default) ? scores.entities.default : {};
      const rows = typeof scores.rows === 'number' ? scores.rows : null;
      const types = Array.isArray(entities.types) ? { types: typesOf(entities.types, where) } : {};
      const macro = isObject(entities.macro) ? { macro: numbersOf(entities.macro, where) } : {};
      const read = { split, source: path, from: 'report', n: 1, rows } as const;
      return [lang, { ...read, micro: numbersOf(scores, where), ...macro, ...types }];
    }),
  );
}

const largest = 16_000_000;
const reportHint = 'Give a run, STUDY/STAGE, or the file that panx evaluate --out FILE wrote.';

/**
 * What a study's table.json says of a row, or of one of its trainings. A row is called as its trainings are without their seeds: cells of a grid,
 * and protocols, may have rows of one "stage".
 *
 * @param stage name of the row, or of a training with its seeds; null where the study was named alone: it has one row
 * @returns by language
 * @throws PanxError, exit code 2, where it is no table, it has no such stage or several, the stage is not done, or its entities were counted
 *   otherwise than elsewhere
 */
export async function readTableRow(path: string, stage: string | null): Promise<Map<string, ReportedLanguage>> {
  const table = await readBoundedJson(path, largest);
  const refused = (found: string, hint: string) => new PanxError(`${path} ${found}.`, { hint, exitCode: 2 });
  if (!isObject(table) || !Array.isArray(table.rows)) {
    throw refused('is no table of a study: it has no "rows"', 'panx run writes it into the folder of a study.');
  }
  const { row, training } = rowOf(path, table.rows.filter(isObject), stage);
  const conditions = isObject(table.conditions) ? table.conditions : {};
  if (conditions.mode !== 'default') {
    throw refused(
      `says that its entities were counted in ${String(conditions.mode)} mode; expected seqeval's default mode`,
      'Where the store of the study is there (--store), the scores are read from it.',
    );
  }
  const of = training ?? row;
  if (of.status !== 'done') {
    throw refused(
      `says that ${stage ?? String(row.stage)} is ${String(of.status)}; expected that it is done`,
      'panx run goes on with the study.',
    );
  }
  const given = { split: String(conditions.split), source: path, from: 'table', rows: null } as const;
  if (training !== null) {
    // Of a training by itself the table has one number a language.
    const average = conditions.average === 'macro' ? 'macro' : 'micro';
    const f1 = Object.entries(isObject(training.f1) ? training.f1 : {}).flatMap(([lang, value]) =>
      typeof value === 'number'
        ? [[lang, { ...given, n: 1, micro: {}, [average]: numbersOf({ f1: value }, `${path}: of ${lang}`) }] as const]
        : [],
    );
    return new Map(f1);
  }
  return new Map(
    Object.entries(isObject(row.scores) ? row.scores : {}).flatMap(([lang, scores]) => {
      if (!isObject(scores)) return [];
      const { micro, macro, types } = scores;
      const where = `${path}: of ${lang}`;
      const language: ReportedLanguage = {
        ...given,
        n: typeof row.n === 'number' ? row.n : 1,
        micro: meansOf(micro, where),
        ...(isObject(macro) ? { macro: meansOf(macro, where) } : {}),
        ...(isObject(types)
          ? { types: Object.fromEntries(Object.entries(types).map(([type, one]) => [type, meansOf(one, where)])) }
          : {}),
      };
      return [[lang, language] as const];
    }),
  );
}

type TableRow = Record<string, unknown>;

/** The row of a name, and its training where the name is that of one of several. @throws PanxError where there is none, or there are several */
function rowOf(
  path: string,
  rows: readonly TableRow[],
  stage: string | null,
): { row: TableRow; training: TableRow | null } {
  const byName = new Map<string, TableRow[]>();
  for (const row of rows) byName.set(nameOfRow(row), [...(byName.get(nameOfRow(row)) ?? []), row]);
  const names = [...byName.keys()];
  if (stage === null && names.length !== 1) {
    throw new PanxError(`${path} has ${names.length} stages; expected the name of one of them behind its study.`, {
      hint: `The stages are ${listed(names, 12)}.`,
      exitCode: 2,
    });
  }
  const wanted = stage ?? names[0]!;
  const named = byName.get(wanted);
  if (named !== undefined) {
    // Protocols share trainings: rows of the same ones say the same.
    if (new Set(named.map(row => JSON.stringify(row.trainings ?? row))).size === 1) {
      return { row: named[0]!, training: null };
    }
    throw new PanxError(`${path} has ${named.length} rows of the name ${wanted}; expected one.`, {
      hint: 'Name one training, with its seeds, or read the scores from the store (--store).',
      exitCode: 2,
    });
  }
  for (const row of rows) {
    const training = trainingsOf(row).find(one => one.stage === wanted);
    if (training !== undefined) return { row, training };
  }
  const meant = names.filter(name => byName.get(name)!.some(row => row.stage === wanted));
  if (meant.length > 1) {
    throw new PanxError(`${wanted} may be any of ${meant.length} rows of ${path}; expected the name of one of them.`, {
      hint: `They are ${listed(meant, 12)}.`,
      exitCode: 2,
    });
  }
  const suggestion =
    meant[0] ?? nearest(wanted, [...names, ...rows.flatMap(row => trainingsOf(row).map(trainingName))]);
  throw new PanxError(
    `${path} has no stage ${wanted}${suggestion === undefined ? '.' : `; did you mean ${suggestion}?`}`,
    { hint: `Its stages are ${listed(names, 12)}.`, exitCode: 2 },
  );
}

/** Old tables have no trainings. */
function nameOfRow(row: TableRow): string {
  const [first] = trainingsOf(row);
  return first === undefined ? String(row.stage) : withoutSeeds(trainingName(first));
}

function trainingsOf({ trainings }: TableRow): TableRow[] {
  return Array.isArray(trainings) ? trainings.filter(isObject) : [];
}

function trainingName({ stage }: TableRow): string {
  return String(stage);
}

/**
 * The numbers of an object that are finite.
 *
 * @param where what the sentence of an error begins with
 * @throws PanxError, exit code 2, for one that no score can be
 */
function numbersOf(scores: Record<string, unknown>, where: string): Numbers {
  const numbers: Numbers = {};
  for (const name of ['precision', 'recall', 'f1', 'accuracy', 'loss'] as const) {
    const value = scores[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    if (value < 0 || (value > 1 && name !== 'loss')) {
      const expected = name === 'loss' ? 'a number from 0' : 'a fraction from 0 to 1';
      throw new PanxError(`${where} the ${name} is ${value}; expected ${expected}.`, { exitCode: 2 });
    }
    numbers[name] = value;
  }
  return numbers;
}

/** The same of means over trainings. */
function meansOf(scores: unknown, where: string): Numbers {
  if (!isObject(scores)) return {};
  return numbersOf(
    Object.fromEntries(Object.entries(scores).map(([name, one]) => [name, isObject(one) ? one.mean : undefined])),
    where,
  );
}

function typesOf(types: readonly unknown[], where: string): Record<string, Numbers> {
  return Object.fromEntries(
    types.filter(isObject).flatMap(one => (typeof one.type === 'string' ? [[one.type, numbersOf(one, where)]] : [])),
  );
}
