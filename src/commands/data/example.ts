import { renderTerminal } from '../../reporting/render/terminal.js';
import { column, plainTable } from '../../reporting/table.js';
import { counted } from '../../system/console.js';
import { displayWidth } from '../../system/display-width.js';
import { codePoint, visible } from '../../system/visible.js';

/** One example: a heading, and its tokens above their tags. */
export function exampleText(heading: string, tokens: string[], tags: string[], width: number): string {
  const rows = [
    ['Tokens', ...tokens.map(showToken)],
    ['Tags', ...tags],
  ];
  return numbered(`${heading}: ${counted(tokens.length, 'token')}`, rows, width);
}

/** The example as a model is trained on it: subwords, the words they belong to, label ids and labels. */
export function subwordsText(
  subwords: string[],
  encoded: {
    wordIds: Int32Array;
    labelIds: Int32Array;
    truncatedRows: number;
    truncatedWords: number;
    emptyWords: number;
  },
  labelNames: readonly string[],
  width: number,
): string {
  const { wordIds, labelIds, truncatedRows, truncatedWords, emptyWords } = encoded;
  const rows = [
    ['Tokens', ...subwords.map(showToken)],
    ['Word IDs', ...Array.from(wordIds, word => (word === -1 ? 'None' : String(word)))],
    ['Label IDs', ...Array.from(labelIds, String)],
    ['Labels', ...Array.from(labelIds, label => (label === -100 ? 'IGN' : labelNames[label]!))],
  ];
  const notes = [
    ...(truncatedRows > 0
      ? [
          truncatedWords === 0
            ? 'the last subwords of a word are cut off'
            : `the rest is cut off, and with it ${counted(truncatedWords, 'word')}`,
        ]
      : []),
    ...(emptyWords > 0 ? [`without a subword, and so without a label: ${counted(emptyWords, 'word')}`] : []),
  ];
  const heading = [counted(subwords.length, 'subword'), ...notes].join('; ');
  return numbered(heading, rows, width);
}

/** Rows of which each begins with its name, under the numbers of what they hold. */
function numbered(heading: string, rows: readonly (readonly string[])[], width: number): string {
  const columns = rows[0]!.map((_, i) => column(i === 0 ? '' : String(i - 1)));
  return renderTerminal({ ...plainTable(columns, rows), facts: [heading] }, { width });
}

/**
 * A token as it can be shown: quotes for an empty one, code points for one that would not be seen at all, and otherwise as `visible` has it.
 */
export function showToken(token: string): string {
  if (token === '') return '""';
  const unseen = displayWidth(token) === 0 || token.trim() === '';
  return unseen ? token.replace(/./gsu, codePoint) : visible(token);
}
