// long because every key of a config.json, and every way to give it wrongly, is a row of one table of sentences.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseModelConfig, readModelConfig } from '../../src/checkpoint/config.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { exampleConfig, temporaryFolder } from './example.js';

const folder = await temporaryFolder();

/** The example with some keys changed; `undefined` removes a key. */
function changed(keys: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify({ ...exampleConfig, ...keys }));
}

test('config.json in panx terms', async () => {
  await writeFile(join(folder, 'config.json'), JSON.stringify(exampleConfig));
  expect(await readModelConfig(folder)).toEqual({
    architecture: 'xlm-roberta',
    vocabularySize: 30,
    embeddingSize: 8,
    hiddenSize: 8,
    layers: 2,
    heads: 2,
    intermediateSize: 12,
    activation: 'gelu',
    maxPositions: 20,
    positionsFromPad: true,
    typeVocabularySize: 1,
    layerNormEps: 1e-5,
    padId: 1,
    hiddenDropout: 0.1,
    dropsAttentionOutput: true,
    attentionDropout: 0.2,
    classifierDropout: 0.1,
    deberta: null,
    initializerRange: 0.02,
    labels: ['O', 'B-PER', 'I-PER'],
    raw: exampleConfig,
  });
});

test('the classifier has a dropout of its own where the file gives one, zero too', () => {
  expect(parseModelConfig('c', changed({ classifier_dropout: 0 })).classifierDropout).toBe(0);
  expect(parseModelConfig('c', changed({ classifier_dropout: 0.3 })).classifierDropout).toBe(0.3);
  expect(parseModelConfig('c', changed({ classifier_dropout: undefined })).classifierDropout).toBe(0.1);
});

test('labels come in the order of their ids, from num_labels where they have no names, or are not known', () => {
  const ids = Object.fromEntries(Array.from({ length: 12 }, (_, id) => [String(11 - id), `T${11 - id}`]));
  expect(parseModelConfig('c', changed({ id2label: ids })).labels[10]).toBe('T10');
  const unnamed = { id2label: undefined, label2id: undefined };
  expect(parseModelConfig('c', changed({ ...unnamed, num_labels: 2 })).labels).toEqual(['LABEL_0', 'LABEL_1']);
  expect(parseModelConfig('c', changed(unnamed)).labels).toEqual([]);
});

test('labels come from label2id alone where it has the ids of all rows, and there is no id2label', () => {
  const of = (label2id: unknown, more: object = {}) =>
    parseModelConfig('c', changed({ id2label: undefined, label2id, ...more })).labels;
  expect(of({ 'B-PER': 1, O: 0, 'I-PER': 2 })).toEqual(['O', 'B-PER', 'I-PER']);
  expect(of({ 'B-PER': '1', O: '0' }, { num_labels: 2, id2label: null })).toEqual(['O', 'B-PER']);
  for (const other of [
    { O: 0, 'B-PER': 2 },
    { O: 1, 'B-PER': 2 },
    { O: 0, 'B-PER': 0 },
    { O: 0, '': 1 },
    ['O'],
    {},
    3,
  ]) {
    expect(of(other)).toEqual([]);
  }
  expect(of({ O: 0, 'B-PER': 1 }, { num_labels: 3 })).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
  expect(parseModelConfig('c', changed({ label2id: { X: 0, Y: 1, Z: 2 } })).labels).toEqual(['O', 'B-PER', 'I-PER']);
});

