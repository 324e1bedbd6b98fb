import { excerpt, listed, PanxError } from '../errors.js';
import type { ScoredRow } from '../evaluation/foreign-predictions.js';
import { type Comparison, compareSystems, type Verdict, verdictOf } from '../evaluation/significance/compare.js';
import { holm } from '../evaluation/significance/holm.js';
import { sentenceCounts } from '../evaluation/significance/sentence-counts.js';
import type { SystemCounts } from '../evaluation/significance/system-counts.js';
import type { SubjectTraining } from './subject.js';
import type { FoundPredictions } from './subject-predictions.js';

/** A system that is compared, with the predictions that there are of each of its trainings. */
export interface ComparedSystem {
  name: string;
  /** In the order of their seeds: the i-th of two systems are a pair. */
  trainings: { training: SubjectTraining; found: FoundPredictions[] }[];
}

export interface ComparisonSettings {
  trials: number;
  seed: number;
  /** The chance of a wrong verdict that is accepted; the interval spans 1 - alpha. */
  alpha: number;
  family: Family;
}

/** Which tests Holm's adjustment takes together: those of one pair in all languages, or all tests of all pairs. */
export const families = ['languages', 'all'] as const;
export type Family = (typeof families)[number];

/** All pairs of systems on one row set. */
export interface ComparedRows {
  /** Name of the rows: `tr/test`; of files, the name of the first. */
  rows: string;
  lang: string | null;
  sentences: number;
  words: number;
  /** (systems) words without a prediction by it, which do not count for it: they were cut off, or have no subword. Over all of its seeds. */
  unpredicted: number[];
  pairs: JudgedPair[];
}

/** A pair, with its verdict by the adjusted p of the randomization test. */
export interface JudgedPair extends Comparison {
  adjustedP: number;
  verdict: Verdict;
}

/**
 * Compare systems with each other on a split, language by language.
 *
 * @param langs null: files alone are compared, which do not say their language
 * @throws PanxError where two were not scored on the same rows, naming the first place, or predictions are missing or damaged
 */
export async function compareSubjects(
  systems: readonly ComparedSystem[],
  langs: readonly string[] | null,
  split: string,
  { trials, seed, alpha, family }: ComparisonSettings,
): Promise<ComparedRows[]> {
  const compared: (Omit<ComparedRows, 'pairs'> & { pairs: Comparison[] })[] = [];
  // All of them before any is read: a language that is missing should not show after half a minute.
  for (const chosen of (langs ?? [null]).map(lang => sameRows(systems, lang, split))) {
    const { counts, words, unpredicted } = await countTogether(chosen.predictions);
    const pairs = compareSystems(counts, { trials, seed, level: 1 - alpha });
    compared.push({
      rows: chosen.rows,
      lang: chosen.lang,
      sentences: counts[0]![0]!.length / 3,
      words,
      unpredicted,
      pairs,
    });
  }
  const tests = compared.flatMap(({ pairs }, l) => pairs.map((pair, p) => ({ l, p, value: pair.randomization.p })));
  const adjusted = new Map<string, number>();
  for (const own of family === 'all' ? [tests] : compared[0]!.pairs.map((_, p) => tests.filter(test => test.p === p))) {
    const values = holm(own.map(({ value }) => value));
    for (const [i, { l, p }] of own.entries()) adjusted.set(`${l} ${p}`, values[i]!);
  }
  return compared.map((one, l) => ({
    ...one,
    pairs: one.pairs.map((pair, p) => {
      const adjustedP = adjusted.get(`${l} ${p}`)!;
      return { ...pair, adjustedP, verdict: verdictOf(pair, adjustedP, alpha) };
    }),
  }));
}

/** The languages of which all systems have predictions of the split; null where all are files. */
export function commonLangs(systems: readonly ComparedSystem[], split: string): string[] | null {
  const named = systems.flatMap(({ trainings }) => trainings.filter(({ training }) => training.kind !== 'file'));
  if (named.length === 0) return null;
  const [first, ...others] = named.map(
    ({ found }) => new Set(found.flatMap(one => (one.split === split && one.lang !== null ? [one.lang] : []))),
  );
  return [...first!].filter(lang => others.every(langs => langs.has(lang)));
}

/**
 * What some of the systems were scored on, or were to be by their studies, and others have no predictions of: a sentence for each language.
 *
 * @param langs those that are compared
 */
