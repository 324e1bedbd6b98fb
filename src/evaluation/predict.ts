import tf = require('@tensorflow/tfjs-core');

import { type Batch, makeBatch } from '../batching/batches.js';
import { PanxError } from '../errors.js';
import { ignoredLabel } from '../kernels/cross-entropy.js';
import { forward } from '../model/encoder.js';
import { labelledTokens, toDevice } from '../model/inputs.js';
import { withValues } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { type ScoringModel, withWordRows } from '../model/word-rows.js';
import { phase, round } from '../system/profile.js';
import { asSegments, type EncodedRows, type SubwordRows } from '../tokenization/rows.js';

/** One row's predictions, at its labelled positions (the first subword of each word) only. */
export interface RowPrediction {
  row: number;
  /** (W) true label ids, (W) the label ids of the highest logit (ties: the lowest id), (W) where each stands in the row. */
  labelIds: Int32Array;
  predictedIds: Int32Array;
  positions: Int32Array;
  /** (W, L) softmax probabilities, row-major; only where they were asked for. */
  probabilities: Float32Array | null;
  /** Sum of the cross entropies of its W words. */
  loss: number;
  /** (W) -ln of the true label's probability, (W) the predicted label's probability; only where they were asked for. */
  perWord: { losses: Float64Array; probabilities: Float64Array } | null;
}

/** Takes values one after the other; where it gives a promise, the next comes when that is settled. */
export type Sink<Value> = ((value: Value) => void) | ((value: Value) => Promise<void>);

export interface PredictOptions {
  /** Rows of a batch of the loss, which is a mean of batch means. How rows are computed together does not depend on it. */
  batchSize: number;
  withProbabilities?: boolean;
  perWord?: boolean;
  /**
   * Rows whose predictions are held back until all of them are there. Default 16,384: the splits of most languages whole, some 10 MB. The more,
   * the more rows are alike.
   */
  windowRows?: number;
  /** What an error calls the weights. Default: the folder that they were loaded from. */
  weights?: string;
  /** What an error calls a row. Default: its number, from 0. */
  nameOfRow?: (row: number) => string;
  /** The model's label whose probability the loss of each true label is of. Default: itself. */
  modelIds?: Int32Array | undefined;
  /** Called after every piece of work with the rows done; may throw to stop. */
  onProgress?: (rows: number) => void | Promise<void>;
}

/**
 * Predict every row. Rows are computed with others of their length, in large batches, a window of the data at a time, and of rows that are
 * alike only one; they are handed out in their own order. Nothing is kept beyond the window. What is computed of a row that was split are its
 * segments; what is handed out is the row.
 *
 * @param sink takes each row's predictions, in order
 * @returns the loss as Hugging Face Trainer reports it: the mean losses of consecutive batches of `batchSize` rows, averaged with
 *   their numbers of rows as weights. A batch without labels counts with 0 (the reference: NaN).
 * @throws PanxError naming the row where a logit is not a finite number
 */
export async function predict(
  model: TokenClassifier,
  data: EncodedRows,
  options: PredictOptions,
  sink: Sink<RowPrediction>,
): Promise<{ loss: number }> {
  const { windowRows = 16_384, nameOfRow = (row: number) => `row ${row} (from 0)` } = options;
  const segments = asSegments(data);
  const named = { ...options, nameOfRow: (segment: number) => nameOfRow(rowOfSegment(data, segment)) };
  const loss = meanOfBatches(options.batchSize);
  const predictAll = async (model: ScoringModel) => {
    for (let start = 0; start < data.rows; start += windowRows) {
      const end = Math.min(start + windowRows, data.rows);
      const [first, last] = [start, end].map(row => data.segments?.ofRow[row] ?? row) as [number, number];
      const alike = phase('make batch', () => alikeRows(segments, first, last - first));
      const predictions: RowPrediction[] = [];
      let done = 0;
      for (const rows of batchesByLength(segments.offsets, alike.keys())) {
        const batch = await round('batch', () => predictBatch(model, segments, rows, alike, named));
        for (const prediction of batch) predictions[prediction.row - first] = prediction;
        done += batch.length;
        await options.onProgress?.(start + Math.floor((done * (end - start)) / (last - first)));
        // Lets signals and timers through: everything else is synchronous.
        await new Promise(resolve => setImmediate(resolve));
      }
      await phase('metrics', async () => {
        for (const prediction of joinedRows(data, predictions, start, end)) {
          loss.add(prediction.loss, prediction.labelIds.length);
          const taken = sink(prediction);
          if (taken instanceof Promise) await taken;
        }
      });
    }
  };
  await withValues(model.parameters, null, () => withWordRows(model, data.inputIds, predictAll));
  return { loss: loss.mean() };
}

