import type { Command } from 'commander';
import { splitNames } from '../data/splits.js';
import { nearest, PanxError } from '../errors.js';
import { type AnalysedRows, analyseSubject, type KnownTraining } from '../experiment/analyse-subject.js';
import { findSubject, type Subject } from '../experiment/subject.js';
import type { FoundPredictions } from '../experiment/subject-predictions.js';
import { analysisPlotNames } from '../reporting/analysis-plots.js';
import { type AnalysisTableName, analysisTable, analysisTableNames, whyNoTable } from '../reporting/analysis-tables.js';
import { analysisFacts, headline } from '../reporting/analysis-text.js';
import { markdownText } from '../reporting/render/markdown.js';
import { renderAs, type TableFormat, tableFormats } from '../reporting/render/render.js';
import type { Table } from '../reporting/table.js';
import { formatCount, notice, print, terminalWidth } from '../system/console.js';
import { visible } from '../system/visible.js';
import { analysisJson } from './analyze/analysis-json.js';
import { plotsAsked, refuseSeveral, writePlots } from './analyze/plots.js';
import { addFormat, type FormatOptions, formatOf, printJson } from './format.js';
import { everyOne, everyPart, listOf } from './lists.js';
import { dataHelp, storeHelp } from './options.js';
import { predictionsOfTraining } from './predictions-of-training.js';

interface AnalyzeOptions extends FormatOptions<TableFormat> {
  langs?: string;
  split?: string;
  tables?: string;
  top?: string;
  plot?: string[];
  store?: string;
  data?: string;
}

/** panx analyze: which errors a model makes, on which entities, and what they cost. */
export function define(command: Command): void {
  command
    .argument(
      '<run>',
      'folder of a run; STUDY/STAGE; or a file of predictions (JSON lines, or columns of word, gold, predicted)',
    )
    .option('--lang, --langs <langs>', 'languages, with commas between (default: all that are scored)', everyPart)
    .option('--split <split>', `split: ${splitNames.join(', ')} (default: the one that the run is scored on)`)
    .option(
      '--tables <names>',
      `tables to print: ${analysisTableNames.join(', ')}, or all (default: all but tags and words)`,
      everyPart,
    )
    .option('--top <n>', 'words, sentences and costliest errors to list (default: 10)')
    .option(
      '--plot <name=file>',
      `also draw ${analysisPlotNames.join(', ')} into a .svg or .png; may be repeated`,
      everyOne,
    )
    .option('--store <folder>', storeHelp)
    .option('--data <folder>', dataHelp);
  addFormat(command, tableFormats).action(async (run: string, options: AnalyzeOptions) => await analyze(run, options));
}

async function analyze(typed: string, options: AnalyzeOptions): Promise<void> {
  const format = formatOf(options, 'table');
  const names = tablesOf(options.tables);
  const most = topOf(options.top ?? '10');
  const plots = await plotsAsked(options.plot ?? []);
  refuseUnused(format, names, options);
  if (format === 'csv' && names.length !== 1) {
    throw new PanxError(`--format csv prints one table, and ${names.length} are asked for; expected one.`, {
      hint: `Add --tables with one of ${analysisTableNames.join(', ')}.`,
      exitCode: 2,
    });
  }
  const subject = await findSubject(typed, options.store);
  const results = [];
  const predictions = await wantedPredictions(subject, options);
  for (const [i, training] of subject.trainings.entries()) {
    results.push(await analyseSubject(training, predictions[i]!, { places: placesOf(options), most }));
  }
  const [first] = results;
  const all = results.flatMap(({ analysed }) => analysed);
  refuseSeveral(plots, all);
  refuseSeveralAsCsv(format, first!.analysed);
  await writePlots(plots, all[0]!);
  if (format === 'json') return printJson('analyze', analysisJson(subject.name, results));
  const look = { format, names, most, isAsked: options.tables !== undefined && options.tables !== 'all' };
  for (const i of first!.analysed.keys()) {
    const analysed = results.map(({ analysed }) => analysed[i]!);
    if (i > 0 && format !== 'csv') print('\n');
    printAnalysis(subject, analysed, first!.training, look);
  }
}

function placesOf({ data }: AnalyzeOptions): { data?: string } {
  return data === undefined ? {} : { data };
}

function tablesOf(typed: string | undefined): AnalysisTableName[] {
  if (typed === undefined) return analysisTableNames.filter(name => name !== 'tags' && name !== 'words');
  const asked = listOf('--tables', typed);
  if (asked.includes('all')) return [...analysisTableNames];
  return asked.map(name => {
    const known = analysisTableNames.find(one => one === name);
    if (known !== undefined) return known;
    const suggestion = nearest(name, [...analysisTableNames, 'all']);
    throw new PanxError(`--tables has "${name}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`, {
      hint: `The tables are ${analysisTableNames.join(', ')}, or all.`,
      exitCode: 2,
    });
  });
}

function topOf(typed: string): number {
  const top = Number(typed);
  if (/^\d{1,6}$/.test(typed) && top > 0) return top;
  throw new PanxError(`--top is "${typed}"; expected a whole number from 1 to 999999.`, { exitCode: 2 });
}

