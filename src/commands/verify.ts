import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import { type Places, recordsOf } from '../experiment/places.js';
import { readSavedConfig } from '../experiment/records.js';
import { repeatRun } from '../experiment/repeat.js';
import { runStage } from '../experiment/run.js';
import { findRuns, tableOf } from '../experiment/sweep-on-disk.js';
import { type Check, verifyRun } from '../experiment/verify.js';
import { verifyScoring } from '../experiment/verify-scorings.js';
import { verifyStudy } from '../experiment/verify-study.js';
import { verifySweep } from '../experiment/verify-sweep.js';
import { sweepFiles, writeSweepReport } from '../reporting/sweep.js';
import { type RunDirectory, runDirectory, type SweepDirectory, sweepDirectory } from '../run/directory.js';
import { runLayout, studyLayout, sweepLayout } from '../run/layouts.js';
import { clearStaleLock } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { print } from '../system/console.js';
import { displayWidth, padToWidth } from '../system/display-width.js';
import { writeJson } from '../system/files.js';
import { type Layout, removeAbandonedNeighbours, removeLeftovers, removeMade } from '../system/made.js';
import { type ReadFolder, refuseOverlap, throughLink } from '../system/place.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { visible } from '../system/visible.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { dataHelp } from './options.js';
import { checkOutFolder } from './out-folder.js';
import { dataFolders, modelFolder } from './read-folders.js';

interface VerifyOptions extends Places, FormatOptions {
  rerun?: boolean;
  out?: string;
}

/** panx verify: is a finished run, a sweep or a study still what it was, and does it come out the same again? */
export function define(command: Command): void {
  command
    .argument('<run>', 'folder of a run, a sweep, a study or a scoring')
    .option('--rerun', 'also train it again, and compare everything byte for byte')
    .option('--out <folder>', 'keep the run that --rerun repeats in this new folder (default: it is removed)')
    .option('--data <folder>', dataHelp)
    .option('--model <folder>', 'where the starting checkpoint lies, if it was moved');
  addFormat(command).action(async (folder: string, options: VerifyOptions) => verify(folder, options));
}

async function verify(folder: string, options: VerifyOptions): Promise<void> {
  const json = isJson(options);
  if (options.out !== undefined && !options.rerun) {
    throw new PanxError('--out is given without --rerun, so there is no repeated run to keep.', {
      hint: 'Add --rerun, or leave --out out.',
      exitCode: 2,
    });
  }
  const found = await findRuns(folder);
  if ('scoring' in found && options.rerun) {
    throw new PanxError(`${folder} is a scoring: there is nothing to train again.`, {
      hint: 'Leave --rerun out, or give the folder of its stage.',
      exitCode: 2,
    });
  }
  for (const option of 'scoring' in found ? (['data', 'model'] as const) : []) {
    if (options[option] === undefined) continue;
    throw new PanxError(
      `--${option} is given, and ${folder} is a scoring, whose files are looked at by themselves; expected no --${option}.`,
      {
        hint: `Leave --${option} out, or give the folder of its stage or its study.`,
        exitCode: 2,
      },
    );
  }
  const report: { run: string; checks: Check[] }[] = [];
  const tell = (run: string, checks: Check[]) => {
    report.push({ run, checks });
    if (!json) print(checksText(run, checks));
  };
  const runs = 'run' in found ? [found.run] : 'stages' in found ? found.stages : [];
  if ('scoring' in found) tell(folder, await verifyScoring(found.scoring));
  const places = options.rerun ? await placesForReruns(folder, runs, options) : null;
  for (const run of runs) {
    await clearLeftovers(run, runLayout);
    const checks = await verifyRun(run, options);
    const sound = checks.every(({ holds }) => holds);
    if (places !== null && sound) checks.push(await rerun(run, places.of(run), options));
    tell(run.root, checks);
  }
  if ('sweep' in found) {
    await clearLeftovers(found.sweep, sweepLayout);
    tell(folder, await verifySweep(found.sweep, sweepFiles));
  }
  if ('study' in found) {
    await clearLeftovers(found.study, studyLayout);
    tell(folder, await verifyStudy(found.study, options, table => sweepFiles(table, 'study')));
  }
  if (json) printJson('verify', report);
  const allHold = report.every(({ checks }) => checks.every(({ holds }) => holds));
  if (!allHold) process.exitCode = 1;
  else if ('sweep' in found && places?.kept) await completeSweep(found.sweep, sweepDirectory(places.kept));
}

