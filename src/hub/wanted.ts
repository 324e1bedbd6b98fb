import { PanxError } from '../errors.js';
import {
  adapterConfig,
  isTorchShard,
  modelFile,
  otherWeights,
  smallTokenizerFiles,
  tokenizerSources,
  vocabularyFile,
} from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { formatBytes, printable } from '../system/console.js';
import { isObject } from '../system/json.js';
import type { CachedFolder } from './cached.js';
import type { HubFile } from './listing.js';
import { isPlainName, someOf } from './names.js';
import type { Wanted } from './snapshot.js';

/** The formats of weights, the preferred one first. */
const formats = [
  {
    whole: modelFile.weights,
    index: modelFile.weightsIndex,
    isShard: (name: string) => name.endsWith('.safetensors'),
    shards: 'NAME.safetensors',
  },
  {
    whole: modelFile.torchWeights,
    index: modelFile.torchWeightsIndex,
    isShard: isTorchShard,
    shards: 'pytorch_model-NAME.bin',
  },
] as const;

/** Brought where there are any, so that a checkpoint made from the model has them. */
const optional = smallTokenizerFiles;

/**
 * The files of a model that panx reads: config.json, tokenizer.json (where there is none, all that it can be made of) and the weights, whole or in
 * shards. Those of torch.save only where there are no safetensors.
 */
export function modelFiles(name: string): Wanted {
  return {
    async inFolder(folder) {
      if (!(await folder.has(modelFile.config))) return { missing: modelFile.config };
      const tokenizer = tokenizerAmong(await thoseIn(folder));
      if (tokenizer === undefined) return { missing: modelFile.tokenizer };
      const files: string[] = [modelFile.config, ...tokenizer];
      for (const format of formats) {
        if (await folder.has(format.whole)) return { files: [...files, format.whole] };
        if (!(await folder.has(format.index))) continue;
        const shards = await shardsOf(folder.placeOf(format.index), format);
        for (const shard of shards) if (!(await folder.has(shard))) return { missing: shard };
        return { files: [...files, format.index, ...shards] };
      }
      return { missing: modelFile.weights };
    },
    async onHub(remote) {
      const { files } = await remote.list('');
      const byPath = new Map(files.map(file => [file.path, file]));
      const find = (path: string) => byPath.get(path);
      const config = find(modelFile.config);
      const tokenizer = tokenizerAmong([...byPath.keys()]);
      const format = formats.find(({ whole, index }) => byPath.has(whole) || byPath.has(index));
      if (config === undefined) throw lacks(name, modelFile.config, files);
      if (tokenizer === undefined) throw lacks(name, modelFile.tokenizer, files);
      if (format === undefined) throw lacks(name, modelFile.weights, files);
      const whole = find(format.whole);
      const index = whole === undefined ? find(format.index) : undefined;
      const small = [config, ...tokenizer.map(find), index].filter(file => file !== undefined);
      checkSmall(name, small);
      await remote.bring(small.filter(file => file !== index));
      if (whole !== undefined) await remote.bring([whole]);
      if (index === undefined) return;
      const shards = await shardsOf(await remote.bring([index]), format);
      await remote.bring(
        shards.map(shard => {
          const file = find(shard);
          if (file === undefined)
            throw new PanxError(`${name}: ${format.index} names the shard ${shard}, which the repository lacks.`);
          return file;
        }),
      );
    },
  };
}

/** The tokenizer of a model alone: tokenizer.json, else all that it can be made of; and config.json, which says its kind and the model's positions. */
export function tokenizerFiles(name: string): Wanted {
  const alone = (names: readonly string[]): string[] | undefined => {
    const tokenizer = names.includes(modelFile.tokenizer) ? [modelFile.tokenizer] : tokenizerAmong(names);
    return tokenizer?.concat(names.filter(file => file === modelFile.config));
  };
  return {
    async inFolder(folder) {
      const files = alone(await thoseIn(folder));
      return files === undefined ? { missing: modelFile.tokenizer } : { files };
    },
    async onHub(remote) {
      const { files } = await remote.list('');
      const wanted = alone(files.map(({ path }) => path));
      if (wanted === undefined) throw lacks(name, modelFile.tokenizer, files);
      const found = files.filter(({ path }) => wanted.includes(path));
      checkSmall(name, found);
      await remote.bring(found);
    },
  };
}

