import type { TaggedSentence } from '../../evaluation/tag.js';
import { displayWidth, padToWidth } from '../../system/display-width.js';
import { visible } from '../../system/visible.js';

/**
 * The words over their tags, then the entities with their scores.
 *
 * @param width in columns of the terminal: what is longer goes on below, word by word; a word that is wider by itself has a line of its own
 */
export function taggedText({ words, entities }: Pick<TaggedSentence, 'words' | 'entities'>, width: number): string {
  if (words.length === 0) return '  no words\n\n';
  const lines: [string, string][] = [];
  let left = 0;
  for (const { text, tag } of words) {
    const [word, shown] = [visible(text), visible(tag ?? '-')];
    const cell = Math.max(displayWidth(word), displayWidth(shown));
    if (lines.length === 0 || cell > left) {
      lines.push(['', '']);
      left = width;
    }
    const line = lines.at(-1)!;
    line[0] += padToWidth(word, cell + gap);
    line[1] += padToWidth(shown, cell + gap);
    left -= cell + gap;
  }
  const grid = lines.map(([top, bottom]) => `${top.trimEnd()}\n${bottom.trimEnd()}\n`).join('\n');
  const widest = Math.max(...entities.map(({ type }) => displayWidth(visible(type))));
  const found = entities
    .map(({ type, text, score }) => `  ${padToWidth(visible(type), widest)}  ${score.toFixed(3)}  ${visible(text)}\n`)
    .join('');
  return `${grid}${found === '' ? '  no entities\n' : found}\n`;
}

const gap = 2;
