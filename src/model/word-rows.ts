import tf = require('@tensorflow/tfjs-core');

import { openTensors } from '../checkpoint/weights.js';
import { wordTableName } from './encoder.js';
import { type CompactVocabulary, vocabularyOf } from './inputs.js';
import { currentValue } from './parameter.js';
import { decayed, type TokenClassifier } from './token-classifier.js';

/** A model as it scores some data: with a row of the word table for each subword of that data. */
export interface ScoringModel extends Pick<TokenClassifier, 'folder' | 'config' | 'network'> {
  vocabulary: Pick<CompactVocabulary, 'rowOfId'>;
}

/**
 * Let `work` score data whose subwords the model's vocabulary may lack. What it lacks was not trained on: such a row is as it was in the
 * checkpoint that the model was loaded from, times what weight decay has made of it since (`unusedRowScale`), as it is written into the trained
 * checkpoint too. The model's own table stays as it is. For use inside `withValues`.
 *
 * @param inputIds of the data
 * @throws PanxError where an id is not in the checkpoint's word table, or as `openTensors` does
 */
export async function withWordRows<Result>(
  model: TokenClassifier,
  inputIds: Int32Array,
  work: (model: ScoringModel) => Promise<Result>,
): Promise<Result> {
  const { vocabulary, network, config } = model;
  if (vocabulary.ids.length === config.vocabularySize) return await work(model); // Whatever the data: no look at it is needed.
  const used = await vocabularyOf(model.folder, [inputIds], config.vocabularySize);
  const missing = used.ids.filter(id => vocabulary.rowOfId[id]! < 0);
  if (missing.length === 0) return await work(model);
  const known = used.ids.filter(id => vocabulary.rowOfId[id]! >= 0);
  const values = await startingRows(model, missing);
  const table = tf.tidy(() => {
    const trained = tf.gather(
      currentValue<tf.Tensor2D>(network.wordTable),
      tf.tensor1d(
        known.map(id => vocabulary.rowOfId[id]!),
        'int32',
      ),
    );
    return tf.concat2d([trained, tf.tensor2d(values, [missing.length, config.embeddingSize])], 0); // (U, C)
  });
  const rowOfId = used.rowOfId.fill(-1);
  for (const [row, id] of [...known, ...missing].entries()) rowOfId[id] = row;
  try {
    return await work({
      ...{ folder: model.folder, config },
      vocabulary: { rowOfId },
      network: { ...network, wordTable: { ...network.wordTable, value: table } },
    });
  } finally {
    table.dispose();
  }
}

/** (U, C) rows of the word table that were not trained. */
async function startingRows(
  { folder, config, unusedRowScale }: TokenClassifier,
  ids: Int32Array,
): Promise<Float32Array> {
  const source = await openTensors(folder);
  try {
    return decayed(await source.readRows(wordTableName(config), ids), unusedRowScale);
  } finally {
    await source.close();
  }
}
