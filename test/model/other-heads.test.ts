import { describe, expect, test } from 'vitest';
import { type Architecture, architectures } from '../../src/checkpoint/architectures.js';
import type { ModelConfig } from '../../src/checkpoint/config.js';
import type { TensorInfo } from '../../src/checkpoint/tensor-source.js';
import { headsAmong, isOfSentences, linearMapsAmong, roleOf, unusedText } from '../../src/model/other-heads.js';

const roberta = { architecture: 'xlm-roberta' } as const;

/**
 * What the classes of transformers 5.18 have beside an encoder, without what ends the names (weight, bias): `state_dict()` of each ForX of
 * these encoders.
 */
const heads: Record<string, string[]> = {
  ForCausalLM: ['lm_head', 'lm_head.dense', 'lm_head.layer_norm', 'lm_head.decoder'],
  ForPreTraining: [
    ...['cls.predictions', 'cls.predictions.transform.dense', 'cls.predictions.transform.LayerNorm'],
    ...['cls.predictions.decoder', 'cls.seq_relationship', 'discriminator_predictions.dense'],
    'discriminator_predictions.dense_prediction',
  ],
  ForMaskedLM: [
    ...['generator_predictions.LayerNorm', 'generator_predictions.dense', 'generator_lm_head'],
    ...['vocab_transform', 'vocab_layer_norm', 'vocab_projector', 'lm_predictions.lm_head', 'mask_predictions.dense'],
  ],
  ForQuestionAnswering: ['qa_outputs'],
  ForSequenceClassification: [
    'classifier.dense',
    'classifier.out_proj',
    'pre_classifier',
    'pooler.dense',
    'score',
    'logits_proj',
  ],
  ForMultipleChoice: ['sequence_summary.summary'],
};

test.each(Object.entries(heads))('the heads of %s are of another task, whatever the encoder', (_, names) => {
  for (const architecture of architectures) {
    for (const name of names) expect(roleOf(`${name}.weight`, { architecture }), name).toBe('other task');
  }
});

test.each<[string, Architecture, string]>([
  ['roberta.pooler.dense.weight', 'xlm-roberta', 'other task'],
  ['bert.embeddings.position_ids', 'bert', 'other task'],
  ['deberta.embeddings.position_embeddings.weight', 'deberta-v2', 'other task'],
  ['loss_fct.weight', 'bert', 'other task'],
  ['crf.transitions', 'bert', 'crf'],
  ['crf_layer.start_transitions', 'bert', 'crf'],
  ['tagger.crf._constraint_mask', 'bert', 'crf'],
  ['transitions', 'bert', 'crf'],
  ['transition_params', 'bert', 'crf'],
  ['head.transition_matrix', 'bert', 'crf'],
  ['crflayer.trans', 'bert', 'crf'],
  ['transition.weight', 'bert', 'unknown'],
  ['crf_state_dict', 'bert', 'crf'],
  ['bert.encoder.layer.99.output.dense.bias', 'bert', 'unexpected'],
  ['roberta.encoder.layer.99.output.dense.bias', 'camembert', 'unexpected'],
  ['lstm.weight_ih_l0', 'bert', 'unknown'],
  ['hidden2tag.weight', 'electra', 'unknown'],
  ['scores.weight', 'bert', 'unknown'],
])('%s of %s is %s', (name, architecture, role) => {
  expect(roleOf(name, { architecture })).toBe(role);
});