describe('encoders in words of their own', () => {
  test('BERT counts positions from 0; its first files leave out what all of them have', () => {
    const old = changed({ model_type: 'bert', layer_norm_eps: undefined, pad_token_id: undefined, type_vocab_size: 2 });
    const bert = { positionsFromPad: false, layerNormEps: 1e-12, padId: 0, typeVocabularySize: 2, embeddingSize: 8 };
    expect(parseModelConfig('c', old)).toMatchObject(bert);
    expect(parseModelConfig('c', changed({ model_type: 'bert', pad_token_id: null })).padId).toBeNull();
    expect(() => parseModelConfig('c', changed({ model_type: 'bert', pad_token_id: 30 }))).toThrow(
      'c: pad_token_id is 30, expected less than vocab_size (30).',
    );
  });

  test('ELECTRA says how wide its embeddings are', () => {
    const electra = changed({ model_type: 'electra', embedding_size: 6 });
    expect(parseModelConfig('c', electra)).toMatchObject({ embeddingSize: 6, hiddenSize: 8, positionsFromPad: false });
    expect(() => parseModelConfig('c', changed({ model_type: 'electra' }))).toThrow('c: embedding_size is missing');
  });

  test('DistilBERT has names of its own, one epsilon, and nothing dropped behind attention', () => {
    const keys = {
      dim: 8,
      n_layers: 2,
      n_heads: 2,
      hidden_dim: 12,
      activation: 'gelu',
      dropout: 0.3,
      attention_dropout: 0.2,
    };
    const general = { hidden_size: undefined, num_hidden_layers: undefined, num_attention_heads: undefined };
    const rest = { model_type: 'distilbert', layer_norm_eps: 1e-3, classifier_dropout: 0.4 };
    const distilbert = { ...keys, ...general, ...rest };
    expect(parseModelConfig('c', changed(distilbert))).toMatchObject({
      ...{ hiddenSize: 8, embeddingSize: 8, layers: 2, heads: 2, intermediateSize: 12, typeVocabularySize: 0 },
      ...{ layerNormEps: 1e-12, hiddenDropout: 0.3, classifierDropout: 0.3, attentionDropout: 0.2 },
      ...{ dropsAttentionOutput: false, positionsFromPad: false },
    });
    expect(() => parseModelConfig('c', changed({ ...distilbert, n_heads: 3 }))).toThrow(
      'c: dim is 8, which 3 attention heads (n_heads) do not divide.',
    );
    for (const key of Object.keys(keys)) {
      expect(() => parseModelConfig('c', changed({ ...distilbert, [key]: undefined }))).toThrow(`c: ${key} is missing`);
    }
    // transformers takes the general names where a file has both.
    const both = { hidden_size: 12, num_hidden_layers: 1, num_attention_heads: 4 };
    expect(parseModelConfig('c', changed({ ...distilbert, ...both }))).toMatchObject({
      hiddenSize: 12,
      layers: 1,
      heads: 4,
    });
    const alone = { dim: undefined, n_layers: undefined, n_heads: undefined, ...both };
    expect(parseModelConfig('c', changed({ ...distilbert, ...alone }))).toMatchObject({
      hiddenSize: 12,
      layers: 1,
      heads: 4,
    });
  });

  test('what transformers does not take for a model that is trained whole is refused', () => {
    for (const [key, value] of [
      ['add_cross_attention', true],
      ['chunk_size_feed_forward', 5],
      ['quantization_config', { quant_method: 'bitsandbytes', load_in_8bit: true }],
    ] as const) {
      expect(() => parseModelConfig('c', changed({ [key]: value })), key).toThrow(key);
    }
    const usual = { add_cross_attention: false, chunk_size_feed_forward: 0, quantization_config: null };
    expect(parseModelConfig('c', changed(usual)).hiddenSize).toBe(8);
  });

  describe('the DeBERTas', () => {
    const parsed = (keys: Record<string, unknown>, type = 'deberta-v2') =>
      parseModelConfig('c', changed({ model_type: type, type_vocab_size: 0, ...keys }));
    const seen = { relative_attention: true, pos_att_type: 'p2c|c2p' };

    test('what the file does not say', () => {
      expect(parsed({ layer_norm_eps: undefined, pad_token_id: undefined })).toMatchObject({
        ...{ layerNormEps: 1e-7, padId: 0, typeVocabularySize: 0, embeddingSize: 8 },
        deberta: { hasPositionTable: true, scoreTerms: 1, hasRelativeNorm: false, relative: null },
      });
    });

    test('terms are a list, or a text with | between; where nothing sees positions they count for the divisor all the same', () => {
      expect(parsed(seen).deberta!.relative).toMatchObject({ contentToPosition: true, positionToContent: true });
      expect(parsed({ ...seen, pos_att_type: ['c2p'] }).deberta).toMatchObject({
        scoreTerms: 2,
        relative: { contentToPosition: true, positionToContent: false, sharesMaps: false },
      });
      expect(parsed({ ...seen, relative_attention: false }).deberta).toMatchObject({ scoreTerms: 3, relative: null });
      // v1 counts all words, v2 those that it knows.
      const words = { ...seen, pos_att_type: ['c2p', 'p2p'] };
      expect(parsed(words, 'deberta').deberta!.scoreTerms).toBe(3);
      expect(parsed(words).deberta!.scoreTerms).toBe(2);
    });

    test('the span is that of the buckets, else the farthest distance, else the positions', () => {
      const relative = (keys: Record<string, unknown>, type?: string) =>
        parsed({ ...seen, ...keys }, type).deberta!.relative;
      expect(relative({})).toMatchObject({ span: 20, farthest: null });
      expect(relative({ max_relative_positions: 9 })).toMatchObject({ span: 9, farthest: null });
      expect(relative({ position_buckets: 6, share_att_key: true })).toMatchObject({
        span: 6,
        farthest: 20,
        sharesMaps: true,
      });
      expect(relative({ position_buckets: 6 }, 'deberta')).toMatchObject({ span: 20, farthest: null });
    });

    test.each([
      [{ conv_kernel_size: 3 }, 'c: conv_kernel_size is 3, expected 0.'],
      [{ talking_head: true }, 'c: talking_head is true, expected false.'],
      [{ z_steps: 2 }, 'c: z_steps is 2, expected 1.'],
      [{ attention_head_size: 8 }, 'c: attention_head_size is 8, expected 4.'],
      [{ position_buckets: 2 }, 'c: position_buckets is 2, expected 3 or more, or -1.'],
      [{ pos_att_type: 7 }, 'c: pos_att_type is 7, expected a list of words, or a text of words with | between.'],
      [{ relative_attention: 'yes' }, 'c: relative_attention is "yes", expected true or false.'],
      [{ max_relative_positions: 1.5 }, 'c: max_relative_positions is 1.5, expected a whole number up to 1048576.'],
    ])('%j is refused', (keys, sentence) => {
      expect(() => parsed({ ...seen, ...keys })).toThrow(sentence);
    });
  });

  test('an adapter is no model', async () => {
    const adapter = await temporaryFolder();
    await writeFile(join(adapter, 'adapter_config.json'), '{}');
    await expect(readModelConfig(adapter)).rejects.toThrow(`${adapter} is an adapter: weights to be added to those of`);
  });
});