/** The files of a tokenizer among those that there are; undefined where they make none. */
function tokenizerAmong(names: readonly string[]): string[] | undefined {
  if (names.includes(modelFile.tokenizer)) {
    return [modelFile.tokenizer, ...optional].filter(file => names.includes(file));
  }
  const { byteLevel, merges, ...whole } = vocabularyFile;
  const complete =
    Object.values(whole).some(file => names.includes(file)) || (names.includes(byteLevel) && names.includes(merges));
  return complete ? tokenizerSources.filter(file => names.includes(file)) : undefined;
}

/** Which of the files of tokenizers, and config.json, a cached folder holds. Where it has tokenizer.json, what that is made of is not looked at. */
async function thoseIn(folder: CachedFolder): Promise<string[]> {
  const { config, tokenizer } = modelFile;
  const beside = (await folder.has(tokenizer)) ? [tokenizer, ...optional] : tokenizerSources;
  const there: string[] = [];
  for (const file of [config, ...beside]) if (await folder.has(file)) there.push(file);
  return there;
}

/** JSON files are read whole into memory. The largest tokenizer.json on the hub has some 35 MB. */
function checkSmall(name: string, files: readonly HubFile[]): void {
  const large = files.find(file => file.bytes > mostJsonBytes);
  if (large === undefined) return;
  throw new PanxError(
    `${name}: ${large.path} has ${formatBytes(large.bytes)}, expected at most ${formatBytes(mostJsonBytes)}.`,
    { hint: 'Choose another repository: no model that panx reads has such a file.' },
  );
}

const mostJsonBytes = 200e6;

/** The shard names of an index in order. They become paths, so that only plain names are taken. */
async function shardsOf(indexPath: string, format: (typeof formats)[number]): Promise<string[]> {
  const index = await readBoundedJson(indexPath, mostJsonBytes);
  const map = isObject(index) && isObject(index.weight_map) ? index.weight_map : {};
  const shards = [...new Set(Object.values(map))].sort();
  for (const shard of shards) {
    if (typeof shard !== 'string' || !format.isShard(shard) || !isPlainName(shard)) {
      throw new PanxError(
        `${indexPath}: weight_map names the shard ${printable(JSON.stringify(shard))}, expected ${format.shards}.`,
      );
    }
  }
  if (shards.length === 0) throw new PanxError(`${indexPath} has no "weight_map" that names shards.`);
  return shards as string[];
}

function lacks(name: string, file: string, files: readonly HubFile[]): PanxError {
  const paths = files.map(({ path }) => path);
  const kin = file === modelFile.tokenizer ? /vocab|merges|token|sentencepiece|spiece/ : /\.json$/;
  const weights = file === modelFile.weights ? otherWeights(paths) : null;
  const found = file === modelFile.weights ? (weights?.found ?? []) : paths.filter(path => kin.test(path));
  const what =
    file === modelFile.weights
      ? `neither ${modelFile.weights} nor ${modelFile.torchWeights}, whole or in shards`
      : file === modelFile.tokenizer
        ? `neither ${file} nor all files of which panx makes one`
        : `no ${file}`;
  const instead = found.length > 0 ? `it has ${someOf(found)}` : 'nor anything like it';
  return new PanxError(`${name} has ${what} (${instead}), which panx reads.`, {
    hint: weights !== null && 'hint' in weights ? weights.hint : hintOfLack(file, paths),
  });
}

function hintOfLack(file: string, paths: readonly string[]): string {
  if (file !== modelFile.config) {
    return 'Load the model and AutoTokenizer in Python\'s transformers, call save_pretrained("DIR") of both, and give --model DIR.';
  }
  return paths.includes(adapterConfig)
    ? 'It is an adapter: merge it with its model in Python, save what comes of that with save_pretrained("DIR"), and give --model DIR.'
    : 'Choose a repository of a transformers model, as FacebookAI/xlm-roberta-base is.';
}
