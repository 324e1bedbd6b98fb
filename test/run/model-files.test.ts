import { expect, it } from 'vitest';
import { partsOfModel } from '../../src/run/model-files.js';

const small = ['config.json', 'tokenizer.json'];
const rest = ['README.md', 'training_args.bin', 'optimizer.pt', 'tokenizer_config.json', 'model.onnx', 'tf_model.h5'];

it.each([
  ['safetensors', ['model.safetensors'], ['model.safetensors']],
  ['a copy as a torch file beside them', ['model.safetensors', 'pytorch_model.bin'], ['model.safetensors']],
  [
    'shards of both',
    [
      ...['model-00001-of-00001.safetensors', 'model.safetensors.index.json'],
      ...['pytorch_model-00001-of-00001.bin', 'pytorch_model.bin.index.json'],
    ],
    ['model-00001-of-00001.safetensors', 'model.safetensors.index.json'],
  ],
  ['a torch file', ['pytorch_model.bin'], ['pytorch_model.bin']],
  [
    'a torch file, which is read before shards',
    ['pytorch_model-00001-of-00001.bin', 'pytorch_model.bin', 'pytorch_model.bin.index.json'],
    ['pytorch_model.bin'],
  ],
  [
    'shards of a torch file',
    ['pytorch_model-00001-of-00001.bin', 'pytorch_model.bin.index.json'],
    ['pytorch_model-00001-of-00001.bin', 'pytorch_model.bin.index.json'],
  ],
])('the parts of a model with %s', (_, weights, parts) => {
  expect(partsOfModel([...small, ...rest, ...weights])).toEqual([...small, ...parts]);
});
