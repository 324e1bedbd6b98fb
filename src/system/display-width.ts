import { eastAsianWidth } from 'get-east-asian-width';

/**
 * How many columns of a terminal a text takes: two for a wide character (Unicode TR 11) and for an emoji, of however many code points it is; none for a
 * mark that stands on the letter before and for what is not seen; one for any other. A mark that takes room beside its letter, as Indic vowel signs and
 * Thai's sara am do, has a column of its own, as terminals give it.
 */
export function displayWidth(text: string): number {
  if (isPlain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += widthOf(segment);
  return width;
}

/** A text that takes no more than so many columns: where it is wider, its end gives way to `…`, with no character cut in two. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let left = width - 1;
  for (const { segment } of graphemes(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** A text with blanks behind it, or before it, up to so many columns. */
export function padToWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

const isPlain = /^[ -~]*$/;

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for one character each. */
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' }); // Made where it is needed: it takes a millisecond or two.
  return segmenter.segment(text);
}

function widthOf(grapheme: string): number {
  if (isEmoji.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (!takesNoColumn.test(character)) width += eastAsianWidth(character.codePointAt(0)!);
  }
  return width;
}

/** An emoji of several code points: with a presentation selector, joined, with a skin tone, a flag. One of a single code point is wide already. */
const isEmoji =
  /^\p{Emoji}\ufe0f|^\p{Extended_Pictographic}.*\u200d\p{Extended_Pictographic}|^\p{Emoji_Modifier_Base}\p{Emoji_Modifier}|^\p{Regional_Indicator}{2}/u;

/** The second and third letter of a Hangul syllable stand inside the first one's two columns. */
const takesNoColumn = /[\p{Mn}\p{Me}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\ud7b0-\ud7ff]/u;
