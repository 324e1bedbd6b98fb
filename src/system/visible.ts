/**
 * A text that comes from files or from the command line, safe to show on a terminal or in a picture: code points, as `<U+001B>`, stand for control
 * characters (which would move the cursor, clear the screen, or ring), line ends, marks that turn the direction of writing around, what takes no
 * width, and what is no character. All else stays as it is, with the joiners U+200C and U+200D, which Persian and Indic words are written with.
 */
export function visible(text: string): string {
  return text.replace(unsafe, codePoint);
}

/** The same of a text of several lines. */
export function visibleLines(text: string): string {
  return text.replace(unsafe, character => (character === '\n' ? character : codePoint(character)));
}

/** 'a' -> "<U+0061>" */
export function codePoint(character: string): string {
  return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** What `visible` shows by its code point. */
export const unsafe =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff]/gu;
