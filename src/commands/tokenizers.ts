import type { Command } from 'commander';
import { schema } from '../config/schema.js';
import { openSplit } from '../data/corpus.js';
import { frequencies, readWordRows, type WordRows, wordRowsOf } from '../data/distinct-words.js';
import { splitNames } from '../data/splits.js';
import { splitAtSpaces, splitWords } from '../data/words.js';
import { nearest, PanxError } from '../errors.js';
import { fittedWhereKnown } from '../model/room.js';
import { renderAs, type TableFormat, tableFormats } from '../reporting/render/render.js';
import type { Table } from '../reporting/table.js';
import {
  differingWordsTable,
  fertilityTable,
  type LanguageFertility,
  type SplitWord,
  sentenceTable,
  tokenizerNames,
} from '../reporting/tokenizers.js';
import { closeProgressLine, print, progress, terminalWidth } from '../system/console.js';
import { differingWords, fertilityOf } from '../tokenization/fertility.js';
import {
  addCorpusOptions,
  type CorpusConfig,
  type CorpusOptions,
  corpusConfig,
  dataFolder,
  tokenizerFolder,
} from './corpus-options.js';
import { addFormat, type FormatOptions, formatOf, printJson } from './format.js';
import { everyOne, everyPart, everyText, languagesOf, listOf, toSplit } from './lists.js';
import { type SplitWords, splitByTokenizer, subwordsOf } from './tokenizers/split-words.js';

interface TokenizersOptions extends CorpusOptions, FormatOptions<TableFormat> {
  model?: string[];
  langs?: string;
  split?: string;
  limit?: string;
  tables?: string;
  top?: string;
  text?: string[];
  /** Of --no-split-text. */
  splitText: boolean;
}

export const tokenizerTables = ['fertility', 'words'] as const;
type TableName = (typeof tokenizerTables)[number];

/** panx tokenizers: how tokenizers split words, of a corpus or of a sentence. */
export function define(command: Command): void {
  command
    .option(
      '--model <folder|id>',
      `folder or hub id whose tokenizer to look at; may be repeated (default: ${schema.model.default})`,
      everyOne,
    )
    .option(
      '--lang, --langs <langs>',
      'languages whose rows to count, with commas between: en,conll=de (default: en)',
      everyPart,
    )
    .option('--split <split>', `split to count: ${splitNames.join(', ')} (default: train)`)
    .option('--limit <rows>', 'count the first rows of each language only')
    .option(
      '--tables <names>',
      `tables to print, with commas between: ${tokenizerTables.join(', ')} (default: both)`,
      everyPart,
    )
    .option('--top <n>', 'words of each language to list that the tokenizers split most differently (default: 10)')
    .option('--text <sentence>', 'show the subwords of this sentence instead; may be repeated', everyText)
    .option('--no-split-text', 'the text is tokenized already: split it at white space only');
  addFormat(addCorpusOptions(command), tableFormats)
    .addHelpText('after', help)
    .action(async (options: TokenizersOptions) => {
      if (options.text === undefined) await countLanguages(options);
      else await showSentences(options, options.text);
    });
}

const help = `
Fertility is the mean number of subwords of a word, "continued" the share of words
of two subwords or more (Ács 2019; Rust et al. 2021). Words are split as for
training. Nothing is cut.

  panx tokenizers --model FacebookAI/xlm-roberta-base --model FOLDER --langs en,tr
  panx tokenizers --model FOLDER --text "Orhan Veli İstanbul'da doğdu."
`;

