import { type ModelConfig, readModelConfig } from '../checkpoint/config.js';
import type { TensorToWrite } from '../checkpoint/safetensors.js';
import type { TensorSource } from '../checkpoint/tensor-source.js';
import { openTensors } from '../checkpoint/weights.js';
import { idsAmong } from '../data/labels.js';
import type { Precision } from '../engine/precision.js';
import { readInPieces } from '../kernels/variable.js';
import { makeNetwork, type Network, parameterSpecs, wordTableName } from './encoder.js';
import { type Frozen, freeze } from './freeze.js';
import { initialValues } from './initialise.js';
import { type CompactVocabulary, vocabularyOf } from './inputs.js';
import { head, unusedText } from './other-heads.js';
import { createParameter, type Parameter } from './parameter.js';
import type { ParameterSpec } from './parameter-group.js';
import { checkTensors, headFault, noClassifier } from './parameter-specs.js';
import { fromInterleaved, toInterleaved } from './row-order.js';

/** A network with its weights on the device, and what is needed to write it back whole. */
export interface TokenClassifier {
  /** The checkpoint that it was loaded from. */
  readonly folder: string;
  readonly config: ModelConfig;
  readonly network: Network;
  readonly parameters: readonly Parameter[];
  readonly vocabulary: CompactVocabulary;
  /** What weight decay has multiplied the word rows outside the vocabulary with: the product of 1 - lr * wd over the updates. */
  unusedRowScale: number;
  /** The checkpoint had no classifier, or one of other labels that was to make room: this one's was drawn from the seed. */
  readonly headMissing: boolean;
  /** How many labels the classifier had that made room; null where none did. */
  readonly replacedLabels: number | null;
  /** What else the checkpoint holds, which is not used, as a sentence without its end; null where there is nothing. */
  readonly unused: string | null;
  dispose(): void;
}

export interface LoadOptions {
  /**
   * The data that the model is trained on: only the rows of the word table that occur in it are held and trained. Others are read when they are
   * scored (`withWordRows`). Null: all rows.
   */
  inputIds: readonly Int32Array[] | null;
  /** Where the checkpoint has no classifier, or one of other labels that is to be replaced, one for these labels is drawn from this seed. */
  newHead: { labels: readonly string[]; seed: number; replaces?: boolean };
  /** What the matrix products of the encoder's linear maps compute in; all else, and every weight, is float32. */
  precision: Precision;
  /** What is not trained. Default: nothing. */
  freeze?: Frozen;
}

/**
 * Load the weights of a checkpoint folder.
 *
 * @throws PanxError naming missing, unexpected or misshapen tensors.
 */
export async function loadTokenClassifier(folder: string, options: LoadOptions): Promise<TokenClassifier> {
  const ownConfig = await readModelConfig(folder);
  const source = await openTensors(folder);
  try {
    const { labels, seed, replaces = false } = options.newHead;
    const isUsable = () => idsAmong(ownConfig.labels, labels) !== null && headFault(ownConfig, source, folder) === null;
    const makesRoom = replaces && !isUsable();
    const { headMissing, ignored } = checkTensors(ownConfig, source, folder, makesRoom);
    const config = headMissing ? { ...ownConfig, labels: [...labels] } : ownConfig;
    const inputIds = options.inputIds ?? [allIds(config.vocabularySize)];
    const vocabulary = await vocabularyOf(folder, inputIds, config.vocabularySize);
    const read = async (spec: ParameterSpec): Promise<Float32Array> => {
      if (spec.name === wordTableName(config)) return source.readRows(spec.name, vocabulary.ids);
      if (headMissing && spec.name.startsWith('classifier.')) return initialValues(spec, config, seed);
      return source.read(spec.name);
    };
    const parameters: Parameter[] = [];
    const network = await makeNetwork(config, async ({ parts, kind, interleavedHeads, unused = false }) => {
      const inFile = await Promise.all(parts.map(read));
      const values =
        interleavedHeads === undefined ? inFile : inFile.map(part => fromInterleaved(part, interleavedHeads));
      const [first, ...rest] = parts[0]!.shape as [number, ...number[]];
      const rows = kind === 'word table' ? vocabulary.ids.length : first * parts.length;
      const precision = kind === 'encoder' ? options.precision : 'fp32';
      const made = createParameter(parts, concatenate(values), [rows, ...rest], precision, {
        rowwise: kind === 'word table',
        interleavedHeads: interleavedHeads ?? null,
        trainable: !unused,
      });
      parameters.push(made);
      return made;
    });
    freeze(parameters, options.freeze ?? 'nothing');
    const dispose = () => {
      for (const { variable } of parameters) variable.dispose();
    };
    const replacedLabels =
      makesRoom && ignored.includes('classifier.weight') ? source.tensors.get('classifier.weight')!.shape[0]! : null;
    const unused = unusedText(
      ignored.filter(name => !(replacedLabels !== null && head.includes(name))),
      config,
    );
    return {
      ...{ folder, config, network, parameters, vocabulary, unusedRowScale: 1 },
      ...{ headMissing, replacedLabels, unused, dispose },
    };
  } finally {
    await source.close();
  }
}

