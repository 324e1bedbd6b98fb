// long because it is a list of kinds of damage, a function for each.
/** A damaged copy of the text of a `tokenizer.json`, of one of many kinds. @param random from 0 to below 1, such as of a seeded generator */
export function mutateTokenizer(text: string, random: () => number): string {
  const kinds = [
    damageBytes,
    damageValues,
    damageValues,
    damageVocabulary,
    damageIds,
    insertPart,
    insertPart,
    repeatKey,
    swapWhole,
  ];
  return pick(kinds, random)(text, random);
}

type Random = () => number;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** Characters flipped, taken out, put in, said twice, or the end cut off. */
function damageBytes(text: string, random: Random): string {
  const at = below(text.length, random);
  const length = 1 + below(pick([1, 8, 200, 20_000], random), random);
  const garbage = Array.from({ length: Math.min(length, 50) }, () => String.fromCharCode(below(0x180, random))).join(
    '',
  );
  return pick(
    [
      () => text.slice(0, at),
      () => text.slice(0, at) + text.slice(at + length),
      () => text.slice(0, at) + garbage + text.slice(at + garbage.length),
      () => text.slice(0, at) + garbage + text.slice(at),
      () => text.slice(0, at + length) + text.slice(at),
      () =>
        text.slice(0, at) +
        pick(['"', ',', '{', '}', '[', ']', ':', '0', '\\', '\\u0000', '\\ud800'], random) +
        text.slice(at + 1),
    ],
    random,
  )();
}

/** One to three values anywhere but in the vocabulary are others, or are not there. */
function damageValues(text: string, random: Random): string {
  const file = parse(text);
  if (file === undefined) return damageBytes(text, random);
  for (let i = below(3, random); i >= 0; i--) {
    const [holder, key] = pick(placesIn(file), random);
    if (random() < 0.2) {
      if (Array.isArray(holder)) holder.splice(key as number, 1);
      else delete (holder as JsonObject)[key];
    } else (holder as JsonObject)[key] = otherValue((holder as JsonObject)[key]!, random);
  }
  return JSON.stringify(file);
}

function otherValue(value: Json, random: Random): Json {
  if (typeof value === 'string' && random() < 0.6) {
    return pick(
      [
        value.slice(0, below(value.length + 1, random)),
        value + value,
        value.toLowerCase(),
        `${value}\u0000`,
        damageBytes(value === '' ? 'x' : value, random),
        pick(partTypes, random),
      ],
      random,
    );
  }
  if (typeof value === 'number' && random() < 0.5) return value + pick([1, -1, 0.5, 1000, 1e6], random);
  if (typeof value === 'boolean' && random() < 0.8) return !value;
  if (Array.isArray(value) && value.length > 0 && random() < 0.5) {
    return pick([[...value, ...value], value.slice(1), value.toReversed(), [...value, null], [value]], random);
  }
  return structuredClone(pick(oddValues, random));
}

/** Entries of the vocabulary, the merges and the scores. */
function damageVocabulary(text: string, random: Random): string {
  const file = parse(text);
  const model = file?.model as JsonObject | undefined;
  const vocab = model?.vocab;
  if (model === undefined || vocab === undefined || vocab === null || typeof vocab !== 'object')
    return damageBytes(text, random);
  const merges = model.merges;
  if (Array.isArray(merges) && merges.length > 0 && random() < 0.4) {
    const at = below(merges.length, random);
    const merge = merges[at]!;
    merges[at] = pick<Json>(
      [null, 'x', 'a b c', '', ['a'], ['', ''], [merge, merge], ['zzzz', 'q'], 5, `${merge} ${merge}`],
      random,
    );
    return JSON.stringify(file);
  }
  for (let i = below(4, random); i >= 0; i--) {
    if (Array.isArray(vocab)) {
      const at = below(vocab.length, random);
      const [token, score] = (Array.isArray(vocab[at]) ? vocab[at] : ['x', 0]) as [string, number];
      vocab[at] = pick<Json>(
        [
          null,
          5,
          [token],
          [score, token],
          [token, null],
          ['', score],
          [`${token}${token}`, score],
          [token, 1e308],
          [token, -1e308],
          {},
        ],
        random,
      );
      if (random() < 0.2) vocab.length = at;
      if (random() < 0.1) vocab.push(...vocab.slice(0, 3));
    } else {
      const token = pick(Object.keys(vocab), random);
      if (token === undefined) continue;
      const id = vocab[token]!;
      vocab[pick([token, '', `${token}${token}`, '__proto__', '\ud800'], random)] = pick<Json>(
        [null, -1, 0, 1.5, 2 ** 31, 2 ** 32, 1e300, '5', (id as number) + 1, 100_000],
        random,
      );
      if (random() < 0.3) delete vocab[token];
    }
  }
  return JSON.stringify(file);
}

