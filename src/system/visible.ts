/**
 * A text that comes from files or from the command line, safe to show on a terminal or in a picture: code points, as `<U+001B>`, stand for control
 * characters (which would move the cursor, clear the screen, or ring), line ends, marks that turn the direction of writing around, and what is
 * no character. All else stays as it is.
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

const unsafe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;
