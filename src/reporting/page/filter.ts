import { type EntityKind, entityKinds } from '../../evaluation/analysis/error-kinds.js';
import type { Seen } from '../../evaluation/analysis/training-surfaces.js';
import { createSearch } from './search.js';
import type { Sentence, SentenceEntity } from './sentences.js';

/**
 * Which sentences are shown: those of which one entity fits all of kind, gold, predicted, length and seen, and whose text has what is searched
 * for. null asks for nothing.
 */
export interface SentenceFilter {
  /** `error`: any kind but correct. */
  kind: EntityKind | 'error' | null;
  /** Type of the true entity; `O`: there is none. */
  gold: string | null;
  /** Type of the predicted entity; `O`: there is none. */
  predicted: string | null;
  length: EntityLength | null;
  seen: SeenName | null;
  /** As it was typed: in double quotes for whole words. */
  search: string;
}

export const filterKinds = ['error', ...entityKinds] as const;
export const entityLengths = ['1', '2', '3', '4+'] as const;
export type EntityLength = (typeof entityLengths)[number];
export const seenNames = ['same-type', 'another-type', 'unseen'] as const;
export type SeenName = (typeof seenNames)[number];

/** What stands for "no entity" among types. */
export const noEntity = 'O';

export const everything: SentenceFilter = {
  kind: null,
  gold: null,
  predicted: null,
  length: null,
  seen: null,
  search: '',
};

/** A filter that is asked of many sentences. @returns whether a sentence is shown */
export function createMatcher(filter: SentenceFilter): (sentence: Sentence) => boolean {
  const search = createSearch(filter.search);
  const asks = asksForEntities(filter);
  return sentence => (!asks || sentence.entities.some(entity => fits(entity, filter))) && search(sentence);
}

/** Whether a filter asks for an entity at all: without one, sentences without entities are shown too. */
export function asksForEntities({ kind, gold, predicted, length, seen }: SentenceFilter): boolean {
  return [kind, gold, predicted, length, seen].some(asked => asked !== null);
}

/** Whether an entity is one that the filter asks for. */
export function fits(entity: SentenceEntity, { kind, gold, predicted, length, seen }: SentenceFilter): boolean {
  return (
    (kind === null || (kind === 'error' ? entity.kind !== 'correct' : entity.kind === kind)) &&
    (gold === null || (entity.gold?.type ?? noEntity) === gold) &&
    (predicted === null || (entity.predicted?.type ?? noEntity) === predicted) &&
    (length === null || lengthOf(entity) === length) &&
    (seen === null || nameOfSeen(entity.seen) === seen)
  );
}

function lengthOf({ length }: SentenceEntity): EntityLength {
  return entityLengths[Math.min(length, entityLengths.length) - 1]!;
}

/** The word of options and addresses for it. */
function nameOfSeen(seen: Seen | null): SeenName | null {
  return seen === null ? null : (seen.replace(' ', '-') as SeenName);
}