/** Ids and tokens that contradict each other. */
function damageIds(text: string, random: Random): string {
  const file = parse(text);
  if (file === undefined) return damageBytes(text, random);
  const added = (Array.isArray(file.added_tokens) ? file.added_tokens : []) as JsonObject[];
  const odd = () => pick<Json>([0, 1, 2, 3, 7, -1, 0.5, 1e6, 2 ** 31, 2 ** 32, null, '1', [1]], random);
  const change = pick(
    [
      () => Object.assign(pick(added, random) ?? {}, { id: odd() }),
      () =>
        Object.assign(pick(added, random) ?? {}, { content: pick(['', '<s>', 'a', ' ', '\u0000', '▁the'], random) }),
      () => added.push({ ...pick(added, random), id: odd() }),
      () => added.push({ ...pick(added, random), content: pick(['<new>', 'a', '\ud800', '中'], random) }),
      () => added.splice(below(added.length + 1, random), 1),
      () => {
        for (const token of added)
          Object.assign(token, { normalized: true, single_word: random() < 0.5, rstrip: true });
      },
      () => Object.assign(file.model as JsonObject, { unk_id: odd() }),
      () => Object.assign(file.model as JsonObject, { unk_token: pick<Json>(['nowhere', '', 5, null, 'a'], random) }),
      () => {
        const pad_token = pick(['<pad>', '[PAD]', 'nowhere', ''], random);
        file.padding = { ...padding, ...pick<JsonObject>(paddings, random), pad_id: odd(), pad_token };
      },
      () => {
        const max_length = pick<Json>([odd(), 4], random);
        file.truncation = {
          direction: 'Right',
          max_length,
          strategy: 'LongestFirst',
          stride: pick([odd(), 9], random),
        };
      },
      () => {
        const names = JSON.stringify(file.post_processor ?? null);
        file.post_processor = JSON.parse(names.replaceAll(/\d+/g, number => (random() < 0.3 ? '7' : number))) as Json;
      },
    ],
    random,
  );
  if (typeof file.model === 'object' && file.model !== null) change();
  return JSON.stringify(file);
}

const padding = { strategy: 'BatchLongest', direction: 'Right', pad_to_multiple_of: null, pad_type_id: 0 };

const paddings: JsonObject[] = [{}, { strategy: { Fixed: 100_000_000 } }, { pad_to_multiple_of: 0, direction: 'Left' }];

/** A part of the whole file is something else altogether. */
function swapWhole(text: string, random: Random): string {
  const file = parse(text);
  if (file === undefined) return damageBytes(text, random);
  const [key, values] = pick<readonly [string, readonly Json[]]>(
    [
      ['added_tokens', [[null], 5, {}, null, [{}], [[]], [{ id: -1, content: '<s>' }]]],
      ['post_processor', [null, {}, { type: 'TemplateProcessing' }, { type: 'BertProcessing' }, 5]],
      ['pre_tokenizer', [5, [], { type: 'Sequence', pretokenizers: 5 }, { type: 'Sequence', pretokenizers: [null] }]],
      ['normalizer', [5, [], { type: 'Sequence', normalizers: null }, { type: 'Sequence', normalizers: [{}] }]],
      ['decoder', [{ type: 'Replace', pattern: { Regex: '(' }, content: '' }, 5, {}]],
      ['version', ['2.0', null, 1]],
      ['model', [null, 5, {}, { type: 'Unigram' }, { type: 'BPE', vocab: {}, merges: [] }]],
    ],
    random,
  );
  file[key] = structuredClone(pick(values, random));
  const model = file.model;
  if (random() < 0.3 && typeof model === 'object' && model !== null && !Array.isArray(model)) {
    model.vocab = structuredClone(pick<Json>([[], {}, null, 5, [['<s>', 0]], [['', 0]]], random));
  }
  return JSON.stringify(file);
}

