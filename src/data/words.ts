/** A word of a sentence and where it stands, in UTF-16 units: text.slice(start, end). */
export interface Word {
  text: string;
  start: number;
  end: number;
}

/**
 * Split running text into words as PAN-X's are: at white space, with punctuation standing alone; an apostrophe, hyphen or full
 * stop between two letters or digits stays inside its word (Ankara'da, Saint-Denis, U.S).
 */
export function splitWords(text: string): Word[] {
  return matches(text, /[\p{L}\p{M}\p{N}]+(?:['’.\-‐][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/gu);
}

/** Split at white space only, for text that is tokenized already. */
export function splitAtSpaces(text: string): Word[] {
  return matches(text, /\S+/gu);
}

function matches(text: string, pattern: RegExp): Word[] {
  return Array.from(text.matchAll(pattern), ({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
}
