import { type Command, Option } from 'commander';
import { corpusOf, hasSplit } from '../config/corpora.js';
import { schema } from '../config/schema.js';
import type { SettingsUser } from '../config/used-settings.js';
import { type WrittenFormat, writtenFormats } from '../data/convert.js';
import { loadSplit, openSplit, readExample } from '../data/corpus.js';
import { folderOf } from '../data/formats/panx.js';
import { type SplitName, splitNames } from '../data/splits.js';
import { splitStatistics } from '../data/statistics.js';
import { PanxError } from '../errors.js';
import { fittedWhereKnown } from '../model/room.js';
import { keptFolder } from '../system/cache.js';
import { formatCount, print, progress, terminalWidth } from '../system/console.js';
import { refuseOverlap, throughLink } from '../system/place.js';
import { encodeSplit, encodingText } from '../tokenization/encode.js';
import { concatRows, encodeSentences } from '../tokenization/rows.js';
import { subwordStatistics } from '../tokenization/statistics.js';
import { loadTokenizer, openTokenizer } from '../tokenization/tokenizer.js';
import {
  addCorpusOptions,
  type CorpusConfig,
  type CorpusOptions,
  corpusConfig,
  dataFolder,
  tokenizerFolder,
} from './corpus-options.js';
import { checkLanguages, conversionText, convert, refuseToReplace, settingsToRead } from './data/convert.js';
import { exampleText, subwordsText } from './data/example.js';
import { type Counted, statisticsCsv, statisticsText } from './data/statistics.js';
import { addFormat, type FormatOptions, formatOf, isJson, printJson } from './format.js';
import { everyPart, languagesOf, splitsOf, toLanguage, toSplit } from './lists.js';
import { checkOutFolder, refuseAsLanguage } from './out-folder.js';
import { corpusFiles, dataFolders } from './read-folders.js';

const modelHelp = `folder or hub id whose tokenizer splits tokens into subwords`;

/** panx data: look at a corpus. */
export function define(command: Command): void {
  const stats = command
    .command('stats')
    .description('count rows, tokens, tags, entities and lengths of the splits of some languages')
    .option('--lang, --langs <langs>', 'languages, with commas between: en,tr (default: en)', everyPart)
    .option('--splits <splits>', 'splits, with commas between (default: all)', everyPart)
    .option('--model <folder|id>', `${modelHelp}; without it (and without --sample) subwords are not counted`);
  addFormat(addCorpusOptions(stats), ['table', 'csv']).action(printStatistics);
  const show = command
    .command('show')
    .description('print one example with its tags, and with its subwords and labels as a model is trained on them')
    .option('--lang <lang>', 'language', 'en')
    .requiredOption('--row <n>', 'row of the split as it lies in the file, from 0')
    .option('--split <split>', `one of ${splitNames.join(', ')}`, 'train')
    .option('--tokens', 'show subwords, label ids and labels too; IGN marks what loss and scores leave out')
    .option('--model <folder|id>', `${modelHelp} (default: ${schema.model.default})`);
  addFormat(addCorpusOptions(show)).action(printExample);
  const convertTo = command
    .command('convert')
    .description('write splits of some languages in another format, so that they read back row by row the same')
    .option('--lang, --langs <langs>', 'languages, with commas between: en,conll=de (default: en)', everyPart)
    .option('--splits <splits>', 'splits, with commas between (default: all)', everyPart)
    .addOption(new Option('--to <format>', 'format to write').choices(writtenFormats).makeOptionMandatory())
    .requiredOption('--out <folder>', 'folder to write: PAN-X.<lang>/ for parquet, <lang>/ for conll and jsonl')
    .option('--force', 'replace a corpus that panx wrote there');
  addFormat(addCorpusOptions(convertTo)).action(convertAsAsked);
  for (const subcommand of [stats, show, convertTo]) subcommand.exitOverride();
  command.allowExcessArguments().action(() => {
    const [typed] = command.args;
    const found = typed === undefined ? 'is told nothing to do' : `does not know "${typed}"`;
    throw new PanxError(`panx data ${found}; expected stats, show or convert.`, {
      hint: 'panx data --help says what they do.',
      exitCode: 2,
    });
  });
}

async function printStatistics(
  options: CorpusOptions & FormatOptions<'table' | 'csv'> & { model?: string; langs?: string; splits?: string },
): Promise<void> {
  const format = formatOf(options, 'table');
  const withSubwords = options.model !== undefined || options.sample === true;
  const { config, splits, dataDir } = await splitsAsked(options, withSubwords ? 'data stats --model' : 'data stats');
  const langs = splits.map(({ lang }) => lang);
  const folder = withSubwords ? await tokenizerFolder(options.model, config, langs) : undefined;
  const { tokenization } = folder === undefined ? config : await fittedWhereKnown(config, folder);
  const tokenizer = folder === undefined ? undefined : await openTokenizer(folder, tokenization);
  const counted: Counted[] = [];
  for (const { lang, split: name } of splits) {
    const split = await loadSplit(dataDir, lang, name, config.corpora);
    const statistics = splitStatistics(split);
    if (tokenizer === undefined) counted.push(statistics);
    else {
      const { parts } = await encodeSplit(await openSplit(dataDir, lang, name, config.corpora), tokenizer, {
        ...tokenization,
        cacheDir: keptFolder('tokens'),
        onProgress: at => progress(encodingText(at), { done: at.done === at.of }),
      });
      const encoded = concatRows(parts);
      counted.push({ ...statistics, subwords: subwordStatistics(encoded, statistics.tokens) });
    }
  }
  switch (format) {
    case 'table':
      return print(statisticsText(counted, widthOfTables()));
    case 'csv':
      return print(statisticsCsv(counted));
    case 'json':
      return printJson('data-stats', counted);
  }
}

