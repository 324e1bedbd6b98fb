import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type TensorToWrite, writeSafetensors } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { exampleConfig, temporaryFolder } from './example.js';
import { torchZip } from './torch-zip.js';

const folder = await temporaryFolder();

function tensor(name: string, shape: number[], values: number[]): TensorToWrite {
  return { name, shape, data: () => Float32Array.from(values) };
}

/** A new folder with torch files: the values of each tensor by the names of file and tensor. */
async function torchFolder(name: string, files: Record<string, Record<string, number[]>>): Promise<string> {
  const made = join(folder, name);
  await mkdir(made);
  for (const [file, tensors] of Object.entries(files)) {
    const entries = Object.entries(tensors).map(([name, values]) => tensor(name, [values.length], values));
    await writeFile(join(made, file), torchZip(entries));
  }
  return made;
}

describe('the weights of a folder', () => {
  test('shards are found by the index', async () => {
    const sharded = join(folder, 'sharded');
    await mkdir(sharded);
    await writeSafetensors(join(sharded, 'one.safetensors'), [tensor('a', [2], [1, 2])]);
    await writeSafetensors(join(sharded, 'two.safetensors'), [tensor('b', [1], [3]), tensor('c', [1], [4])]);
    const index = join(sharded, 'model.safetensors.index.json');
    const map = { a: 'one.safetensors', b: 'two.safetensors', c: 'two.safetensors' };
    await writeFile(index, JSON.stringify({ metadata: {}, weight_map: map }));
    const source = await openTensors(sharded);
    expect([...source.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(await source.read('a')).toEqual(Float32Array.of(1, 2));
    expect(await source.read('c')).toEqual(Float32Array.of(4));
    await source.close();

    await writeFile(index, JSON.stringify({ weight_map: { ...map, d: 'three.safetensors' } }));
    await expect(openTensors(sharded)).rejects.toThrow(
      `${join(sharded, 'three.safetensors')} is missing: ${index} names it as a part of the weights.`,
    );
    await writeFile(index, JSON.stringify({ weight_map: { ...map, d: 'one.safetensors' } }));
    await expect(openTensors(sharded)).rejects.toThrow(
      `${join(sharded, 'one.safetensors')} does not hold d, which ${index} says it does.`,
    );
    await writeFile(index, JSON.stringify({ weight_map: { a: '../small.safetensors' } }));
    await expect(openTensors(sharded)).rejects.toThrow(
      `${index} places a in "../small.safetensors", expected the name of a file beside it.`,
    );
    await writeFile(index, JSON.stringify({ weight_map: map }).padEnd(4_194_305));
    await expect(openTensors(sharded)).rejects.toThrow(/^.*index\.json cannot be read: .*4,?194,?30[45]/);
    await symlink('model.safetensors', join(sharded, 'model.safetensors'));
    await expect(openTensors(sharded)).rejects.toThrow('model.safetensors cannot be read: its links lead in a circle.');
    await rm(join(sharded, 'model.safetensors'));
    await writeFile(index, '{}');
    await expect(openTensors(sharded)).rejects.toThrow(`${index} has no weight_map`);
  });

  test('an encoder saved by itself gets the names it has inside a token classifier', async () => {
    const bare = join(folder, 'bare');
    await mkdir(bare);
    await writeFile(join(bare, 'config.json'), JSON.stringify(exampleConfig));
    await writeSafetensors(join(bare, 'model.safetensors'), [
      tensor('embeddings.word_embeddings.weight', [1], [1]),
      tensor('encoder.layer.0.output.dense.bias', [1], [2]),
      tensor('pooler.dense.bias', [1], [3]),
      tensor('classifier.bias', [1], [4]),
    ]);
    const source = await openTensors(bare);
    expect([...source.tensors.keys()]).toEqual([
      'roberta.embeddings.word_embeddings.weight',
      'roberta.encoder.layer.0.output.dense.bias',
      'roberta.pooler.dense.bias',
      'classifier.bias',
    ]);
    expect(source.tensors.get('roberta.pooler.dense.bias')?.name).toBe('roberta.pooler.dense.bias');
    expect(await source.read('roberta.encoder.layer.0.output.dense.bias')).toEqual(Float32Array.of(2));
    await source.close();
  });

  test('a folder without weights says what it lacks, and what it has', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const lacks = `${empty} holds no weights: neither model.safetensors nor pytorch_model.bin, whole or in shards, is there`;
    await expect(openTensors(empty)).rejects.toMatchObject({
      message: `${lacks}.`,
      hint: expect.stringContaining('A checkpoint folder holds config.json, model.safetensors'),
    });
    for (const [file, hint] of [
      ['model-00001-of-00002.safetensors', 'copy or download model.safetensors.index.json too'],
      ['pytorch_model-00001-of-00002.bin', 'copy or download pytorch_model.bin.index.json too'],
      ['tf_model.h5', 'from_tf=True'],
      ['flax_model.msgpack', 'from_flax=True'],
      ['bert_model.ckpt.index', 'BertForPreTraining.from_pretrained("DIR/NAME.ckpt.index", from_tf=True'],
      ['model.onnx', 'Take the model that this one was made of'],
      ['model.gguf', 'Take the model that this one was made of'],
      ['epoch=3.ckpt', "If epoch=3.ckpt holds the model's weights, give it the name pytorch_model.bin."],
      ['best.pt', "If best.pt holds the model's weights, give it the name pytorch_model.bin."],
      ['weights.safetensors', "If weights.safetensors holds the model's weights, give it the name model.safetensors."],
    ] as const) {
      await writeFile(join(empty, file), 'x');
      await writeFile(join(empty, 'training_args.bin'), 'x');
      await expect(openTensors(empty)).rejects.toMatchObject({
        message: `${lacks}; it has ${file}.`,
        hint: expect.stringContaining(hint),
      });
      await rm(join(empty, file));
    }
    await mkdir(join(empty, 'runs'));
    for (const name of ['checkpoint-500', 'checkpoint-1000']) {
      await mkdir(join(empty, name));
      await writeSafetensors(join(empty, name, 'model.safetensors'), [tensor('a', [1], [1])]);
    }
    await expect(openTensors(empty)).rejects.toMatchObject({
      hint: `There are weights in ${join(empty, 'checkpoint-1000')}: give that folder.`,
    });
    await symlink('../../blobs/abc', join(empty, 'model.safetensors'));
    await expect(openTensors(empty)).rejects.toThrow(
      `${join(empty, 'model.safetensors')} is a link to ../../blobs/abc, which is not there.`,
    );
    await rm(join(empty, 'model.safetensors'));
    await symlink('../.git/annex/objects/aa/bb/k/k', join(empty, 'pytorch_model.bin'));
    await expect(openTensors(empty)).rejects.toMatchObject({ hint: `Run git annex get in ${empty}.` });
    await expect(openTensors(join(folder, 'nowhere'))).rejects.toThrow(
      `${join(folder, 'nowhere')} does not exist; expected a checkpoint folder`,
    );
  });

  test('torch files are read where there are no safetensors', async () => {
    const both = await torchFolder('both', { 'pytorch_model.bin': { a: [1, 2] } });
    const read = async () => {
      const source = await openTensors(both);
      const values = await source.read('a');
      await source.close();
      return values;
    };
    expect(await read()).toEqual(Float32Array.of(1, 2));
    await writeSafetensors(join(both, 'model.safetensors'), [tensor('a', [1], [3])]);
    expect(await read()).toEqual(Float32Array.of(3));
    await rm(join(both, 'model.safetensors'));
    await writeFile(join(both, 'model.safetensors.index.json'), '{}');
    await expect(read()).rejects.toThrow('model.safetensors.index.json has no weight_map');
  });

  test('shards of torch files are found by their index', async () => {
    const [first, second] = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];
    const sharded = await torchFolder('torch-sharded', { [first!]: { a: [1] }, [second!]: { b: [2], c: [3] } });
    const index = join(sharded, 'pytorch_model.bin.index.json');
    await writeFile(index, JSON.stringify({ weight_map: { a: first, b: second, c: second } }));
    const source = await openTensors(sharded);
    expect([...source.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(await source.read('c')).toEqual(Float32Array.of(3));
    await source.close();
    for (const shard of ['weights.bin', '../pytorch_model-1.bin', 'pytorch_model.bin']) {
      await writeFile(index, JSON.stringify({ weight_map: { a: shard } }));
      await expect(openTensors(sharded)).rejects.toThrow(
        `${index} places a in "${shard}", expected pytorch_model-NAME.bin beside it.`,
      );
    }
    await rm(join(sharded, second!));
    await writeFile(index, JSON.stringify({ weight_map: { a: first, b: second } }));
    await expect(openTensors(sharded)).rejects.toThrow(`${join(sharded, second!)} is missing: ${index} names it`);
  });
});