/** A part of another tokenizer, or of none, in the place of one or after it. */
function insertPart(text: string, random: Random): string {
  const file = parse(text);
  if (file === undefined) return damageBytes(text, random);
  const [place, list, parts] = pick(
    [
      ['normalizer', 'normalizers', normalizers(random)],
      ['normalizer', 'normalizers', normalizers(random)],
      ['pre_tokenizer', 'pretokenizers', preTokenizers(random)],
      ['post_processor', 'processors', postProcessors(random)],
    ] as const,
    random,
  );
  const part = pick<Json>(parts, random);
  const before = file[place] ?? null;
  const sequence = (items: Json[]): Json => ({ type: 'Sequence', [list]: items });
  file[place] = pick<Json>(
    [part, sequence([before, part]), sequence([part, before]), sequence([part, part, sequence([part])])],
    random,
  );
  if (random() < 0.3) {
    const model = file.model as JsonObject;
    if (typeof model === 'object' && model !== null) Object.assign(model, pick(modelSettings, random));
  }
  return JSON.stringify(file);
}

/** The same key twice, with a part or an odd value before or after. */
function repeatKey(text: string, random: Random): string {
  const file = parse(text);
  if (file === undefined) return damageBytes(text, random);
  const key = pick(Object.keys(file), random) ?? 'model';
  const value = pick<Json>([...normalizers(random), ...oddValues, ...postProcessors(random)], random);
  const extra = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  return random() < 0.5 ? `{${extra},${text.trimStart().slice(1)}` : `${text.trimEnd().slice(0, -1)},${extra}}`;
}