/** Give a repeated sweep, whose stages are there, the settings and the tables of a sweep. */
async function completeSweep(sweep: SweepDirectory, again: SweepDirectory): Promise<void> {
  await writeJson(again.config, await readSavedConfig(sweep.config));
  await writeSweepReport(again.root, await tableOf(again, sweep));
}

/** What a kill left in a run or a sweep, where it may be removed. */
async function clearLeftovers(
  { root, lock }: RunDirectory | SweepDirectory | StudyDirectory,
  layout: Layout,
): Promise<void> {
  try {
    await clearStaleLock(lock);
    await removeLeftovers(root, layout, false);
  } catch {} // A run on a read-only disk can be verified all the same.
}

interface RerunPlaces {
  of(run: RunDirectory): RunDirectory;
  /** The folder of the user's choice; null where the repeated runs are removed again. */
  kept: string | null;
}

/** Where the runs are repeated: in a new folder of the user's choice, else each beside the run, to be removed. */
async function placesForReruns(
  folder: string,
  runs: readonly RunDirectory[],
  { out, ...places }: VerifyOptions,
): Promise<RerunPlaces> {
  if (out === undefined) return { of: run => runDirectory(temporaryNeighbour(resolve(run.root))), kept: null };
  const root = await throughLink(out);
  const read: ReadFolder[] = [{ path: folder, what: 'the run' }];
  for (const run of runs) read.push(...(await foldersOf(run, places)));
  await refuseOverlap(root, read);
  await checkOutFolder(root, 'run');
  await refuseUnlessEmpty(root);
  if (runs[0]?.root === folder) return { of: () => runDirectory(root), kept: root };
  await writeMark(root, 'sweep');
  return { of: run => sweepDirectory(root).stage(basename(run.root)), kept: root };
}

/** What a run was made from, as folders that a repetition reads. */
async function foldersOf(run: RunDirectory, places: Places): Promise<ReadFolder[]> {
  const read = await recordsOf(run, places).catch(() => null);
  if (read === null) return []; // Then it is not repeated: its records do not hold.
  return [modelFolder(read.startFrom), ...(await dataFolders(read.dataDir).catch(() => []))];
}

async function refuseUnlessEmpty(folder: string): Promise<void> {
  if ((await checkPlace(folder, 'run')) === 'empty') return;
  throw new PanxError(`${folder} holds a run already; expected a new or empty folder for the repeated one.`, {
    hint: 'Choose another folder with --out.',
  });
}

async function rerun(run: RunDirectory, again: RunDirectory, options: VerifyOptions): Promise<Check> {
  const temporary = options.out === undefined;
  // Of an earlier verification that was killed: a whole run, with its checkpoint.
  if (temporary) await removeAbandonedNeighbours(resolve(run.root), runLayout);
  const check = () => refuseUnlessEmpty(again.root);
  try {
    return await repeatRun(run, options, again, request => runStage({ ...request, check }));
  } finally {
    if (temporary) await removeMade(again.root, runLayout);
  }
}

function checksText(run: string, checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ subject }) => displayWidth(visible(subject))));
  const lines = checks.map(
    ({ subject, holds, found }) => `  ${holds ? '✓' : '✗'} ${padToWidth(visible(subject), width)}  ${visible(found)}`,
  );
  return `${[visible(run), ...lines].join('\n')}\n`;
}
