import { listed } from '../errors.js';
import { metricName } from '../evaluation/score.js';
import type { PValue } from '../evaluation/significance/p-value.js';
import type { ComparedRows, ComparisonSettings, JudgedPair } from '../experiment/compare-subjects.js';
import { formatCount } from '../system/console.js';
import { type Column, column, type Table } from './table.js';

/** What is compared, and how. */
export interface ComparedSystems {
  names: readonly string[];
  /** Of each system; null where each has one training. */
  seeds: readonly string[] | null;
  /** null where files alone are compared, which do not say theirs. */
  split: string | null;
  settings: ComparisonSettings;
}

/**
 * A line for each pair and row set, and below a sentence for each row set.
 *
 * @param options.letters systems are letters, which the facts explain: for a reader. Else each line has their names: for CSV, which has no facts.
 */
export function comparisonTable(
  compared: readonly ComparedRows[],
  systems: ComparedSystems,
  { letters }: { letters: boolean },
): Table {
  const { names } = systems;
  const isOnePair = names.length === 2;
  return {
    title: `Comparison of ${listing(names.map((_, system) => letterOf(system)))}`,
    facts: factsOf(compared, systems),
    columns: [
      { key: 'test', head: 'test', kind: 'text' },
      column('sentences', 'count', { leavesAs: 1 }),
      ...(letters
        ? isOnePair
          ? []
          : [{ key: 'pair', head: 'pair', kind: 'text', repeats: true } as const]
        : (['system_a', 'system_b'] as const).map(key => ({ key, head: key, kind: 'text' }) as const)),
      { key: 'f1_a', head: isOnePair ? 'F1 A' : 'F1 1st', kind: 'score' },
      { key: 'f1_b', head: isOnePair ? 'F1 B' : 'F1 2nd', kind: 'score' },
      { key: 'difference', head: isOnePair ? 'A − B' : 'difference', kind: 'difference' },
      pColumn('bootstrap', 'boot'),
      pColumn('koehn', 'Koehn', { leavesAs: 2 }),
      pColumn('randomization', 'rand'),
      pColumn('holm', 'Holm'),
      column('verdict'),
    ],
    rows: compared.flatMap(({ rows, lang, sentences, pairs }) =>
      pairs.map(pair => [
        letters ? (lang ?? rows) : rows,
        sentences,
        ...(letters
          ? isOnePair
            ? []
            : [`${letterOf(pair.a)}, ${letterOf(pair.b)}`]
          : [names[pair.a]!, names[pair.b]!]),
        ...pair.f1,
        { value: pair.difference, low: pair.interval[0], high: pair.interval[1] },
        letters ? pCell(pair.bergKirkpatrick) : pair.bergKirkpatrick.p,
        letters ? pCell(pair.koehn) : pair.koehn.p,
        letters ? pText(pair.randomization.p) : pair.randomization.p,
        letters ? pText(pair.adjustedP) : pair.adjustedP,
        letters ? verdictText(pair) : pair.verdict,
      ]),
    ),
    notes: compared.map(sentenceOf),
  };
}

function pColumn(key: string, head: string, more: Partial<Column> = {}): Column {
  return { key: `p_${key}`, head: `p ${head}`, kind: 'number', digits: 4, ...more };
}

/** That none of 10,000 random samples counted does not make a p-value 0. */
function pCell({ p, count, trials, exact }: PValue): number | string {
  return count === 0 && !exact ? `<${Math.max(smallestP, Number((1 / trials).toPrecision(1)))}` : pText(p);
}

/** A p-value as it is, or `<0.0001` where four decimals would say 0. */
function pText(p: number): number | string {
  return p > 0 && p < smallestP / 2 ? `<${smallestP}` : p;
}

function shortP(p: number): string {
  const text = pText(p);
  return typeof text === 'string' ? text : text.toFixed(4);
}

const smallestP = 0.0001;

function factsOf(compared: readonly ComparedRows[], { names, seeds, settings }: ComparedSystems): string[] {
  const { trials, seed, alpha, family } = settings;
  const named = compared.filter(({ lang }) => lang !== null).map(({ rows }) => rows);
  const on = named.length === 0 ? '' : `, on ${listed(named, 6)}`;
  const tests = compared.length * (family === 'all' ? compared[0]!.pairs.length : 1);
  const adjusted = tests === 1 ? 'of one test alone, so the same' : `adjusted for ${tests} tests`;
  return [
    ...names.map((name, system) => `${letterOf(system)} is ${name}`),
    `F1 is ${metricName}${on}${seeds === null ? '' : `, the mean over the seeds ${seeds.join(', ')}`}`,
    `in brackets: ${percent(1 - alpha)} interval of the difference, paired bootstrap over ${seeds === null ? 'sentences' : 'seed pairs and sentences together'}`,
    'p boot: of the same samples, after Berg-Kirkpatrick et al. 2012',
    'p Koehn: of the same samples, after Koehn 2004',
    `p rand: approximate randomization, two-sided${seeds === null ? '' : '; a sentence is swapped in all seeds at once'}`,
    `p Holm: p rand ${adjusted}; a verdict needs ${alpha} or less`,
    `${formatCount(trials)} random samples and swaps (seed ${seed}); all of them where they are no more than that`,
  ];
}

/** `tr: A is better than B (F1 0.0123 higher, p 0.0003).` Of several pairs without the numbers. */
function sentenceOf({ rows, lang, pairs }: ComparedRows): string {
  const clauses = pairs.map(pair => {
    const [better, worse] = pair.difference >= 0 ? [pair.a, pair.b] : [pair.b, pair.a];
    const isDecided = pair.verdict !== 'not distinguishable';
    const words = isDecided
      ? `${letterOf(better)} is better than ${letterOf(worse)}`
      : `${letterOf(pair.a)} and ${letterOf(pair.b)} are not distinguishable`;
    if (pairs.length > 1) return words;
    const apart = Math.abs(pair.difference).toFixed(4);
    return `${words} (F1 ${isDecided ? `${apart} higher` : `${apart} apart`}, p ${shortP(pair.adjustedP)})`;
  });
  return `${lang ?? rows}: ${clauses.join('; ')}.`;
}

function verdictText({ a, b, verdict }: JudgedPair): string {
  switch (verdict) {
    case 'a is better':
      return `${letterOf(a)} is better`;
    case 'b is better':
      return `${letterOf(b)} is better`;
    case 'not distinguishable':
      return verdict;
  }
}

/** 0.95 -> 95 % */
function percent(share: number): string {
  return `${Number((100 * share).toFixed(4))} %`;
}

/** A, B and C */
function listing(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A, B, ..., Z, AA, AB, ... */
function letterOf(system: number): string {
  const letter = String.fromCharCode(65 + (system % 26));
  return system < 26 ? letter : letterOf(Math.floor(system / 26) - 1) + letter;
}
