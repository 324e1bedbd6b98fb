import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSplit } from '../../src/data/corpus.js';
import { readWordRows } from '../../src/data/distinct-words.js';
import { splitAtSpaces, splitWords, type Word } from '../../src/data/words.js';
import { mulberry32 } from '../mulberry32.js';
import { sharedFolder } from './formats/parquet-fixture.js';

const texts = (words: { text: string }[]) => words.map(({ text }) => text);

/** The words of a text, with a bar between any two. */
const barred = (text: string) => texts(splitWords(text)).join('|');

/** What texts are made of that nobody would write. */
const oddParts = [
  ...[
    'a',
    'İ',
    '1',
    '٣',
    '𝔸',
    '.',
    ',',
    ':',
    "'",
    '’',
    '+',
    '-',
    '–',
    '־',
    '_',
    '@',
    '/',
    '(',
    ')',
    '[',
    '"',
    '#',
    '*',
    '%',
  ],
  ...[
    'http://',
    'www.',
    '.org',
    'a@b.c',
    "n't",
    "''",
    '...',
    'St.',
    'J.',
    '東',
    'ー',
    'が',
    '\u3099',
    'ｶ',
    'ﾞ',
    'ท',
    'ี่',
    '한',
    'م',
  ],
  ...[
    'ـ',
    '\u064b',
    '\u200c',
    '\u200d',
    '\u200b',
    '\u00ad',
    '\u2060',
    '\ufeff',
    '\u200e',
    'ש',
    '״',
    'क',
    '्',
    '👩',
    '\u{1f3fd}',
  ],
  ...[
    '\ufe0f',
    '\u20e3',
    '🇹',
    '\u{e0067}',
    '\u{e007f}',
    '\ud800',
    '\udc00',
    '\0',
    '\u001b',
    '\u0085',
    '\u2028',
    '\u00a0',
    '\u3000',
  ],
  ...['\ufffd', '\u{10ffff}', '\ue000', '\u3164', '\u034f', '՞', '፡', '་', ' ', '\n', '\t'],
];

const scripts = new URL('../../scripts/splitting/', import.meta.url).href;
interface Written {
  text: string;
  spans: { start: number; end: number }[];
}
const { typed, spaced } = (await import(`${scripts}typed.mjs`)) as Record<
  'typed' | 'spaced',
  (tokens: string[], lang: string) => Written
>;
const { agreement } = (await import(`${scripts}agreement.mjs`)) as {
  agreement: (
    rows: string[][],
    write: (tokens: string[]) => Written,
    split: typeof splitWords,
  ) => { f1: number; cuts: { token: string; words: string; count: number }[] };
};

