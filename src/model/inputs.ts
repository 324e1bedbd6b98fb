import tf = require('@tensorflow/tfjs-core');

import type { Batch } from '../batching/batches.js';
import type { ModelConfig } from '../checkpoint/config.js';
import { PanxError } from '../errors.js';
import { layoutOf, type RowLayout } from '../kernels/attention.js';
import { ignoredLabel } from '../kernels/cross-entropy.js';

/** A batch on the device, as the encoder reads it. */
export interface ModelInputs {
  /** (N) rows of the word table: input ids, or their places in a compact table. */
  wordRows: tf.Tensor1D;
  /** The same on the host. */
  wordRowsOnHost: Int32Array;
  /** (N) rows of the position table. */
  positions: tf.Tensor1D;
  /** (N, 1) 0 at pad tokens inside the text, else 1; null where there are none (nearly always). */
  notPad: tf.Tensor2D | null;
  layout: RowLayout;
  /** Tokens of the longest row. */
  longest: number;
  /** (M) the tokens with a label, ascending, whose logits are computed; null: of all N. */
  labelled: tf.Tensor1D | null;
}

/** The vocabulary of a model: the rows of the word table that its training data uses. Exact: unused rows only ever decay. */
export interface CompactVocabulary {
  /** (V') the ids in the compact table, ascending. */
  ids: Int32Array;
  /** (V) for each id its row in the compact table, or -1. */
  rowOfId: Int32Array;
}

/** The vocabulary of the given rows of input ids. */
function compactVocabulary(inputIds: readonly Int32Array[], vocabularySize: number): CompactVocabulary {
  const rowOfId = new Int32Array(vocabularySize).fill(-1);
  for (const ids of inputIds) {
    for (const id of ids) {
      if (id < 0 || id >= vocabularySize) throw new OutOfVocabulary(id, vocabularySize);
      rowOfId[id] = 0;
    }
  }
  let used = 0;
  for (let id = 0; id < vocabularySize; id++) if (rowOfId[id] === 0) rowOfId[id] = used++;
  const ids = new Int32Array(used);
  for (let id = 0; id < vocabularySize; id++) if (rowOfId[id]! >= 0) ids[rowOfId[id]!] = id;
  return { ids, rowOfId };
}

/**
 * `compactVocabulary`, of a model in a folder: a subword without a row is named as the tokenizer there does. A tokenizer may well know such tokens,
 * added ones mostly: only where one is used is there something wrong, as for transformers.
 *
 * @throws PanxError where an id has no row
 */
export async function vocabularyOf(
  folder: string,
  inputIds: readonly Int32Array[],
  vocabularySize: number,
): Promise<CompactVocabulary> {
  try {
    return compactVocabulary(inputIds, vocabularySize);
  } catch (error) {
    if (!(error instanceof OutOfVocabulary)) throw error;
    const token = await tokenOf(folder, error.id).catch(() => null); // The folder's tokenizer may be another, or leave its case open.
    throw new OutOfVocabulary(error.id, error.rows, token);
  }
}

async function tokenOf(folder: string, id: number): Promise<string | null> {
  const tokenizer = await (await import('../tokenization/tokenizer.js')).loadTokenizer(folder);
  try {
    return (await tokenizer.tokens([id]))[0] ?? null;
  } finally {
    tokenizer.close();
  }
}

/** The tokens of a batch that have a label: what loss and predictions are made of. */
export function labelledTokens({ labelIds }: Batch): Int32Array {
  return Int32Array.from(labelIds.keys()).filter(token => labelIds[token] !== ignoredLabel);
}

/** How many tokens a row may have at most. */
export function usablePositions({ maxPositions, padId, positionsFromPad, deberta }: PositionsOf): number {
  if (deberta !== null && !deberta.hasPositionTable) return Number.POSITIVE_INFINITY; // Distances beyond the farthest are alike.
  return positionsFromPad ? maxPositions - padId! - 1 : maxPositions;
}

type PositionsOf = Pick<ModelConfig, 'padId' | 'maxPositions' | 'positionsFromPad' | 'deberta'>;

/**
 * Put a batch on the device. Position ids are 0, 1, ... within a row; or those of XLM-R: pad id + 1, + 2, ..., pad tokens not counted and
 * standing at the pad id itself (create_position_ids_from_input_ids in transformers).
 *
 * @param labelled the tokens with a label, whose logits alone are computed, or null: of all
 * @throws PanxError where a row is longer than the model has positions for.
 */
export function toDevice(
  batch: Batch,
  vocabulary: Pick<CompactVocabulary, 'rowOfId'>,
  config: PositionsOf,
  labelled: Int32Array | null = null,
): ModelInputs {
  const rows = batch.rows.length;
  const tokens = batch.inputIds.length;
  const { longest } = batch;
  const most = usablePositions(config);
  if (longest > most) {
    throw new PanxError(`A row of ${longest} subwords does not fit the model, which has positions for ${most}.`, {
      hint: `Set tokenization.maxLength to ${most} or less (--set tokenization.maxLength=${most}).`,
    });
  }
  const wordRows = wordRowsOf(batch, vocabulary);
  const positions = new Int32Array(tokens);
  let pads = 0;
  for (let row = 0; row < rows; row++) {
    let position = config.positionsFromPad ? config.padId! : -1;
    for (let token = batch.offsets[row]!; token < batch.offsets[row + 1]!; token++) {
      const isPad = batch.inputIds[token] === config.padId;
      positions[token] = isPad && config.positionsFromPad ? config.padId! : ++position;
      if (isPad) pads++;
    }
  }
  const notPad = pads === 0 ? null : Float32Array.from(batch.inputIds, id => (id === config.padId ? 0 : 1));
  return {
    wordRows: tf.tensor1d(wordRows, 'int32'),
    wordRowsOnHost: wordRows,
    positions: tf.tensor1d(positions, 'int32'),
    notPad: notPad === null ? null : tf.tensor2d(notPad, [tokens, 1]),
    layout: layoutOf(batch.offsets),
    longest,
    labelled: labelled === null || labelled.length === tokens ? null : tf.tensor1d(labelled, 'int32'),
  };
}

/** (N) The row of the word table for each token of a batch. */
export function wordRowsOf({ inputIds }: Batch, { rowOfId }: Pick<CompactVocabulary, 'rowOfId'>): Int32Array {
  return inputIds.map(id => {
    const row = rowOfId[id];
    if (row === undefined) throw new OutOfVocabulary(id, rowOfId.length);
    if (row < 0) throw new Error(`subword id ${id} is in no row of the model's word table at hand`);
    return row;
  });
}

/** A subword that the model has no row of the word table for. */
class OutOfVocabulary extends PanxError {
  constructor(
    readonly id: number,
    readonly rows: number,
    token: string | null = null,
  ) {
    const subject = token === null ? `Subword id ${id}` : `The token ${JSON.stringify(token)}, id ${id},`;
    super(
      `${subject} is not in the model's word table, which has ${rows} rows: tokenizer and checkpoint do not belong together.`,
      {
        hint: 'Use the tokenizer that came with the checkpoint. If the token was added to it, add its row in Python: model.resize_token_embeddings(len(tokenizer)), and save the model.',
      },
    );
  }
}