async function countLanguages(options: TokenizersOptions): Promise<void> {
  if (!options.splitText) throw unused('--no-split-text', '--text', 'Leave it out, or add --text.');
  const format = formatOf(options, 'table');
  const split = toSplit('--split', options.split ?? 'train');
  const limit = options.limit === undefined ? undefined : toCount('--limit', options.limit, 1);
  const most = toCount('--top', options.top ?? '10', 1);
  const tables = tablesAsked(options, format);
  if (options.top !== undefined && !tables.includes('words')) {
    const hint = 'Leave it out, or give two tokenizers, with words in --tables.';
    throw unused('--top', 'the table of words', hint);
  }
  const config = await corpusConfig(options, 'tokenizers');
  const langs = languagesOf('--langs', options.langs ?? 'en', config.corpora);
  const { folders, models, names, maxLengths } = await tokenizersAsked(options, config, langs);
  const dataDir = await dataFolder(config, langs, [split]);
  const rows = new Map<string, WordRows>();
  for (const lang of langs) {
    rows.set(lang, await readWordRows(await openSplit(dataDir, lang, split, config.corpora), limit));
  }
  const distinct = [...rows.values()].map(one => one.distinct);
  const tokenizers: SplitWords[] = [];
  for (const [i, folder] of folders.entries()) {
    progress(`tokenize with ${names[i]}`);
    tokenizers.push(await splitByTokenizer(distinct, folder, config.tokenization));
  }
  const found: LanguageFertility[] = [];
  const differing: SplitWord[] = [];
  for (const [at, [lang, wordRows]] of [...rows].entries()) {
    for (const [tokenizer, { pieces, unkId }] of tokenizers.entries()) {
      const maxLength = maxLengths[tokenizer]!;
      const fertility = fertilityOf(wordRows, pieces[at]!, { ...config.tokenization, maxLength, unkId });
      found.push({ lang, tokenizer, fertility });
    }
    const pieces = tokenizers.map(tokenizer => tokenizer.pieces[at]!);
    for (const { word, ...counts } of differingWords(frequencies(wordRows), pieces, most)) {
      const subwords = tokenizers.map(tokenizer => subwordsOf(tokenizer, at, word));
      differing.push({ lang, word: wordRows.distinct[word]!, ...counts, subwords });
    }
  }
  closeProgressLine();
  const vocabularySizes = tokenizers.map(({ vocabularySize }) => vocabularySize);
  if (format === 'json') {
    return printJson('tokenizers', {
      tokenizers: names.map((name, i) => {
        return { name, model: models[i]!, vocabularySize: vocabularySizes[i]!, maxLength: maxLengths[i]! };
      }),
      split,
      maxLength: config.tokenization.maxLength,
      languages: tables.includes('fertility')
        ? found.map(({ lang, tokenizer, fertility }) => ({ lang, tokenizer: names[tokenizer]!, ...fertility }))
        : null,
      differingWords: tables.includes('words') || options.tables === undefined ? differing : null,
      words: null,
    });
  }
  const drawn: Record<TableName, () => Table> = {
    fertility: () => fertilityTable(found, { names, vocabularySizes, split, maxLengths }),
    words: () => differingWordsTable(differing, names),
  };
  const width = terminalWidth();
  print(tables.map(name => renderAs(format, drawn[name](), { width, label: name })).join('\n'));
}

/** @throws PanxError for a name that no table has, where CSV would hold two tables, and where words are asked for of one tokenizer */
function tablesAsked({ tables, model }: TokenizersOptions, format: TableFormat | 'json'): TableName[] {
  const several = new Set(model).size > 1;
  const asked =
    tables === undefined ? tokenizerTables.slice(0, several ? 2 : 1) : listOf('--tables', tables).map(toTable);
  if (asked.includes('words') && !several) {
    throw new PanxError('--tables has words, and one tokenizer is given; expected two or more to compare.', {
      hint: 'Repeat --model.',
      exitCode: 2,
    });
  }
  if (format === 'csv' && asked.length > 1) {
    throw new PanxError(`--format csv prints one table, and ${asked.length} are asked for; expected one.`, {
      hint: `Add --tables with one of ${tokenizerTables.join(', ')}.`,
      exitCode: 2,
    });
  }
  return asked;
}

