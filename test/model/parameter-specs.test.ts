import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseModelConfig, readModelConfig } from '../../src/checkpoint/config.js';
import type { TensorSource } from '../../src/checkpoint/tensor-source.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { parameterSpecs } from '../../src/model/encoder.js';
import { knownEncoders } from '../../src/model/known-encoders.js';
import {
  checkModelFolder,
  checkTensors,
  countParameters,
  multiplyAddsPerSubword,
} from '../../src/model/parameter-specs.js';
import { writeMark } from '../../src/run/mark.js';
import { exampleConfig, temporaryFolder } from '../checkpoint/example.js';

const config = parseModelConfig('example', exampleConfig);
const specs = parameterSpecs(config);

/** The tensors that the example needs, with some added, changed or (shape null) left out. */
function tensors(changes: Record<string, number[] | null> = {}): Pick<TensorSource, 'tensors' | 'notTensors'> {
  const shapes = new Map<string, number[] | null>(specs.map(({ name, shape }) => [name, shape]));
  for (const [name, shape] of Object.entries(changes)) shapes.set(name, shape);
  const found = [...shapes].flatMap(([name, shape]) =>
    shape === null ? [] : [{ name, dtype: 'F32' as const, shape }],
  );
  return { tensors: new Map(found.map(info => [info.name, info])), notTensors: [] };
}

describe('the parameters', () => {
  test.each([
    [768, 12, 12, 3072, 277_458_439],
    [1024, 24, 16, 4096, 558_848_007],
  ])('XLM-R of %d x %d has %d million of them', (hidden, layers, heads, intermediate, expected) => {
    const labels = Object.fromEntries(Array.from({ length: 7 }, (_, id) => [id, `T${id}`]));
    const sized = parseModelConfig('sized', {
      ...exampleConfig,
      vocab_size: 250002,
      max_position_embeddings: 514,
      hidden_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      intermediate_size: intermediate,
      id2label: labels,
    });
    expect(countParameters(parameterSpecs(sized))).toBe(expected);
    // Four maps of C x C (query, key, value, output), and two between C and the intermediate size.
    expect(multiplyAddsPerSubword(sized)).toBe(layers * (4 * hidden ** 2 + 2 * hidden * intermediate));
  });

  test('the encoders of the field have as many as published', () => {
    const counts = knownEncoders().map(({ id, config }) => [id.split('/')[1], countParameters(parameterSpecs(config))]);
    expect(Object.fromEntries(counts)).toMatchObject({
      'xlm-roberta-base': 277_458_439,
      'xlm-roberta-large': 558_848_007,
      'bert-base-multilingual-cased': 177_268_231,
      'electra-base-discriminator': 108_897_031,
      'deberta-base': 138_607_111,
      'deberta-v3-base': 183_836_935,
      'mdeberta-v3-base': 278_224_135,
    });
  });

  test('the work for a subword is that of the encoder, and of the projection of its embeddings', () => {
    const sized = { ...exampleConfig, model_type: 'electra', embedding_size: 6 };
    const layer = 4 * 8 * 8 + 2 * 8 * 12;
    expect(multiplyAddsPerSubword(parseModelConfig('e', sized))).toBe(2 * layer + 6 * 8);
  });

  test('weights of linear layers and embeddings decay; biases and LayerNorm do not', () => {
    const kept = specs.filter(spec => !spec.decay).map(spec => spec.name.replace(/^.*\.(?=[^.]+\.[^.]+$)/, ''));
    expect(new Set(kept)).toEqual(
      new Set([
        'LayerNorm.weight',
        'LayerNorm.bias',
        'query.bias',
        'key.bias',
        'value.bias',
        'dense.bias',
        'classifier.bias',
      ]),
    );
    expect(specs.every(spec => spec.decay === (spec.shape.length === 2))).toBe(true);
  });

  test.each(['model', 'roberta'])('names and shapes are those that transformers saved: golden %s', async name => {
    const folder = fileURLToPath(new URL(`../fixtures/golden/${name}`, import.meta.url));
    const source = await openTensors(folder);
    expect(checkTensors(await readModelConfig(folder), source, folder)).toEqual({ headMissing: false, ignored: [] });
    await source.close();
  });
});

test.each([
  ['run', 'holds a run, and no model.'],
  ['sweep', 'holds a sweep, and no model.'],
  ['study', 'holds a study, and no model.'],
  ['store', 'holds a store of stages, and no model.'],
  ['corpus', 'holds a corpus, and no model.'],
] as const)('the folder of a %s is told as that, whatever config.json it has', async (kind, sentence) => {
  const folder = await temporaryFolder();
  await writeMark(folder, kind);
  await writeFile(join(folder, 'config.json'), '{"seed": 42}\n');
  await expect(checkModelFolder(folder, 'trained')).rejects.toThrow(`${folder} ${sentence}`);
});

