import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { splitNames } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { isStored } from '../experiment/places.js';
import { findSubject, type SubjectTraining } from '../experiment/subject.js';
import type { FoundPredictions } from '../experiment/subject-predictions.js';
import { findWhole, type WholeSubject } from '../experiment/whole-subject.js';
import { generatorTag, reportDocument } from '../reporting/page/document.js';
import type { ExportFormat } from '../reporting/page/export-formats.js';
import { mostListed } from '../reporting/page/language-section.js';
import { type ReportContent, type ReportedStage, reportedStages } from '../reporting/page/report-content.js';
import { pageSummary } from '../reporting/page/summary.js';
import { refuseInsideMade } from '../run/mark.js';
import { formatBytes, formatCount, notice, print, progress } from '../system/console.js';
import { writeFileAtomic } from '../system/files.js';
import { removeAbandonedNeighbours } from '../system/made.js';
import { beginningOf, type FileKind, placeOfFile } from '../system/place.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { everyPart } from './lists.js';
import { dataHelp, storeHelp } from './options.js';
import { refuseInsideLanguage } from './out-folder.js';
import { predictionsOfTraining } from './predictions-of-training.js';
import { exportPlace, exportSentences } from './report/export-sentences.js';
import { addFilterOptions, type FilterOptions, filterOf } from './report/filter-options.js';
import { factsOfRun, runSummary } from './report/run-facts.js';
import { stagesToReport } from './report/stages-to-report.js';

interface ReportOptions extends FilterOptions, FormatOptions {
  langs?: string;
  split?: string;
  stages?: string;
  export?: ExportFormat;
  out?: string;
  /** Of --no-sentences. */
  sentences: boolean;
  store?: string;
  data?: string;
}

/** panx report: results and errors as one HTML file, or the sentences that a filter shows. */
export function define(command: Command): void {
  command
    .argument('<subject>', 'a study or a sweep; the folder of a run; STUDY/STAGE; or a file of predictions')
    .option('--lang, --langs <langs>', 'languages, with commas between (default: all that are scored)', everyPart)
    .option('--split <split>', `split: ${splitNames.join(', ')} (default: the one that is scored)`)
    .option(
      '--stages <names>',
      'stages of the study whose errors are shown, with commas between, or all (default: the one with the best mean F1)',
      everyPart,
    )
    .option(
      '--out <file>',
      'the HTML file (default: report.html in the folder of the study or the run, else NAME-report.html here)',
    );
  command.option('--no-sentences', 'leave out all words and sentences of the data, which may not be passed on');
  addFilterOptions(command);
  command.option('--store <folder>', storeHelp).option('--data <folder>', dataHelp);
  addFormat(command).action(async (subject: string, options: ReportOptions) => await report(subject, options));
}

async function report(typed: string, options: ReportOptions): Promise<void> {
  const json = isJson(options);
  if (json && options.export !== undefined) {
    throw new PanxError('--format json and --export are both given; expected one of them.', {
      hint: '--export writes sentences, each a line of JSON; --format json says what page was written.',
      exitCode: 2,
    });
  }
  if (!options.sentences && options.export !== undefined) {
    throw new PanxError('--no-sentences and --export are both given; expected one of them.', {
      hint: '--export writes sentences.',
      exitCode: 2,
    });
  }
  const filter = filterOf(options);
  if (options.out !== undefined) {
    if (options.export === undefined) await checkedPlace(options.out, reportKind);
    else await exportPlace(options.out);
  }
  const { content, whole, trainings, names } = await subjectOf(typed, options);
  // A sweep scores without keeping predictions: what it scored is scored again.
  const asked = whole === null ? options : { ...options, langs: options.langs ?? whole.table.langs.join(',') };
  const found: { training: SubjectTraining; predictions: FoundPredictions[] }[] = [];
  for (const training of trainings) {
    found.push({ training, predictions: await predictionsOfTraining(training, asked) });
  }
  const places = options.data === undefined ? {} : { data: options.data };
  if (options.export !== undefined) {
    await exportSentences(found, filter, { format: options.export, out: options.out, places });
    return;
  }
  const out = options.out ?? defaultPlace(content.name, whole, trainings);
  await checkedPlace(out, reportKind, options.out === undefined);
  progress('read predictions');
  const shown = await reportedStages(found, { places, most: options.sentences ? mostListed : 0 });
  const summary =
    whole === null ? await runSummary(trainings[0]!, shown.stages[0]!.rows) : await pageSummary(whole, options.data);
  const stages = shown.stages.map((stage, i) => ({ ...stage, name: names[i]! }));
  const text = reportDocument({ ...content, summary, stages, labels: shown.labels });
  const place = await checkedPlace(out, reportKind, options.out === undefined);
  await removeAbandonedNeighbours(place, 'file');
  await writeFileAtomic(place, text);
  const bytes = Buffer.byteLength(text);
  if (json) {
    printJson('report', { file: place, bytes, sentences: sentencesOf(stages), stages: stages.map(({ name }) => name) });
  } else print(`${place}: ${formatBytes(bytes)}, ${contentText(stages)}\n`);
  if (content.choice !== null) notice(content.choice);
}