describe('every key that the model needs is needed: nothing is assumed', () => {
  const needed = [
    'model_type',
    'vocab_size',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'intermediate_size',
    'hidden_act',
    'hidden_dropout_prob',
    'attention_probs_dropout_prob',
    'max_position_embeddings',
    'type_vocab_size',
    'layer_norm_eps',
    'initializer_range',
    'pad_token_id',
  ];
  test.each(needed)('%s', key => {
    expect(() => parseModelConfig('x/config.json', changed({ [key]: undefined }))).toThrow(
      `x/config.json: ${key} is missing, expected `,
    );
  });
});

describe('a value that panx cannot compute with is refused by its key', () => {
  const cases: [Record<string, unknown>, string][] = [
    [
      { model_type: 'vit' },
      'c: model_type is "vit", expected one of "xlm-roberta", "roberta", "camembert", "bert", "electra", "distilbert", "deberta", "deberta-v2".',
    ],
    [
      { model_type: 'canine' },
      'c: model_type is "canine": CANINE, which reads characters and has no vocabulary. panx does not know it; expected one of',
    ],
    [
      { hidden_act: 'mish' },
      'c: hidden_act is "mish", expected one of "gelu", "relu", "gelu_new", "gelu_pytorch_tanh", "silu".',
    ],
    [{ position_embedding_type: 'relative_key' }, 'c: position_embedding_type is "relative_key", expected "absolute".'],
    [{ is_decoder: true }, 'c: is_decoder is true, expected false.'],
    [{ hidden_size: 8.5 }, 'c: hidden_size is 8.5, expected a whole number from 1 to 65536.'],
    [{ vocab_size: '30' }, 'c: vocab_size is "30", expected a whole number from 1 to 10000000.'],
    [{ pad_token_id: null }, 'c: pad_token_id is null, expected a whole number of 0 or more.'],
    [{ layer_norm_eps: 0 }, 'c: layer_norm_eps is 0, expected a float32 number above 0 and at most 1.'],
    [
      { hidden_dropout_prob: 1 },
      'c: hidden_dropout_prob is 1, expected a float32 number of at least 0 and less than 1.',
    ],
    [
      { classifier_dropout: -1 },
      'c: classifier_dropout is -1, expected a float32 number of at least 0 and less than 1.',
    ],
    [{ num_attention_heads: 3 }, 'c: hidden_size is 8, which 3 attention heads (num_attention_heads) do not divide.'],
    [
      { pad_token_id: 30 },
      'c: pad_token_id is 30, expected less than vocab_size (30) and max_position_embeddings - 1 (19).',
    ],
    [
      { id2label: { 0: 'O', 2: 'B-PER' } },
      'c: id2label has 2 entries and none (or no name) for id 1, expected names for 0 to 1.',
    ],
    [{ id2label: { 0: 'O', 1: 7 } }, 'c: id2label has 2 entries and none (or no name) for id 1,'],
    [{ id2label: { 0: 'O', 1: 'O' } }, 'c: id2label names "O" twice.'],
    [
      { id2label: { 0: 'O', 1: 'B-X\nfine' } },
      'c: id2label names "B-X\\nfine", which holds <U+000A>; expected no line end',
    ],
    [{ id2label: { 0: 'O', 1: ' ' } }, 'c: id2label names " ", which is blank; expected a name.'],
    [{ id2label: { 0: 'O', 1: 'x'.repeat(60_000) } }, 'which has 60000 characters; expected at most 200.'],
    [{ id2label: ['O'] }, 'c: id2label is ["O"], expected an object from ids to names, such as {'],
    [{ num_labels: 5 }, 'c: num_labels is 5, and id2label names 3 labels.'],
  ];
  test.each(cases)('%j', (keys, sentence) => {
    expect(() => parseModelConfig('c', changed(keys))).toThrow(sentence);
  });
});

