import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TensorToWrite, writeSafetensors } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { buildCli, panx } from '../built-cli.js';
import { writeEncoder } from '../encoder-folders.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-foreign-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Tensors = Map<string, { shape: number[]; values: Float32Array }>;
const bases = new Map<string, Tensors>();

beforeAll(async () => {
  buildCli();
  for (const architecture of ['bert', 'distilbert']) {
    await writeEncoder(join(folder, architecture), architecture);
    const source = await openTensors(join(folder, architecture));
    const tensors: Tensors = new Map();
    for (const [name, { shape }] of source.tensors) {
      const values = await source.read(name);
      // A new classifier has no bias, of which rows in another order would show nothing.
      if (name === 'classifier.bias') for (const row of values.keys()) values[row] = (row - 3) / 5;
      tensors.set(name, { shape, values });
    }
    await source.close();
    bases.set(architecture, tensors);
  }
});

/** A checkpoint made of a small random one. @param change of its tensors; @param config what its config.json says otherwise */
async function made(
  name: string,
  change: (tensors: Tensors) => Tensors = tensors => tensors,
  config: Record<string, unknown> = {},
  architecture = 'bert',
): Promise<string> {
  const place = join(folder, name);
  mkdirSync(place);
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(join(folder, architecture, file), join(place, file));
  }
  const own = JSON.parse(readFileSync(join(folder, architecture, 'config.json'), 'utf8')) as object;
  writeFileSync(join(place, 'config.json'), JSON.stringify({ ...own, ...config }));
  const tensors = [...change(new Map(bases.get(architecture)!))].map(
    ([name, { shape, values }]): TensorToWrite => ({ name, shape, data: () => values }),
  );
  await writeSafetensors(join(place, 'model.safetensors'), tensors);
  return place;
}

/** Tensors of these shapes, of small numbers. */
function random(shapes: Readonly<Record<string, readonly number[]>>): Tensors {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i) / 4);
      return [name, { shape: [...shape], values }];
    }),
  );
}

const withoutHead = (tensors: Tensors): Tensors =>
  new Map([...tensors].filter(([name]) => !name.startsWith('classifier.')));
const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));

const text = 'Karl Marx was born in Trier.';
const predict = (model: string, ...args: string[]) =>
  panx(['predict', '--model', model, '--text', text, '--backend', 'wasm', '--format', 'json', ...args]);
const evaluate = (model: string) =>
  panx([
    ...['evaluate', '--sample', '--model', model, '--lang', 'en', '--backend', 'wasm', '--format', 'json'],
    ...['--set', 'evaluation.limit=20'],
  ]);
const train = (model: string, out: string, ...args: string[]) =>
  panx([
    ...['train', '--sample', '--model', model, '--lang', 'en', '--size', '16', '--max-steps', '2', '--no-eval'],
    ...['--backend', 'wasm', '--store', join(folder, 'store'), '--out', join(folder, out), ...args],
  ]);

describe('the names of other programs', () => {
  it.each<[string, (name: string) => string]>([
    ['Lightning', name => `model.${name}`],
    ['both wrappers', name => `module._orig_mod.${name}`],
    ['an encoder of its own', name => name.replace(/^bert\./, 'encoder.')],
  ])('%s: the same tags and scores', async (what, rename) => {
    const plain = await made(`plain of ${what}`);
    const other = await made(`names of ${what}`, tensors => renamed(tensors, rename));
    expect(predict(other)).toMatchObject({ code: 0, stderr: '', stdout: predict(plain).stdout });
  });

  it('two encoders are refused', async () => {
    const both = await made('student and teacher', tensors => {
      return new Map([...renamed(tensors, name => `student.${name}`), ...renamed(tensors, name => `teacher.${name}`)]);
    });
    expect(predict(both).stderr).toContain(
      'holds two encoders: student.bert.embeddings.word_embeddings.weight and teacher.',
    );
  });
});