/**
 * Load a trained checkpoint, to score or tag with it.
 *
 * @param inputIds of the data, as far as it is known; see `withWordRows` for the rest
 * @throws PanxError where it has no classifier, or as `loadTokenClassifier` does
 */
export async function loadTrained(
  folder: string,
  inputIds: readonly Int32Array[],
  precision: Precision,
): Promise<TokenClassifier> {
  const model = await loadTokenClassifier(folder, { inputIds, newHead: { labels: [], seed: 0 }, precision });
  if (!model.headMissing) return model;
  model.dispose();
  throw noClassifier(folder, []);
}

/**
 * The checkpoint's tensors as they are now, under their Hugging Face names, each made when it is written.
 *
 * @param source where the word rows outside the vocabulary are read: the folder that the model was loaded from
 */
export function tensorsOf(model: TokenClassifier, source: TensorSource): TensorToWrite[] {
  const order = new Map(parameterSpecs(model.config).map((spec, index) => [spec.name, index]));
  return model.parameters
    .flatMap(parameter =>
      parameter.parts.map((spec, part) => ({
        name: spec.name,
        shape: spec.shape,
        data: () => {
          if (spec.name === wordTableName(model.config)) return wholeWordTable(model, source, parameter);
          if (parameter.interleavedHeads !== null) return interleaved(parameter, parameter.interleavedHeads);
          const rows = parameter.shape[0]! / parameter.parts.length;
          return readInPieces(parameter.variable, part * rows, (part + 1) * rows);
        },
      })),
    )
    .sort((a, b) => order.get(a.name)! - order.get(b.name)!);
}

/** A parameter of one tensor, in the order of the file's rows. */
async function* interleaved({ variable, shape }: Parameter, heads: number): AsyncGenerator<Float32Array> {
  const whole = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let at = 0;
  for await (const piece of readInPieces(variable, 0, shape[0]!)) {
    whole.set(piece, at);
    at += piece.length;
  }
  yield toInterleaved(whole, heads);
}

/**
 * (V, C) in pieces: the rows that were trained, and all others as they were in the starting checkpoint, decayed. Whole, the table of XLM-R
 * would be the largest thing in memory of a whole training (768 MB).
 */
async function* wholeWordTable(
  model: TokenClassifier,
  source: TensorSource,
  { variable }: Parameter,
): AsyncGenerator<Float32Array> {
  const { ids, rowOfId } = model.vocabulary;
  const width = model.config.embeddingSize;
  const buffer = new Float32Array(rowsOfPiece * width);
  let row = 0;
  for (let first = 0; first < rowOfId.length; first += rowsOfPiece) {
    const inPiece = Int32Array.from({ length: Math.min(rowsOfPiece, rowOfId.length - first) }, (_, i) => first + i);
    const piece = await source.readRows(
      wordTableName(model.config),
      inPiece,
      buffer.subarray(0, inPiece.length * width),
    );
    decayed(piece, model.unusedRowScale);
    let end = row;
    while (end < ids.length && ids[end]! < first + inPiece.length) end++;
    for await (const trained of readInPieces(variable, row, end)) {
      for (let at = 0; at < trained.length; at += width) {
        piece.set(trained.subarray(at, at + width), (ids[row++]! - first) * width);
      }
    }
    yield piece;
  }
}

const rowsOfPiece = 4096;

/** Rows of the word table that no batch has held, with what weight decay has made of them; changed in place. */
export function decayed(rows: Float32Array, unusedRowScale: number): Float32Array {
  if (unusedRowScale !== 1) for (let i = 0; i < rows.length; i++) rows[i]! *= unusedRowScale;
  return rows;
}

function allIds(vocabularySize: number): Int32Array {
  return Int32Array.from({ length: vocabularySize }, (_, id) => id);
}

function concatenate(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0]!;
  const whole = new Float32Array(arrays.reduce((total, array) => total + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    whole.set(array, offset);
    offset += array.length;
  }
  return whole;
}
