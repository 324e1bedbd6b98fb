import { readLabelNames } from '../data/label-names.js';
import { idsAmong } from '../data/labels.js';
import { type Entity, entityReader, parseTag } from './seqeval/entities.js';

/** How a model is scored on data whose tags mark the same types in another way, such as a model of types alone on data in IOB2. */
export interface SchemeFit {
  /** (T) the tags of the data by id: O, and B- and I- of each type. */
  tags: readonly string[];
  /** (T) the model's label that stands for each tag: the loss of a word is that of the label of its true tag. */
  modelIds: Int32Array;
  /** The entities that labels of the model mark in a row, as tags of the data. (W) -> (W) */
  toTags(predictedIds: ArrayLike<number>): Int32Array;
}

/** Whether a model and data have the same tags, in whatever order and however they are written. */
export function haveSameTags(modelLabels: readonly string[], dataLabels: readonly string[]): boolean {
  return idsAmong(readLabelNames(dataLabels).tags, readLabelNames(modelLabels).tags) !== null;
}

/** @returns null where the data is not IOB2, or its types are not those of the model */
export function schemeFit(modelLabels: readonly string[], dataLabels: readonly string[]): SchemeFit | null {
  const modelTags = readLabelNames(modelLabels).tags;
  const { tags } = readLabelNames(dataLabels);
  const idOf = new Map(tags.map((tag, id) => [tag, id]));
  const modelIdOf = new Map(modelTags.map((tag, id) => [tag, id]));
  const types = typesOf(tags);
  const isIob2 =
    tags.length === 1 + 2 * types.size && [...types].every(type => idOf.has(`B-${type}`) && idOf.has(`I-${type}`));
  const modelTypes = typesOf(modelTags);
  const sameTypes = types.size === modelTypes.size && [...types].every(type => modelTypes.has(type));
  if (!isIob2 || !sameTypes || !idOf.has('O') || !modelIdOf.has('O')) return null;
  const modelIds = tags.map(tag => {
    const { prefix, type } = parseTag(tag, false);
    if (prefix === 'O') return modelIdOf.get('O')!;
    const letters = prefix === 'B' ? 'BSIE' : 'IEBS';
    return [...letters].map(letter => modelIdOf.get(`${letter}-${type}`)).find(id => id !== undefined)!;
  });
  const parsed = modelTags.map(tag => parseTag(tag, false));
  const outside = { prefix: 'O', type: '' };
  return {
    tags,
    modelIds: Int32Array.from(modelIds),
    toTags(predictedIds) {
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

function typesOf(tags: readonly string[]): Set<string> {
  return new Set(tags.filter(tag => tag !== 'O').map(tag => parseTag(tag, false).type));
}