function normalizers(random: Random): Json[] {
  const letter = pick(['a', 'e', ' ', '', '▁'], random);
  const twice = { type: 'Replace', pattern: { String: letter }, content: letter + letter };
  return [
    {
      type: 'Precompiled',
      precompiled_charsmap: pick(['AAAA', '', 'AAAAAA==', '/////w==', 'BAAAAAAAAAA=', '!'], random),
    },
    { type: 'Precompiled', precompiled_charsmap: randomMap(random) },
    { type: 'Precompiled', precompiled_charsmap: randomMap(random) },
    {
      type: 'Replace',
      pattern: { Regex: pick(patterns, random) },
      content: pick(['', 'b', '$1', 'x'.repeat(9999)], random),
    },
    { type: 'Sequence', normalizers: Array.from({ length: pick([3, 12, 20, 40], random) }, () => twice) },
    { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    { type: 'Prepend', prepend: pick(['', '▁', 'x'.repeat(1000), 'x'.repeat(100_000)], random) },
    { type: 'Strip', strip_left: true, strip_right: true },
    ...['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt', 'ByteLevel'].map(type => ({ type })),
  ];
}

function preTokenizers(random: Random): Json[] {
  const behavior = pick(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous', 'Odd'], random);
  return [
    { type: 'Split', pattern: { Regex: pick(patterns, random) }, behavior, invert: random() < 0.5 },
    { type: 'Split', pattern: { String: pick(['', 'a', ' '], random) }, behavior, invert: random() < 0.5 },
    { type: 'Punctuation', behavior },
    { type: 'Digits', individual_digits: true },
    { type: 'ByteLevel', add_prefix_space: random() < 0.5, trim_offsets: true, use_regex: random() < 0.5 },
    { type: 'Metaspace', replacement: pick(['▁', '', 'ab', 'a'], random), prepend_scheme: 'first', split: false },
    { type: 'CharDelimiterSplit', delimiter: pick(['a', '', 'ab'], random) },
    { type: 'FixedLength', length: pick([0, 1, 3, -1], random) },
    ...['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'UnicodeScripts', 'Unheard'].map(type => ({ type })),
  ];
}

function postProcessors(random: Random): Json[] {
  const sequence = { Sequence: { id: pick(['A', 'B'], random), type_id: 0 } };
  const special = { SpecialToken: { id: pick(['<s>', '[CLS]', 'nowhere'], random), type_id: 0 } };
  const special_tokens = {
    '<s>': { id: '<s>', ids: pick([[0], [7], [], [0, 0], [2 ** 31]], random), tokens: ['<s>'] },
  };
  const template = (single: Json): Json => ({ type: 'TemplateProcessing', single, pair: [], special_tokens });
  return [
    template([special, sequence]),
    template([sequence, special, sequence]),
    template([special]),
    template([]),
    {
      type: 'RobertaProcessing',
      sep: ['</s>', 2],
      cls: ['<s>', pick([0, 7], random)],
      trim_offsets: true,
      add_prefix_space: true,
    },
    { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 0] },
    { type: 'ByteLevel', trim_offsets: true, add_prefix_space: true, use_regex: true },
  ];
}

/** A header that says how long its tree is, the tree, and the texts that it leads to: what a precompiled map is, of random units. */
function randomMap(random: Random): string {
  const units = Uint32Array.from({ length: pick([1, 64, 256, 1024], random) }, () =>
    Math.floor(random() * pick([2 ** 32, 2 ** 20, 512], random)),
  );
  const header = Uint32Array.of(random() < 0.8 ? units.byteLength : below(10_000, random));
  const texts = Buffer.from(pick(['', 'a\0b\0', '\0', 'ü\0中\0'], random));
  return Buffer.concat([Buffer.from(header.buffer), Buffer.from(units.buffer), texts]).toString('base64');
}

const patterns = [
  '(a+)+$',
  '(a|a)*b',
  '(.*)*x',
  '^(\\w+\\s?)*$',
  '',
  '(',
  '[',
  '\\',
  '.',
  '.*',
  '(?=a)',
  '\\b',
  '(?<a>.)\\k<a>',
  '$',
  '^',
  '(?<=a)b|\\Z',
  '(a{1,100}){1,100}',
  '\\p{L}+|\\p{N}',
  '[^\\s\\p{L}]*',
  '(?:(?:(?:(?:x{0,90}){0,90}){0,90}){0,90})',
];

const modelSettings: JsonObject[] = [
  { byte_fallback: true },
  { dropout: 0.5 },
  { dropout: 1.5 },
  { dropout: -1 },
  { fuse_unk: true, unk_token: null },
  { unk_id: null },
  { max_input_chars_per_word: 0 },
  { max_input_chars_per_word: 1e15 },
  { continuing_subword_prefix: '' },
  { continuing_subword_prefix: '▁▁▁▁▁▁' },
  { end_of_word_suffix: '</w>' },
  { ignore_merges: true },
  { type: 'WordLevel' },
  { type: 'WordPiece' },
  { type: 'BPE' },
  { type: 'Unigram' },
];

const partTypes = [
  'Sequence',
  'Precompiled',
  'ByteLevel',
  'Metaspace',
  'Replace',
  'Split',
  'Unigram',
  'BPE',
  'WordPiece',
  'NFC',
  'Unheard',
];

const oddValues: Json[] = [
  ...[null, true, false, 0, 1, -1, 5, 0.5, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1e300],
  ...['', 'x', ' ', '\u0000', '\ud800', '▁', '<s>', 'x'.repeat(70_000)],
  ...[
    [],
    {},
    [null],
    [[]],
    [5],
    ['x'],
    [{}],
    { type: 'Sequence' },
    { type: 'NFC' },
    { id: 5 },
    [{ id: 5, content: 'x' }],
  ],
];

/** Every place of a file but those inside the vocabulary and the merges, as what holds it and its key there. */
function placesIn(value: Json, name = ''): [Json, string | number][] {
  if (typeof value !== 'object' || value === null || name === 'vocab' || name === 'merges') return [];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [...keys].flatMap(key => [
    [value, key] as [Json, string | number],
    ...placesIn((value as JsonObject)[key]!, String(key)),
  ]);
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[below(items.length, random)]!;
}