/** The predictions that are asked for, of each training; what is not scored yet is scored first. */
async function wantedPredictions(subject: Subject, options: AnalyzeOptions): Promise<FoundPredictions[][]> {
  const wanted: FoundPredictions[][] = [];
  for (const training of subject.trainings) wanted.push(await predictionsOfTraining(training, options));
  const [first] = wanted;
  for (const [i, others] of wanted.entries()) {
    if (namesOf(others) === namesOf(first!)) continue;
    throw new PanxError(
      `${subject.trainings[i]!.name} is scored on ${namesOf(others)}, and ${subject.trainings[0]!.name} on ${namesOf(first!)}.`,
      { hint: 'Name the languages with --lang, or one of the seeds.', exitCode: 2 },
    );
  }
  return wanted;
}

function namesOf(found: readonly FoundPredictions[]): string {
  return found.map(({ rows }) => rows).join(', ');
}

/** @throws PanxError where CSV would hold several tables, exit code 2 */
function refuseSeveralAsCsv(format: TableFormat | 'json', analysed: readonly AnalysedRows[]): void {
  if (format !== 'csv' || analysed.length === 1) return;
  throw new PanxError(`--format csv prints one table, and ${analysed.length} row sets are analysed; expected one.`, {
    hint: `Choose one with --lang: ${analysed.map(({ rows }) => rows).join(', ')}.`,
    exitCode: 2,
  });
}

/** Tables that list words, sentences or the costliest errors, as many as --top says. */
const lists: readonly AnalysisTableName[] = ['costs', 'words', 'mistaken', 'sentences', 'suspects'];

/** @throws PanxError for options that nothing depends on, exit code 2 */
function refuseUnused(
  format: TableFormat | 'json',
  names: readonly AnalysisTableName[],
  { tables, top }: AnalyzeOptions,
): void {
  if (format === 'json' && tables !== undefined) {
    throw new PanxError('--tables is given, and --format json holds all tables; expected no --tables.', {
      hint: 'Leave --tables out.',
      exitCode: 2,
    });
  }
  if (format === 'json' || top === undefined || names.some(name => lists.includes(name))) return;
  throw new PanxError(`--top is given, and ${names.join(', ')} list nothing; expected no --top.`, {
    hint: `It counts for ${lists.join(', ')}.`,
    exitCode: 2,
  });
}

/** The tables that there are. Those that were asked for by name, and cannot be made, are told of. @throws PanxError where none is left */
function tablesFor(
  names: readonly AnalysisTableName[],
  analysed: readonly AnalysedRows[],
  most: number,
  isAsked: boolean,
): Table[] {
  const found = names.map(name => ({ name, table: analysisTable(name, analysed, most) }));
  const missing = found
    .filter(({ table }) => table === null)
    .map(({ name }) => `${name} ${whyNoTable(name, analysed)}`);
  if (isAsked && missing.length === names.length) {
    throw new PanxError(`There is no table of ${analysed[0]!.rows}: ${missing.join('; ')}.`, { exitCode: 2 });
  }
  if (isAsked) for (const one of missing) notice(`the table ${one}`);
  return found.flatMap(({ table }) => table ?? []);
}

function printAnalysis(
  subject: Subject,
  analysed: readonly AnalysedRows[],
  training: KnownTraining,
  { format, names, most, isAsked }: Look,
): void {
  const tables = tablesFor(names, analysed, most, isAsked);
  if (format === 'csv' || format === 'latex') {
    print(tables.map(table => renderAs(format, table)).join('\n'));
    return;
  }
  const seeds = analysed.length;
  const facts = [
    ...(seeds === 1
      ? analysisFacts(analysed[0]!)
      : [`${analysed[0]!.rows} by ${subject.name}: mean ± standard deviation over ${seeds} trainings`]),
    'surfaces' in training
      ? `seen in training: in ${formatCount(training.rows)} rows of all stages`
      : `what was seen in training is left out: ${training.why}`,
  ];
  const told = seeds === 1 ? headline(analysed[0]!) : [];
  print(format === 'markdown' ? markdownTop(facts, told) : terminalTop(facts, told));
  print(tables.map(table => renderAs(format, table, { width: widthOf(table), level: 2 })).join('\n'));
}

/** How an analysis is printed. */
interface Look {
  format: TableFormat;
  names: readonly AnalysisTableName[];
  most: number;
  /** Whether the tables were named. */
  isAsked: boolean;
}

function terminalTop(facts: readonly string[], told: readonly string[]): string {
  return `${[...facts, ...(told.length === 0 ? [] : ['', ...told])].map(visible).join('\n')}\n\n`;
}

function markdownTop(facts: readonly string[], told: readonly string[]): string {
  const paragraph = told.length === 0 ? [] : ['', told.map(markdownText).join(' ')];
  return `${[...facts.map(fact => `- ${markdownText(fact)}`), ...paragraph].join('\n')}\n\n`;
}

/** A sentence is shown whole: the terminal breaks it. */
function widthOf({ columns }: Table): number | undefined {
  return columns.some(({ key }) => key === 'sentence') ? Number.POSITIVE_INFINITY : terminalWidth();
}
