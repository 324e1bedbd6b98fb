import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseModelConfig, readModelConfig } from '../../src/checkpoint/config.js';
import {
  configText,
  configToWrite,
  restoreCheckpointFolder,
  writeCheckpointFolder,
} from '../../src/checkpoint/folder.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { initialTensors } from '../../src/model/initialise.js';
import { checkTensors } from '../../src/model/parameter-specs.js';
import { temporaryNeighbour } from '../../src/system/temporary.js';
import { leftover } from '../leftover.js';
import { exampleConfig, temporaryFolder } from './example.js';
import { python, runPython } from './python.js';

const folder = await temporaryFolder();
const config = parseModelConfig('example', exampleConfig);

const interrupted = (): never => {
  throw new Error('interrupted');
};

/** A folder with the files of a tokenizer, and one that has nothing to do with it. */
async function tokenizerFolder(): Promise<string> {
  const path = join(folder, 'tokenizer');
  await mkdir(path, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'sentencepiece.bpe.model', 'notes.txt']) {
    await writeFile(
      join(path, name),
      name.endsWith('config.json') ? '{"tokenizer_class": "PreTrainedTokenizerFast"}' : `the ${name}`,
    );
  }
  return path;
}

async function checkpointOf(seed: number) {
  return { config, tensors: initialTensors(config, seed), tokenizerFrom: await tokenizerFolder() };
}

/** The first values of the classifier in a folder, by which two checkpoints are told apart. */
async function fingerprint(path: string): Promise<Float32Array> {
  const source = await openTensors(path);
  const values = await source.read('classifier.weight');
  await source.close();
  return values;
}

const onlyNew = { replace: false };
const replacing = { replace: true };

test('a folder holds the configuration, the weights, the tokenizer and the mark of panx, and nothing else', async () => {
  const path = join(folder, 'deep', 'inside', 'whole');
  await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
  expect((await readdir(path)).sort()).toEqual([
    'config.json',
    'model.safetensors',
    'panx.json',
    'sentencepiece.bpe.model',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  expect(await readFile(join(path, 'tokenizer.json'), 'utf8')).toBe('the tokenizer.json');
  expect(await readdir(join(folder, 'deep', 'inside'))).toEqual(['whole']);
  const read = await readModelConfig(path);
  expect({ ...read, raw: {} }).toEqual({ ...config, raw: {} });
  const source = await openTensors(path);
  expect(checkTensors(read, source, path)).toEqual({ headMissing: false, ignored: [] });
  await source.close();
});

describe('config.json', () => {
  test('keeps the keys that panx does not use, and states what is written', () => {
    const raw = { ...exampleConfig, num_labels: 2, torch_dtype: 'float16', bos_token_id: 0, custom: { a: [1] } };
    const written = configToWrite({ ...config, raw, labels: ['O', 'B-X'] });
    expect(written).toEqual({
      ...exampleConfig,
      custom: { a: [1] },
      torch_dtype: 'float32',
      architectures: ['XLMRobertaForTokenClassification'],
      id2label: { 0: 'O', 1: 'B-X' },
      label2id: { O: 0, 'B-X': 1 },
    });
    expect(configToWrite({ ...config, raw: { dtype: 'bfloat16' } }).dtype).toBe('float32');
    expect(configToWrite({ ...config, architecture: 'roberta' }).architectures).toEqual([
      'RobertaForTokenClassification',
    ]);
    const choices = { _attn_implementation: 'flash_attention_2', attn_implementation: 'sdpa' };
    const kept = Object.keys(configToWrite({ ...config, raw: choices }));
    for (const key of Object.keys(choices)) expect(kept).not.toContain(key);
  });

  test('writes what transformers takes for a float alone with a point', () => {
    const raw = { ...exampleConfig, initializer_range: 1, layer_norm_eps: 1, hidden_dropout_prob: 0 };
    const text = configText({ ...config, raw });
    expect(text).toContain('"initializer_range": 1.0,\n');
    expect(text).toMatch(/"layer_norm_eps": 1\.0,?\n/);
    expect(text).toContain('"hidden_dropout_prob": 0,\n');
    expect(JSON.parse(text)).toEqual(configToWrite({ ...config, raw }));
  });
});

describe('replacing a folder', () => {
  test('puts the new one in its place, even when its tokenizer is copied from the old', async () => {
    const path = join(folder, 'replaced');
    await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
    const before = await fingerprint(path);
    await writeCheckpointFolder(path, { ...(await checkpointOf(2)), tokenizerFrom: path }, replacing);
    expect(await fingerprint(path)).not.toEqual(before);
    expect(await readFile(join(path, 'tokenizer.json'), 'utf8')).toBe('the tokenizer.json');
    expect((await readdir(folder)).filter(name => name.startsWith('replaced'))).toEqual(['replaced']);
  });

  test('is refused where it was not asked for, and where something lies in it that panx did not make', async () => {
    const path = join(folder, 'guarded');
    await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
    const before = await fingerprint(path);
    const onceMore = async (how: { replace: boolean }) => writeCheckpointFolder(path, await checkpointOf(2), how);
    await expect(onceMore(onlyNew)).rejects.toThrow(`${path} is not empty any more: another process has written`);
    for (const name of ['stray.txt', 'onnx', 'link']) {
      if (name === 'link') await symlink(join(folder, 'tokenizer'), join(path, name));
      else if (name === 'onnx') await mkdir(join(path, name));
      else await writeFile(join(path, name), 'mine');
      await expect(onceMore(replacing)).rejects.toThrow(`${path} holds what panx did not make: ${name}.`);
      expect(await readdir(path)).toContain(name);
      await rm(join(path, name), { recursive: true });
    }
    expect(await fingerprint(path)).toEqual(before);
    expect((await readdir(folder)).filter(name => name.startsWith('guarded'))).toEqual(['guarded']);
  });

  test('leaves the old one where it was when writing fails', async () => {
    const path = join(folder, 'kept');
    await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
    const before = await fingerprint(path);
    const checkpoint = await checkpointOf(2);
    const failing = { name: 'x', shape: [1], data: interrupted };
    await expect(
      writeCheckpointFolder(path, { ...checkpoint, tensors: [...checkpoint.tensors, failing] }, replacing),
    ).rejects.toThrow('interrupted');
    expect(await fingerprint(path)).toEqual(before);
    expect((await readdir(folder)).filter(name => name.startsWith('kept'))).toEqual(['kept']);
  });

  test('a writer killed between its two renames leaves the old one to be restored', async () => {
    const path = join(folder, 'killed');
    await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
    const before = await fingerprint(path);
    const aside = leftover(path, 'previous');
    await rename(path, aside); // as far as the killed writer came
    await restoreCheckpointFolder(path);
    expect(await fingerprint(path)).toEqual(before);
    await restoreCheckpointFolder(path); // and nothing to do the second time
    await mkdir(aside); // killed after its renames
    await restoreCheckpointFolder(path);
    expect(await fingerprint(path)).toEqual(before);
    expect((await readdir(folder)).filter(name => name.startsWith('killed'))).toEqual(['killed']);
  });

  test("leaves a neighbour of the user's alone, whatever it is called", async () => {
    const path = join(folder, 'beside');
    for (const name of ['beside.previous', 'beside.tmp', 'beside.1234-abc.tmp']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'config.json'), 'mine');
    }
    await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
    await writeCheckpointFolder(path, await checkpointOf(2), replacing);
    for (const name of ['beside.previous', 'beside.tmp', 'beside.1234-abc.tmp']) {
      expect(await readFile(join(folder, name, 'config.json'), 'utf8')).toBe('mine');
    }
  });

  test('removes what killed writers left, and not what a running one is making', async () => {
    const path = join(folder, 'tidy');
    const dead = leftover(path);
    const running = temporaryNeighbour(path);
    for (const leftover of [dead, running]) await mkdir(leftover, { recursive: true });
    await writeCheckpointFolder(path, await checkpointOf(1), onlyNew);
    expect([existsSync(dead), existsSync(running)]).toEqual([false, true]);
  });
});

