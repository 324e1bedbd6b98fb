import { changeJson } from './json-change.js';
import { oddJson } from './odd-values.js';
import type { Random } from './random.js';

/**
 * A damaged copy of a tokenizer.json: the shape of its parts, its ids, or its bytes. The copy may happen to be a sound
 * tokenizer, so a test can ask only that nothing breaks.
 */
export function mutateTokenizer(text: string, random: Random): string {
  if (random.chance(0.1)) return cutOrFlipped(text, random);
  let changed = text;
  for (let changes = random.pick([1, 1, 1, 2, 3]); changes > 0; changes--) {
    const [at, value] = random.chance(0.55) ? random.pick(targeted(random)) : anywhere(random);
    try {
      changed = changeJson(changed, at, value, 0);
    } catch {} // An earlier change took that place away.
  }
  return changed;
}

type Change = [at: Parameters<typeof changeJson>[1], value: Parameters<typeof changeJson>[2]];

function anywhere(random: Random): Change {
  return [random.next(), random.chance(0.3) ? null : random.pick(oddJson)];
}

function cutOrFlipped(text: string, random: Random): string {
  const at = random.integer(0, text.length - 1);
  if (random.chance(0.5)) return text.slice(0, at);
  return `${text.slice(0, at)}${String.fromCharCode(random.integer(0, 300))}${text.slice(at + 1)}`;
}

/** Values that reach deep into the engine: its maps, its regular expressions, its ids. */
function targeted(random: Random): Change[] {
  const normalizer = (value: object): Change => [['normalizer'], JSON.stringify(value)];
  const preTokenizer = (value: object): Change => [['pre_tokenizer'], JSON.stringify(value)];
  const row = random.integer(0, 2000);
  const pad = { pad_id: 1, pad_type_id: 0, pad_token: '<pad>' };
  return [
    normalizer({
      type: 'Precompiled',
      precompiled_charsmap: random.pick(['AAAA', '', 'AA==', 'x', 'AAAAAAAA', '/////w==']),
    }),
    normalizer({
      type: 'Replace',
      pattern: { Regex: random.pick(regexes) },
      content: random.pick(['', ' ', 'x'.repeat(9999)]),
    }),
    normalizer({ type: 'Replace', pattern: { String: '' }, content: 'x' }),
    normalizer({ type: 'Sequence', normalizers: random.pick<unknown>([null, [], [null], 5, [{ type: 'NFKC' }, {}]]) }),
    normalizer({ type: 'Prepend', prepend: random.pick(['', 'x'.repeat(100_000)]) }),
    normalizer({ type: random.pick(['Nmt', 'Lowercase', 'Strip', 'BertNormalizer', 'ByteLevel', 'None', '']) }),
    preTokenizer({ type: 'Sequence', pretokenizers: random.pick<unknown>([5, null, [], [null], {}]) }),
    preTokenizer({ type: 'Split', pattern: { Regex: random.pick(regexes) }, behavior: 'Isolated', invert: false }),
    preTokenizer({
      type: 'Metaspace',
      replacement: random.pick(['', '▁▁', 'a']),
      prepend_scheme: 'always',
      split: true,
    }),
    preTokenizer({ type: 'Digits', individual_digits: true }),
    [['added_tokens'], random.pick(['[null]', '5', '{}', 'null', '[{}]', '[[]]', '[{"id": -1, "content": "<s>"}]'])],
    [
      ['added_tokens', random.integer(0, 4), 'id'],
      random.pick(['0', '1', '7', '2499', '2500', '99999', '-1', '4294967295', '1e10']),
    ],
    [['added_tokens', random.integer(0, 4), 'content'], random.pick(['""', '"▁the"', '" "', '"<s>"', '"a"'])],
    [['added_tokens', random.integer(0, 4), 'special'], 'false'],
    [['model', 'unk_id'], random.pick(['null', '-1', '0', '99999', '"3"', '1e20'])],
    [['model', 'vocab'], random.pick(['[]', '{}', 'null', '5', '[["<s>", 0]]', '[["", 0]]'])],
    [
      ['model', 'vocab', row],
      random.pick([
        'null',
        '[]',
        '["x"]',
        '["x", "y"]',
        '["x", 1, 2]',
        '5',
        '"x"',
        '["<s>", 0]',
        '["x", -1e999]',
        '["", 0]',
      ]),
    ],
    [['model', 'vocab', row, 1], random.pick(['1e308', '-1e308', '1e999', '"0"', 'null'])],
    [['model', 'type'], random.pick(['"BPE"', '"WordPiece"', '"WordLevel"', '""', '5', 'null'])],
    [['model', 'byte_fallback'], random.pick(['true', '5'])],
    [
      ['post_processor'],
      random.pick(['null', '{}', '{"type": "TemplateProcessing"}', '{"type": "BertProcessing"}', '5']),
    ],
    [
      ['post_processor', 'single'],
      random.pick([
        '[]',
        'null',
        '[{"Sequence": {"id": "B", "type_id": 0}}]',
        '[{"SpecialToken": {"id": "nope", "type_id": 0}}]',
      ]),
    ],
    [['post_processor', 'special_tokens', '<s>', 'ids'], random.pick(['[]', '[99999]', '[-1]', '[0, 0, 0]', 'null'])],
    [['post_processor', 'special_tokens'], random.pick(['{}', 'null', '[]'])],
    [
      ['truncation'],
      random.pick(['{}', '{"max_length": 0, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}', '5']),
    ],
    [['truncation'], '{"max_length": 4, "strategy": "LongestFirst", "stride": 9, "direction": "Right"}'],
    [['padding'], JSON.stringify({ strategy: { Fixed: 100_000_000 }, direction: 'Right', ...pad })],
    [['padding'], JSON.stringify({ strategy: 'BatchLongest', direction: 'Left', pad_to_multiple_of: 0, ...pad })],
    [['version'], random.pick(['"2.0"', 'null', '1'])],
    [['decoder'], random.pick(['{"type": "Replace", "pattern": {"Regex": "("}, "content": ""}', '5', '{}'])],
  ];
}

const regexes = ['(a+)+$', '(', '', '.*', '(.*)*x', '(?=', '\\p{L}{1000}{1000}', '(x|x)*y', '[', '(?<a>.)\\k<a>', '$'];
