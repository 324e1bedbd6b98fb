import { describe, expect, test } from 'vitest';
import type { Architecture } from '../../src/checkpoint/architectures.js';
import { withTodaysNames } from '../../src/checkpoint/tensor-names.js';
import type { OpenFile, Place } from '../../src/checkpoint/tensor-source.js';

const file = { path: 'FILE' } as OpenFile;

function namesOf(names: readonly string[], architecture: Architecture | null, raw: object = {}): string[] {
  const places = names.map((name): [string, Place] => [
    name,
    { file, entry: { name, dtype: 'F32', shape: [], begin: 0, end: 4 } },
  ]);
  const config = architecture === null ? null : { architecture, raw: { ...raw } };
  return [...withTodaysNames(new Map(places), config).keys()].sort();
}

/** Some tensors of a token classifier, and of its encoder alone. */
const classifiers: Record<Architecture, string[]> = {
  'xlm-roberta': named('roberta', ['encoder.layer.0.output.dense.bias', 'pooler.dense.bias']),
  roberta: named('roberta', ['encoder.layer.0.output.dense.bias']),
  camembert: named('roberta', ['encoder.layer.0.output.dense.bias']),
  bert: named('bert', ['embeddings.LayerNorm.weight', 'encoder.layer.0.output.dense.bias', 'pooler.dense.weight']),
  electra: named('electra', ['embeddings_project.weight', 'encoder.layer.0.output.dense.bias']),
  distilbert: named('distilbert', ['transformer.layer.0.ffn.lin1.bias']),
  deberta: named('deberta', ['encoder.rel_embeddings.weight']),
  'deberta-v2': named('deberta', ['encoder.LayerNorm.bias']),
};

function named(prefix: string, rest: string[]): string[] {
  const encoder = ['embeddings.word_embeddings.weight', ...rest].map(name => `${prefix}.${name}`);
  return [...encoder, 'classifier.weight', 'classifier.bias'].sort();
}

describe.each(Object.entries(classifiers) as [Architecture, string[]][])('the names of %s', (architecture, names) => {
  const prefix = names.find(name => name.endsWith('word_embeddings.weight'))!.split('.')[0]!;
  const inEncoder = (name: string) => name.startsWith(`${prefix}.`);

  test.each([
    'module.',
    '_orig_mod.',
    'module._orig_mod.',
    'model.',
    'model.module.',
    'net.model.',
    'base_model.model.',
  ])('under %s', wrapper => {
    expect(
      namesOf(
        names.map(name => wrapper + name),
        architecture,
      ),
    ).toEqual(names);
  });

  test.each(['_orig_mod', '_checkpoint_wrapped_module', '_fsdp_wrapped_module', '_fsdp_wrapped_module._orig_mod'])(
    'with %s around each layer and the encoder',
    wrapper => {
      const wrapped = names.map(name =>
        name.replace(/layer\.0\./, `layer.0.${wrapper}.`).replace(`${prefix}.`, `${prefix}.${wrapper}.`),
      );
      expect(namesOf(wrapped, architecture)).toEqual(names);
    },
  );

  test.each(['encoder', 'backbone', 'model', 'bert', 'xlm_roberta', 'transformer', 'lm'])(
    'of an encoder that is called %s',
    part => {
      const as = (wrapper: string) =>
        names.map(name => wrapper + (inEncoder(name) ? name.replace(prefix, part) : name));
      expect(namesOf(as(''), architecture)).toEqual(names);
      expect(namesOf(as('model.'), architecture)).toEqual(names);
      expect(namesOf(as(`${part}_of_mine._orig_mod.`), architecture)).toEqual(names);
      const wrapped = names.map(name => (inEncoder(name) ? name.replace(prefix, `${part}.module`) : name));
      expect(namesOf(wrapped, architecture)).toEqual(names);
    },
  );

  test.each(['model.encoder.', 'model.net.encoder.', 'module.model.backbone._orig_mod.'])(
    'of an encoder further in than its classifier: under %s',
    around => {
      const within = names.map(name =>
        inEncoder(name) ? around + name : `${around.replace(/encoder\.$/, '')}${name}`,
      );
      expect(namesOf(within, architecture)).toEqual(names);
      const far = names.map(name => (inEncoder(name) ? around + name : `${around.split('.')[0]}.${name}`));
      expect(namesOf(far, architecture)).toEqual(names);
    },
  );

  test('of a bare encoder', () => {
    const bare = names.filter(inEncoder);
    for (const wrapper of ['', 'module.', 'encoder.', 'model.encoder.']) {
      expect(
        namesOf(
          bare.map(name => name.replace(`${prefix}.`, wrapper)),
          architecture,
        ),
      ).toEqual(bare);
    }
  });
});