test('a place that cannot be written is named', async () => {
  await writeFile(join(folder, 'file'), '');
  const path = join(folder, 'file', 'checkpoint');
  await expect(writeCheckpointFolder(path, await checkpointOf(1), onlyNew)).rejects.toThrow(
    `${path} cannot be written: a part of the path is a file, not a folder`,
  );
});

describe.skipIf(python === undefined)('against transformers in Python', () => {
  test('it loads the folder as the right class, without a missing or unexpected weight', async () => {
    const paths: string[] = [];
    for (const architecture of ['xlm-roberta', 'roberta']) {
      const path = join(folder, `for-python-${architecture}`);
      const other = parseModelConfig('example', { ...exampleConfig, model_type: architecture });
      await writeCheckpointFolder(path, { ...(await checkpointOf(5)), config: other }, onlyNew);
      paths.push(path);
    }
    const program = `import sys, json
from transformers import AutoModelForTokenClassification
def load(path):
    model, info = AutoModelForTokenClassification.from_pretrained(path, output_loading_info=True)
    faults = sum(len(info[kind]) for kind in ('missing_keys', 'unexpected_keys', 'mismatched_keys'))
    return [type(model).__name__, model.config.id2label, faults, model.classifier.weight.flatten().tolist()]
print(json.dumps([load(path) for path in sys.argv[1:]]))`;
    const loaded = runPython(program, ...paths) as [string, object, number, number[]][];
    const labels = { 0: 'O', 1: 'B-PER', 2: 'I-PER' };
    expect(loaded.map(([name, ids, faults]) => [name, ids, faults])).toEqual([
      ['XLMRobertaForTokenClassification', labels, 0],
      ['RobertaForTokenClassification', labels, 0],
    ]);
    for (const [, , , weights] of loaded) expect(Float32Array.from(weights)).toEqual(await fingerprint(paths[0]!));
  });
});
