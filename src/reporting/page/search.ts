import type { Sentence } from './sentences.js';

/**
 * Whether a sentence has what is searched for, whatever case and accents: a text, which may be a part of a word, or in double quotes one or
 * several words in a row, each of them whole.
 */
export function createSearch(typed: string): (sentence: Sentence) => boolean {
  const { text, isWhole } = searchOf(typed);
  if (text === '') return () => true;
  if (!isWhole) return sentence => searchText(sentence).includes(text);
  const words = ` ${text} `;
  return sentence => searchText(sentence).includes(text) && ` ${searchText(sentence)} `.includes(words);
}

/** A search for whole words. */
export function wholeWords(text: string): string {
  return `"${text}"`;
}

/** Where a search is found in words that are joined by spaces: offsets of begin and end, in order. */
export function searchHits(words: readonly string[], typed: string): [begin: number, end: number][] {
  const { text, isWhole } = searchOf(typed);
  if (text === '') return [];
  const original = words.join(' ');
  let plain = '';
  /** Of each UTF-16 unit of the folded text, where the character that it comes from begins and ends. */
  const [begins, ends]: [number[], number[]] = [[], []];
  let at = 0;
  for (const character of original) {
    const part = folded(character);
    for (let i = 0; i < part.length; i++) {
      begins.push(at);
      ends.push(at + character.length);
    }
    plain += part;
    at += character.length;
  }
  const [within, wanted] = isWhole ? [` ${plain} `, ` ${text} `] : [plain, text];
  const hits: [number, number][] = [];
  // A space before the folded text moves all by one, and so does that of what is looked for.
  for (let i = within.indexOf(wanted); i >= 0; i = within.indexOf(wanted, i + text.length)) {
    const after = i + text.length;
    // Accents behind the last letter have no unit of their own, and belong to it.
    hits.push([begins[i]!, Math.max(ends[after - 1]!, begins[after] ?? original.length)]);
  }
  return hits;
}

/** Double quotes, and those that phones make of them. */
const quotes = /^["“”„](.*\S.*)["“”]$/s;

function searchOf(typed: string): { text: string; isWhole: boolean } {
  const trimmed = typed.trim();
  const [, quoted] = quotes.exec(trimmed) ?? [];
  if (quoted === undefined) return { text: folded(trimmed), isWhole: false };
  return { text: folded(quoted.trim().replace(/\s+/g, ' ')), isWhole: true };
}

const texts = new WeakMap<Sentence, string>();

/** A sentence as it is searched in. Made when it is first searched in, which takes as long as a hundred searches. */
export function searchText(sentence: Sentence): string {
  let text = texts.get(sentence);
  if (text === undefined) {
    text = folded(sentence.words.join(' '));
    texts.set(sentence, text);
  }
  return text;
}

/** Text without case and without accents, so that "istanbul" finds "İstanbul". */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replaceAll('ı', 'i')
    .replaceAll('ς', 'σ');
}
