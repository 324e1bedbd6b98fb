import { PanxError } from '../../errors.js';

/**
 * What one system got right: for each of its trainings, which differ in their seed alone, (sentences, 3) row-major the
 * true, the predicted and the correct entities of every sentence. Two systems that are compared tagged the same sentences.
 * Each has true entities of its own, since a system may have cut words off that another read.
 */
export type SystemCounts = readonly Int32Array[];

/** @throws PanxError where systems differ in their number of seeds or sentences, or there is no sentence */
export function checkSystems(systems: readonly SystemCounts[]): void {
  const sentences = systems[0]![0]!.length / 3;
  if (sentences === 0) throw new PanxError('There is no sentence to compare on.');
  for (const system of systems) {
    if (system.length !== systems[0]!.length) {
      throw new PanxError(
        `One system has ${systems[0]!.length} seeds and another ${system.length}; seeds are compared pair by pair, so both need as many.`,
      );
    }
    const other = system.find(counts => counts.length !== sentences * 3);
    if (other !== undefined) {
      throw new PanxError(
        `One system tagged ${sentences} sentences and another ${other.length / 3}; both must have tagged the same.`,
      );
    }
  }
}

/** What the F1 of a sum of sentences needs, of all seeds. (sentences, 2 seeds): for each seed correct, and true + predicted. */
export function f1Terms(system: SystemCounts): Int32Array {
  const width = 2 * system.length;
  const terms = new Int32Array((system[0]!.length / 3) * width);
  for (const [seed, counts] of system.entries()) {
    for (let row = 0; row < counts.length / 3; row++) {
      const [gold, predicted, correct] = [counts[3 * row]!, counts[3 * row + 1]!, counts[3 * row + 2]!];
      terms[row * width + 2 * seed] = correct;
      terms[row * width + 2 * seed + 1] = gold + predicted;
    }
  }
  return terms;
}

/** The micro F1 of each seed, of summed terms; 0 where there is no entity, as in seqeval. (2 seeds) -> (seeds) */
export function f1OfTerms(sum: ArrayLike<number>): number[] {
  return Array.from({ length: sum.length / 2 }, (_, seed) => f1OfPair(sum[2 * seed]!, sum[2 * seed + 1]!));
}

export function f1OfPair(correct: number, trueAndPredicted: number): number {
  return trueAndPredicted === 0 ? 0 : (2 * correct) / trueAndPredicted;
}

/** Sum of all rows. (rows, width) -> (width) */
export function sumOfRows(counts: Int32Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let i = 0; i < counts.length; i++) sum[i % width]! += counts[i]!;
  return sum;
}