type NamedOptions = PredictOptions & Required<Pick<PredictOptions, 'nameOfRow'>>;

function rowOfSegment({ segments }: EncodedRows, segment: number): number {
  if (segments === undefined) return segment;
  // Of each row the first segment lies at ofRow[row].
  let [low, high] = [0, segments.ofRow.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (segments.ofRow[middle]! <= segment) low = middle;
    else high = middle;
  }
  return low;
}

/** The predictions of the rows [start, end). @param predictions of their segments */
function* joinedRows(
  { offsets, segments }: EncodedRows,
  predictions: readonly RowPrediction[],
  start: number,
  end: number,
): Generator<RowPrediction> {
  if (segments === undefined) return yield* predictions;
  const first = segments.ofRow[start]!;
  for (let row = start; row < end; row++) {
    const parts = predictions.slice(segments.ofRow[row]! - first, segments.ofRow[row + 1]! - first);
    const placed = parts.map(part => part.positions.map(at => segments.offsets[part.row]! - offsets[row]! + at));
    yield {
      row,
      labelIds: Int32Array.from(parts.flatMap(part => [...part.labelIds])),
      predictedIds: Int32Array.from(parts.flatMap(part => [...part.predictedIds])),
      positions: Int32Array.from(placed.flatMap(positions => [...positions])),
      probabilities: parts.every(part => part.probabilities !== null)
        ? Float32Array.from(parts.flatMap(part => [...part.probabilities!]))
        : null,
      loss: parts.reduce((sum, part) => sum + part.loss, 0),
      perWord: parts.every(part => part.perWord !== null)
        ? {
            losses: Float64Array.from(parts.flatMap(part => [...part.perWord!.losses])),
            probabilities: Float64Array.from(parts.flatMap(part => [...part.perWord!.probabilities])),
          }
        : null,
    };
  }
}

/** Subwords of a batch: enough for matrix products at full speed, and little memory, as nothing is kept for a backward. */
const batchSubwords = 4096;

/**
 * Of the rows [start, start + count), each that has other subwords or other labelled positions than every one before it, with all that are
 * like it, itself first: what the network makes of one it makes of all. 1 to 4 % of PAN-X's subwords are in rows that are like an earlier one.
 */
export function alikeRows(data: SubwordRows, start: number, count: number): Map<number, number[]> {
  const firsts = new Map<string, number[]>();
  for (let row = start; row < start + count; row++) {
    const [from, to] = [data.offsets[row]!, data.offsets[row + 1]!];
    const looks = data.inputIds
      .slice(from, to)
      .map((id, i) => 2 * id + Number(data.labelIds[from + i] !== ignoredLabel));
    const key = Buffer.from(looks.buffer).toString('latin1');
    const alike = firsts.get(key);
    if (alike === undefined) firsts.set(key, [row]);
    else alike.push(row);
  }
  return new Map(Array.from(firsts.values(), rows => [rows[0]!, rows]));
}

/** Rows, shortest first (then as they lie), cut into batches; a longer row makes one by itself. */
export function batchesByLength(offsets: Int32Array, rows: Iterable<number>): Int32Array[] {
  const lengthOf = (row: number) => offsets[row + 1]! - offsets[row]!;
  const batches: number[][] = [];
  let subwords = Number.POSITIVE_INFINITY;
  for (const row of [...rows].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b)) {
    if (subwords + lengthOf(row) > batchSubwords) {
      batches.push([]);
      subwords = 0;
    }
    batches.at(-1)!.push(row);
    subwords += lengthOf(row);
  }
  return batches.map(batch => Int32Array.from(batch));
}

