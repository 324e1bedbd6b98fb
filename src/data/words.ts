/** A word of a sentence and where it stands, in UTF-16 units: text.slice(start, end). */
export interface Word {
  text: string;
  start: number;
  end: number;
}

/**
 * Split running text, a sentence at a time, into words as PAN-X's are. docs/words.md has the rules, and scripts/splitting measures how
 * far they lead. Time is linear in the text.
 */
export function splitWords(text: string): Word[] {
  const words: Word[] = [];
  const last = afterLastLetter(text);
  for (let from = 0, to: number; from < text.length; from = to) {
    to = endOfPiece(text, from);
    for (const { start, end } of wordsOf(text.slice(from, to), last - from)) {
      words.push({ text: text.slice(from + start, from + end), start: from + start, end: from + end });
    }
  }
  return words;
}

/** Split at white space only, for text that is tokenized already. A mark of UTF-8 that was left at the edge of a word is no part of it. */
export function splitAtSpaces(text: string): Word[] {
  return Array.from(
    text.matchAll(/[^\p{White_Space}\ufeff](?:\P{White_Space}*[^\p{White_Space}\ufeff])?/gu),
    ({ 0: word, index }) => ({
      text: word,
      start: index,
      end: index + word.length,
    }),
  );
}

/** Letters and digits of the scripts without spaces of which PAN-X has one character a word. 々 and ー are of several scripts. */
const character = String.raw`[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}]&&[\p{L}\p{N}]]`;

/**
 * Characters that cannot be seen and part no words: soft hyphen, joiner, non-joiner, word joiner and U+FEFF, its older form, marks of
 * direction, selectors, tags. U+200B is none of them: it stands between words.
 */
const unseen = String.raw`[\p{DI}--\u200b]`;

/** What parts words: Unicode's white space, which has U+0085 and not U+FEFF, where \s has it the other way round. */
const space = String.raw`\p{White_Space}\u200b`;

/** A keycap and a picture that stand at a word (1️⃣, ℹ) are none of it. */
const letter = String.raw`(?:[[\p{L}\p{M}\p{N}\p{Pc}°${unseen}]--${character}--\p{ExtPict}--[0-9]]|[0-9](?!\ufe0f?\u20e3))`;
const hyphen = String.raw`\-‐‑‒–−־֊`;

/** Apostrophe, emphasis, exclamation, question and abbreviation marks, which Armenian writes inside a word, behind the vowel. */
const armenian = String.raw`\u055a-\u055c\u055e\u055f`;

const word = [
  // The sign of a number that nothing stands before, and the point of one that begins with it.
  String.raw`(?:(?<![\p{L}\p{N}\)\]])[+\-−.](?=\p{Nd}))?(?![${unseen}])${letter}+`,
  '(?:(?:',
  [
    String.raw`\.?[${hyphen}]|[.'’‘\`´′·\u0387‧×׳${armenian}]|\+\+?`,
    String.raw`(?<=\p{Nd})[,:٫٬،—⁄](?=\p{Nd})`,
    String.raw`(?<=\p{sc=Hebrew})["״](?=\p{sc=Hebrew})`,
  ].join('|'),
  `)${letter}+)*`,
  // The host of an e-mail address.
  String.raw`(?:@${letter}+(?:[.\-]${letter}+)+)?`,
  // Nord- und Südseite, C++, and the geresh of a Hebrew abbreviation.
  String.raw`(?:[${hyphen}](?![${hyphen}])|\++|(?<=\p{sc=Hebrew})['׳](?!'))?`,
].join('');

/** Quotation marks end an address, and so do the marks of Chinese and Japanese. Brackets come in pairs. */
const inAddress = String.raw`[^${space}<>"«»„“”\(\)\u3000-\u303f\uff01-\uff65${character}]`;

const address = [
  String.raw`(?:[A-Za-z][A-Za-z\d+]{1,15}:\/\/|[Ww]{3}\.)(?=[[\p{L}\p{N}\/]--${character}])`,
  String.raw`${inAddress}*(?:\(${inAddress}*\)${inAddress}*)*`,
  // Without the punctuation behind it.
  String.raw`(?<=[\p{L}\p{M}\p{N}\/_=&%#~+\-\)])`,
].join('');

/** A picture with its skin tone, selector and tags. */
const picture = String.raw`\p{ExtPict}[\ufe0e\ufe0f\p{EMod}\u{e0020}-\u{e007f}]*\u20e3?`;

