/**
 * How well text is split into words as PAN-X's are: the rows of a split are written out, split again, and compared with their tokens.
 *
 *   node scripts/splitting/measure.mjs --data DIR [--langs en,de] [--split test] [--cuts N]
 *
 * DIR holds PAN-X.<lang> folders; without --langs each language of it is measured. Every row is written in two ways: with a space between
 * any two tokens, and as a typist writes (the rules are in typed.mjs). F1 is that of words as spans of characters, over all rows of a
 * language: a word is right where it starts and ends as a token does. Where DIR is not there, this says so and ends with code 0.
 *
 * --cuts N shows on stderr the N most frequent tokens that come out otherwise, each way. The splitter's rules were made with
 * --split train; figures are those of other splits. `npm run build` comes first: the splitter is that of dist.
 */
import { existsSync } from 'node:fs';
import { openSplit } from '../../dist/data/corpus.js';
import { readWordRows } from '../../dist/data/distinct-words.js';
import { langsWith } from '../../dist/data/shards.js';
import { splitWords } from '../../dist/data/words.js';
import { readOptions, wholeNumber, wordsOf } from '../bench/options.mjs';
import { agreement } from './agreement.mjs';
import { spaced, typed } from './typed.mjs';

const splits = ['train', 'validation', 'test'];
const ways = { 'with spaces': spaced, 'as typed': typed };

const options = readOptions(import.meta.url, ['data'], { langs: null, split: 'test', cuts: null });
const { data } = options;
if (!existsSync(data)) {
  process.stdout.write(`${data} is not there, so nothing is measured: give a folder with PAN-X.<lang> as --data.\n`);
  process.exit();
}
const [split] = wordsOf(options, 'split', splits);
const there = await langsWith(data, split);
const langs = options.langs === undefined ? there : wordsOf(options, 'langs', there);
const shownCuts = options.cuts === undefined ? 0 : wholeNumber(options, 'cuts');

const lines = [];
for (const lang of langs) {
  const rows = await rowsOf(lang);
  const scores = Object.entries(ways).map(([name, write]) => {
    const { f1, cuts } = agreement(rows, tokens => write(tokens, lang), splitWords);
    for (const { token, words, count } of cuts.slice(0, shownCuts)) {
      process.stderr.write(`${lang} ${name}: ${count} times ${token} as ${words}\n`);
    }
    return (100 * f1).toFixed(2);
  });
  const words = rows.reduce((sum, row) => sum + row.length, 0);
  lines.push([lang, ...scores, rows.length.toLocaleString('en'), words.toLocaleString('en')]);
}
const table = [
  ['language', ...Object.keys(ways), 'rows', 'words'],
  ['---', ...Object.keys(ways).map(() => '---:'), '---:', '---:'],
  ...lines,
];
process.stdout.write(`F1 of words, ${split} split, in percent\n\n`);
process.stdout.write(table.map(cells => `| ${cells.join(' | ')} |\n`).join(''));

async function rowsOf(lang) {
  const { distinct, offsets, wordOf } = await readWordRows(await openSplit(data, lang, split));
  const words = Array.from(wordOf, word => distinct[word]);
  return Array.from({ length: offsets.length - 1 }, (_, row) => words.slice(offsets[row], offsets[row + 1]));
}
