import { type Analysis, outside } from '../evaluation/analysis/analyse.js';
import { type ErrorKind, errorKinds, f1IfMended, f1OfKinds, goldOf } from '../evaluation/analysis/error-kinds.js';
import { formatCount } from '../system/console.js';

/**
 * Which errors cost most, and of which types, in sentences: "Entities with the wrong bounds cost most: mending them would raise F1 from 0.709 to 0.822. They are
 * 159: ORG 65, LOC 58, PER 36. Next are entities with the wrong type (90; to 0.773)." There is no gain in it: rounded numbers do not add up.
 *
 * @param digits of F1, behind the point
 */
export function costSentences(analysis: Pick<Analysis, 'kinds' | 'kindsByType'>, digits: number): string[] {
  const [first, second] = kindCosts(analysis);
  if (first === undefined) {
    return [goldOf(analysis.kinds) === 0 ? 'There is no entity in these rows.' : 'There is no error.'];
  }
  const f1 = (value: number) => value.toFixed(digits);
  const now = f1OfKinds(analysis.kinds);
  return [
    `${kindSubject[first.kind]} cost most: mending them would raise F1 from ${f1(now)} to ${f1(first.f1)}.`,
    typesText(first),
    ...(second === undefined
      ? []
      : [`Next are ${lowerFirst(kindSubject[second.kind])} (${formatCount(second.count)}; to ${f1(second.f1)}).`]),
  ];
}

/** Errors of one kind, and the F1 that there would be without them. */
export interface KindCost {
  kind: ErrorKind;
  count: number;
  f1: number;
  /** F1 if mended less F1. */
  gain: number;
  /** By type, the most frequent first. */
  types: { type: string; count: number }[];
}

/** What kinds of errors cost, the costliest first. Kinds without an error are left out. */
export function kindCosts({ kinds, kindsByType }: Pick<Analysis, 'kinds' | 'kindsByType'>): KindCost[] {
  const now = f1OfKinds(kinds);
  return errorKinds
    .map(kind => {
      const f1 = f1IfMended(kinds, kind);
      const types = kindsByType
        .map(({ type, counts }) => ({ type, count: counts[kind] }))
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count);
      return { kind, count: kinds[kind], f1, gain: f1 - now, types };
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.gain - a.gain);
}

/** The kinds of errors as they begin a sentence. */
export const kindSubject: Readonly<Record<ErrorKind, string>> = {
  type: 'Entities with the wrong type',
  boundary: 'Entities with the wrong bounds',
  both: 'Entities with the wrong type and the wrong bounds',
  missed: 'Missed entities',
  spurious: 'Spurious entities',
};

/** Errors of one kind and one type, and what the F1 of all would gain without them. */
export interface Cost {
  kind: ErrorKind;
  /** Of the true entity; of a spurious one its own. */
  type: string;
  count: number;
  f1: number;
  gain: number;
}

/** By kind and type, the costliest first; those that are there. */
export function costsOf(analysis: Pick<Analysis, 'kinds' | 'kindsByType'>): Cost[] {
  return allCosts(analysis)
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.gain - a.gain || b.count - a.count);
}

/** Every kind of every type, also those without an error. */
export function allCosts({ kinds, kindsByType }: Pick<Analysis, 'kinds' | 'kindsByType'>): Cost[] {
  const f1 = f1OfKinds(kinds);
  return kindsByType.flatMap(({ type, counts }) =>
    errorKinds.map(kind => {
      const mended = f1IfMended(kinds, kind, counts[kind]);
      return { kind, type, count: counts[kind], f1: mended, gain: mended - f1 };
    }),
  );
}

const mostTypes = 3;

/** "They are 159: ORG 65, LOC 58, PER 36." What other types have is one number. */
function typesText({ count: total, types }: KindCost): string {
  if (total === 1) return `There is one, of ${types[0]!.type}.`;
  const named = types.slice(0, mostTypes);
  const others = total - named.reduce((sum, one) => sum + one.count, 0);
  const parts = [
    ...named.map(one => `${one.type} ${formatCount(one.count)}`),
    ...(others === 0 ? [] : [`other types ${formatCount(others)}`]),
  ];
  return `They are ${formatCount(total)}: ${parts.join(', ')}.`;
}

function lowerFirst(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1);
}

/** Types that are taken for others, the most frequent first. */
export function topConfusions({ confusion: { entities } }: Analysis, most: number): Confused[] {
  const { labels, counts } = entities;
  return labels
    .flatMap((gold, i) => labels.map((predicted, j) => ({ gold, predicted, count: counts[i]![j]! })))
    .filter(
      ({ gold, predicted, count }) => gold !== predicted && gold !== outside && predicted !== outside && count > 0,
    )
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

export interface Confused {
  gold: string;
  predicted: string;
  count: number;
}