/** What is one word, what comes first before what comes later. */
const pattern = new RegExp(
  [
    address,
    String.raw`\p{RI}{2}|[0-9#*]\ufe0f?\u20e3|${picture}(?:\u200d${picture})*`,
    String.raw`${character}[\p{M}${unseen}]*`,
    // A suffix that was set apart already.
    `'(?:[smdSMD]|re|ve|ll|RE|VE|LL)(?!${letter})`,
    `(${word})`,
    // '''Paris''' is bold on Wikipedia, and ' '' Paris '' ' in PAN-X.
    String.raw`(?<=^|[\s\(\[\{«“„])'(?=(?:'')+(?!'))|''|${'``'}|\.\.\.|\[\[|\]\]`,
    String.raw`([*=~<>#${hyphen}—])\2*\p{M}*`,
    String.raw`[^${space}${unseen}]\p{M}*`,
  ].join('|'),
  'gv',
);

/** @param last behind the last letter of the text, in which the piece lies */
function* wordsOf(piece: string, last: number): Generator<{ start: number; end: number }> {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(piece); match !== null; match = pattern.exec(piece)) {
    const { index: start, 1: word } = match;
    const clitic = word === undefined ? 0 : cliticLength(word);
    if (word !== undefined && clitic > 0 && clitic < word.length) {
      yield { start, end: start + word.length - clitic };
      yield { start: start + word.length - clitic, end: pattern.lastIndex };
      continue;
    }
    // What ends a sentence is a full stop of its own, even behind an abbreviation.
    const keepsStop = word !== undefined && pattern.lastIndex < last && isAbbreviation(word, piece, pattern.lastIndex);
    if (keepsStop) pattern.lastIndex++;
    yield { start, end: pattern.lastIndex };
  }
}

/**
 * Where the piece of the text ends that is searched at once: a regular expression keeps a place on its stack for each part of a word. Only
 * in what is longer than any sentence can a word be cut by it.
 */
function endOfPiece(text: string, from: number): number {
  const to = from + longestPiece;
  if (to >= text.length) return text.length;
  const space = text.lastIndexOf(' ', to);
  if (space > from) return space;
  return /[\udc00-\udfff]/.test(text[to]!) ? to - 1 : to;
}

const longestPiece = 1 << 18;

/** How long the suffix is that English sets apart: 's, n't. */
function cliticLength(word: string): number {
  return /(?:'(?:[smd]|re|ve|ll)|n't)$/i.exec(word.slice(-3))?.[0].length ?? 0;
}

/** Abbreviations that stand before a name, or between two. Those that end a name (Jr, Inc) are set apart, as in PAN-X. */
const abbreviations = new Set(
  'Mr Mrs Ms Mme Mlle Dr Prof St Ste Hl hl Hr Fr Doç Gen Lt Col Capt Cpt Sgt Maj Rev Sen Rep Gov Pres Hon Mt Ft ft vs cf ca bzw evtl geb gest sog feat subsp var subg Bros Co Chr av'.split(
    ' ',
  ),
);
/** Abbreviations before a number; elsewhere some of them are words. */
const beforeNumbers = new Set('No no Nr nr Vol vol Op op Art art Bd Fig fig pp Km'.split(' '));

/** Whether the full stop behind a word is a part of it: `St. Louis`, `R.H. Saunders`, `1. FC Köln`, `XIV. Louis`. */
function isAbbreviation(word: string, text: string, stop: number): boolean {
  if (text[stop] !== '.' || text[stop + 1] === '.') return false;
  const [end] = /[^\-–]*$/.exec(word.slice(-24))!;
  return (
    /^(?:\p{L}\p{M}*|(?:\p{L}{1,2}\.)+\p{L}{1,2}|\p{Nd}{1,2}|[IVXL]{2,6})$/u.test(end) ||
    abbreviations.has(end) ||
    (beforeNumbers.has(end) && /^\.\s?\p{Nd}/u.test(text.slice(stop, stop + 3)))
  );
}

function afterLastLetter(text: string): number {
  let end = text.length;
  while (end > 0) {
    const isPair = /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(Math.max(0, end - 2), end));
    if (/[\p{L}\p{N}]/u.test(text.slice(isPair ? end - 2 : end - 1, end))) return end;
    end -= isPair ? 2 : 1;
  }
  return 0;
}
