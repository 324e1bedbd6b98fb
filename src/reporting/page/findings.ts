import type { Analysis } from '../../evaluation/analysis/analyse.js';
import type { AttributeName } from '../../evaluation/analysis/buckets.js';
import { f1OfKinds, goldOf } from '../../evaluation/analysis/error-kinds.js';
import { type Cost, costsOf } from '../error-costs.js';

/** The costliest errors by kind and type. */
export function topCosts(analysis: Analysis, most: number): Cost[] {
  return costsOf(analysis).slice(0, most);
}

/** A bucket of entities with a low F1. */
export interface WeakBucket {
  attribute: AttributeName;
  bucket: string;
  f1: number;
  gold: number;
}

/** The buckets with the lowest F1, of those with at least 20 true entities and 2 % of all; none that is as good as all entities together. */
export function weakBuckets({ buckets, kinds }: Analysis, most: number): WeakBucket[] {
  const fewest = Math.max(20, 0.02 * goldOf(kinds));
  return buckets
    .flatMap(({ attribute, scores }) => scores.map(({ bucket, f1, gold }) => ({ attribute, bucket, f1, gold })))
    .filter(({ f1, gold }) => gold >= fewest && f1 < f1OfKinds(kinds))
    .sort((a, b) => a.f1 - b.f1)
    .slice(0, most);
}

/** F1 by what was seen in training, of buckets with a true entity; [] where it is not known. */
export function seenScores({ buckets }: Analysis): { bucket: string; f1: number; gold: number }[] {
  const scores = buckets.find(({ attribute }) => attribute === 'seen in training')?.scores ?? [];
  return scores.filter(({ gold }) => gold > 0).map(({ bucket, f1, gold }) => ({ bucket, f1, gold }));
}

/** 0.734 */
export function three(value: number): string {
  return value.toFixed(3);
}

/** Which entities are in a bucket, in words that go on after "entities": "of 4 words or more". */
export function bucketText(attribute: AttributeName, bucket: string): string {
  switch (attribute) {
    case 'entity length':
      return bucket === '1' ? 'of 1 word' : bucket === '4 or more' ? 'of 4 words or more' : `of ${bucket} words`;
    case 'sentence length':
      return `in sentences of ${bucket} words`;
    case 'entity density':
      return density[bucket] ?? bucket;
    case 'capitalisation':
      return capitalisation[bucket] ?? bucket;
    case 'seen in training':
      return seen[bucket] ?? bucket;
    case 'frequency in training':
      return frequency[bucket] ?? bucket;
    case 'label consistency':
      return consistency[bucket] ?? bucket;
  }
}

const density: Readonly<Record<string, string>> = {
  '0': 'in sentences without a true entity',
  'to 0.25': 'in sentences with up to a quarter of their words in entities',
  'to 0.5': 'in sentences with a quarter to half of their words in entities',
  'to 0.75': 'in sentences with half to three quarters of their words in entities',
  'to 1': 'in sentences with more than three quarters of their words in entities',
};

const capitalisation: Readonly<Record<string, string>> = {
  'every word': 'with every word capitalised',
  'some words': 'with some words capitalised',
  'all capitals': 'all in capitals',
  'lower case': 'in lower case',
  'without case': 'in letters without case',
};

const frequency: Readonly<Record<string, string>> = {
  '0': 'that were no entity in training',
  '1': 'that were an entity once in training',
  '2–4': 'that were an entity 2 to 4 times in training',
  '5–9': 'that were an entity 5 to 9 times in training',
  '10 or more': 'that were an entity 10 times or more in training',
};

const consistency: Readonly<Record<string, string>> = {
  '0': 'that never had this type in training',
  'to 0.5': 'that had this type in at most half of their occurrences in training',
  'below 1': 'that had this type in most of their occurrences in training',
  '1': 'that had this type in all of their occurrences in training',
};

const seen: Readonly<Record<string, string>> = {
  'same type': 'seen in training with their type',
  'another type': 'seen in training with another type',
  unseen: 'not seen in training',
};
