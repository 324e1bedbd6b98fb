import { resolve } from 'node:path';
import type { Command } from 'commander';
import { refuseIdleData } from '../config/idle-settings.js';
import type { Config } from '../config/schema.js';
import { resolveData } from '../data/fetch.js';
import { labelsNotice } from '../data/label-names.js';
import { sameLabels } from '../data/labels.js';
import { splitNames } from '../data/splits.js';
import { returnFreeMemory } from '../engine/memory.js';
import { openEngine } from '../engine/open.js';
import { listed, PanxError } from '../errors.js';
import type { EntityScores } from '../evaluation/entity-scores.js';
import { metricName, type Scores, score } from '../evaluation/score.js';
import { firstRows, loadSplits, rowsForModel } from '../experiment/corpus.js';
import { scoresText } from '../experiment/narration.js';
import { splitsNamed, tellUnseen } from '../experiment/unseen-words.js';
import { transferLine } from '../hub/progress.js';
import { resolveModel } from '../hub/resolve.js';
import { checkModelFolder } from '../model/parameter-specs.js';
import { fittedToModel } from '../model/room.js';
import { loadTrained } from '../model/token-classifier.js';
import { refuseInsideMade } from '../run/mark.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { formatCount, notice, noticeLines, print, progress } from '../system/console.js';
import { writeJson } from '../system/files.js';
import { isObject } from '../system/json.js';
import { removeAbandonedNeighbours } from '../system/made.js';
import { type FileKind, placeOfFile, refuseOverlap } from '../system/place.js';
import { type Profile, phase } from '../system/profile.js';
import { traceKind } from '../system/trace.js';
import { openTokenizer } from '../tokenization/tokenizer.js';
import { addMetricOptions, type MetricOptions, metricsOf, resamplingOf } from './evaluate/metric-options.js';
import { averagesText, reportsText, resamplingText } from './evaluate/scores-text.js';
import { addFormat, type FormatOptions, identified, isJson, printJson } from './format.js';
import { everyPart, languagesOf, toSplit } from './lists.js';
import { addConfigOptions, configOf } from './options.js';
import { refuseInsideLanguage } from './out-folder.js';
import { profiled } from './profiled.js';
import { checkTyped, corpusFiles, dataFolders, modelFolder } from './read-folders.js';

interface EvaluateOptions extends MetricOptions, FormatOptions {
  langs: string;
  split: string;
  out?: string;
  profile?: true | string;
}

/** panx evaluate: score a checkpoint on a split of one or more languages, in all and by entity type. */
export function define(command: Command): void {
  addConfigOptions(command, { as: 'trained' });
  command
    .requiredOption('--lang, --langs <langs>', 'languages to score, with commas between: en,tr', everyPart)
    .option('--split <split>', `split to score: ${splitNames.join(', ')}`, 'test');
  addMetricOptions(command);
  addFormat(command)
    .option('--out <file>', 'also write the scores to this JSON file')
    .option('--profile [file]', 'print where the time goes, by phase and operation; with a file, write a trace there')
    .action(async (options: EvaluateOptions) => {
      const json = isJson(options);
      const places = await placesOf(options);
      const work = (profile: Profile | null) => evaluateAsAsked(command, options, places, profile);
      if (options.profile === undefined) return await work(null);
      await profiled(work, {
        // stdout holds the scores and nothing else.
        print: json ? noticeLines : print,
        traceFile: typeof options.profile === 'string' ? options.profile : null,
      });
    });
}

const schemeNotice =
  'the data marks the same types in IOB2: what is predicted is scored as that, and the loss is of the label that stands for the true tag';

/** What is understood of the labels, and of the tags of data that writes them in another odd way. */
function understoodOf(labels: readonly string[], corpus: readonly { labelNames: readonly string[] }[]): string[] {
  const others = corpus.flatMap(({ labelNames }) => (sameLabels(labelNames, labels) ? [] : [labelNames]));
  const notices = [labelsNotice(labels), ...others.map(names => labelsNotice(names, 'the tags of the data'))];
  return [...new Set(notices.filter(text => text !== null))];
}

function foreignNotice(types: readonly string[]): string {
  const they = types.length === 1 ? 'it' : 'them';
  return `the model also knows ${listed(types, 8)}, which the data does not mark: what it finds of ${they} counts as wrong`;
}

/** The files that are to be written; null where none is. */
interface Places {
  report: string | null;
  trace: string | null;
}

/** A report is known by its keys: see the end of `evaluateAsAsked`. */
const reportKind: FileKind = {
  what: 'a report of panx evaluate',
  isOf: async path => {
    const report = await readBoundedJson(path, 16_000_000).catch(() => null);
    return isObject(report) && report.metric === metricName && 'arithmetic' in report && isObject(report.scores);
  },
};