describe('splitWords', () => {
  it.each([
    // Prose comes apart.
    ['He died in Paris, (Adyar) 1884.', 'He|died|in|Paris|,|(|Adyar|)|1884|.'],
    ['Who? "Me," he said: no!', 'Who|?|"|Me|,|"|he|said|:|no|!'],
    ['„Kaiser“ «Rome» “c” ‘d’ ‚e‘ ¿Qué?', '„|Kaiser|“|«|Rome|»|“|c|”|‘|d|’|‚|e|‘|¿|Qué|?'],
    ['Prix : 5 % (env. 10 €) ; « oui » !', 'Prix|:|5|%|(|env|.|10|€|)|;|«|oui|»|!'],
    ['Paris. London. The end.', 'Paris|.|London|.|The|end|.'],
    ['Paris—the capital—is', 'Paris|—|the|capital|—|is'],
    ['[[Paris]] [4] {a}', '[[|Paris|]]|[|4|]|{|a|}'],
    // One word, as in PAN-X.
    [
      '1805–1876 1967-1970 1914—1918 6–3 184,000 1,5 3:15 14:15.61',
      '1805–1876|1967-1970|1914—1918|6–3|184,000|1,5|3:15|14:15.61',
    ],
    ['١٢٫٥ ١٬٠٠٠ 1.000.000 12.8.1930', '١٢٫٥|١٬٠٠٠|1.000.000|12.8.1930'],
    ['-5 +3 .5 −2 (-7) 2014– 1993-', '-5|+3|.5|−2|(|-7|)|2014–|1993-'],
    ['Saint-Denis Wisconsin–River 1:0-Sieg Nord- und Süd', 'Saint-Denis|Wisconsin–River|1:0-Sieg|Nord-|und|Süd'],
    [
      "Ankara'nın İstanbul’da l'été d’Italia O'Brien aujourd'hui San‘a",
      "Ankara'nın|İstanbul’da|l'été|d’Italia|O'Brien|aujourd'hui|San‘a",
    ],
    ['a--b ** *** === -- `` x', 'a|--|b|**|***|===|--|``|x'],
    ['wait... so .... no…', 'wait|...|so|...|.|no|…'],
    // English suffixes are set apart, typed with ' and not with ’.
    ["Harrah's men's don't I'm WE'RE it’s", "Harrah|'s|men|'s|do|n't|I|'m|WE|'RE|it’s"],
    ["Harrah 's do n't", "Harrah|'s|do|n't"],
    ["the U.S.'s", "the|U.S.|'s"],
    // Italics and bold of Wikipedia.
    ["''Paris'' and '''Rome''' ' '' x '' '", "''|Paris|''|and|'|''|Rome|''|'|'|''|x|''|'"],
    ["('''Rome''')", "(|'|''|Rome|''|'|)"],
  ])('%s', (text, words) => {
    expect(barred(text)).toBe(words);
  });

  it.each([
    ['St. Louis and R.H. Saunders', 'St.|Louis|and|R.H.|Saunders'],
    [
      'J. R. R. Tolkien in the U.S. army, Ph.D. and z.B. 44 v. Chr.',
      'J.|R.|R.|Tolkien|in|the|U.S.|army|,|Ph.D.|and|z.B.|44|v.|Chr|.',
    ],
    ['1. FC Köln, II. Abdülhamit, am 27. Juli', '1.|FC|Köln|,|II.|Abdülhamit|,|am|27.|Juli'],
    ['Saint-Pierre-J. x 53 av. J.-C. vers', 'Saint-Pierre-J.|x|53|av.|J.-C.|vers'],
    ['No. 8, vol. 3 but No. Then', 'No.|8|,|vol.|3|but|No|.|Then'],
    // What ends the text is no part of a word, whatever stands behind it.
    ['in the U.S.', 'in|the|U.S|.'],
    ["(see Smith, J.) ''", "(|see|Smith|,|J|.|)|''"],
    ['born in 1884. He', 'born|in|1884|.|He'],
    ["Lig'e. Sonra", "Lig'e|.|Sonra"],
    ['Prof... x', 'Prof|...|x'],
    ['in the U.S. 👍 ❤️', 'in|the|U.S|.|👍|❤️'],
    ['in the U.S. 𝔸', 'in|the|U.S.|𝔸'],
  ])('a full stop: %s', (text, words) => {
    expect(barred(text)).toBe(words);
  });

  it.each([
    ['می‌خواهم', 'zero width non-joiner'],
    ['ක්‍ෂ', 'zero width joiner, Sinhala'],
    ['क्‍ष', 'zero width joiner, Devanagari'],
    ['co­operate', 'soft hyphen'],
    ['a⁠b', 'word joiner'],
    ['a\ufeffb', 'word joiner of older texts'],
    ['ab‎', 'mark of direction behind the word, as in PAN-X de'],
    ['Paral·lel', 'middle dot of Catalan'],
    ['צה"ל', 'gershayim, ASCII'],
    ['ארה״ב', 'gershayim'],
    ["ז'בוטינסקי", 'geresh, ASCII'],
    ['צ׳ילה', 'geresh'],
    ["ג'", 'geresh that ends a word'],
    ['תל־אביב', 'maqaf'],
    ['foo_bar', 'underscore'],
    ['Qur’ān', 'apostrophe U+2019'],
    ['ʻokina', 'letter U+02BB'],
    ["п'ять-сімʼя", 'letter U+02BC'],
    ['كـتاب', 'tatweel'],
    ['مُحَمَّد', 'Arabic marks'],
    ['हिन्दी', 'Devanagari marks'],
    ['עַכּוֹ', 'Hebrew points'],
    ['e\u0301a', 'combining accent'],
    ['ที่', 'Thai character with its marks'],
    ['👩‍👩‍👧‍👦', 'emoji with joiners'],
    ['👍🏽', 'skin tone'],
    ['👩🏽‍🚀', 'skin tone and joiner'],
    ['🇹🇷', 'flag'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'flag of tags'],
    ['1️⃣', 'keycap'],
    ['#️⃣', 'keycap of a sign'],
    ['❤️', 'variation selector'],
    ['葛󠄀', 'variation of a Han character'],
    ['C++', 'plus signs'],
    ['Canal+', 'plus sign'],
    ['5°C', 'degrees'],
    ['n°5', 'number sign of French'],
    ['4×100m', 'times'],
    ['john.doe+x@mail.example.co.uk', 'e-mail address'],
    ['https://example.org/a_(b)/?c=d&e=%20#f', 'address'],
    ['https://en.wikipedia.org/wiki/Ada_(name)', 'address that ends with a bracket'],
    ['www.example.org/x', 'address without a scheme'],
    ['HTTPS://EXAMPLE.ORG/A', 'address in capitals'],
    ['file:///etc/hosts', 'address of a file'],
    ['https://example.org/a_(b)_(c)?d=(e)', 'address with several brackets'],
    ['Ինչպե՞ս', 'question mark of Armenian, inside the word'],
    ['օ՛ր', 'emphasis mark of Armenian'],
    ['Παρά·λληλο', 'middle dot'],
    ['a·b', 'middle dot of Greek, U+0387'],
    ['1⁄2', 'fraction slash'],
    ['٣،٥', 'Arabic comma between digits'],
    ['a\u206ab', 'deprecated mark of Arabic shapes'],
    ['a\u{e0061}b', 'tag'],
    ['a\u034fb', 'grapheme joiner'],
  ])('%s is one word: %s', text => {
    expect(texts(splitWords(`x ${text} y`))).toEqual(['x', text, 'y']);
  });

  it.each([
    ['🇹🇷🇩🇪👍🏽😀x', '🇹🇷|🇩🇪|👍🏽|😀|x'],
    ['1️⃣2️⃣#️⃣*️⃣*️⃣ ❤️‍🔥🏳️‍🌈', '1️⃣|2️⃣|#️⃣|*️⃣|*️⃣|❤️‍🔥|🏳️‍🌈'],
    ['Ada1️⃣2️⃣ tel7⃣5 infoℹ️ℹ 10️⃣', 'Ada|1️⃣|2️⃣|tel|7⃣|5|info|ℹ️|ℹ|1|0️⃣'],
    ['Ada👩🏽‍🚀🏴‍☠️👁️‍🗨️🫱🏻‍🫲🏿⛹🏻‍♀️‼️©️x', 'Ada|👩🏽‍🚀|🏴‍☠️|👁️‍🗨️|🫱🏻‍🫲🏿|⛹🏻‍♀️|‼️|©️|x'],
    ['AT&T 24/7 10% %5 $5 €5 @name #tag C#', 'AT|&|T|24|/|7|10|%|%|5|$|5|€|5|@|name|#|tag|C|#'],
    ['(see http://a.org/b.), a@b.org, x@y', '(|see|http://a.org/b|.|)|,|a@b.org|,|x|@|y'],
    // A bracket before an address is none of it.
    [
      '(http://a.org/b), (www.a.org) (https://a.org/c_(d)).',
      '(|http://a.org/b|)|,|(|www.a.org|)|(|https://a.org/c_(d)|)|.',
    ],
    ['[http://a.org x] (http://a.org/b(c) http://', '[|http://a.org|x|]|(|http://a.org/b(c)|http|:|/|/'],
    [
      '(http://a.org）「https://b.org」https://c.org、D社',
      '(|http://a.org|）|「|https://b.org|」|https://c.org|、|D|社',
    ],
    ['"שלום" ה\'בית\'', '"|שלום|"|ה\'בית\''],
    // Spaces that are not written: U+200B parts words, and what cannot be seen is no word.
    ['a\u200bb \u200b \u200e \u200ec \ufeffd\u00a0e', 'a|b|c|d|e'],
    ['\ufe0f \u034f \u3164 \u{e0061} \u206ax', 'x'],
    ['a\u0085b\fc\vd\u2028e\u2029f\u3000g\u1680h\u202fi', 'a|b|c|d|e|f|g|h|i'],
    ['대한민국의 서울은 ລາວ ခမ मैं।', '대한민국의|서울은|ລາວ|ခမ|मैं|।'],
  ])('%s', (text, words) => {
    expect(barred(text)).toBe(words);
  });

  it.each([
    ['東京都は日本の首都です。', '東|京|都|は|日|本|の|首|都|で|す|。'],
    ['JR東日本の2020年、ｱﾊﾟ々ー〇', 'JR|東|日|本|の|2020|年|、|ｱ|ﾊ|ﾟ|々|ー|〇'],
    ['北京是中国的首都!卡尔·马克思𠮷', '北|京|是|中|国|的|首|都|!|卡|尔|·|马|克|思|𠮷'],
    ['ประเทศไทย ที่ นำ', 'ป|ร|ะ|เ|ท|ศ|ไ|ท|ย|ที่|น|ำ'],
    ['か\u3099', 'か\u3099'],
    ['大韓民國의 서울', '大|韓|民|國|의|서울'],
    ['https://ja.example.org/東京', 'https://ja.example.org/|東|京'],
  ])('gives Chinese, Japanese and Thai a word for each character: %s', (text, words) => {
    expect(barred(text)).toBe(words);
  });

  it('gives the place of each word in the text', () => {
    const text = "  U.S. 1,5 İzmir 𝔸b's St. 東京👍🏽!";
    const words = splitWords(text);
    for (const { text: word, start, end } of words) expect(text.slice(start, end)).toBe(word);
    expect(texts(words)).toEqual(['U.S.', '1,5', 'İzmir', '𝔸b', "'s", 'St.', '東', '京', '👍🏽', '!']);
  });

  it('finds no word where there is none', () => {
    for (const text of ['', ' \t\n', '\u200b\u200e', '\u0085']) {
      expect(splitWords(text)).toEqual([]);
    }
  });

  it('takes slices of any text one after the other, and leaves out what cannot be seen alone', () => {
    const random = mulberry32(7);
    const any = (list: readonly string[]) => list[Math.floor(random() * list.length)]!;
    const gap = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}]*$/u;
    const isSound = (text: string, words: readonly Word[]) => {
      const ends = [0, ...words.map(({ end }) => end)];
      const gaps = [...words.map(({ start }) => start), text.length].map((start, i) => text.slice(ends[i], start));
      const slices = words.every(
        ({ text: word, start, end }, i) => start >= ends[i]! && text.slice(start, end) === word,
      );
      return slices && gaps.every(one => gap.test(one)) && !words.some(one => /^$|\p{White_Space}/u.test(one.text));
    };
    const odd = Array.from({ length: 20_000 }, (_, i) =>
      Array.from({ length: 1 + (i % 12) }, () => any(oddParts)).join(''),
    );
    for (const split of [splitWords, splitAtSpaces])
      expect(odd.filter(text => !isSound(text, split(text)))).toEqual([]);
  });

  it.each([
    ...['a', 'a-', '1,', "'", '... ', 'a@b-', 'http://', 'é\u0301', 'ש"', '𝔸', 'Paris, '],
    ...['1', '1\ufe0f\u20e3', '(http://a(', '(http://a)東', 'http://a.', 'a+'],
  ])('takes a text without end: %j', part => {
    const text = part.repeat(Math.ceil(3_000_000 / part.length));
    const words = splitWords(text);
    expect(words.at(-1)!.end).toBe(text.trimEnd().length);
    // A pair of surrogates is whole where a word is cut.
    expect(words.every(word => !/\p{Cs}/u.test(word.text))).toBe(true);
  });
});

