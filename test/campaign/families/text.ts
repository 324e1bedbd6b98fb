import type { Argument, Case, Content, Step, Verdict } from '../case.js';
import type { Random } from '../random.js';
import { predict } from './commands.js';

/** Family 6: text to tag that is not what a text should be. */
export function textCase(random: Random): Case {
  const part = random.pick([small, small, small, small, random.chance(0.25) ? large : small]);
  return { family: 'text', steps: [{ do: 'fixture', name: 'checkpoint', to: 'm', fixed: true }, ...part(random)] };
}

/** Pieces that are put together. All of them are text to somebody, so that with a word among them panx must tag. */
const pieces: readonly string[] = [
  'Ada Lovelace lives in London.',
  'İstanbul Boğazı',
  '日本語のテキスト',
  'العربية',
  '👩‍👩‍👧‍👦',
  'e\u0301'.repeat(200),
  'a\u0300'.repeat(5000),
  'x'.repeat(20_000),
  'word '.repeat(3000),
  '\t',
  ' ',
  '\u00a0',
  '\u200b',
  '\u2028',
  '\ufeff',
  '\u202e',
  '\u0000',
  '\u0007\u0008',
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  '\r',
  '\r\n',
  '\n',
  '\n\n\n',
  '\u0085',
  '\ufffd',
  '<s> </s> <pad> <unk> <mask>',
  '▁▁▁',
  '=cmd()',
  '|',
  '"',
  "'",
  '\\',
  '%s%n',
  '../../etc/passwd',
  '$HOME',
  '0'.repeat(400),
  '.'.repeat(5000),
];

const badBytes = [
  'ff',
  'fe00',
  'c080',
  'eda080',
  'f4908080',
  '80',
  'e2',
  '00',
  '89504e470d0a1a0a',
  '1f8b08',
  'feff0041',
  'fffe4100',
];

function small(random: Random): Step[] {
  const json: Argument[] = random.chance(0.5) ? [{ words: ['--format', 'json'] }] : [];
  const split: Argument[] = random.chance(0.3) ? [{ words: ['--no-split'] }] : [];
  // The sample's model has room for 128 subwords, and longer rows are cut only where they are told to be.
  const longest = random.chance(0.2) ? 3 : 128;
  const limit: Argument[] = [{ words: ['--set', `tokenization.maxLength=${longest}`], fixed: true }];
  const more = [...json, ...split, ...limit];
  const text = random.some(pieces, random.integer(1, 6)).join(random.pick(['', ' ', '\n']));
  const what = 'odd text';
  const holdsWord = /\p{L}/u.test(text);
  // Text holds no NUL; carriage returns alone are refused as line ends.
  const mayBeMac = text.includes('\r') && !text.includes('\n');
  const verdict: Verdict = text.includes('\0') ? 'refuse' : holdsWord && !mayBeMac ? 'fine' : 'either';
  switch (random.pick(['stdin', 'stdin', 'file', 'text', 'bytes', 'bytes', 'place'])) {
    case 'stdin':
      return [predict('m', { stdin: text, more, expect: verdict })];
    case 'file':
      return [
        { do: 'write', path: 'text.txt', content: text, what, verdict, fixed: true },
        predict('m', { stdin: '', more: [{ words: ['text.txt'], fixed: true }, ...more] }),
      ];
    case 'text':
      // A program's arguments hold no NUL, and not much.
      return [
        predict('m', {
          stdin: '',
          more: [{ words: ['--text', text.replaceAll('\0', '').slice(0, 60_000)], fixed: true }, ...more],
          expect: /\p{L}/u.test(text.slice(0, 60_000)) ? 'fine' : 'either',
        }),
      ];
    case 'bytes': {
      const hex = Array.from({ length: random.integer(1, 8) }, () =>
        random.chance(0.6) ? random.pick(badBytes) : Buffer.from(random.pick(pieces).slice(0, 100)).toString('hex'),
      ).join(random.pick(['', '0a', '20']));
      return [predict('m', { stdin: { hex }, more, expect: 'either' })];
    }
    default: {
      const [path, expect]: [string, Verdict] = random.pick([
        ['foreign', 'refuse'],
        ['nothing.txt', 'refuse'],
        ['', 'refuse'],
        ['beside.txt', 'fine'],
        ['model/model.safetensors', 'either'],
        ['data/PAN-X.en/test-00000-of-00001.parquet', 'either'],
        ['loop', 'refuse'],
        ['/proc/self/mem', 'refuse'],
      ]);
      return [
        { do: 'link', path: 'loop', to: 'loop', fixed: true },
        predict('m', { stdin: '', more: [{ words: [path], fixed: true }, ...more], expect, enoughMs: 20_000 }),
      ];
    }
  }
}

/** More than fits, in many lines, in one, or in one word: refused, or tagged piece by piece. */
function large(random: Random): Step[] {
  const [content, what]: [Content, string] = random.pick<[Content, string]>([
    [{ repeat: 'Ada Lovelace lives in London.\n', times: 7_000_000 }, '200 MB in lines'],
    [{ repeat: 'Ada Lovelace lives in London. ', times: 7_000_000 }, '200 MB in one line'],
    [{ repeat: 'a', times: 200_000_000 }, '200 MB in one word'],
    [{ repeat: '\n', times: 600_000_000 }, '600 MB of empty lines'],
    [{ repeat: '\0', times: 600_000_000 }, '600 MB of NULs'],
  ]);
  return [
    predict('m', {
      stdin: content,
      more: [{ words: [], what: `stdin: ${what}`, fixed: true }],
      expect: 'either',
      enoughMs: 30_000,
    }),
  ];
}
