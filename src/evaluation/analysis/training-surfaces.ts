import { type Span, spansOf, wordEnd } from './spans.js';

/** How the text of an entity stands in the training rows. */
export interface SurfaceInTraining {
  /** `same type`: it is an entity of that type somewhere; `another type`: of others alone; `unseen`: of none. */
  seen: Seen;
  /** How often it is an entity, of whatever type. */
  frequency: number;
  /**
   * How often it is an entity of that type, by how often its words stand in a row one after the other (label consistency, Fu et al. 2020); 0
   * where they never do.
   */
  consistency: number;
}

export const seenKinds = ['same type', 'another type', 'unseen'] as const;
export type Seen = (typeof seenKinds)[number];

/** Counts of texts in the training rows. */
export interface TrainingSurfaces {
  /** Count a row. */
  add(row: { words: readonly string[]; tags: readonly string[] }): void;
  /** @param surface one of those that were asked for */
  of(surface: string, type: string): SurfaceInTraining;
}

interface Counts {
  /** Of its words one after the other. */
  occurrences: number;
  /** As an entity, by type. */
  entities: Map<string, number>;
}

/**
 * Count texts in training rows: no more is kept than the texts that are asked for.
 *
 * @param wanted texts of entities, as `surfaceOf` gives them
 */
export function countSurfaces(wanted: Iterable<string>): TrainingSurfaces {
  const counts = new Map<string, Counts>();
  /** Lengths in words of the texts that begin with a word. */
  const lengths = new Map<string, Set<number>>();
  for (const surface of wanted) {
    counts.set(surface, { occurrences: 0, entities: new Map() });
    const words = surface.split(wordEnd);
    lengths.set(words[0]!, (lengths.get(words[0]!) ?? new Set<number>()).add(words.length));
  }
  const countEntity = ({ type, first, last }: Span, words: readonly string[]) => {
    const entities = counts.get(words.slice(first, last + 1).join(wordEnd))?.entities;
    entities?.set(type, (entities.get(type) ?? 0) + 1);
  };
  return {
    add({ words, tags }) {
      for (const [at, word] of words.entries()) {
        for (const length of lengths.get(word) ?? []) {
          if (at + length > words.length) continue;
          const found = counts.get(words.slice(at, at + length).join(wordEnd));
          if (found !== undefined) found.occurrences++;
        }
      }
      for (const span of spansOf({ gold: [...tags], predicted: [...tags] }).gold) countEntity(span, words);
    },
    of(surface, type) {
      const found = counts.get(surface);
      if (found === undefined) throw new Error(`${surface} was not asked for`);
      const { occurrences, entities } = found;
      const ofType = entities.get(type) ?? 0;
      return {
        seen: ofType > 0 ? 'same type' : entities.size > 0 ? 'another type' : 'unseen',
        frequency: [...entities.values()].reduce((sum, count) => sum + count, 0),
        consistency: occurrences === 0 ? 0 : ofType / occurrences,
      };
    },
  };
}
