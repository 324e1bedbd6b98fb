import { readLabelNames } from '../data/label-names.js';
import { idsAmong } from '../data/labels.js';
import { type Entity, entityReader, parseTag } from './seqeval/entities.js';

/**
 * How a model is scored on data whose tags mark types in another way, such as a model of types alone on data in IOB2, or on data that marks some of
 * its types alone.
 */
export interface SchemeFit {
  /** (T) the tags of the data by id: O, and B- and I- of each type; behind them those of types that the model alone has. */
  tags: readonly string[];
  /** Types of the model that the data does not mark: what it finds of them is wrong, as seqeval has it. */
  foreignTypes: readonly string[];
  /** Whether model and data write the types that both have in different ways. */
  isOtherScheme: boolean;
  /** (T) the model's label that stands for each tag: the loss of a word is that of the label of its true tag. */
  modelIds: Int32Array;
  /** What labels of the model say of a row, as tags: of another scheme, the entities that they mark. (W) -> (W) */
  toTags(predictedIds: ArrayLike<number>): Int32Array;
}

/** Whether a model and data have the same tags, in whatever order and however they are written. */
export function haveSameTags(modelLabels: readonly string[], dataLabels: readonly string[]): boolean {
  return idsAmong(readLabelNames(dataLabels).tags, readLabelNames(modelLabels).tags) !== null;
}

/** @returns null where the data is not IOB2, or has a type that the model lacks */
export function schemeFit(modelLabels: readonly string[], dataLabels: readonly string[]): SchemeFit | null {
  const modelTags = readLabelNames(modelLabels).tags;
  const dataTags = readLabelNames(dataLabels).tags;
  const modelIdOf = new Map(modelTags.map((tag, id) => [tag, id]));
  const types = typesOf(dataTags);
  const isIob2 =
    dataTags.length === 1 + 2 * types.size &&
    ['O', ...[...types].flatMap(tagsOfType)].every(tag => dataTags.includes(tag));
  const modelTypes = typesOf(modelTags);
  if (!isIob2 || ![...types].every(type => modelTypes.has(type)) || !modelIdOf.has('O')) return null;
  const foreignTypes = [...modelTypes].filter(type => !types.has(type));
  const tags = [...dataTags, ...foreignTypes.flatMap(tagsOfType)];
  const idOf = new Map(tags.map((tag, id) => [tag, id]));
  const modelIds = tags.map(tag => {
    const { prefix, type } = parseTag(tag, false);
    if (prefix === 'O') return modelIdOf.get('O')!;
    const letters = prefix === 'B' ? 'BSIE' : 'IEBS';
    return [...letters].map(letter => modelIdOf.get(`${letter}-${type}`)).find(id => id !== undefined)!;
  });
  const isOtherScheme = !dataTags.every(tag => modelIdOf.has(tag)) || modelTags.some(tag => !idOf.has(tag));
  const tagIds = modelTags.map(tag => idOf.get(tag)!);
  const parsed = modelTags.map(tag => parseTag(tag, false));
  const outside = { prefix: 'O', type: '' };
  return {
    tags,
    foreignTypes,
    isOtherScheme,
    modelIds: Int32Array.from(modelIds),
    toTags(predictedIds) {
      if (!isOtherScheme) return Int32Array.from(predictedIds, id => tagIds[id]!);
      const ids = new Int32Array(predictedIds.length).fill(idOf.get('O')!);
      const next = entityReader();
      const mark = (entity: Entity | undefined) => {
        if (entity === undefined) return;
        const [type, first, last] = entity;
        ids.fill(idOf.get(`I-${type}`)!, first, last + 1);
        ids[first] = idOf.get(`B-${type}`)!;
      };
      for (let word = 0; word < predictedIds.length; word++) mark(next(parsed[predictedIds[word]!]!));
      mark(next(outside));
      return ids;
    },
  };
}

function tagsOfType(type: string): string[] {
  return [`B-${type}`, `I-${type}`];
}

function typesOf(tags: readonly string[]): Set<string> {
  return new Set(tags.filter(tag => tag !== 'O').map(tag => parseTag(tag, false).type));
}
