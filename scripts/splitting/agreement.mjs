/** How far two splits of the same texts into words agree. */

/**
 * F1 of words as spans of characters, over all rows.
 *
 * @param rows the tokens of each
 * @param write takes tokens to their text, with the span of each
 * @param split takes a text to its words, with start and end
 * @returns f1, and cuts: the tokens that came out otherwise, the most frequent first, with one way in which they did
 */
export function agreement(rows, write, split) {
  let [right, tokens, words] = [0, 0, 0];
  const cuts = new Map();
  for (const row of rows) {
    const { text, spans } = write(row);
    const found = split(text);
    const starts = new Map(found.map(word => [word.start, word.end]));
    tokens += spans.length;
    words += found.length;
    for (const [i, { start, end }] of spans.entries()) {
      if (starts.get(start) === end) right++;
      else {
        const cut = cuts.get(row[i]) ?? { token: row[i], words: wordsOver(found, start, end), count: 0 };
        cut.count++;
        cuts.set(row[i], cut);
      }
    }
  }
  return { f1: (2 * right) / (tokens + words), cuts: [...cuts.values()].sort((a, b) => b.count - a.count) };
}

function wordsOver(found, start, end) {
  const over = found.filter(word => word.start < end && word.end > start);
  return over.map(word => word.text).join(' ');
}
