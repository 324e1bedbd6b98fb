import { basename, join } from 'node:path';
import { excerpt, PanxError } from '../errors.js';
import { adapterConfig, isTorchShard, modelFile } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isAbsent } from '../system/files.js';
import { isObject } from '../system/json.js';
import { adapterAmong, adapterIn } from './adapter.js';
import { readModelConfig } from './config.js';
import { checkAllFinite, refuseNonFiniteBytes } from './finite.js';
import { noWeights } from './lacking.js';
import { quantisedAmong } from './quantised.js';
import { readSafetensorsHeader } from './safetensors.js';
import { elementsOf } from './safetensors-header.js';
import { gather } from './strided.js';
import { withTodaysNames } from './tensor-names.js';
import { closeAll, type OpenFile, openFile, type Place, type TensorSource, tensorSource } from './tensor-source.js';

/** The formats of weights, the preferred one first: a file of all, or an index that names the shards. */
const formats = [
  {
    whole: modelFile.weights,
    index: modelFile.weightsIndex,
    describe: readSafetensorsHeader,
    isShard: (name: string) => name === basename(name),
    shards: 'the name of a file beside it',
  },
  {
    whole: modelFile.torchWeights,
    index: modelFile.torchWeightsIndex,
    // Loaded where it is used: most models have safetensors.
    describe: async (file: OpenFile, size: number) => (await import('./torch-file.js')).readTorchFile(file, size),
    // What panx reads is what makes the key of a training (`weightFilesAmong`).
    isShard: isTorchShard,
    shards: 'pytorch_model-NAME.bin beside it',
  },
] as const;

type Format = (typeof formats)[number];

/**
 * Open the weights of a Hugging Face folder: `model.safetensors`, or `model.safetensors.index.json` and the shards that it names; where there
 * is neither, `pytorch_model.bin`, or its index and shards. Headers are checked here; the data is read only when asked for.
 *
 * @throws PanxError naming the file where there are no weights, a shard is missing, or a file is truncated or corrupt.
 */
export async function openTensors(folder: string): Promise<TensorSource> {
  const files: OpenFile[] = [];
  try {
    const places = await openWeights(folder, files);
    const other = adapterAmong(places.keys(), folder) ?? quantisedAmong(places.keys(), folder);
    if (other !== null) throw other;
    const isKnown = !(await isAbsent(join(folder, modelFile.config)));
    const config = isKnown ? await readModelConfig(folder) : null;
    const source = tensorSource(withTodaysNames(places, config), files);
    const hasAdapter = !(await isAbsent(join(folder, adapterConfig)));
    return hasAdapter ? { ...source, notTensors: [...source.notTensors, adapterConfig] } : source;
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/**
 * Look at every number in the weight files of a folder, whether panx uses it or not, before it is trained on.
 *
 * @throws PanxError naming file, tensor and place of one that is not finite, a file whose checksums are not those of its parts, or as `openTensors`
 *   does
 */
export async function checkWeights(folder: string): Promise<void> {
  const files: OpenFile[] = [];
  try {
    await openWeights(folder, files);
    const rowMajor = files.map(({ path, entries }) => ({ path, entries: entries.filter(({ strides }) => !strides) }));
    if (files.some(({ sealed }) => sealed.length > 0)) await (await import('./sealed.js')).checkSealed(files);
    await checkAllFinite(rowMajor);
    for (const file of files) checkStrided(file);
  } finally {
    await closeAll(files);
  }
}

/** Those of its tensors whose values do not lie one behind the other. */
function checkStrided(file: OpenFile): void {
  for (const entry of file.entries) {
    if (entry.strides === undefined) continue;
    const rows = entry.shape[0] ?? 1;
    const rowItems = elementsOf(entry.shape.slice(1));
    const rowsAtOnce = Math.max(1, Math.floor(valuesAtOnce / rowItems));
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - first);
      const bytes = gather(file, { ...entry, strides: entry.strides }, first, count);
      refuseNonFiniteBytes(bytes, entry.dtype, { subject: file.path, ...entry }, at => first * rowItems + at);
    }
  }
}

const valuesAtOnce = 1 << 22;

/** Open the folder's weight files into `files`, so that the caller can close them whatever happens here. */
async function openWeights(folder: string, files: OpenFile[]): Promise<Map<string, Place>> {
  for (const format of formats) {
    const single = join(folder, format.whole);
    if (!(await isAbsent(single))) {
      const file = await openFile(single, files, format.describe);
      return new Map(file.entries.map(entry => [entry.name, { file, entry }]));
    }
    if (!(await isAbsent(join(folder, format.index)))) return await openShards(folder, format, files);
  }
  throw (await adapterIn(folder)) ?? (await noWeights(folder));
}

async function openShards(folder: string, format: Format, files: OpenFile[]): Promise<Map<string, Place>> {
  const index = join(folder, format.index);
  const places = new Map<string, Place>();
  const weightMap = await readWeightMap(index, format);
  const shards = new Set(weightMap.values());
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
    const file = await openFile(path, files, format.describe);
    for (const entry of file.entries) {
      if (weightMap.get(entry.name) === shard) places.set(entry.name, { file, entry });
    }
  }
  const absent = [...weightMap.keys()].find(name => !places.has(name));
  if (absent !== undefined) {
    throw new PanxError(
      `${join(folder, weightMap.get(absent)!)} does not hold ${absent}, which ${index} says it does.`,
      { hint: 'Index and weights are not of the same checkpoint: copy or download the whole folder again.' },
    );
  }
  return places;
}

/** Bytes of an index, which takes some 100 for each tensor. */
const longestIndex = 4 << 20;

/** Files of one checkpoint: of 5 GB each, as they are cut, they would hold a thousand times XLM-R large. */
const mostShards = 500;

/** Tensor name -> file name, from the index of a sharded checkpoint. */
async function readWeightMap(path: string, { isShard, shards }: Format): Promise<Map<string, string>> {
  const content = await readBoundedJson(path, longestIndex);
  const map = isObject(content) ? content.weight_map : undefined;
  if (typeof map !== 'object' || map === null) {
    throw new PanxError(`${path} has no weight_map, which names the file of each tensor.`);
  }
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !isShard(file)) {
      throw new PanxError(`${path} places ${name} in ${excerpt(file)}, expected ${shards}.`);
    }
  }
  return new Map(Object.entries(map as Record<string, string>));
}
