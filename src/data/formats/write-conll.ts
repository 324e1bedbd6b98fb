import { excerpt, PanxError } from '../../errors.js';
import { isTextAsItStands } from '../../system/text.js';
import type { WordColumns } from '../columns.js';
import { readWords } from '../corpus.js';

/**
 * Rows as CoNLL columns: a word, a tab and its tag in each line, and an empty line after each sentence. `readConll` reads the same words and
 * tags.
 *
 * @param subject what the sentence of an error begins with, and the number of the first row in it
 * @throws PanxError for a row without words, and a word that would be read as something else
 */
export function* conllText(
  columns: WordColumns,
  tags: readonly string[],
  subject: string,
  firstRow = 0,
): Generator<string> {
  for (let row = 0; row < columns.rows; row++) {
    const words = readWords(columns, row, row + 1)[0]!;
    const place = `${subject}, row ${firstRow + row}`;
    if (words.length === 0) throw refused(`${place} has no words, and CoNLL columns have no place for such a row`);
    const first = columns.offsets[row]!;
    const lines = words.map((word, i) => {
      const flaw = flawOfWord(word);
      if (flaw !== null) throw refused(`${place}: word ${i}, ${excerpt(word)}, ${flaw}`);
      return `${word}\t${tags[columns.tagIds[first + i]!]}\n`;
    });
    // What a reader takes for the mark of a text, at the very start, has to stand there twice.
    const mark = row === 0 && firstRow === 0 && words[0]!.startsWith('\ufeff') ? '\ufeff' : '';
    yield `${mark}${lines.join('')}\n`;
  }
}

/** What keeps a word from standing between tabs in a line, for readers that split at spaces too. */
function flawOfWord(word: string): string | null {
  if (word === '') return 'is empty; CoNLL columns hold no such word';
  if (word === '-DOCSTART-') return 'marks a document in CoNLL columns';
  if (word.includes('\0')) return 'holds a zero byte, which no file of text has';
  if (!isTextAsItStands(Buffer.from(word))) return 'holds an escape of ISO-2022, with which a file of text is refused';
  const found = /[ \t\n\r]/.exec(word)?.[0];
  if (found === undefined) return null;
  const names: Record<string, string> = { ' ': 'a space', '\t': 'a tab' };
  return `holds ${names[found] ?? 'a line end'}, which separates columns or lines in CoNLL`;
}

function refused(found: string): PanxError {
  return new PanxError(`${found}.`, { hint: 'Write parquet or jsonl, which hold any word: --to parquet.' });
}