function toTable(typed: string): TableName {
  const name = tokenizerTables.find(one => one === typed);
  if (name !== undefined) return name;
  const suggestion = nearest(typed, tokenizerTables);
  throw new PanxError(`--tables has "${typed}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`, {
    hint: `The tables are ${tokenizerTables.join(' and ')}.`,
    exitCode: 2,
  });
}

/** The options that say what of a corpus is counted. */
const ofLanguages = ['langs', 'split', 'limit', 'tables', 'top', 'data'] as const;

function unused(option: string, without: string, hint: string): PanxError {
  return new PanxError(`${option} is given without ${without}; expected no ${option}.`, { hint, exitCode: 2 });
}

async function showSentences(options: TokenizersOptions, texts: readonly string[]): Promise<void> {
  const other = ofLanguages.find(name => options[name] !== undefined);
  if (other !== undefined) {
    throw new PanxError(`--text and --${other} are both given; expected one of them.`, {
      hint: 'With --text the subwords of a sentence are shown; with --langs those of a corpus are counted.',
      exitCode: 2,
    });
  }
  const format = formatOf(options, 'table');
  const split = options.splitText ? splitWords : splitAtSpaces;
  const sentences = texts.map(text => split(text).map(word => word.text));
  if (sentences.every(words => words.length === 0)) {
    throw new PanxError('--text has no word; expected a sentence.', { exitCode: 2 });
  }
  const config = await corpusConfig(options, 'tokenizers --text');
  const { folders, models, names, maxLengths } = await tokenizersAsked(options, config, []);
  const wordRows = wordRowsOf(sentences);
  const tokenizers: SplitWords[] = [];
  for (const folder of folders) {
    tokenizers.push(await splitByTokenizer([wordRows.distinct], folder, config.tokenization));
  }
  const words = sentences.flatMap((sentence, i) => sentence.map(word => ({ sentence: i + 1, word })));
  const shown = words.map((word, w) => ({
    ...word,
    subwords: tokenizers.map(tokenizer => subwordsOf(tokenizer, 0, wordRows.wordOf[w]!)),
  }));
  const fertilities = tokenizers.map(({ pieces, unkId }) =>
    fertilityOf(wordRows, pieces[0]!, { ...config.tokenization, unkId }),
  );
  if (format === 'json') {
    return printJson('tokenizers', {
      tokenizers: names.map((name, i) => {
        return { name, model: models[i]!, vocabularySize: tokenizers[i]!.vocabularySize, maxLength: maxLengths[i]! };
      }),
      split: null,
      maxLength: config.tokenization.maxLength,
      languages: null,
      differingWords: null,
      words: shown,
    });
  }
  print(renderAs(format, sentenceTable(shown, names, fertilities), { width: terminalWidth(), label: 'subwords' }));
}

/**
 * The folders of the tokenizers that are to be looked at, and a short name for each.
 *
 * @returns also how many subwords a row may have with each
 */
async function tokenizersAsked(
  options: TokenizersOptions,
  config: CorpusConfig,
  langs: string[],
): Promise<{ folders: string[]; models: string[]; names: string[]; maxLengths: number[] }> {
  const typed: (string | undefined)[] = options.model === undefined ? [undefined] : [...new Set(options.model)];
  const folders: string[] = [];
  for (const model of typed) folders.push(await tokenizerFolder(model, config, langs));
  const fitted = await Promise.all(folders.map(folder => fittedWhereKnown(config, folder)));
  const maxLengths = fitted.map(({ tokenization }) => tokenization.maxLength);
  const models = typed.map(model => model ?? (config.sampled.has('model') ? 'sample' : config.model));
  return { folders, models, names: tokenizerNames(models), maxLengths };
}

/** @throws PanxError where it is no whole number, or below `least` */
function toCount(option: string, typed: string, least: number): number {
  if (/^\d{1,15}$/.test(typed) && Number(typed) >= least) return Number(typed);
  throw new PanxError(`${option} is "${typed}"; expected a whole number from ${least}.`, { exitCode: 2 });
}
