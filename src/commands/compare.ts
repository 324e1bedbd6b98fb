import { extname } from 'node:path';
import type { Command } from 'commander';
import { type SplitName, splitNames } from '../data/splits.js';
import { PanxError } from '../errors.js';
import {
  type ComparedRows,
  type ComparedSystem,
  commonLangs,
  compareSubjects,
  leftOut,
  pairBySeed,
} from '../experiment/compare-subjects.js';
import { findSubject, type Subject, type SubjectTraining } from '../experiment/subject.js';
import { predictionsOf } from '../experiment/subject-predictions.js';
import { type ComparedSystems, comparisonTable } from '../reporting/comparison-table.js';
import { renderAs, type TableFormat, tableFormats } from '../reporting/render/render.js';
import { tableWidth } from '../reporting/render/terminal.js';
import { refuseInsideMade } from '../run/mark.js';
import { counted, formatCount, notice, print, terminalWidth } from '../system/console.js';
import { toJson, writeFileAtomic } from '../system/files.js';
import { removeAbandonedNeighbours } from '../system/made.js';
import { beginningOf, type FileKind, placeOfFile, whereabouts } from '../system/place.js';
import { comparisonDocument } from './compare/comparison-json.js';
import { addComparisonOptions, type ComparisonOptions, comparisonSettings } from './compare/comparison-options.js';
import { addFormat, type FormatOptions, formatOf, identified } from './format.js';
import { everyPart, languagesOf, toSplit } from './lists.js';
import { dataHelp, storeHelp } from './options.js';
import { refuseInsideLanguage } from './out-folder.js';
import { scoreFirst } from './predictions-of-training.js';

interface CompareOptions extends ComparisonOptions, FormatOptions<TableFormat> {
  langs?: string;
  split?: string;
  store?: string;
  data?: string;
  out?: string;
}

/** panx compare: whether systems differ, by paired bootstrap and approximate randomization. */
export function define(command: Command): void {
  command
    .argument('<systems...>', 'two or more: a run, STUDY/STAGE, a scoring in a store, or a file of predictions')
    .option(
      '--lang, --langs <langs>',
      'languages to compare in, with commas between (default: those that all were scored on)',
      everyPart,
    )
    .option('--split <split>', `split to compare on: ${splitNames.join(', ')} (default: test)`);
  addComparisonOptions(command);
  command
    .option('--store <folder>', storeHelp)
    .option('--data <folder>', `${dataHelp}; it is read where a run has to be scored`);
  addFormat(command, tableFormats)
    .option('--out <file>', 'also write the result to this file: .md, .csv, .tex, .json or .txt')
    .addHelpText('after', help)
    .action(async (typed: string[], options: CompareOptions) => await compare(typed, options));
}

const help = `
STUDY/STAGE without a seed is all seeds of the stage: results/en-tr/phase-2-en. Seeds are compared pair by pair.
The verdict is that of the randomization test, its p adjusted for the number of languages (Holm).
`;

async function compare(typed: readonly string[], options: CompareOptions): Promise<void> {
  const format = formatOf(options, 'table');
  const split = toSplit('--split', options.split ?? 'test');
  const settings = comparisonSettings(options);
  const outFormat = options.out === undefined ? null : formatOfFile(options.out);
  if (options.out !== undefined) await checkOut(options.out);
  if (typed.length < 2) {
    throw new PanxError(`One system is given, ${typed[0]}; expected two or more.`, {
      hint: 'panx compare A B compares A with B.',
      exitCode: 2,
    });
  }
  const found: Subject[] = [];
  for (const one of typed) found.push(await findSubject(one, options.store));
  const { subjects, seeds } = pairBySeed(named(found, typed));
  await refuseSame(found, typed);
  refuseUnused(found, options);
  const corpora = found.flatMap(({ trainings }) => trainings).find(one => one.kind === 'run')?.config.corpora ?? {};
  const asked = options.langs === undefined ? null : languagesOf('--langs', options.langs, corpora);
  const systems = await withPredictions(subjects, asked, split, options);
  const langs = langsFor(systems, asked, split);
  if (asked === null && langs !== null) for (const text of leftOut(systems, langs, split)) notice(text);
  const compared = await compareSubjects(systems, langs, split, settings);
  for (const rows of compared) for (const text of unpredictedTexts(rows, subjects)) notice(text);

  const about: ComparedSystems = {
    names: subjects.map(({ name }) => name),
    seeds,
    split: langs === null ? null : split,
    settings,
  };
  const textIn = (wanted: TableFormat | 'json', width: number) =>
    wanted === 'json'
      ? toJson(identified('compare', comparisonDocument(compared, about)))
      : renderAs(wanted, comparisonTable(compared, about, { letters: wanted !== 'csv' }), { width });
  print(textIn(format, terminalWidth() ?? tableWidth));
  if (options.out === undefined) return;
  const place = await placeOfFile('--out', options.out, resultKind); // Comparing takes a while, in which something may have come there.
  await removeAbandonedNeighbours(place, 'file');
  await writeFileAtomic(place, textIn(outFormat!, tableWidth));
}

/** What of the words does not count for a system. */
function unpredictedTexts({ rows, words, unpredicted }: ComparedRows, systems: readonly Subject[]): string[] {
  return systems.flatMap(({ name, trainings }, i) => {
    if (unpredicted[i] === 0) return [];
    const of = `${formatCount(unpredicted[i]!)} of ${counted(words * trainings.length, 'word')}`;
    return `${rows}: ${of} have no prediction by ${name} (cut off, or without a subword), and do not count for it`;
  });
}

