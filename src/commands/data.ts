import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { schema } from '../config/schema.js';
import { loadSplit, openSplit, readExample } from '../data/corpus.js';
import { resolveData } from '../data/fetch.js';
import { folderOf } from '../data/formats/panx.js';
import { type SplitName, splitNames } from '../data/splits.js';
import { splitStatistics } from '../data/statistics.js';
import { PanxError } from '../errors.js';
import { transferLine } from '../hub/progress.js';
import { resolveTokenizer } from '../hub/resolve.js';
import { samplePaths } from '../hub/sample.js';
import { panxCacheDir } from '../system/cache.js';
import { formatCount, print, progress } from '../system/console.js';
import { encodeSplit, encodingText } from '../tokenization/encode.js';
import { concatRows, encodeSentences } from '../tokenization/rows.js';
import { subwordStatistics } from '../tokenization/statistics.js';
import { loadTokenizer, openTokenizer } from '../tokenization/tokenizer.js';
import { exampleText, subwordsText } from './data/example.js';
import { type Counted, statisticsCsv, statisticsJson, statisticsText } from './data/statistics.js';
import { languagesOf, listOf, toLanguage, toSplit } from './lists.js';
import { sampleHelp } from './options.js';

const modelHelp = `folder or hub id whose tokenizer splits tokens into subwords`;

/** panx data: look at a corpus. */
export function define(command: Command): void {
  const stats = command
    .command('stats')
    .description('count rows, tokens, tags, entities and lengths of the splits of some languages')
    .option('--langs <langs>', 'languages, with commas between: en,tr', 'en')
    .option('--splits <splits>', 'splits, with commas between', splitNames.join(','))
    .option('--model <folder|id>', `${modelHelp}; without it (and without --sample) subwords are not counted`);
  addCorpusOptions(stats)
    .addOption(new Option('--format <format>', 'how to print').choices(['table', 'csv', 'json']).default('table'))
    .action(printStatistics);
  const show = command
    .command('show')
    .description('print one example with its tags, and with its subwords and labels as a model is trained on them')
    .option('--lang <lang>', 'language', 'en')
    .requiredOption('--row <n>', 'row of the split as it lies in the file, from 0')
    .option('--split <split>', `one of ${splitNames.join(', ')}`, 'train')
    .option('--tokens', 'show subwords, label ids and labels too; IGN marks what loss and scores leave out')
    .option('--model <folder|id>', `${modelHelp} (default: ${schema.model.default})`);
  addCorpusOptions(show).action(printExample);
  for (const subcommand of [stats, show]) subcommand.exitOverride();
  command.allowExcessArguments().action(() => {
    const [typed] = command.args;
    const found = typed === undefined ? 'is told nothing to do' : `does not know "${typed}"`;
    throw new PanxError(`panx data ${found}; expected stats or show.`, {
      hint: 'panx data --help says what they do.',
      exitCode: 2,
    });
  });
}

function addCorpusOptions(command: Command): Command {
  return command
    .option('--data <folder|id>', `${schema.data.meaning} (default: ${schema.data.default})`)
    .option('--sample', sampleHelp('data and tokenizer'));
}

interface CorpusOptions {
  data?: string;
  model?: string;
  sample?: boolean;
}

async function printStatistics(
  options: CorpusOptions & { langs: string; splits: string; format: 'table' | 'csv' | 'json' },
): Promise<void> {
  const langs = languagesOf('--langs', options.langs);
  const splits = listOf('--splits', options.splits).map(name => toSplit('--splits', name));
  const dataDir = await dataFolder(options, langs, splits);
  const withSubwords = options.model !== undefined || options.sample === true;
  const tokenizer = withSubwords ? await openTokenizer(await modelFolder(options, langs)) : undefined;
  const counted: Counted[] = [];
  for (const lang of langs) {
    for (const name of splits) {
      const split = await loadSplit(dataDir, lang, name);
      const statistics = splitStatistics(split);
      if (tokenizer === undefined) counted.push(statistics);
      else {
        const { parts } = await encodeSplit(await openSplit(dataDir, lang, name), tokenizer, {
          ...tokenizationDefaults,
          cacheDir: join(panxCacheDir(), 'tokens'),
          onProgress: at => progress(encodingText(at), { done: at.done === at.of }),
        });
        const encoded = concatRows(parts);
        counted.push({ ...statistics, subwords: subwordStatistics(encoded, statistics.tokens) });
      }
    }
  }
  print(statisticsAs(options.format, counted));
}

function statisticsAs(format: 'table' | 'csv' | 'json', counted: Counted[]): string {
  switch (format) {
    case 'table':
      return statisticsText(counted, terminalWidth());
    case 'csv':
      return statisticsCsv(counted);
    case 'json':
      return statisticsJson(counted);
  }
}

async function printExample(
  options: CorpusOptions & { lang: string; row: string; split: string; tokens?: boolean },
): Promise<void> {
  const row = toRow(options.row);
  const name = toSplit('--split', options.split);
  const lang = toLanguage('--lang', options.lang);
  const split = await loadSplit(await dataFolder(options, [lang], [name]), lang, name);
  const { tokens, tagIds } = readExample(split, row);
  const tags = tagIds.map(id => split.labelNames[id]!);
  const heading = `${folderOf(lang)} ${name}, row ${formatCount(row)} of 0 to ${formatCount(split.rows - 1)}`;
  print(exampleText(heading, tokens, tags, terminalWidth()));
  if (options.tokens !== true) return;
  const tokenizer = await loadTokenizer(await modelFolder(options, [lang]));
  const encoded = await encodeSentences([tokens], tokenizer, tokenizationDefaults);
  // encodeSentences marks first subwords with 0: here they get the tags of their words.
  const labelIds = encoded.labelIds.map((label, i) => (label === -100 ? label : tagIds[encoded.wordIds[i]!]!));
  const subwords = await tokenizer.tokens([...encoded.inputIds]);
  tokenizer.close();
  print(`\n${subwordsText(subwords, { ...encoded, labelIds }, split.labelNames, terminalWidth())}`);
}

const tokenizationDefaults = {
  maxLength: schema.tokenization.maxLength.default,
  emptyWords: schema.tokenization.emptyWords.default,
};

async function dataFolder(options: CorpusOptions, langs: string[], splits: SplitName[]): Promise<string> {
  if (options.sample && options.data === undefined) return samplePaths(langs).dataDir;
  return await resolveData(options.data ?? schema.data.default, langs, { splits, onProgress: transferLine() });
}

async function modelFolder(options: CorpusOptions, langs: string[]): Promise<string> {
  // Data of one's own may be of any language: they choose no sample.
  if (options.sample && options.model === undefined)
    return samplePaths(options.data === undefined ? langs : []).modelDir;
  return await resolveTokenizer(options.model ?? schema.model.default, { onProgress: transferLine() });
}

function toRow(typed: string): number {
  if (!/^\d{1,15}$/.test(typed)) {
    throw new PanxError(`--row is "${typed}"; expected a row number from 0.`, { exitCode: 2 });
  }
  return Number(typed);
}

function terminalWidth(): number {
  return process.stdout.columns ?? 120;
}
