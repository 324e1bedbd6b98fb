import { appendFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import {
  type Condition,
  type ConditionKind,
  comparesWithBaseline,
  conditionKinds,
  isUnknown,
  judge,
  type Outcome,
  parseCondition,
  type Verdict,
} from '../experiment/conditions.js';
import { isReport, openScores, type ScoreReport } from '../experiment/score-report.js';
import { type CheckReport, checkMarkdown, checkText, outcomeText } from '../reporting/check.js';
import { junitName, junitXml } from '../reporting/junit.js';
import { refuseInsideMade } from '../run/mark.js';
import { notice, print } from '../system/console.js';
import { toldOf } from '../system/faults.js';
import { cannotWrite, makeFolder, writeFileAtomic } from '../system/files.js';
import { beginningOf, type FileKind, placeOfFile, throughLink } from '../system/place.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { storeHelp } from './options.js';
import { refuseInsideLanguage } from './out-folder.js';

interface CheckOptions extends FormatOptions {
  against?: string;
  junit?: string;
  summary?: string;
  store?: string;
}

/** panx check: are the scores of a run as good as they are to be? */
export function define(command: Command): void {
  // Commander keeps the uses of each option by themselves; the conditions are told in the order in which they were typed.
  const typed: [ConditionKind, string][] = [];
  const add = (kind: ConditionKind) => (text: string, before: string[] | undefined) => {
    typed.push([kind, text]);
    return [...(before ?? []), text];
  };
  command
    .argument('<run>', 'folder of a run, STUDY/STAGE, SWEEP/STAGE, or a report that panx evaluate --out wrote')
    .option('--min <score=number>', 'the score is to be at least this: tr.f1=0.85; may be repeated', add('min'))
    .option('--max <score=number>', 'the score is to be at most this: tr.loss=0.4; may be repeated', add('max'))
    .option(
      '--max-drop <score=number>',
      'the score is to be at most so far below that of --against; may be repeated',
      add('max-drop'),
    )
    .option(
      '--min-gain <score=number>',
      'the score is to be at least so far above that of --against; may be repeated',
      add('min-gain'),
    )
    .option('--against <run>', 'the baseline: whatever <run> may be')
    .option('--junit <file>', 'also write the conditions as JUnit XML, a test case each')
    .option(
      '--summary <file>',
      'also append a table in Markdown to this file (default: the file that GITHUB_STEP_SUMMARY names, where it is set)',
    )
    .option('--store <folder>', storeHelp);
  addFormat(command)
    .addHelpText('after', scoresHelp)
    .action(async (run: string, options: CheckOptions) => {
      try {
        await check(run, typed, options);
      } catch (error) {
        // 1 says that a condition is not met: whatever else goes wrong is told by 2.
        const told = toldOf(error);
        if (told === null || told.exitCode !== 1) throw error;
        const { message, hint } = told;
        throw new PanxError(message, { ...(hint === undefined ? {} : { hint }), exitCode: 2, cause: error });
      }
    });
}

const scoresHelp = `
Scores:
  tr.f1, tr.precision, tr.recall   of entities: seqeval's default mode, micro average; fractions of 1
  tr.PER.f1, tr.macro.f1           of one type, and the mean of the types
  tr.accuracy, tr.loss             of words
  conll=de.f1                      of a language of a named corpus
Of a stage with several seeds a score is the mean over them.

Exit code: 0 where all conditions are met, 1 where one is not, 2 where one cannot be
told (no such run, language or score), or the command is typed wrongly.
`;

async function check(
  run: string,
  typed: readonly (readonly [ConditionKind, string])[],
  options: CheckOptions,
): Promise<void> {
  const json = isJson(options);
  const conditions = typed.map(([kind, text]) => parseCondition(kind, text));
  refuseWithoutUse(conditions, options);
  const places = await placesOf(options);
  const baseline = options.against ?? null;
  const verdicts = await verdictsOf(conditions, run, baseline, options.store);
  const report: CheckReport = { run, baseline, verdicts };
  const unknown = verdicts.find(isUnknown);
  // Also where a condition cannot be told: what an earlier check left there must not pass for its result.
  if (places.junit !== null) {
    await writeFileAtomic(await placeOfFile('--junit', places.junit, junitKind), junitXml(report));
  }
  if (places.summary !== null) await appendSummary(places.summary, checkMarkdown(report));
  const outcomes = verdicts.filter((verdict): verdict is Outcome => !isUnknown(verdict));
  for (const text of tableNotices(report, outcomes)) notice(text);
  if (unknown !== undefined) {
    // Where nothing could be read, the sentence of the error says all.
    if (!json && verdicts.some(verdict => !isUnknown(verdict) || verdict.error !== unknown.error)) {
      print(checkText(report));
    }
    throw unknown.error;
  }
  const ok = outcomes.every(({ met }) => met);
  if (json) printJson('check', { ok, run, baseline, conditions: outcomes.map(documentOf) });
  else print(checkText(report));
  if (!ok) process.exitCode = 1;
}

/** @throws PanxError where there is no condition, or none compares with the baseline that is given, or one compares with none */
function refuseWithoutUse(conditions: readonly Condition[], { against }: CheckOptions): void {
  if (conditions.length === 0) {
    throw new PanxError('panx check is given no condition.', {
      hint: `Add one: ${conditionKinds.map(kind => `--${kind}`).join(', ')}, such as --min tr.f1=0.85.`,
      exitCode: 2,
    });
  }
  const comparing = conditions.find(comparesWithBaseline);
  if (comparing !== undefined && against === undefined) {
    throw new PanxError(`--${comparing.kind} ${comparing.text} is given without --against, so there is no baseline.`, {
      hint: 'Name the baseline: --against RUN.',
      exitCode: 2,
    });
  }
  if (comparing === undefined && against !== undefined) {
    throw new PanxError('--against is given, but no condition compares with a baseline.', {
      hint: 'Add --max-drop or --min-gain, or leave --against out.',
      exitCode: 2,
    });
  }
}

async function verdictsOf(
  conditions: readonly Condition[],
  run: string,
  against: string | null,
  store: string | undefined,
): Promise<Verdict[]> {
  await refuseUnusedStore(run, against, store);
  let reports: [ScoreReport, ScoreReport | null];
  try {
    reports = [await openScores(run, store), against === null ? null : await openScores(against, store)];
  } catch (error) {
    const told = toldOf(error);
    if (told === null) throw error;
    return conditions.map(condition => ({ condition, error: told }));
  }
  const verdicts: Verdict[] = [];
  for (const condition of conditions) verdicts.push(await judge(condition, ...reports));
  return verdicts;
}

/** @throws PanxError where --store is given for reports alone, exit code 2 */
async function refuseUnusedStore(run: string, against: string | null, store: string | undefined): Promise<void> {
  if (store === undefined) return;
  for (const typed of against === null ? [run] : [run, against]) if (!(await isReport(typed))) return;
  throw new PanxError('--store is given, and reports of panx evaluate are checked, which need no store.', {
    hint: 'Leave --store out, or give a run or STUDY/STAGE.',
    exitCode: 2,
  });
}

/** The scores that a study's table gave, since its store did not: said, but not in the way of the result. */
function tableNotices({ run, baseline }: CheckReport, outcomes: readonly Outcome[]): string[] {
  const notices: string[] = [];
  const say = (name: string) =>
    `the scores of ${name} are those of its study's table.json: the store does not have them`;
  if (outcomes.some(({ value }) => value.from === 'table')) notices.push(say(run));
  if (baseline !== null && outcomes.some(({ baseline: before }) => before?.from === 'table')) {
    notices.push(say(baseline));
  }
  return notices;
}

function documentOf(outcome: Outcome): object {
  const { condition, met, value, baseline, change } = outcome;
  return {
    condition: `--${condition.kind} ${condition.text}`,
    kind: condition.kind,
    score: condition.score.text,
    bound: condition.bound,
    met,
    value: value.value,
    n: value.n,
    split: value.split,
    rows: value.rows,
    source: value.source,
    baseline: baseline && { value: baseline.value, n: baseline.n, source: baseline.source },
    change,
    found: outcomeText(outcome),
  };
}

/** The files that are to be written; null where none is. */
interface Places {
  junit: string | null;
  summary: string | null;
}

const junitKind: FileKind = {
  what: 'a JUnit report of panx check',
  isOf: async path => (await beginningOf(path, 200)).includes(`<testsuites name="${junitName}"`),
};

async function placesOf({ junit, summary }: CheckOptions): Promise<Places> {
  for (const [option, file] of [
    ['--junit', junit],
    ['--summary', summary],
  ] as const) {
    if (file === undefined) continue;
    await refuseInsideMade(file, option, { alsoStudies: true });
    await refuseInsideLanguage(file, option);
  }
  const given = process.env.GITHUB_STEP_SUMMARY;
  const summaryFile = summary ?? (given === undefined || given.trim() === '' ? null : given);
  const places = {
    junit: junit === undefined ? null : await placeOfFile('--junit', junit, junitKind),
    summary: summaryFile === null ? null : await placeOfSummary(summaryFile, summary !== undefined),
  };
  if (places.junit !== null && places.summary !== null && resolve(places.junit) === resolve(places.summary)) {
    throw new PanxError(`--junit and --summary are both ${places.junit}; expected two files.`, { exitCode: 2 });
  }
  return places;
}

/** Nothing is overwritten there: a file that others write to as well is appended to. @throws PanxError where it is no place for Markdown */
async function placeOfSummary(file: string, isTyped: boolean): Promise<string> {
  const place = await throughLink(file);
  const found = await stat(place).catch(() => undefined);
  const subject = isTyped ? `--summary ${file}` : `GITHUB_STEP_SUMMARY=${file}`;
  if (found !== undefined && !found.isFile()) {
    throw new PanxError(`${subject} is ${found.isDirectory() ? 'a folder' : 'no regular file'}; expected a file.`, {
      exitCode: 2,
    });
  }
  const isGitHubs = file === process.env.GITHUB_STEP_SUMMARY;
  if (found !== undefined && found.size > 0 && !isGitHubs && !/\.(md|markdown)$/i.test(place)) {
    throw new PanxError(`${subject} holds something, and its name does not end in .md; expected a Markdown file.`, {
      hint: 'The table is appended to the file: choose a new one, or one that ends in .md.',
      exitCode: 2,
    });
  }
  return place;
}

async function appendSummary(file: string, text: string): Promise<void> {
  try {
    makeFolder(resolve(file, '..'));
    await appendFile(file, text);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}