describe('a classifier is one of whole sentences', () => {
  const of = (classes: unknown, names: string[], deberta = false, labels = ['LABEL_0', 'LABEL_1']) => {
    const config = { raw: { architectures: classes }, deberta: deberta ? {} : null, labels };
    return isOfSentences(config as unknown as ModelConfig, ['classifier.weight', ...names]);
  };

  test.each<[unknown, string[], boolean]>([
    [['BertForSequenceClassification'], ['bert.pooler.dense.weight'], true],
    [['ElectraForMultipleChoice'], ['sequence_summary.summary.weight'], true],
    [undefined, ['pre_classifier.weight'], true],
    [undefined, ['sequence_summary.summary.weight'], true],
    // BertForTokenClassification had a pooler too, until 2020; and programs save the config.json of the encoder that they began with.
    [undefined, ['bert.pooler.dense.weight'], false],
    [['BertForMaskedLM'], ['bert.pooler.dense.weight'], false],
    [['DistilBertForTokenClassification'], ['pre_classifier.weight'], false],
    ['BertForSequenceClassification', [], false],
    [null, [], false],
  ])('by the classes %j and %j: %s', (classes, names, expected) => {
    expect(of(classes, names)).toBe(expected);
  });

  test('unless its labels are those of words', () => {
    for (const labels of [
      ['O', 'PER'],
      ['B-PER', 'I-PER'],
      ['B_PER', 'I_PER'],
    ]) {
      expect(of(['BertForSequenceClassification'], ['pre_classifier.weight'], false, labels)).toBe(false);
    }
  });

  test("by the DeBERTas' pooler, which stands outside the encoder", () => {
    expect(of(undefined, ['pooler.dense.weight'], true)).toBe(true);
    expect(of(undefined, ['pooler.dense.weight'])).toBe(false);
  });
});

test.each<[string, Record<string, number[]>, string[]]>([
  ['one', { 'hidden2tag.weight': [7, 8], 'hidden2tag.bias': [7] }, ['hidden2tag']],
  ['one behind a dropout', { 'classifier.1.weight': [7, 8] }, ['classifier.1']],
  ['one with a CRF behind it', { 'linear.weight': [7, 8], 'crf.transitions': [7, 7] }, ['linear']],
  ['one beside the pooler', { 'fc.weight': [7, 8], 'roberta.pooler.dense.weight': [8, 8] }, ['fc']],
  ['two', { 'slots.weight': [7, 8], 'intents.weight': [3, 8] }, ['slots', 'intents']],
  ['none behind another layer', { 'dense.weight': [8, 8], 'out.weight': [7, 8] }, []],
  ['none behind a BiLSTM', { 'lstm.weight_hh_l0': [16, 4], 'out.weight': [7, 8] }, []],
  ['none of another width', { 'out.weight': [7, 4] }, []],
  ['none of whole sentences', { 'classifier.weight': [2, 8], 'classifier.bias': [2] }, []],
  ['none of pretraining', { 'lm_head.weight': [7, 8] }, []],
])('of heads by other names, those that may give labels: %s', (_, shapes, maps) => {
  const tensors = Object.entries(shapes).map(([name, shape]): TensorInfo => ({ name, shape, dtype: 'F32' }));
  expect(linearMapsAmong(tensors, { ...roberta, hiddenSize: 8 })).toEqual(maps);
});

test('heads are named by their parts', () => {
  const names = ['cls.predictions.bias', 'cls.seq_relationship.weight', 'lm_head.dense.weight', 'lm_head.bias'];
  const more = ['qa_outputs.weight', 'qa_outputs.bias', 'classifier.out_proj.weight', 'classifier.weight'];
  const others = ['roberta.pooler.dense.weight', 'roberta.embeddings.position_ids', 'hidden2tag.weight'];
  expect(headsAmong([...names, ...more, ...others], roberta)).toEqual([
    'cls',
    'lm_head',
    'qa_outputs',
    'classifier.out_proj',
    'a classifier of whole sentences',
    'hidden2tag',
  ]);
});

test.each([
  [[], null],
  [['a'], "the checkpoint's a is not used"],
  [['a', 'b'], "the checkpoint's a and b are not used"],
  [['a', 'b', 'c', 'd', 'e'], "the checkpoint's a, b and 3 more are not used"],
  [
    ['roberta.pooler.dense.weight', 'loss.weight', 'a'],
    "the checkpoint's a, roberta.pooler.dense.weight and 1 more are not used",
  ],
  [
    ['a', 'b', 'crf.transitions'],
    "the checkpoint's a, b and 1 more are not used: panx has no CRF, and each word gets the label that its classifier alone finds likeliest",
  ],
])('%j are told in one line', (names, text) => {
  expect(unusedText(names, roberta)).toBe(text);
});