/** The splits that --langs and --splits ask for; without --splits those that a named corpus has. */
async function splitsAsked(
  options: CorpusOptions & { langs?: string; splits?: string },
  user: SettingsUser,
): Promise<{
  config: CorpusConfig;
  splits: { lang: string; split: SplitName }[];
  dataDir: string;
}> {
  const config = await corpusConfig(options, user);
  const langs = languagesOf('--langs', options.langs ?? 'en', config.corpora);
  const names = splitsOf(options.splits);
  const splits = langs.flatMap(lang => {
    const isThere = (split: SplitName) =>
      !lang.includes('=') || names.length < splitNames.length || hasSplit(corpusOf(config.corpora, lang).corpus, split);
    return names.filter(isThere).map(split => ({ lang, split }));
  });
  return { config, splits, dataDir: await dataFolder(config, langs, names) };
}

async function convertAsAsked(
  options: CorpusOptions &
    FormatOptions & { langs?: string; splits?: string; to: WrittenFormat; out: string; force?: boolean },
): Promise<void> {
  const json = isJson(options);
  const out = await throughLink(options.out);
  const force = options.force === true;
  await refuseToReplace(out, await checkOutFolder(out, 'corpus'), force);
  const { config, splits, dataDir } = await splitsAsked(options, 'data convert');
  const langs = [...new Set(splits.map(({ lang }) => lang))];
  checkLanguages(langs);
  await refuseAsLanguage(out, dataDir);
  await refuseOverlap(out, [...(await dataFolders(dataDir)), ...(await corpusFiles(config.corpora, langs))]);
  const load = (lang: string, split: SplitName) => () => loadSplit(dataDir, lang, split, config.corpora);
  const conversion = { out, to: options.to, splits: splits.map(one => ({ ...one, load: load(one.lang, one.split) })) };
  const converted = await convert(conversion, force);
  if (json) {
    const { splits: written } = converted;
    printJson('data-convert', { folder: out, to: options.to, splits: written, settings: settingsToRead(converted) });
  } else print(conversionText(converted));
}

async function printExample(
  options: CorpusOptions &
    FormatOptions & { model?: string; lang: string; row: string; split: string; tokens?: boolean },
): Promise<void> {
  const json = isJson(options);
  if (options.model !== undefined && options.tokens !== true) {
    throw new PanxError('--model is given without --tokens, so there are no subwords to show; expected no --model.', {
      hint: 'Add --tokens, or leave --model out.',
      exitCode: 2,
    });
  }
  const row = toRow(options.row);
  const name = toSplit('--split', options.split);
  const config = await corpusConfig(options, options.tokens ? 'data show --tokens' : 'data show');
  const lang = toLanguage('--lang', options.lang, config.corpora);
  const dataDir = await dataFolder(config, [lang], [name]);
  const split = await loadSplit(dataDir, lang, name, config.corpora);
  const { tokens, tagIds } = readExample(split, row);
  const tags = tagIds.map(id => split.labelNames[id]!);
  const example = { lang, split: name, row, rows: split.rows, tokens, tags };
  if (options.tokens !== true && json) return printJson('data-show', { ...example, subwords: null });
  const heading = `${lang.includes('=') ? lang : folderOf(lang)} ${name}, row ${formatCount(row)} of 0 to ${formatCount(split.rows - 1)}`;
  if (!json) print(exampleText(heading, tokens, tags, widthOfTables()));
  if (options.tokens !== true) return;
  const folder = await tokenizerFolder(options.model, config, [lang]);
  const { tokenization } = await fittedWhereKnown(config, folder);
  const tokenizer = await loadTokenizer(folder, tokenization);
  const encoded = await encodeSentences([tokens], tokenizer, tokenization);
  // encodeSentences marks first subwords with 0: here they get the tags of their words.
  const labelIds = encoded.labelIds.map((label, i) => (label === -100 ? label : tagIds[encoded.wordIds[i]!]!));
  const subwords = await tokenizer.tokens([...encoded.inputIds]);
  tokenizer.close();
  if (json) {
    const { wordIds, truncatedWords, emptyWords } = encoded;
    const pieces = subwords.map((text, i) => ({
      text,
      word: wordIds[i]! === -1 ? null : wordIds[i]!,
      labelId: labelIds[i]!,
      label: labelIds[i]! === -100 ? null : split.labelNames[labelIds[i]!]!,
    }));
    return printJson('data-show', { ...example, subwords: { pieces, truncatedWords, emptyWords } });
  }
  print(`\n${subwordsText(subwords, { ...encoded, labelIds }, split.labelNames, widthOfTables())}`);
}

function toRow(typed: string): number {
  if (!/^\d{1,15}$/.test(typed)) {
    throw new PanxError(`--row is "${typed}"; expected a row number from 0.`, { exitCode: 2 });
  }
  return Number(typed);
}

function widthOfTables(): number {
  return terminalWidth() ?? 120;
}