test('a config.json that is there and cannot be read', async () => {
  const odd = join(folder, 'odd');
  await mkdir(odd);
  await symlink('config.json', join(odd, 'config.json'));
  await expect(readModelConfig(odd)).rejects.toThrow(
    `${join(odd, 'config.json')} cannot be read: its links lead in a circle.`,
  );
});

test.skipIf(process.getuid?.() === 0)('a folder that may not be looked into', async () => {
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0 });
  await expect(readModelConfig(closed)).rejects.toThrow('config.json cannot be read: permission denied.');
  await expect(openTensors(closed)).rejects.toThrow('model.safetensors cannot be read: permission denied.');
});

test('what is no config.json at all', async () => {
  expect(() => parseModelConfig('c', [])).toThrow('c does not hold a JSON object.');
  const empty = join(folder, 'empty');
  await mkdir(empty);
  await expect(readModelConfig(empty)).rejects.toThrow(`${empty} has no config.json.`);
  for (const [file, instead, hint] of [
    ['model.gguf', '; it has model.gguf', 'Take the model that this one was made of'],
    ['bert_model.ckpt.index', '; it has bert_model.ckpt.index', 'Convert them in Python, with transformers 4.50'],
    ['notes.txt', '', 'A checkpoint folder holds config.json'],
  ] as const) {
    await writeFile(join(empty, file), 'x');
    const message = `${empty} has no config.json${instead}.`;
    await expect(readModelConfig(empty)).rejects.toMatchObject({ message, hint: expect.stringContaining(hint) });
    await rm(join(empty, file));
  }
  for (const [inside, best] of [
    ['checkpoint-500', 'checkpoint-500'],
    ['checkpoint-1000', 'checkpoint-1000'],
    ['snapshots/abc', 'snapshots/abc'],
  ] as const) {
    await mkdir(join(empty, inside), { recursive: true });
    await writeFile(join(empty, inside, 'model.safetensors'), 'x');
    const hint = `There are weights in ${join(empty, best)}: give that folder.`;
    await expect(readModelConfig(empty)).rejects.toMatchObject({ hint });
  }
  for (const inside of ['checkpoint-500', 'checkpoint-1000', 'snapshots']) {
    await rm(join(empty, inside), { recursive: true });
  }
  await expect(readModelConfig(join(folder, 'none'))).rejects.toThrow(
    `${join(folder, 'none')} does not exist; expected a checkpoint folder.`,
  );
  await writeFile(join(empty, 'config.json'), '{"model_type": ');
  await expect(readModelConfig(empty)).rejects.toThrow(`${join(empty, 'config.json')} is not valid JSON`);
});

