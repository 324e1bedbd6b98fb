import { below, namedXoshiro128 } from '../../system/random/xoshiro.js';
import { type Interval, percentileInterval, resample } from '../bootstrap.js';
import { type PValue, tolerance } from './p-value.js';
import { f1OfTerms, sumOfRows } from './system-counts.js';

export interface BootstrapOptions {
  trials: number;
  seed: number;
  /** Share of the resampled differences that the interval spans, such as 0.95. */
  level: number;
}

/** The F1 of one system on samples of the sentences. */
export interface ResampledScores {
  /** (samples, seeds) */
  f1: Float64Array;
  seeds: number;
  /** The samples are all that there are, sentences and seeds, each once. */
  exact: boolean;
}

/**
 * Score all systems on the same samples of their sentences: as many as there are, drawn with replacement. A sample depends
 * on the seed, its number and the number of sentences alone, not on how many systems there are.
 *
 * n sentences have n^n samples, each as likely as the others, and k seeds k^k. Where they are together no more than the
 * trials, all are taken.
 *
 * @param terms of each system (sentences, 2 seeds), what `f1Terms` gives
 */
export function resampledScores(
  terms: readonly Int32Array[],
  width: number,
  { trials, seed }: BootstrapOptions,
): ResampledScores[] {
  const together = sideBySide(terms, width);
  const sentences = terms[0]!.length / width;
  const seeds = width / 2;
  const exact = sentences ** sentences * seeds ** seeds <= trials;
  const f1 = exact
    ? everySample(together, width * terms.length)
    : resample(together, width * terms.length, { samples: trials, seed }, f1OfTerms);
  const all = seeds * terms.length;
  return terms.map((_, system) => ({
    f1: Float64Array.from(
      { length: f1.length / terms.length },
      (_, i) => f1[Math.floor(i / seeds) * all + system * seeds + (i % seeds)]!,
    ),
    seeds,
    exact,
  }));
}

/**
 * The paired bootstrap test of two systems. Sentences are drawn with replacement, and so are the pairs of seeds. All
 * seeds that are drawn are scored on the same sentences. Of each sample the statistic is the mean over its seed pairs of the
 * difference in F1, δ*; that of the data is δ.
 *
 * - `interval`: the middle `level` of all δ*, by the percentile method (Efron and Tibshirani, 1993, section 13.3). With several
 *   seeds it tells what other sentences and other seeds would give.
 * - `bergKirkpatrick`: the share of samples with δ* ≥ 2δ, in the direction of δ (Berg-Kirkpatrick, Burkett and Klein, "An
 *   Empirical Investigation of Statistical Significance in NLP", 2012, figure 1). δ* lies around δ, not around 0, so
 *   another δ beyond δ is what a chance of this size is. The paper writes >; panx counts ties too, which is the cautious side.
 * - `koehn`: the share of samples in which the better system is not better, δ* ≤ 0 (Koehn, "Statistical Significance
 *   Tests for Machine Translation Evaluation", 2004). A tie does not speak for the better one.
 *
 * Where δ is 0, no direction has been seen and both are 1.
 *
 * @param difference δ, (F1 of a) - (F1 of b)
 */
export function pairedBootstrap(
  a: ResampledScores,
  b: ResampledScores,
  difference: number,
  { seed, level }: BootstrapOptions,
): { interval: Interval; bergKirkpatrick: PValue; koehn: PValue } {
  const differences = sampledDifferences(a, b, seed);
  const direction = Math.sign(difference);
  const undecided = Math.abs(difference) <= tolerance;
  const countOf = (holds: (sampled: number) => boolean): PValue => {
    const count = undecided
      ? differences.length
      : differences.reduce((n, one) => n + (holds(one * direction) ? 1 : 0), 0);
    return { p: count / differences.length, count, trials: differences.length, exact: a.exact };
  };
  return {
    bergKirkpatrick: countOf(sampled => sampled >= 2 * Math.abs(difference) - tolerance),
    koehn: countOf(sampled => sampled <= tolerance),
    interval: percentileInterval(differences, level), // puts the differences in order, so it comes last
  };
}

/** δ* of every sample: one draw of seed pairs for each sample of sentences, or all of them where all samples are taken. */
function sampledDifferences(a: ResampledScores, b: ResampledScores, seed: number): Float64Array {
  const { seeds, exact } = a;
  const samples = a.f1.length / seeds;
  const draws = exact ? seeds ** seeds : 1;
  const differences = new Float64Array(samples * draws);
  const nextUint32 = namedXoshiro128(seed, 'drawn seeds');
  for (let sample = 0; sample < samples; sample++) {
    for (let draw = 0; draw < draws; draw++) {
      let sum = 0;
      for (let i = 0; i < seeds; i++) {
        const drawn = exact ? Math.floor(draw / seeds ** i) % seeds : below(seeds, nextUint32);
        sum += a.f1[sample * seeds + drawn]! - b.f1[sample * seeds + drawn]!;
      }
      differences[sample * draws + draw] = sum / seeds;
    }
  }
  return differences;
}

/** (systems) of (sentences, width) -> (sentences, systems * width) */
function sideBySide(parts: readonly Int32Array[], width: number): Int32Array {
  const whole = new Int32Array(parts.length * parts[0]!.length);
  for (const [p, part] of parts.entries()) {
    for (let i = 0; i < part.length; i++) {
      whole[(Math.floor(i / width) * parts.length + p) * width + (i % width)] = part[i]!;
    }
  }
  return whole;
}

/** Every one of the n^n samples of n rows, of all systems together. (samples, systems * seeds) */
function everySample(terms: Int32Array, width: number): Float64Array {
  const rows = terms.length / width;
  const columns = width / 2;
  const f1 = new Float64Array(rows ** rows * columns);
  const sample = new Int32Array(rows * width);
  for (let code = 0; code < rows ** rows; code++) {
    for (let i = 0; i < rows; i++) {
      const row = Math.floor(code / rows ** i) % rows;
      sample.set(terms.subarray(row * width, (row + 1) * width), i * width);
    }
    f1.set(f1OfTerms(sumOfRows(sample, width)), code * columns);
  }
  return f1;
}
