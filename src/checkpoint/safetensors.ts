import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, excerpt, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { cannotWrite, isAbsent, reasonOf } from '../system/files.js';
import { isObject } from '../system/json.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { checkAllFinite, refuseNonFinite } from './finite.js';
import {
  type Dtype,
  elementsOf,
  formatHeader,
  type HeaderEntry,
  headerLength,
  parseHeader,
} from './safetensors-header.js';
import { bytesOfValues, readBytes, readRows, readTensor, writeBytes } from './tensor-io.js';

/** What a file says about a tensor. Only F32, F16 and BF16 can be read; others may lie in the file unread. */
export interface TensorInfo {
  name: string;
  dtype: Dtype;
  shape: number[];
}

/** The tensors of a checkpoint folder, read from its files one by one on demand. */
export interface TensorSource {
  tensors: Map<string, TensorInfo>;
  /** All values of a tensor, row-major, widened to float32. */
  read(name: string): Promise<Float32Array>;
  /** The rows (slices along the first axis) asked for, in the order asked for, widened to float32; into an array of their size, where one is given. */
  readRows(name: string, rows: Int32Array, into?: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * A tensor to be written; `data` is called when its turn comes, so that only one is in memory at a time: whole, or piece by piece. A piece need
 * hold only until the next is asked for.
 */
export interface TensorToWrite {
  name: string;
  shape: number[];
  data: () => Float32Array | AsyncGenerator<Float32Array>;
}

/**
 * Open the weights of a Hugging Face folder: `model.safetensors`, or `model.safetensors.index.json` and the shards that
 * it names. Headers are checked here; the data is read only when asked for.
 *
 * @throws PanxError naming the file where there are no weights, a shard is missing, or a file is truncated or corrupt.
 */
export async function openTensors(folder: string): Promise<TensorSource> {
  const files: OpenFile[] = [];
  try {
    const found = await openWeights(folder, files);
    return tensorSource(withBaseModelPrefix(found), files);
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/**
 * Look at every number in the weight files of a folder, whether panx uses it or not, before it is trained on.
 *
 * @throws PanxError naming file, tensor and place of one that is not finite, or as `openTensors` does
 */
export async function checkWeights(folder: string): Promise<void> {
  const files: OpenFile[] = [];
  try {
    await openWeights(folder, files);
    await checkAllFinite(files);
  } finally {
    await closeAll(files);
  }
}

/** Open one safetensors file. @throws PanxError, see `openTensors`. */
export async function openSafetensors(path: string): Promise<TensorSource> {
  const files: OpenFile[] = [];
  try {
    const file = await openFile(path, files);
    return tensorSource(new Map(file.entries.map(entry => [entry.name, { file, entry }])), files);
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/**
 * Write tensors as float32 to a safetensors file, in the order given, one tensor in memory at a time. The file appears
 * under its name only when it is whole and on the disk.
 *
 * @throws PanxError naming `path` where it cannot be written, and the tensor where a value is not finite.
 */
export async function writeSafetensors(
  path: string,
  tensors: TensorToWrite[],
  metadata: Record<string, string> = { format: 'pt' }, // transformers refuses a file without it
): Promise<void> {
  const temporary = temporaryNeighbour(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await writeBytes(file, formatHeader(tensors, metadata));
      for (const tensor of tensors) {
        let values = 0;
        for await (const piece of piecesOf(tensor)) {
          const written = values;
          const holder = { ...tensor, subject: 'The weights are not saved', hint: diverged };
          refuseNonFinite(piece, holder, at => written + at);
          await writeBytes(file, bytesOfValues(piece));
          values += piece.length;
        }
        if (values !== elementsOf(tensor.shape)) {
          throw new Error(`${tensor.name} [${tensor.shape.join(', ')}] was given ${values} values`);
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw codeOf(error) === undefined ? error : cannotWrite(path, error);
  }
}

/** Weights that panx writes and did not read as such come from its training. */
const diverged =
  'Training has diverged: use a lower learning rate (--learning-rate) or a warm-up (--set training.warmupSteps=100).';

/** A tensor's data, one piece after the other. */
export async function* piecesOf(tensor: TensorToWrite): AsyncGenerator<Float32Array> {
  const data = tensor.data();
  if (data instanceof Float32Array) yield data;
  else yield* data;
}

interface OpenFile {
  path: string;
  handle: FileHandle;
  entries: HeaderEntry[];
}

/** Where a tensor's bytes lie. */
interface Place {
  file: OpenFile;
  entry: HeaderEntry;
}

/** Open the folder's weight files into `files`, so that the caller can close them whatever happens here. */
async function openWeights(folder: string, files: OpenFile[]): Promise<Map<string, Place>> {
  const single = join(folder, modelFile.weights);
  const index = join(folder, modelFile.weightsIndex);
  const places = new Map<string, Place>();
  if (!(await isAbsent(single))) {
    const file = await openFile(single, files);
    for (const entry of file.entries) places.set(entry.name, { file, entry });
    return places;
  }
  if (await isAbsent(index)) throw noWeights(folder);
  const weightMap = await readWeightMap(index);
  const shards = new Set(Object.values(weightMap));
  if (shards.size > mostShards) {
    throw new PanxError(`${index} names ${shards.size} files; expected at most ${mostShards}, as each stays open.`);
  }
  for (const shard of shards) {
    const path = join(folder, shard);
    if (await isAbsent(path)) {
      throw new PanxError(`${path} is missing: ${index} names it as a part of the weights.`, {
        hint: 'Copy or download the missing file into the folder.',
      });
    }
    const file = await openFile(path, files);
    for (const entry of file.entries) {
      if (weightMap[entry.name] === shard) places.set(entry.name, { file, entry });
    }
  }
  const absent = Object.keys(weightMap).find(name => !places.has(name));
  if (absent !== undefined) {
    throw new PanxError(`${join(folder, weightMap[absent]!)} does not hold ${absent}, which ${index} says it does.`, {
      hint: 'Index and weights are not of the same checkpoint: copy or download the whole folder again.',
    });
  }
  return places;
}

async function openFile(path: string, files: OpenFile[]): Promise<OpenFile> {
  try {
    // A pipe would not even be opened before someone writes to it.
    if (!(await stat(path)).isFile()) throw new PanxError(`${path} cannot be read: it is no file.`);
    const file: OpenFile = { path, handle: await open(path, 'r'), entries: [] };
    files.push(file);
    const { size } = await file.handle.stat();
    const start = new Uint8Array(Math.min(8, size));
    await readBytes(file, start, 0);
    const json = Buffer.alloc(headerLength(path, Buffer.from(start.buffer), size));
    await readBytes(file, json, 8);
    file.entries = parseHeader(path, json, size);
    return file;
  } catch (error) {
    throw codeOf(error) === undefined ? error : new PanxError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}

/** Bytes of an index, which takes some 100 for each tensor. */
const longestIndex = 4 << 20;

/** Files of one checkpoint: of 5 GB each, as they are cut, they would hold a thousand times XLM-R large. */
const mostShards = 500;

/** Tensor name -> file name, from the index of a sharded checkpoint. */
async function readWeightMap(path: string): Promise<Record<string, string>> {
  const content = await readBoundedJson(path, longestIndex);
  const map = isObject(content) ? content.weight_map : undefined;
  if (typeof map !== 'object' || map === null) {
    throw new PanxError(`${path} has no weight_map, which names the file of each tensor.`);
  }
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || file !== basename(file)) {
      throw new PanxError(`${path} places ${name} in ${excerpt(file)}, expected the name of a file beside it.`);
    }
  }
  return map as Record<string, string>;
}

function noWeights(folder: string): PanxError {
  const pickled = join(folder, 'pytorch_model.bin');
  if (existsSync(pickled)) {
    return new PanxError(`${folder} holds its weights as pytorch_model.bin only; panx reads model.safetensors.`, {
      hint:
        'Convert it in that folder (Python with torch and safetensors): python3 -c "import torch, safetensors.torch as s; ' +
        "w = torch.load('pytorch_model.bin', map_location='cpu', weights_only=True); " +
        "s.save_file({k: v.clone().contiguous() for k, v in w.items()}, 'model.safetensors', {'format': 'pt'})\"",
    });
  }
  return new PanxError(
    existsSync(folder)
      ? `${folder} holds no weights: neither model.safetensors nor model.safetensors.index.json is there.`
      : `${folder} does not exist; expected a checkpoint folder with config.json and model.safetensors.`,
  );
}

/**
 * A checkpoint saved from the bare encoder (`XLMRobertaModel`, as sentence encoders are) names its tensors without
 * `roberta.`; they are given the names that they have inside a token classifier, as transformers does on loading.
 */
function withBaseModelPrefix(places: Map<string, Place>): Map<string, Place> {
  if (!places.has('embeddings.word_embeddings.weight')) return places;
  const part = /^(embeddings|encoder|pooler)\./;
  return new Map([...places].map(([name, place]) => [part.test(name) ? `roberta.${name}` : name, place]));
}

function tensorSource(places: Map<string, Place>, files: OpenFile[]): TensorSource {
  const place = (name: string): Place => {
    const found = places.get(name);
    if (found === undefined) throw new PanxError(`${files.map(file => file.path).join(', ')} holds no tensor ${name}.`);
    const { dtype } = found.entry;
    if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') return found;
    throw new PanxError(`${found.file.path} holds ${name} as ${dtype}; panx reads F32, F16 and BF16.`);
  };
  return {
    tensors: new Map([...places].map(([name, { entry }]) => [name, { name, dtype: entry.dtype, shape: entry.shape }])),
    read: async name => {
      const { file, entry } = place(name);
      return await readTensor(file, entry);
    },
    readRows: async (name, rows, into) => {
      const { file, entry } = place(name);
      return await readRows(file, entry, rows, into);
    },
    close: () => closeAll(files),
  };
}

async function closeAll(files: OpenFile[]): Promise<void> {
  for (const file of files.splice(0)) await file.handle.close();
}