describe('sizes and numbers that would take all memory, or be others in float32', () => {
  const wild: [Record<string, unknown>, string][] = [
    [{ num_hidden_layers: 1e7 }, 'c: num_hidden_layers is 10000000, expected a whole number from 1 to 1000.'],
    [
      { num_hidden_layers: 2 ** 53 },
      'c: num_hidden_layers is 9007199254740992, expected a whole number from 1 to 1000.',
    ],
    [{ vocab_size: 1e12 }, 'c: vocab_size is 1000000000000, expected a whole number from 1 to 10000000.'],
    [{ hidden_size: 1e9 }, 'c: hidden_size is 1000000000, expected a whole number from 1 to 65536.'],
    [{ intermediate_size: 1e9 }, 'c: intermediate_size is 1000000000, expected a whole number from 1 to 1048576.'],
    [{ num_attention_heads: 1e9 }, 'c: num_attention_heads is 1000000000, expected a whole number from 1 to 65536.'],
    [{ max_position_embeddings: 1e9 }, 'c: max_position_embeddings is 1000000000, expected a whole number from 1 to'],
    [{ type_vocab_size: 1e9 }, 'c: type_vocab_size is 1000000000, expected a whole number from 1 to 65536.'],
    [{ id2label: undefined, num_labels: 1e9 }, 'c: num_labels is 1000000000, expected a whole number from 1 to 10000.'],
    [
      { id2label: Object.fromEntries(Array.from({ length: 10_001 }, (_, id) => [id, `L${id}`])) },
      'c: id2label names 10001 labels, expected at most 10000.',
    ],
    [{ id2label: { 0: 'O', 4294967295: 'B-PER' } }, 'c: id2label has 2 entries and none (or no name) for id 1,'],
    [
      { id2label: { 0: 'x'.repeat(1e6), 1: 'x'.repeat(1e6) } },
      `c: id2label names "${'x'.repeat(78)}…, which has 1000000`,
    ],
    [{ vocab_size: 'x'.repeat(1e6) }, `c: vocab_size is "${'x'.repeat(78)}…, expected`],
    [{ hidden_size: [[[]]] }, 'c: hidden_size is [[[]]], expected'],
    [{ layer_norm_eps: 1e-60 }, 'c: layer_norm_eps is 1e-60, expected a float32 number above 0 and at most 1.'],
    [{ layer_norm_eps: 1e300 }, 'c: layer_norm_eps is 1e+300, expected'],
    [
      { initializer_range: 1e300 },
      'c: initializer_range is 1e+300, expected a float32 number above 0 and at most 100.',
    ],
    [
      { hidden_dropout_prob: 0.99999999 },
      'c: hidden_dropout_prob is 0.99999999, expected a float32 number of at least 0',
    ],
    [{ attention_probs_dropout_prob: 1e-60 }, 'c: attention_probs_dropout_prob is 1e-60, expected a float32 number'],
    [{ classifier_dropout: 0.99999999 }, 'c: classifier_dropout is 0.99999999, expected a float32 number'],
  ];
  test.each(wild)('%.60j', (keys, sentence) => {
    expect(() => parseModelConfig('c', changed(keys))).toThrow(sentence);
  });

  test('10,000 labels are read', () => {
    const ids = Object.fromEntries(Array.from({ length: 10_000 }, (_, id) => [id, `L${id}`]));
    expect(parseModelConfig('c', changed({ id2label: ids })).labels).toHaveLength(10_000);
  });

  test('JSON that writes numbers which are none', async () => {
    const place = join(folder, 'infinite');
    await mkdir(place);
    await writeFile(
      join(place, 'config.json'),
      JSON.stringify(exampleConfig).replace('"hidden_size":8', '"hidden_size":1e400'),
    );
    await expect(readModelConfig(place)).rejects.toThrow(
      'hidden_size is Infinity, expected a whole number from 1 to 65536.',
    );
  });

  test('a config.json that is a device without end, a folder, large, or of other bytes', async () => {
    const place = (name: string) => join(folder, name, 'config.json');
    for (const name of ['zero', 'folder', 'large', 'bytes']) await mkdir(join(folder, name));
    await symlink('/dev/zero', place('zero'));
    await expect(readModelConfig(join(folder, 'zero'))).rejects.toThrow(
      `${place('zero')} cannot be read: it is larger than 4,194,304 bytes.`,
    );
    await mkdir(place('folder'));
    await expect(readModelConfig(join(folder, 'folder'))).rejects.toThrow(
      'cannot be read: it is a folder, not a file.',
    );
    await writeFile(place('large'), Buffer.alloc(5 << 20, ' '));
    await expect(readModelConfig(join(folder, 'large'))).rejects.toThrow('it is larger than 4,194,304 bytes.');
    await writeFile(place('bytes'), Buffer.of(0x7b, 0xff, 0x7d));
    await expect(readModelConfig(join(folder, 'bytes'))).rejects.toThrow(
      'config.json, line 1: byte 2 of the line, 0xFF,',
    );
  });
});