const sentenceHead = { 'classifier.weight': [2, 32], 'classifier.bias': [2] };
const otherHeads: [string, string, Readonly<Record<string, readonly number[]>>, Record<string, unknown>, string][] = [
  ['question answering', 'bert', { 'qa_outputs.weight': [2, 32], 'qa_outputs.bias': [2] }, {}, 'qa_outputs'],
  [
    ...(['sentences', 'bert', { 'bert.pooler.dense.weight': [32, 32], ...sentenceHead }] as const),
    ...([
      { architectures: ['BertForSequenceClassification'], id2label: { 0: 'bad', 1: 'good' }, label2id: null },
      'a classifier of whole sentences',
    ] as const),
  ],
  [
    ...(['sentences by no name', 'distilbert', { 'pre_classifier.weight': [32, 32], ...sentenceHead }] as const),
    ...([
      { architectures: undefined, id2label: undefined, label2id: undefined },
      'pre_classifier, a classifier of whole sentences',
    ] as const),
  ],
  ['one that nobody knows', 'bert', { 'hidden2tag.weight': [7, 32] }, {}, 'hidden2tag'],
];

describe.each(otherHeads)('a head of %s', (what, architecture, shapes, config, shown) => {
  const head = (tensors: Tensors) => new Map([...withoutHead(tensors), ...random(shapes)]);

  it('is trained from, with a new classifier, in the place of which nothing of the old one shows', async () => {
    const model = await made(`head of ${what}`, head, config, architecture);
    const bare = await made(`no head of ${what}`, withoutHead, {}, architecture);
    const { code, stderr } = train(model, `from ${what}`);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('train en  the checkpoint has no token classifier: a new one is drawn from the seed\n');
    expect(stderr).toContain(`train en  the checkpoint's `);
    expect(train(bare, `from bare of ${what}`).code).toBe(0);
    const [one, other] = [`from ${what}`, `from bare of ${what}`].map(out => {
      return readFileSync(join(folder, out, 'checkpoint', 'model.safetensors'));
    });
    expect(one!.equals(other!)).toBe(true);
    for (const said of [predict(model), evaluate(model)]) {
      expect(said).toMatchObject({ code: 1, stdout: '' });
      expect(said.stderr).toContain(`; beside the encoder it has ${shown}.`);
      expect(said.stderr).toContain(
        what === 'one that nobody knows' ? 'has no classifier.weight' : 'has no token classifier',
      );
    }
  });
});

it('a CRF is left out, and told', async () => {
  const plain = await made('without CRF');
  const shapes = { 'crf.transitions': [7, 7], 'crf.start_transitions': [7], 'crf.end_transitions': [7] };
  const model = await made('with CRF', tensors => new Map([...tensors, ...random(shapes)]));
  const { code, stdout, stderr } = predict(model);
  expect({ code, stdout }).toEqual({ code: 0, stdout: predict(plain).stdout });
  expect(stderr).toContain('panx has no CRF, and each word gets the label that its classifier alone finds likeliest\n');
});

it('an adapter beside a whole model is not added to it, and told', async () => {
  const plain = await made('without adapter');
  const model = await made('with adapter');
  writeFileSync(join(model, 'adapter_config.json'), '{"peft_type": "LORA"}');
  expect(predict(model)).toMatchObject({
    code: 0,
    stdout: predict(plain).stdout,
    stderr: "the checkpoint's adapter_config.json is not used; the adapter beside the weights is not added to them\n",
  });
});

it('a BiLSTM before the classifier is refused, and trained from with a new one', async () => {
  const shapes = { 'lstm.weight_ih_l0': [64, 32], 'lstm.weight_hh_l0': [64, 16] };
  const model = await made('with LSTM', tensors => new Map([...tensors, ...random(shapes)]));
  for (const said of [predict(model), evaluate(model), train(model, 'of LSTM')]) {
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`The head in ${model} is more than a linear map of what the encoder gives`);
    expect(said.stderr).toContain('with --new-head');
  }
  const { code, stderr } = train(model, 'of LSTM', '--new-head');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('a new classifier of 7 labels, drawn from the seed, takes the place of that of 7 labels');
});