export function leftOut(systems: readonly ComparedSystem[], langs: readonly string[], split: string): string[] {
  const named = systems.flatMap(({ trainings }) => trainings.filter(({ training }) => training.kind !== 'file'));
  const has = ({ found }: (typeof named)[number], lang: string) =>
    found.some(one => one.split === split && one.lang === lang);
  const wanted = named.flatMap(({ training, found }) => {
    const asked = training.kind === 'run' ? Object.keys(training.scorings) : [];
    return [...asked, ...found.map(({ rows }) => rows)].flatMap(rows => {
      const [lang = '', of] = rows.split(':')[0]!.split('/');
      return of === split && !langs.includes(lang) ? lang : [];
    });
  });
  return [...new Set(wanted)].map(lang => {
    const without = named.filter(one => !has(one, lang)).map(({ training }) => training.name);
    return `${lang}/${split} is left out: there are no predictions of it by ${listed(without)}`;
  });
}

/**
 * Put the trainings of systems in pairs by their seeds. One training of each is a pair, whatever its seed.
 *
 * @throws PanxError where systems do not have the same seeds, exit code 2
 */
export function pairBySeed(subjects: readonly { name: string; trainings: readonly SubjectTraining[] }[]): {
  subjects: { name: string; trainings: SubjectTraining[] }[];
  /** null where each system has one training. */
  seeds: string[] | null;
} {
  if (subjects.every(({ trainings }) => trainings.length === 1)) {
    return { subjects: subjects.map(({ name, trainings }) => ({ name, trainings: [...trainings] })), seeds: null };
  }
  const all = subjects.map(({ name, trainings }) => ({ name, bySeed: bySeed(trainings) }));
  const [first, ...others] = all;
  const seeds = [...first!.bySeed.keys()];
  for (const other of others) {
    const own = [...other.bySeed.keys()];
    if (own.length === seeds.length && seeds.every(seed => other.bySeed.has(seed))) continue;
    throw new PanxError(
      `${first!.name} has ${seedsText(seeds)} and ${other.name} ${seedsText(own)}; expected the same, since systems are compared seed by seed.`,
      {
        hint: 'Name one training of each, such as STUDY/phase-2-en-seed-42, or train the seeds that are missing.',
        exitCode: 2,
      },
    );
  }
  return {
    subjects: all.map(({ name, bySeed }) => ({ name, trainings: seeds.map(seed => bySeed.get(seed)!) })),
    seeds,
  };
}

function seedsText(seeds: readonly string[]): string {
  if (seeds[0] === unknownSeed) return 'one of which the seed is not known';
  return `the seed${seeds.length === 1 ? '' : 's'} ${listed(seeds, 10)}`;
}

const unknownSeed = 'unknown';

/** By seed, and by `seed/data seed` where these differ too. A scoring and a file do not know theirs. */
function bySeed(trainings: readonly SubjectTraining[]): Map<string, SubjectTraining> {
  const seedOf = (training: SubjectTraining) =>
    training.kind === 'run' ? { seed: training.config.seed, dataSeed: training.config.training.dataSeed } : null;
  const hasDataSeeds = new Set(trainings.map(training => seedOf(training)?.dataSeed)).size > 1;
  return new Map(
    trainings.map(training => {
      const seeds = seedOf(training);
      if (seeds === null) return [unknownSeed, training];
      return [hasDataSeeds ? `${seeds.seed}/${seeds.dataSeed}` : String(seeds.seed), training];
    }),
  );
}

/** The same rows of all systems. -> (systems) x (seeds) */
interface SameRows {
  rows: string;
  lang: string | null;
  predictions: { name: string; found: FoundPredictions }[][];
}