/** The predictions of some rows, and of all that are like them. */
async function predictBatch(
  model: ScoringModel,
  data: SubwordRows,
  rows: Int32Array,
  alike: ReadonlyMap<number, readonly number[]>,
  options: NamedOptions,
): Promise<RowPrediction[]> {
  const batch = phase('make batch', () => makeBatch(data, rows));
  const labelled = labelledTokens(batch);
  const logits = labelled.length === 0 ? new Float32Array(0) : await logitsOf(model, batch, labelled);
  const labels = model.config.labels.length;
  let word = 0;
  const predictionsOf = (first: number, b: number): RowPrediction[] => {
    const [from, to] = [batch.offsets[b]!, batch.offsets[b + 1]!];
    const firstWord = word;
    while (word < labelled.length && labelled[word]! < to) word++;
    const positions = labelled.subarray(firstWord, word).map(token => token - from);
    const own = logits.subarray(firstWord * labels, word * labels);
    const wordOf = (word: number) => data.wordIds[data.offsets[first]! + positions[word]!]! + 1;
    refuseNonFinite(own, model, first, wordOf, options);
    return alike.get(first)!.map(row => {
      const labelIds = positions.map(position => data.labelIds[data.offsets[row]! + position]!);
      return rowPrediction({ row, labelIds, positions }, own, labels, options);
    });
  };
  return phase('best labels', () => Array.from(rows, predictionsOf).flat());
}

/** (M, L) the logits of the labelled tokens. */
async function logitsOf(model: ScoringModel, batch: Batch, labelled: Int32Array): Promise<Float32Array> {
  const logits = tf.tidy(() => {
    const inputs = phase('make batch', () => toDevice(batch, model.vocabulary, model.config, labelled));
    return phase('forward', () => forward(model.network, model.config, inputs, null))[0];
  });
  const values = await phase('read logits', () => logits.data<'float32'>());
  logits.dispose();
  return values;
}

/**
 * Finite weights may be so large that what is computed with them is not, and the best of such logits would be the first.
 *
 * @param logits (W, L) of one row
 * @param wordOf the number in the row, from 1, of each of its W words
 */
function refuseNonFinite(
  logits: Float32Array,
  { folder, config: { labels } }: ScoringModel,
  row: number,
  wordOf: (word: number) => number,
  { weights = folder, nameOfRow }: NamedOptions,
): void {
  const at = logits.findIndex(logit => !Number.isFinite(logit));
  if (at < 0) return;
  const word = wordOf(Math.floor(at / labels.length));
  throw new PanxError(
    `${weights}: the logits of ${nameOfRow(row)} are not finite: that of ${labels[at % labels.length]} for its word ${word} is ${logits[at]}.`,
    {
      hint: 'The weights are finite, but too large to compute with: use another checkpoint, or train with a lower learning rate.',
    },
  );
}

/** @param logits (W, L) */
function rowPrediction(
  row: Pick<RowPrediction, 'row' | 'labelIds' | 'positions'>,
  logits: Float32Array,
  labels: number,
  { withProbabilities = false, perWord = false, modelIds }: PredictOptions,
): RowPrediction {
  const words = row.labelIds.length;
  const prediction: RowPrediction = {
    ...row,
    predictedIds: new Int32Array(words),
    probabilities: withProbabilities ? new Float32Array(words * labels) : null,
    loss: 0,
    perWord: perWord ? { losses: new Float64Array(words), probabilities: new Float64Array(words) } : null,
  };
  for (let word = 0; word < words; word++) {
    const at = word * labels;
    let best = 0;
    for (let label = 1; label < labels; label++) if (logits[at + label]! > logits[at + best]!) best = label;
    const highest = logits[at + best]!;
    let total = 0;
    for (let label = 0; label < labels; label++) total += Math.exp(logits[at + label]! - highest);
    prediction.predictedIds[word] = best;
    const trueId = prediction.labelIds[word]!;
    const loss = highest + Math.log(total) - logits[at + (modelIds?.[trueId] ?? trueId)]!;
    prediction.loss += loss;
    if (prediction.perWord !== null) {
      prediction.perWord.losses[word] = loss;
      prediction.perWord.probabilities[word] = 1 / total;
    }
    for (let label = 0; prediction.probabilities !== null && label < labels; label++) {
      prediction.probabilities[word * labels + label] = Math.exp(logits[at + label]! - highest) / total;
    }
  }
  return prediction;
}

/** The mean over consecutive batches of rows of each batch's mean loss over its words, the batches weighted with their rows. */
function meanOfBatches(batchSize: number): { add(loss: number, words: number): void; mean(): number } {
  let [rows, weighted] = [0, 0];
  let batch = { rows: 0, loss: 0, words: 0 };
  const close = () => {
    if (batch.words > 0) weighted += (batch.loss / batch.words) * batch.rows;
    rows += batch.rows;
    batch = { rows: 0, loss: 0, words: 0 };
  };
  return {
    add(loss, words) {
      batch = { rows: batch.rows + 1, loss: batch.loss + loss, words: batch.words + words };
      if (batch.rows === batchSize) close();
    },
    mean() {
      close();
      return rows === 0 ? 0 : weighted / rows;
    },
  };
}