describe('labels in another order', () => {
  const order = [3, 0, 6, 1, 5, 2, 4];
  const labels = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];
  const permuted = async (name: string, names: readonly string[]) =>
    await made(
      name,
      tensors =>
        new Map(
          [...tensors].map(([name, { shape, values }]) => {
            if (!name.startsWith('classifier.')) return [name, { shape, values }];
            const width = values.length / 7;
            const rows = order.flatMap(row => [...values.subarray(row * width, (row + 1) * width)]);
            return [name, { shape, values: Float32Array.from(rows) }];
          }),
        ),
      { id2label: { ...order.map(row => names[row]!) }, label2id: undefined },
    );

  it('with their rows and biases: the same tags and scores, before a training and after it', async () => {
    const [plain, other] = [await made('in order'), await permuted('out of order', labels)];
    expect(predict(other)).toMatchObject({ code: 0, stdout: predict(plain).stdout });
    const scores = (model: string) =>
      (JSON.parse(evaluate(model).stdout) as { scores: { en: { loss: number } } }).scores.en;
    const before = scores(plain);
    expect(scores(other)).toEqual({ ...before, loss: expect.closeTo(before.loss, 5) });
    for (const [model, out] of [
      [plain, 'further'],
      [other, 'further out of order'],
    ] as const) {
      expect(train(model, out, '--dropout', '0').code).toBe(0);
    }
    const [one, two] = ['further', 'further out of order'].map(out => join(folder, out, 'checkpoint'));
    const after = scores(one!);
    expect(scores(two!)).toEqual({ ...after, loss: expect.closeTo(after.loss, 4) });
    // The classifier stays in the order that it came in.
    const config = JSON.parse(readFileSync(join(two!, 'config.json'), 'utf8')) as { id2label: Record<string, string> };
    expect(Object.values(config.id2label)).toEqual(order.map(row => labels[row]));
  });

  it('as many others are refused: both lists are named', async () => {
    const others = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-GPE', 'I-GPE'];
    const model = await permuted('others', others);
    for (const said of [evaluate(model), train(model, 'of others')]) {
      expect(said.code).toBe(1);
      expect(said.stderr).toContain(`The classifier in ${model} predicts B-ORG O I-GPE B-PER B-GPE I-PER I-ORG;`);
      expect(said.stderr).toContain(`the data is tagged with ${labels.join(' ')}.`);
    }
  });
});