describe('the tensors of a checkpoint', () => {
  test('heads that a token classifier does not use are passed over, and named', () => {
    const masked = tensors({
      'classifier.weight': null,
      'classifier.bias': null,
      'lm_head.dense.weight': [8, 8],
      'lm_head.bias': [30],
      'roberta.pooler.dense.bias': [8],
      'roberta.embeddings.position_ids': [1, 20],
      'cls.predictions.bias': [30],
      'pooler.dense.weight': [8, 8],
      position_ids: [1, 20],
      'roberta.embeddings.token_type_ids': [1, 20],
      'lm_predictions.lm_head.bias': [30],
      'mask_predictions.dense.weight': [8, 8],
      'discriminator_predictions.dense.weight': [8, 8],
      'generator_predictions.dense.weight': [8, 8],
      'generator_lm_head.bias': [30],
      'vocab_projector.bias': [30],
      'vocab_transform.weight': [8, 8],
      'qa_outputs.bias': [2],
      'pre_classifier.weight': [8, 8],
      'classifier.dense.weight': [8, 8],
      'classifier.out_proj.weight': [2, 8],
    });
    expect(checkTensors(config, masked, 'base')).toEqual({
      headMissing: true,
      ignored: [
        'lm_head.dense.weight',
        'lm_head.bias',
        'roberta.pooler.dense.bias',
        'roberta.embeddings.position_ids',
        'cls.predictions.bias',
        'pooler.dense.weight',
        'position_ids',
        'roberta.embeddings.token_type_ids',
        'lm_predictions.lm_head.bias',
        'mask_predictions.dense.weight',
        'discriminator_predictions.dense.weight',
        'generator_predictions.dense.weight',
        'generator_lm_head.bias',
        'vocab_projector.bias',
        'vocab_transform.weight',
        'qa_outputs.bias',
        'pre_classifier.weight',
        'classifier.dense.weight',
        'classifier.out_proj.weight',
      ],
    });
  });

  test('what a torch file holds beside tensors is passed over, and named', () => {
    const source = { ...tensors({ 'lm_head.bias': [30] }), notTensors: ['epoch', 'optimizer'] };
    expect(checkTensors(config, source, 'x').ignored).toEqual(['lm_head.bias', 'epoch', 'optimizer']);
  });

  test('a parameter that is no tensor is named as such', () => {
    const source = { ...tensors({ 'classifier.bias': null }), notTensors: ['classifier.bias'] };
    expect(() => checkTensors(config, source, 'x')).toThrow(
      /config\.json describes: classifier\.bias is no tensor of a type that panx knows\.$/,
    );
  });

  const faults: [string, Record<string, number[] | null>, string][] = [
    [
      'missing',
      { 'roberta.encoder.layer.1.output.dense.bias': null },
      'The weights in x are not those that x/config.json describes: roberta.encoder.layer.1.output.dense.bias [8] is missing.',
    ],
    [
      'unexpected',
      { 'roberta.encoder.layer.2.output.dense.bias': [8] },
      ': roberta.encoder.layer.2.output.dense.bias [8] is unexpected.',
    ],
    [
      'misshapen',
      { 'roberta.embeddings.word_embeddings.weight': [31, 8] },
      ': roberta.embeddings.word_embeddings.weight is [31, 8], expected [30, 8].',
    ],
    ['of another rank', { 'classifier.bias': [3, 1] }, ': classifier.bias is [3, 1], expected [3].'],
    [
      'a classifier of another width',
      { 'classifier.weight': [3, 9] },
      ': classifier.weight is [3, 9], expected [3, 8].',
    ],
    ['rows and biases of two classifiers', { 'classifier.bias': [7] }, ': classifier.bias is [7], expected [3].'],
  ];
  test.each(faults)('%s', (_, changes, sentence) => {
    expect(() => checkTensors(config, tensors(changes), 'x')).toThrow(sentence);
  });

  test('five faults are named, and the others counted', () => {
    const many = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => [`roberta.${name}`, [1]]));
    expect(() => checkTensors(config, tensors(many), 'x')).toThrow(
      'roberta.a [1] is unexpected; roberta.b [1] is unexpected; roberta.c [1] is unexpected; ' +
        'roberta.d [1] is unexpected; roberta.e [1] is unexpected; and 2 more.',
    );
  });

  test('a classifier whose labels have no names', () => {
    expect(() => checkTensors({ ...config, labels: [] }, tensors(), 'x')).toThrow(
      'x holds a classifier of 3 labels, and its config.json does not name them.',
    );
  });

  test.each([
    [7, 'x holds a classifier of 7 labels, and x/config.json names 3.'],
    [1, 'x holds a classifier of 1 label, and x/config.json names 3.'],
  ])('a classifier of %d labels, of which config.json names another number', (rows, message) => {
    const changed = tensors({ 'classifier.weight': [rows, 8], 'classifier.bias': [rows] });
    expect(thrown(() => checkTensors(config, changed, 'x'))).toMatchObject({
      message,
      hint: expect.stringContaining('panx train, sweep or run with --new-head'),
    });
    expect(checkTensors(config, changed, 'x', true).headMissing).toBe(true);
  });

  test('a model that tokens were added to, and not to its config.json', () => {
    const grown = tensors({ 'roberta.embeddings.word_embeddings.weight': [31, 8] });
    expect(thrown(() => checkTensors(config, grown, 'x'))).toMatchObject({
      hint: expect.stringContaining('set vocab_size to 31 in config.json'),
    });
    const other = tensors({ 'roberta.embeddings.word_embeddings.weight': [31, 8], 'roberta.x': [1] });
    expect(thrown(() => checkTensors(config, other, 'x'))).toMatchObject({
      hint: 'Weights and config.json must be of the same checkpoint.',
    });
  });

  test.each([
    ['bias', 'If the classifier was trained without one, add one of zeros.'],
    ['weight', 'Train a new classifier in its place'],
  ])('a classifier without its %s', (lacks, hint) => {
    const there = lacks === 'bias' ? 'weight' : 'bias';
    const half = tensors({ [`classifier.${lacks}`]: null });
    expect(thrown(() => checkTensors(config, half, 'x'))).toMatchObject({
      message: `x holds classifier.${there} and no classifier.${lacks}; expected both.`,
      hint: expect.stringContaining(hint),
    });
    expect(checkTensors(config, half, 'x', true).headMissing).toBe(true);
  });

  test('weights of a type that is not read are told before they are read', () => {
    const narrow = tensors();
    for (const tensor of narrow.tensors.values()) Object.assign(tensor, { dtype: 'I8' });
    expect(thrown(() => checkTensors(config, narrow, 'x'))).toMatchObject({
      message: 'x holds roberta.embeddings.word_embeddings.weight as I8; panx reads F32, F16, BF16 and F64.',
      hint: 'Take the model that it was made of, in F32, F16, BF16 or F64.',
    });
  });

  const mayBe = 'may be more than a linear map of what the encoder gives: beside classifier it has';
  const lstm = {
    'lstm.weight_ih_l0': [16, 8],
    'lstm.weight_hh_l0': [16, 4],
    'lstm.bias_ih_l0': [16],
    'lstm.bias_hh_l0': [16],
  };
  test.each<[string, Record<string, number[]>, string]>([
    [
      'a BiLSTM',
      lstm,
      'is more than a linear map of what the encoder gives: beside classifier it has ' +
        'lstm.weight_ih_l0 [16, 8], lstm.weight_hh_l0 [16, 4], lstm.bias_ih_l0 [16] and 1 more (a recurrent layer, such as a BiLSTM).',
    ],
    ['a layer', { 'dense.weight': [8, 8] }, `${mayBe} dense.weight [8, 8].`],
    ['a layer of a stack', { 'classifier.0.weight': [8, 8] }, `${mayBe} classifier.0.weight [8, 8].`],
  ])('%s before the classifier, without which that says something else', (_, layers, names) => {
    expect(thrown(() => checkTensors(config, tensors(layers), 'x'))).toMatchObject({
      message: `The head in x ${names}`,
      hint: expect.stringContaining('panx train, sweep or run with --new-head'),
    });
    // Where another classifier takes the place of that one, only the encoder matters.
    const bare = { headMissing: true, ignored: ['classifier.weight', 'classifier.bias', ...Object.keys(layers)] };
    expect(checkTensors(config, tensors(layers), 'x', true)).toEqual(bare);
    const without = tensors({ ...layers, 'classifier.weight': null, 'classifier.bias': null });
    expect(checkTensors(config, without, 'x')).toEqual({ headMissing: true, ignored: Object.keys(layers) });
  });

  test('a CRF, and what weighs the labels in a loss, are passed over', () => {
    const more = {
      'crf.transitions': [3, 3],
      'crf.start_transitions': [3],
      'loss_fct.weight': [3],
      'criterion.weight': [3],
    };
    expect(checkTensors(config, tensors(more), 'x')).toEqual({ headMissing: false, ignored: Object.keys(more) });
  });

  test('what the encoder is not known to have is unexpected, whatever the head', () => {
    for (const withoutHead of [false, true]) {
      const odd = tensors({ 'roberta.crf.transitions': [3, 3] });
      expect(() => checkTensors(config, odd, 'x', withoutHead)).toThrow(
        'roberta.crf.transitions [3, 3] is unexpected.',
      );
    }
  });
});

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
}

test('a folder is checked by its config.json and the headers of its weights', async () => {
  const folder = fileURLToPath(new URL('../fixtures/golden/model', import.meta.url));
  expect(await checkModelFolder(folder, 'start')).toEqual(await readModelConfig(folder));
  const other = await temporaryFolder();
  const content = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object;
  await copyFile(join(folder, 'model.safetensors'), join(other, 'model.safetensors'));
  await writeFile(join(other, 'config.json'), JSON.stringify({ ...content, num_hidden_layers: 1000 }));
  await expect(checkModelFolder(other, 'start')).rejects.toThrow(`The weights in ${other} are not those that`);
});
