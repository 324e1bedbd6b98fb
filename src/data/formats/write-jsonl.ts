import { formatJson } from '../../system/json.js';
import type { WordColumns } from '../columns.js';
import { readWords } from '../corpus.js';

/** Rows as a JSON object in each line: `{"tokens": [...], "ner_tags": [...]}`. */
export function* jsonlText(columns: WordColumns, tags: readonly string[]): Generator<string> {
  for (let row = 0; row < columns.rows; row++) {
    const tokens = readWords(columns, row, row + 1)[0]!;
    const first = columns.offsets[row]!;
    yield `${formatJson({ tokens, ner_tags: tokens.map((_, i) => tags[columns.tagIds[first + i]!]) })}\n`;
  }
}
