/**
 * A row of PAN-X as a typist writes it. The rules were written down before the splitter's, from style guides and from the train split.
 *
 *   1. No space stands before , . ; : ! ? ) ] } ... … nor after ( [ { ¿ ¡ # §.
 *   2. Quotation marks go by pairs: the first of a kind has no space behind it, the second none before it. ' and '' are kinds of their
 *      own, so that ' '' Paris '' ' is '''Paris''', as Wikipedia writes bold. `` and the '' that closes it are ", which the makers of
 *      PAN-X changed into them. “ „ ‘ ‚ open, ” closes; “ and ‘ close where „ or ‚ is open. « opens and » closes.
 *   3. 's 'm 'd 're 've 'll n't stand at the word before them. So do Turkish suffixes behind an apostrophe.
 *   4. A word that ends with an apostrophe, such as l', stands at the word behind it in French.
 *   5. A currency sign stands before its number, without a space, where a number follows: $5. % stands behind its number without a space:
 *      10%. In Turkish it stands before it: %10.
 *   6. A slash between two numbers has no spaces: 24/7.
 *   7. French has a no-break space before ; : ! ? % » and after «, German before %.
 *   8. Japanese, Chinese and Thai are written without spaces, but between two words of Latin letters or digits.
 *   9. All else has one space: dashes, hyphens, slashes and signs that stand alone in PAN-X stood alone in Wikipedia.
 *
 * Nothing is left out: where a mark is ambiguous, such as the ' of `players '`, the rules may well write it at the wrong word.
 */

const withoutSpaces = ['ja', 'zh', 'th'];
const noSpaceBefore = new Set([',', '.', ';', ':', '!', '?', ')', ']', '}', '...', '…', '”', '»']);
const noSpaceAfter = new Set(['(', '[', '{', '¿', '¡', '#', '§', '“', '„', '‘', '‚', '«']);
const clitic = /^(?:['’](?:s|m|d|re|ve|ll)|n['’]t)$/iu;
const number = /^\p{N}/u;

/**
 * @param tokens of a row
 * @param lang code of its language
 * @returns the text, and where each token stands in it, from start to end in UTF-16 units
 */
export function typed(tokens, lang) {
  const written = tokens.map(text => ({ text, before: ' ', after: ' ' }));
  for (const [i, token] of written.entries()) setSpaces(token, written[i - 1], written[i + 1], lang);
  pairQuotes(written);
  return join(written, (left, right) => {
    if (withoutSpaces.includes(lang)) return isLatin(left.text) && isLatin(right.text) ? ' ' : '';
    return tighter(left.after, right.before);
  });
}

/** As `typed`, with a space between any two tokens. */
export function spaced(tokens) {
  return join(
    tokens.map(text => ({ text })),
    () => ' ',
  );
}

function setSpaces(token, before, after, lang) {
  const { text } = token;
  if (noSpaceBefore.has(text)) token.before = lang === 'fr' && /^[;:!?»]$/.test(text) ? '\u00a0' : '';
  if (noSpaceAfter.has(text)) token.after = lang === 'fr' && text === '«' ? '\u00a0' : '';
  if (clitic.test(text) || (lang === 'tr' && /^['’]\p{Ll}+$/u.test(text))) token.before = '';
  if (lang === 'fr' && /\p{L}['’]$/u.test(text)) token.after = '';
  const afterNumber = before !== undefined && number.test(before.text);
  const beforeNumber = after !== undefined && number.test(after.text);
  if (/^\p{Sc}$/u.test(text) && beforeNumber) token.after = '';
  if (text === '%') {
    if (lang === 'tr' && beforeNumber) token.after = '';
    else if (afterNumber) token.before = lang === 'de' || lang === 'fr' ? '\u00a0' : '';
  }
  if (text === '/' && afterNumber && beforeNumber) token.before = token.after = '';
}

/** One that opens with nothing behind it closes. */
function pairQuotes(written) {
  const open = new Map();
  const last = written.length - 1;
  for (const [i, token] of written.entries()) {
    const kind = { '``': "''", '“': '„', '‘': '‚' }[token.text] ?? token.text;
    if (kind === '”') open.delete('„');
    if (!["'", "''", '"', '„', '‚'].includes(kind)) continue;
    const begun = open.get(kind);
    if (begun === undefined || token.text === '``' || token.text === '„' || token.text === '‚') {
      const side = i === last && i > 0 ? 'before' : 'after';
      token[side] = '';
      open.set(kind, token);
      continue;
    }
    Object.assign(token, { before: '', after: ' ' });
    open.delete(kind);
    if (begun.text === '``') begun.text = token.text = '"';
  }
}

/** No space rather than a no-break space, and this rather than a space. */
function tighter(a, b) {
  if (a === '' || b === '') return '';
  return a === ' ' ? b : a;
}

function isLatin(text) {
  return /^[\p{Script=Latin}\p{Nd}]/u.test(text);
}

function join(written, between) {
  let text = '';
  const spans = written.map((token, i) => {
    if (i > 0) text += between(written[i - 1], token);
    const start = text.length;
    text += token.text;
    return { start, end: text.length };
  });
  return { text, spans };
}