function sameRows(systems: readonly ComparedSystem[], lang: string | null, split: string): SameRows {
  const fitting = systems.map(({ trainings }) =>
    trainings.map(({ training, found }) => ({
      name: training.name,
      isFile: training.kind === 'file',
      found: training.kind === 'file' ? found : found.filter(one => one.lang === lang && one.split === split),
    })),
  );
  const all = fitting.flat();
  const empty = all.find(({ found }) => found.length === 0);
  if (empty !== undefined) {
    throw new PanxError(`${empty.name} has no predictions of ${lang} ${split}.`, {
      hint: 'Choose --langs and --split that every system has.',
    });
  }
  const named = all.filter(({ isFile }) => !isFile);
  const names = named[0]?.found.map(({ rows }) => rows) ?? [];
  const common = names.filter(name => named.every(({ found }) => found.some(({ rows }) => rows === name)));
  if (named.length > 0 && common.length === 0) {
    const other = named.find(({ found }) => !found.some(({ rows }) => names.includes(rows))) ?? named.at(-1)!;
    throw new PanxError(
      `${named[0]!.name} was scored on ${listed(names)} and ${other.name} on ${listed(other.found.map(({ rows }) => rows))}; expected the same rows.`,
      { hint: 'Score both on the same rows: evaluation.limit says how many of a split are scored.' },
    );
  }
  // Whole splits come before parts.
  const rows = common.find(name => name === `${lang}/${split}`) ?? common[0] ?? all[0]!.found[0]!.rows;
  const predictions = fitting.map(trainings =>
    trainings.map(({ name, isFile, found }) => ({
      name,
      found: isFile ? found[0]! : found.find(one => one.rows === rows)!,
    })),
  );
  return { rows, lang, predictions };
}

/**
 * Read all files side by side, a row of each at a time, so that of their texts no more than that is in memory.
 *
 * @param predictions (systems) x (seeds)
 */
async function countTogether(
  predictions: SameRows['predictions'],
): Promise<{ counts: SystemCounts[]; words: number; unpredicted: number[] }> {
  const files = predictions.flat();
  const readers = files.map(({ found }) => found.read());
  const counts = files.map((): number[] => []);
  const unpredicted = files.map(() => 0);
  let words = 0;
  try {
    for (let row = 0; ; row++) {
      const read = await Promise.all(readers.map(reader => reader.next()));
      if (read.every(({ done }) => done)) break;
      const longer = read.findIndex(({ done }) => !done);
      const shorter = read.findIndex(({ done }) => done);
      if (shorter >= 0) {
        throw otherRows(
          `${nameOf(files[shorter]!)} ${row === 0 ? 'has no row' : `ends after row ${row}`}, and ${nameOf(files[longer]!)} has more`,
        );
      }
      const [first, ...others] = read.map(({ value }) => value as ScoredRow);
      for (const [i, other] of others.entries()) {
        const difference = firstDifference(first!, other);
        if (difference === null) continue;
        throw otherRows(
          `Row ${row + 1} differs: ${difference.what} is ${excerpt(difference.first)} in ${nameOf(files[0]!)} and ${excerpt(difference.other)} in ${nameOf(files[i + 1]!)}`,
        );
      }
      for (const [i, { value }] of read.entries()) {
        counts[i]!.push(...sentenceCounts(value as ScoredRow));
        unpredicted[i]! += (value as ScoredRow).predicted.filter(tag => tag === null).length;
      }
      words += first!.gold.length;
    }
  } finally {
    await Promise.all(readers.map(reader => reader.return(undefined)));
  }
  const seeds = predictions[0]!.length;
  const ofSystem = <T>(values: readonly T[], system: number) => values.slice(system * seeds, (system + 1) * seeds);
  return {
    counts: predictions.map((_, system) => ofSystem(counts, system).map(own => Int32Array.from(own))),
    words,
    unpredicted: predictions.map((_, system) => ofSystem(unpredicted, system).reduce((sum, count) => sum + count, 0)),
  };
}

function nameOf({ name, found }: { name: string; found: FoundPredictions }): string {
  return found.lang === null ? found.path : `${name} (${found.rows})`;
}

function otherRows(what: string): PanxError {
  return new PanxError(`${what}; expected systems that were scored on the same rows.`, {
    hint: 'Words and gold tags must be the same, row by row. Score the systems on the same data.',
  });
}

/** The first word or gold tag in which two rows differ; null where none does. Words are compared where both have them. */
function firstDifference(
  first: ScoredRow,
  other: ScoredRow,
): { what: string; first: string | number; other: string | number } | null {
  const [words, otherWords] = [first.words, other.words];
  if (first.gold.length !== other.gold.length) {
    return { what: 'its number of words', first: first.gold.length, other: other.gold.length };
  }
  for (const [i, tag] of first.gold.entries()) {
    if (words !== null && otherWords !== null && words[i] !== otherWords[i]) {
      return { what: `word ${i + 1}`, first: words[i]!, other: otherWords[i]! };
    }
    if (tag !== other.gold[i]) return { what: `the gold tag of word ${i + 1}`, first: tag, other: other.gold[i]! };
  }
  return null;
}