/** How many were analysed. */
function sentencesOf(stages: readonly ReportedStage[]): number {
  return stages.flatMap(({ rows }) => rows).reduce((sum, { analysis }) => sum + analysis.sentences, 0);
}

/** "4,000 sentences of phase-2-en" */
function contentText(stages: readonly ReportedStage[]): string {
  const rows = stages.flatMap(stage => stage.rows);
  const total = sentencesOf(stages);
  const names = stages.map(({ name }) => name).join(', ');
  const without = rows.find(one => one.without !== null)?.without;
  return `${formatCount(total)} ${total === 1 ? 'sentence' : 'sentences'} of ${names}${without === undefined ? '' : `. ${without}`}`;
}

/** What is reported, before anything of it is read at length. */
async function subjectOf(
  typed: string,
  options: ReportOptions,
): Promise<{
  content: Pick<ReportContent, 'name' | 'facts' | 'choice'>;
  whole: WholeSubject | null;
  trainings: SubjectTraining[];
  /** What the page calls them. */
  names: string[];
}> {
  const whole = await findWhole(typed, options.store);
  if (whole !== null) {
    const { ids, choice } = stagesToReport(whole, options.stages);
    const trainings = await Promise.all(ids.map(whole.open));
    return { content: { name: whole.name, facts: [], choice }, whole, trainings, names: ids };
  }
  if (options.stages !== undefined) {
    throw new PanxError(`--stages is given, and ${typed} is no study and no sweep.`, {
      hint: 'Leave --stages out, or give the folder of a study.',
      exitCode: 2,
    });
  }
  const { name: given, trainings } = await findSubject(typed, options.store);
  const [first, ...others] = trainings;
  const isFolder = first!.kind === 'run' && !isStored(first!.run, first!.key);
  const name = isFolder ? basename(first!.run.root) : given;
  const choice =
    others.length === 0
      ? null
      : `${name} has ${trainings.length} trainings; this is ${first!.name}, the first of them.`;
  return { content: { name, facts: factsOfRun(first!), choice }, whole, trainings: [first!], names: [name] };
}

const reportKind: FileKind = {
  what: 'a report of panx report',
  isOf: async path => (await beginningOf(path, 400)).includes(generatorTag),
};

/** @param isOwn whether the place is panx's choice: a folder that it made */
async function checkedPlace(out: string, kind: FileKind, isOwn = false): Promise<string> {
  if (!isOwn) {
    await refuseInsideMade(out, '--out', { isFile: true });
    await refuseInsideLanguage(out);
  }
  return await placeOfFile('--out', out, kind);
}

/** In the folder of a study or a run; of what lies in a store, and of a file, here. */
function defaultPlace(name: string, whole: WholeSubject | null, [training]: readonly SubjectTraining[]): string {
  if (whole !== null) return join(whole.folder, reportName);
  if (training!.kind === 'run' && !isStored(training!.run, training!.key)) return join(training!.run.root, reportName);
  const plain = (existsSync(name) ? basename(resolve(name)) : name).replaceAll(/[^\p{L}\p{N}._-]+/gu, '-');
  return `${plain.replace(/\.(jsonl|txt|tsv|conll)?(\.gz)?$/, '')}-${reportName}`;
}

const reportName = 'report.html';