test('of wrappers and of old files become those of today, whatever the model is', () => {
  const found = namesOf(
    [
      'module.roberta.embeddings.LayerNorm.gamma',
      '_orig_mod.module.roberta.embeddings.LayerNorm.beta',
      'module._orig_mod.module.classifier.weight',
      'classifier.bias',
      'roberta.gamma',
      'roberta.module.weight',
      'cls.predictions.transform.LayerNorm.gamma',
    ],
    null,
  );
  expect(found).toEqual([
    'classifier.bias',
    'classifier.weight',
    'cls.predictions.transform.LayerNorm.weight',
    'roberta.embeddings.LayerNorm.bias',
    'roberta.embeddings.LayerNorm.weight',
    'roberta.gamma',
    'roberta.module.weight',
  ]);
});

test('an encoder keeps its name where nobody says what it is', () => {
  const names = ['encoder.embeddings.word_embeddings.weight'];
  expect(namesOf(names, null)).toEqual(names);
});

test.each([
  [
    ['a.LayerNorm.gamma', 'a.LayerNorm.weight'],
    'FILE holds a.LayerNorm.gamma (which is a.LayerNorm.weight today) and a.LayerNorm.weight; expected one of them.',
  ],
  [['a.weight', 'module.a.weight'], 'FILE holds a.weight and module.a.weight (which is a.weight today); expected one'],
  [
    ['model.roberta.embeddings.word_embeddings.weight', 'model.classifier.bias', 'classifier.bias'],
    'FILE holds model.classifier.bias (which is classifier.bias today) and classifier.bias; expected one of them.',
  ],
  [
    ['embeddings.word_embeddings.weight', 'roberta.embeddings.word_embeddings.weight'],
    'FILE holds two encoders: embeddings.word_embeddings.weight and roberta.embeddings.word_embeddings.weight; expected one.',
  ],
  [
    ['student.roberta.embeddings.word_embeddings.weight', 'teacher.roberta.embeddings.word_embeddings.weight'],
    'FILE holds two encoders: student.roberta.embeddings',
  ],
])('%j are refused', (names, sentence) => {
  expect(() => namesOf(names, 'xlm-roberta')).toThrow(sentence);
});

test('an encoder may have any name, but not that of another kind that config.json has in its architectures', () => {
  const names = named('roberta', []);
  const of = (name: string) => ({ architectures: [`${name}ForTokenClassification`] });
  for (const name of ['XLMRoberta', 'Roberta', 'Camembert']) {
    expect(() => namesOf(names, 'bert', of(name))).toThrow(
      'FILE holds roberta.embeddings.word_embeddings.weight, and config.json has model_type bert beside architectures of roberta; expected the same kind of encoder in all.',
    );
    expect(namesOf(names, 'xlm-roberta', of(name))).toEqual(names);
  }
  // A program of one's own that calls each encoder "bert".
  expect(namesOf(named('bert', []), 'xlm-roberta', of('XLMRoberta'))).toEqual(names);
  expect(
    namesOf(
      named('model.bert', []).map(name => name.replace(/^c/, 'model.c')),
      'xlm-roberta',
    ),
  ).toEqual(names);
  expect(() => namesOf(named('module.distilbert', []), 'bert', of('DistilBert'))).toThrow('model_type bert');
});