it.each<[string, string[]]>([
  ['sweep', ['--source', 'en', '--target', 'tr', '--sizes', '16']],
  ['run', [join(folder, 'study.yaml')]],
])(
  'a study by panx %s refuses other labels with the option that replaces them, and takes it',
  async (command, args) => {
    const study = 'study: {protocol: mixtures, train: [[en]], score: [en]}\ntraining: {size: 16}\n';
    writeFileSync(join(folder, 'study.yaml'), study);
    const shapes = { 'classifier.weight': [9, 32], 'classifier.bias': [9] };
    const nine = { id2label: { ...'O A B C D E F G H'.split(' ').map(name => (name === 'O' ? name : `B-${name}`)) } };
    const model = await made(`nine for ${command}`, tensors => new Map([...tensors, ...random(shapes)]), nine);
    const shared = ['--sample', '--model', model, '--max-steps', '1', '--eval-limit', '10', '--backend', 'wasm'];
    const out = ['--store', join(folder, `store of ${command}`), '--out', join(folder, `study by ${command}`)];
    const refused = panx([command, ...args, ...shared, ...out]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`The classifier in ${model} predicts O B-A B-B`);
    expect(refused.stderr).toContain('(--new-head, training.newHead: true)');
    const { code, stderr } = panx([command, ...args, ...shared, ...out, '--new-head']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('takes the place of that of 9 labels');
  },
);

it('a token that was added to the tokenizer alone is named where it is used, and is no matter where it is not', async () => {
  const model = await made('with a token');
  const path = join(model, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(path, 'utf8')) as { added_tokens: object[] };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  tokenizer.added_tokens.push({ id: 2500, content: '<ner>', ...flags });
  writeFileSync(path, JSON.stringify(tokenizer));
  expect(predict(model).code).toBe(0);
  const { code, stderr } = predict(model, '--no-split', '--text', 'Karl <ner> Marx');
  expect(code).toBe(1);
  expect(stderr).toContain(`The token "<ner>", id 2500, is not in the model's word table, which has 2500 rows`);
  expect(stderr).toContain('resize_token_embeddings');
});

it.each([
  ['PEFT', { peft_type: 'LORA', base_model_name_or_path: 'org/base' }, 'merge_and_unload()'],
  ['prompts of PEFT', { peft_type: 'PROMPT_TUNING', base_model_name_or_path: 'org/base' }, 'cannot be merged'],
  [
    'AdapterHub',
    { config: { architecture: 'lora', composition_mode: 'add' }, model_name: 'org/base' },
    'model.merge_adapter(name); model.delete_adapter(name); model.save_pretrained("DIR2")',
  ],
  ['bottlenecks of AdapterHub', { config: { reduction_factor: 16 }, model_name: 'org/base' }, 'cannot be merged'],
  [
    '(IA)3 of AdapterHub',
    { config: { architecture: 'lora', composition_mode: 'scale' }, model_name: 'org/base' },
    'cannot be merged',
  ],
])("an adapter's folder of %s, with a config.json and without", async (what, config, hint) => {
  const model = await made(`adapter of ${what}`);
  writeFileSync(join(model, 'adapter_config.json'), JSON.stringify(config));
  rmSync(join(model, 'model.safetensors'));
  const told = () => {
    const { code, stderr } = predict(model);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${model} is an adapter: weights to be added to those of "org/base"; expected a whole model.`,
    );
    expect(stderr).toContain(hint);
  };
  told();
  rmSync(join(model, 'config.json'));
  told();
});

it.each([
  ['PEFT', ['query.lora_A.default.weight'], 'model.merge_and_unload()'],
  ['AdapterHub', ['query.loras.ner.lora_B', 'query.loras.ner.lora_A'], 'model.delete_adapter(NAME)'],
  ['(IA)3 of AdapterHub', ['query.loras.ner.lora_B'], 'cannot be merged'],
  ['bottlenecks of AdapterHub', ['adapters.ner.adapter_up.weight'], 'cannot be merged'],
])('weights with an adapter of %s among them', async (what, names, hint) => {
  const more = random(Object.fromEntries(names.map(name => [`bert.encoder.layer.0.attention.self.${name}`, [4, 32]])));
  const model = await made(`among weights ${what}`, tensors => {
    return renamed(new Map([...tensors, ...more]), name => `base_model.model.${name}`);
  });
  const { code, stderr } = predict(model);
  expect(code).toBe(1);
  expect(stderr).toContain(`The weights in ${model} have an adapter among them`);
  expect(stderr).toContain(hint);
});

it.each([
  'query.SCB',
  'query.weight_scale',
  'query.weight.absmax',
  'query.qweight',
  'query._packed_params._packed_params',
])('quantised weights, with %s among them', async name => {
  const more = random({ [`bert.encoder.layer.0.attention.self.${name}`]: [4] });
  const model = await made(`quantised ${name}`, tensors => new Map([...tensors, ...more]));
  const { code, stderr } = predict(model);
  expect(code).toBe(1);
  expect(stderr).toContain(`The weights in ${model} are quantised, to a few bits each`);
  expect(stderr).toContain('Take the model that it was made of');
});

it('a classifier of another name is read once it has the name that the error says', async () => {
  const plain = await made('of the usual name');
  const named = (part: string) => (name: string) => name.replace(/^classifier\./, `${part}.`);
  for (const part of ['hidden2tag', 'classifier.1']) {
    const model = await made(`by the name ${part}`, tensors => renamed(tensors, named(part)));
    const { code, stderr } = predict(model);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${model} has no classifier.weight, with which to score or tag; beside the encoder it has ${part}.`,
    );
    expect(stderr).toContain(
      `If ${part} gives each word its label, save the encoder and it alone, as classifier.weight and classifier.bias`,
    );
  }
  const within = await made('further out', tensors =>
    renamed(tensors, name => (name.startsWith('bert.') ? `model.encoder.${name}` : `model.${name}`)),
  );
  expect(predict(within)).toMatchObject({ code: 0, stdout: predict(plain).stdout });
});