it('splitAtSpaces leaves tokenized text as it is', () => {
  expect(texts(splitAtSpaces("a , b-c 'd' "))).toEqual(['a', ',', 'b-c', "'d'"]);
  expect(texts(splitAtSpaces('\ufeffa\u0085b\ufeffc \ufeff'))).toEqual(['a', 'b\ufeffc']);
});

describe('scripts/splitting', () => {
  it.each([
    ['en', "( Adyar , `` Ha ! '' 5 % , $ 5 ; He 's 24 / 7 – a / b", '(Adyar, "Ha!" 5%, $5; He\'s 24/7 – a / b'],
    ['en', "' '' Paris '' ' is '' x ''", "'''Paris''' is ''x''"],
    ['en', "Special '' ( 2001 ) ''", "Special ''(2001)''"],
    ['en', "Edition ) ''", "Edition)''"],
    ['fr', '« Oui » : 5 % ; l’ été !', '«\u00a0Oui\u00a0»\u00a0: 5\u00a0%\u00a0; l’été\u00a0!'],
    ['de', '„ Ja “ , 5 % .', '„Ja“, 5\u00a0%.'],
    ['tr', "% 5 , İzmir 'de , 7 % .", "%5, İzmir'de, 7%."],
    ['ja', '東 京 は A B 2 。', '東京はA B 2。'],
  ])('writes %s as a typist does: %s', (lang, tokens, text) => {
    const row = tokens.split(' ');
    const written = typed(row, lang);
    expect(written.text).toBe(text);
    expect(written.spans).toHaveLength(row.length);
    const found = written.spans.map(({ start, end }) => written.text.slice(start, end));
    expect(found.map((word, i) => (word === '"' ? row[i] : word))).toEqual(row);
  });

  it('counts a word as right where it starts and ends as a token does', () => {
    const { f1, cuts } = agreement(
      [['a', "b'c"], ['d']],
      tokens => spaced(tokens, 'en'),
      text => splitAtSpaces(text.replace("'", ' ')),
    );
    // 2 right of 3 tokens and 4 words.
    expect(f1).toBeCloseTo(4 / 7, 12);
    expect(cuts).toEqual([{ token: "b'c", words: 'b c', count: 1 }]);
  });
});

const panxFolder = join(sharedFolder, 'panx');

describe.skipIf(!existsSync(panxFolder))('on the real PAN-X, test split', () => {
  it.each(['en', 'de', 'fr', 'tr'])('%s: F1 of words is at least 98 % with spaces and 97 % as typed', async lang => {
    const { distinct, offsets, wordOf } = await readWordRows(await openSplit(panxFolder, lang, 'test'), 4000);
    const words = Array.from(wordOf, word => distinct[word]!);
    const rows = Array.from({ length: offsets.length - 1 }, (_, i) => words.slice(offsets[i], offsets[i + 1]));
    expect(agreement(rows, row => spaced(row, lang), splitWords).f1).toBeGreaterThan(0.98);
    expect(agreement(rows, row => typed(row, lang), splitWords).f1).toBeGreaterThan(0.97);
  });
});