async function placesOf({ out, profile }: EvaluateOptions): Promise<Places> {
  const report = out === undefined ? null : await placeOfFile('--out', out, reportKind);
  const trace = typeof profile === 'string' ? await placeOfFile('--profile', profile, traceKind) : null;
  if (report !== null && trace !== null && resolve(report) === resolve(trace)) {
    throw new PanxError(`--out and --profile are both ${report}; expected two files.`, { exitCode: 2 });
  }
  return { report, trace };
}

async function evaluateAsAsked(
  command: Command,
  options: EvaluateOptions,
  places: Places,
  profile: Profile | null,
): Promise<void> {
  const json = isJson(options);
  const split = toSplit('--split', options.split);
  const metrics = metricsOf(options);
  const langsOf = ({ corpora }: Pick<Config, 'corpora'>) => languagesOf('--langs', options.langs, corpora);
  const loaded = await configOf(command, { langsOf, as: 'trained' });
  const { config } = loaded;
  const langs = langsOf(config);
  refuseIdleData(loaded, langs);
  const resampling = resamplingOf(options, config.seed);
  await checkTyped(config);
  const dataDir = await resolveData(config.data, langs, { splits: [split], onProgress: transferLine() });
  const folder = await resolveModel(config.model, { onProgress: transferLine() });
  const read = [modelFolder(folder), ...(await dataFolders(dataDir)), ...(await corpusFiles(config.corpora, langs))];
  for (const [option, file] of [
    ['--out', places.report],
    ['--profile', places.trace],
  ] as const) {
    if (file === null) continue;
    await refuseOverlap(file, read, option);
    await refuseInsideMade(file, option, { isFile: true });
    await refuseInsideLanguage(file, option);
  }
  const modelConfig = await checkModelFolder(folder, 'trained');
  const fitted = fittedToModel(config, modelConfig, folder);
  const tokenizer = await phase('load tokenizer', () => openTokenizer(folder, config.tokenization));
  const results: Record<string, Scores & { entities: EntityScores }> = {};
  // All of them before any is scored: a language that is not there should not show after minutes.
  const splits = langs.map(lang => [lang, split] as const);
  const source = { dataDir, tokenizer, config: fitted, onProgress: progress };
  const { limit } = config.evaluation;
  const corpus = (await phase('read data', () => loadSplits(source, splits))).map(split => firstRows(split, limit));
  tellUnseen(splitsNamed(corpus), ['scores'], config, modelConfig);
  const { precision } = await openEngine(config, profile);
  returnFreeMemory();
  const inputIds = corpus.map(({ rows }) => rows.inputIds);
  const model = await phase('load model', () => loadTrained(folder, inputIds, precision));
  if (model.unused !== null) notice(model.unused);
  const { labels } = model.config;
  const labelled = corpus.map(split => ({ ...split, ...rowsForModel(split, labels, folder) }));
  for (const text of understoodOf(labels, corpus)) notice(text);
  const fits = labelled.flatMap(({ fit }) => fit ?? []);
  if (fits.some(({ isOtherScheme }) => isOtherScheme)) notice(schemeNotice);
  const foreign = [...new Set(fits.flatMap(({ foreignTypes }) => foreignTypes))];
  if (foreign.length > 0) notice(foreignNotice(foreign));
  for (const { lang, rows, fit } of labelled) {
    const scoring = {
      batchSize: config.evaluation.batchSize,
      metrics,
      resampling,
      fit,
      onProgress: (done: number) =>
        progress(`score ${lang} ${split}  ${formatCount(done)}/${formatCount(rows.rows)} rows`),
    };
    const { scores, entities } = await phase('scoring', () => score(model, rows, scoring));
    results[lang] = { ...scores, entities };
    progress(`score ${lang} ${split}  ${formatCount(rows.rows)}/${formatCount(rows.rows)} rows`, { done: true });
    if (!json) {
      print(`${scoresText(lang, split, scores)}\n\n`);
      if (metrics === 'strict' || resampling !== null) {
        print(averagesText(lang, split, entities));
        print(resampling === null ? '\n' : `${resamplingText(resampling)}\n\n`);
      }
      print(`${reportsText(lang, split, entities)}\n`);
    }
  }
  const report = identified('evaluate', {
    model: config.model,
    split,
    metric: metricName,
    arithmetic: precision, // Not to be taken for the score of that name.
    ...(resampling === null ? {} : { intervals: { method: 'percentile bootstrap over rows', ...resampling } }),
    scores: results,
  });
  if (json) printJson('evaluate', report);
  if (options.out === undefined) return;
  const place = await placeOfFile('--out', options.out, reportKind); // Scoring takes minutes, in which something may have come there.
  await removeAbandonedNeighbours(place, 'file');
  await writeJson(place, report);
}