/** Systems by their names; by what was typed where two names are the same. */
function named(found: readonly Subject[], typed: readonly string[]): Subject[] {
  const isUnique = new Set(found.map(({ name }) => name)).size === found.length;
  if (isUnique) return [...found];
  const twice = typed.find((one, i) => typed.indexOf(one) !== i);
  if (twice === undefined) return found.map((subject, i) => ({ ...subject, name: typed[i]! }));
  throw new PanxError(`${twice} is given twice; expected different systems.`, { exitCode: 2 });
}

/** @throws PanxError where two systems are one, whatever they were called, exit code 2 */
async function refuseSame(found: readonly Subject[], typed: readonly string[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const [i, { trainings }] of found.entries()) {
    const contents = (await Promise.all(trainings.map(contentOf))).sort().join(' ');
    const other = seen.get(contents);
    if (other !== undefined) {
      const what = { run: 'training', scoring: 'scoring', file: 'file' }[trainings[0]!.kind];
      throw new PanxError(`${other} and ${typed[i]} are the same ${what}; expected different systems.`, {
        exitCode: 2,
      });
    }
    seen.set(contents, typed[i]!);
  }
}

async function contentOf(training: SubjectTraining): Promise<string> {
  switch (training.kind) {
    case 'run':
      return training.key;
    case 'scoring':
      return await whereabouts(training.place.root);
    case 'file':
      return await whereabouts(training.path);
  }
}

/** @throws PanxError for an option that nothing of what is compared uses, exit code 2 */
function refuseUnused(found: readonly Subject[], { split, store, data }: CompareOptions): void {
  const kinds = new Set(found.flatMap(({ trainings }) => trainings.map(({ kind }) => kind)));
  if (kinds.has('run')) return;
  for (const [option, value] of Object.entries({
    '--split': kinds.has('scoring') ? undefined : split,
    '--store': store,
    '--data': data,
  })) {
    if (value === undefined) continue;
    throw new PanxError(
      `${option} is given, and what is compared are predictions by themselves; expected no ${option}.`,
      {
        hint: `Leave ${option} out, or give runs or stages.`,
        exitCode: 2,
      },
    );
  }
}

/** The predictions of all trainings. What is asked for and was not scored yet is scored, where the weights are there. */
async function withPredictions(
  subjects: readonly { name: string; trainings: readonly SubjectTraining[] }[],
  langs: readonly string[] | null,
  split: SplitName,
  options: CompareOptions,
): Promise<ComparedSystem[]> {
  const systems: ComparedSystem[] = [];
  for (const { name, trainings } of subjects) {
    const system: ComparedSystem = { name, trainings: [] };
    for (const training of trainings) {
      let found = await predictionsOf(training);
      const missing = (langs ?? []).filter(lang => !found.some(one => one.lang === lang && one.split === split));
      if (missing.length > 0 && training.kind === 'run') {
        found = await scoreFirst(training, missing, split, options);
      }
      system.trainings.push({ training, found });
    }
    systems.push(system);
  }
  return systems;
}

/** The languages to compare in; null where files alone are compared, and none was named. */
function langsFor(systems: readonly ComparedSystem[], asked: readonly string[] | null, split: string): string[] | null {
  const langs = asked ?? commonLangs(systems, split);
  if (langs === null) return null;
  if (langs.length === 0) {
    throw new PanxError(`There is no language of which all systems have predictions of the ${split} split.`, {
      hint: 'Name some with --langs, such as --langs tr: a run is then scored where it was not.',
      exitCode: 2,
    });
  }
  const file = systems.find(({ trainings }) => trainings.some(({ training }) => training.kind === 'file'));
  if (file !== undefined && langs.length > 1) {
    throw new PanxError(
      `${file.name} is one file, of one language, and ${langs.join(', ')} are to be compared; expected one language.`,
      {
        hint: `Choose it: --langs ${langs[0]}.`,
        exitCode: 2,
      },
    );
  }
  return [...langs];
}

/** Before any work: a place that cannot be written to should not show after a scoring. @throws PanxError as the parts do */
async function checkOut(out: string): Promise<void> {
  await refuseInsideMade(out, '--out', { isFile: true });
  await refuseInsideLanguage(out);
  await placeOfFile('--out', out, resultKind);
}

/** @throws PanxError for a name that says no format, exit code 2 */
function formatOfFile(path: string): TableFormat | 'json' {
  const formats: Record<string, TableFormat | 'json'> = {
    ...{ '.md': 'markdown', '.csv': 'csv', '.tex': 'latex', '.json': 'json', '.txt': 'table' },
  };
  const ending = extname(path).toLowerCase();
  const format = formats[ending];
  if (format !== undefined) return format;
  throw new PanxError(
    `--out ${path} has ${ending === '' ? 'no ending' : `the ending ${ending}`}; expected ${Object.keys(formats).join(', ')}.`,
    {
      hint: 'The ending says in which format the result is written.',
      exitCode: 2,
    },
  );
}

/** In each format a result is known by its beginning. */
const resultKind: FileKind = {
  what: 'a result of panx compare',
  isOf: async path => {
    const beginning = await beginningOf(path, 1000);
    return (
      /^(# )?Comparison of A/.test(beginning) ||
      beginning.startsWith('test,sentences,system_a,system_b,') ||
      /^\{\s*"schema": "compare\//.test(beginning) ||
      (beginning.startsWith('%') && beginning.includes('\\caption{Comparison of A'))
    );
  },
};
