import { PanxError } from '../errors.js';
import { isTorchShard, modelFile, smallTokenizerFiles } from '../run/model-files.js';
import { formatBytes, printable } from '../system/console.js';
import { readJson } from '../system/files.js';
import { isObject } from '../system/json.js';
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
const required = [modelFile.config, modelFile.tokenizer];
/** Brought where there are any, so that a checkpoint made from the model has them. */
const optional = smallTokenizerFiles;

/**
 * The files of a model that panx reads: config.json, tokenizer.json and the weights, whole or in shards. Those of torch.save only where there are
 * no safetensors.
 */
export function modelFiles(name: string): Wanted {
  return {
    async inFolder(folder) {
      for (const file of required) if (!(await folder.has(file))) return { missing: file };
      const files: string[] = [...required];
      for (const file of optional) if (await folder.has(file)) files.push(file);
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
      const tokenizer = find(modelFile.tokenizer);
      const format = formats.find(({ whole, index }) => byPath.has(whole) || byPath.has(index));
      if (config === undefined) throw lacks(name, modelFile.config, files);
      if (tokenizer === undefined) throw lacks(name, modelFile.tokenizer, files);
      if (format === undefined) throw lacks(name, modelFile.weights, files);
      const whole = find(format.whole);
      const index = whole === undefined ? find(format.index) : undefined;
      const small = [config, tokenizer, ...optional.map(find), index].filter(file => file !== undefined);
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

/** The tokenizer of a model alone. */
export function tokenizerFiles(name: string): Wanted {
  const file = modelFile.tokenizer;
  return {
    inFolder: async folder => ((await folder.has(file)) ? { files: [file] } : { missing: file }),
    async onHub(remote) {
      const { files } = await remote.list('');
      const tokenizer = files.find(({ path }) => path === file);
      if (tokenizer === undefined) throw lacks(name, file, files);
      checkSmall(name, [tokenizer]);
      await remote.bring([tokenizer]);
    },
  };
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
  const index = await readJson(indexPath);
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
  const kin =
    file === modelFile.weights
      ? /\.(bin|h5|msgpack|onnx|safetensors|pt)$/
      : file === modelFile.tokenizer
        ? /vocab|merges|token|sentencepiece|spiece/
        : /\.json$/;
  const found = files.map(({ path }) => path).filter(path => kin.test(path));
  const what =
    file === modelFile.weights
      ? `neither ${modelFile.weights} nor ${modelFile.torchWeights}, whole or in shards`
      : `no ${file}`;
  const instead = found.length > 0 ? `it has ${someOf(found)}` : 'nor anything like it';
  return new PanxError(`${name} has ${what} (${instead}), which panx reads.`, {
    hint:
      file === modelFile.config
        ? 'Choose a repository of a transformers model, as FacebookAI/xlm-roberta-base is.'
        : 'Load the model and AutoTokenizer in Python\'s transformers, call save_pretrained("DIR") of both, and give --model DIR.',
  });
}
