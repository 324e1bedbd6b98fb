/**
 * A text that comes from files or from the command line, safe to show on a terminal or in a picture: code points, as `<U+001B>`, stand for control
 * characters (which would move the cursor, clear the screen, or ring), line ends, marks that turn the direction of writing around, what takes no
 * width, tags (which hide a text in another), and what is no character. All else stays as it is, with the joiners U+200C and U+200D, which Persian
 * and Indic words are written with, with soft hyphens, and with the flags that are made of tags.
 */
export function visible(text: string): string {
  return text.replace(unsafeOrFlag, shown);
}

/** The same of a text of several lines. */
export function visibleLines(text: string): string {
  return text.replace(unsafeOrFlag, found => (found === '\n' ? found : shown(found)));
}

/** 'a' -> "<U+0061>" */
export function codePoint(character: string): string {
  return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** What `visible` shows by its code point. */
export const unsafe =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}]/gu;

/** England, Scotland and Wales: all flags of parts of countries that Unicode recommends (RGI). */
const flag =
  /\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}/u;

const unsafeOrFlag = new RegExp(`${flag.source}|${unsafe.source}`, 'gu');

function shown(found: string): string {
  return flag.test(found) ? found : codePoint(found);
}
