import { dirname } from 'node:path';
import type { Command } from 'commander';
import { refuseIdleData, refuseIdleSettings } from '../config/idle-settings.js';
import type { Config } from '../config/schema.js';
import { resolveData } from '../data/fetch.js';
import { resolveEngine } from '../engine/open.js';
import { PanxError } from '../errors.js';
import { differences } from '../experiment/differences.js';
import { arithmeticOf, identityOf, type StageIdentity, trainId } from '../experiment/identity.js';
import { findSplits, langsAtEnd, splitsOf } from '../experiment/inputs.js';
import { scoresText } from '../experiment/narration.js';
import { readRunData, rowsVisited } from '../experiment/read-rows.js';
import { readCurrentIdentity } from '../experiment/records.js';
import { readResult } from '../experiment/results.js';
import { checkRowSettings, endSplitOf } from '../experiment/row-settings.js';
import { runStage } from '../experiment/run.js';
import type { Selection, StageResult } from '../experiment/stage.js';
import { readStart } from '../experiment/start-files.js';
import { register, storePath } from '../experiment/store.js';
import { transferLine } from '../hub/progress.js';
import { resolveModel } from '../hub/resolve.js';
import { checkModelFolder } from '../model/parameter-specs.js';
import { type Following, follow } from '../reporting/tensorboard/follow.js';
import { shownRun } from '../reporting/tensorboard/stages.js';
import {
  canResume,
  holdsWork,
  isBegun,
  isDone,
  type RunDirectory,
  refuseIfChanged,
  runDirectory,
  standOf,
} from '../run/directory.js';
import { sha256 } from '../system/checksums.js';
import { formatCount, formatSeconds, notice, noticeLines, print } from '../system/console.js';
import { canonicalJson } from '../system/json.js';
import { keptResults } from '../system/outputs.js';
import { refuseOverlap, throughLink } from '../system/place.js';
import { type Profile, phase } from '../system/profile.js';
import { withEveryLanguage } from './every-language.js';
import { finishedRun, onwards } from './finished-run.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { abortOnSignals } from './interrupt.js';
import { addConfigOptions, addRowOptions, addTrainingOptions, configOf, storeHelp, withoutLog } from './options.js';
import { checkOutFolder, checkStoreFolder, refuseAsLanguage } from './out-folder.js';
import { profiled } from './profiled.js';
import { checkTyped, corpusFiles, dataFolders, modelFolders } from './read-folders.js';

interface TrainOptions extends FormatOptions {
  out?: string;
  resume?: boolean;
  force?: boolean;
  profile?: boolean;
  store?: string;
}

/** panx train: fine-tune a token classifier on one or more languages and score it. */
export function define(command: Command): void {
  addConfigOptions(command);
  addRowOptions(command);
  addTrainingOptions(command);
  addFormat(command)
    .option('--out <folder>', 'run directory (default: results/train-<langs>[-<size>])')
    .option('--resume', 'go on with the interrupted run in --out')
    .option('--force', 'start anew, replacing the run in --out')
    .option('--store <folder>', storeHelp)
    .option('--profile', 'print where the time goes, by phase and operation, and leave a trace in the run directory')
    .action(async (options: TrainOptions) => {
      const json = isJson(options);
      const work = (profile: Profile | null) => trainAsAsked(command, options, profile);
      if (options.profile) await profiled(work, { print: json ? noticeLines : print, traceFile: null });
      else await work(null);
    });
}

async function trainAsAsked(command: Command, options: TrainOptions, profile: Profile | null): Promise<void> {
  const { config: loaded, origins } = await configOf(command);
  const { log, config: typed } = withoutLog(loaded);
  const run = runDirectory(await throughLink(options.out ?? defaultOut(typed)));
  await checkOutFolder(run.root, 'run');
  await checkStoreFolder(storePath(options.store), run.root);
  const isShown = options.resume === true && log === 'tensorboard' && isDone(run);
  if (!isShown) await refuseOrReplace(run, options, typed);
  const seen = await standOf(run);
  await checkTyped(typed);
  const asked = await withEveryLanguage(typed);
  refuseIdleSettings({ config: asked, origins }, [asked], false);
  checkRowSettings(asked, langsAtEnd(asked));
  const langs = [...new Set(splitsOf(asked).map(([lang]) => lang))];
  refuseIdleData({ config: asked, origins }, langs);
  const dataDir = await resolveData(asked.data, langs, { onProgress: transferLine() });
  await findSplits(asked, dataDir);
  // After the data: a language that is not there should not show after a gigabyte was brought.
  const startFrom = await resolveModel(asked.model, { onProgress: transferLine() });
  await refuseAsLanguage(run.root, dataDir);
  await refuseOverlap(run.root, [
    ...(await modelFolders(startFrom)),
    ...(await dataFolders(dataDir)),
    ...(await corpusFiles(asked.corpora, langs)),
  ]);
  await checkModelFolder(startFrom, asked.training.newHead ? 'for a new head' : 'start');
  const label = `train ${typed.training.langs.join('+')}`;
  // Other threads hash the checkpoint and look at its weights meanwhile. Data that cannot be read are refused before the engine takes
  // its time and memory.
  const readAndStart = async () => {
    const data = await readRunData(asked, startFrom, dataDir, label);
    return { data, engine: await resolveEngine(asked) };
  };
  const [checkpoint, { data, engine }] = await phase('start up and hash the model', () =>
    Promise.all([readStart(startFrom), readAndStart()]),
  );
  const config = { ...asked, precision: engine.precision };
  const contents = { checkpoint, contentOf: data.contentOf, arithmetic: arithmeticOf(engine) };
  const identity = identityOf(trainId, config, contents);
  const following = log === 'none' ? null : followTraining(run, config, rowsVisited(data));
  const tell = (result: StageResult) => {
    if (!options.profile) keptResults(); // A profile is printed as well.
    const split = endSplitOf(config);
    if (isJson(options)) printJson('train', { run: run.root, split, ...result });
    else print(summary(result, split));
  };
  if (isShown) {
    await refuseOther(run, identity);
    await following!.begin();
    const ok = await following!.end();
    notice(`${label}  is finished already${ok ? `; its event file: ${run.eventFile}` : ''}`);
    return tell(await readResult(run));
  }
  const signal = abortOnSignals(`${label}  stopping after this step; the training state will be saved`);
  const result = await runStage({
    config,
    startFrom,
    startFiles: checkpoint,
    dataDir,
    data,
    out: run.root,
    identity,
    resume: options.resume === true,
    check: async () => {
      await refuseOrReplace(run, options, typed);
      await refuseIfChanged(run, seen);
    },
    onBegun: async () => {
      await note(options, identity, run);
      await following?.begin();
    },
    label,
    signal,
    profile,
  }).catch(async (error: unknown) => {
    await following?.end(signal.aborted ? [] : [run.eventFile]);
    throw error;
  });
  await following?.end();
  await note(options, identity, run);
  notice(`${label}  done: ${run.root}`);
  tell(result);
}

/** Show a training in TensorBoard. Runs whose settings differ in the seeds alone are a group. */
function followTraining(run: RunDirectory, config: Config, rows: number): Following {
  const { hparams, ...shown } = shownRun(config, rows, '');
  const group = `train ${config.training.langs.join('+')} ${sha256(canonicalJson(hparams)).slice(0, 8)}`;
  const followed = {
    ...shown,
    hparams,
    group,
    path: run.eventFile,
    folder: dirname(run.eventFile),
    find: async () => run,
  };
  return follow([followed], { onNotice: notice });
}

/** @throws PanxError where a finished run is not the one that is asked for */
async function refuseOther(run: RunDirectory, identity: StageIdentity): Promise<void> {
  const different = differences(await readCurrentIdentity(run), identity);
  if (different.length === 0) return;
  throw new PanxError(`${run.root} holds a finished run of other settings: ${different.join('; ')}.`, {
    hint: `Type the settings, data and model that it was made with, or give its config.json with --config. ${onwards(run)}`,
    exitCode: 2,
  });
}

/** Let studies and sweeps find the run. */
async function note({ store }: TrainOptions, { key }: StageIdentity, run: RunDirectory): Promise<void> {
  const fault = await register(storePath(store), key, run);
  if (fault !== null) notice(`the store does not know of this run: ${fault}`);
}

/** Unless told what to do with it, an earlier run in the folder is neither overwritten nor mixed with this one. */
async function refuseOrReplace(run: RunDirectory, { resume, force }: TrainOptions, typed: Config): Promise<void> {
  if (force && resume) {
    throw new PanxError('--resume goes on with a run and --force replaces it; expected one of them.', { exitCode: 2 });
  }
  if (force) return;
  if (isDone(run)) throw await finishedRun(run, typed);
  if (canResume(run) && !resume) {
    throw new PanxError(`${run.root} holds an interrupted run.`, {
      hint: 'Go on with it by --resume, replace it by --force, or choose another folder with --out.',
    });
  }
  if (holdsWork(run) && !isBegun(run)) {
    throw new PanxError(`${run.root} holds what a run has trained, and its identity.json is missing.`, {
      hint: 'Put the file back, choose another folder with --out, or replace what is there by --force.',
    });
  }
  if (resume && !isBegun(run)) {
    throw new PanxError(`${run.root} holds no interrupted run to go on with.`, {
      hint: 'Leave out --resume, or give the folder of the interrupted run with --out.',
    });
  }
}

function defaultOut({ training }: Config): string {
  const size = training.size === null ? '' : `-${training.size}`;
  return `results/train-${training.langs.join('-')}${size}`;
}

/** What the run came to, for stdout. */
function summary(
  { metrics: { rows, segments, steps, trainLoss, test, selection }, durationMs }: StageResult,
  endSplit: string,
): string {
  const split = segments === undefined ? '' : ` in ${formatCount(segments)} segments`;
  const lines = [
    `${formatCount(steps)} ${steps === 1 ? 'step' : 'steps'} on ${formatCount(rows)} rows${split}, ${formatSeconds(durationMs / 1000)}` +
      `${trainLoss === null ? '' : `, mean loss ${trainLoss.toFixed(4)}`}`,
  ];
  if (selection !== undefined) lines.push(selectionText(selection));
  for (const [lang, scores] of Object.entries(test)) lines.push(scoresText(lang, endSplit, scores));
  return `${lines.join('\n')}\n`;
}

/** "weights of epoch 4 of 7, the best by loss of en/validation (0.1665)" */
function selectionText({ epochs, select, epoch, monitor, best }: Selection): string {
  const by = best === null ? '' : ` by ${monitor} (${best.value.toFixed(4)})`;
  switch (select) {
    case 'average':
      return `weights averaged over ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
    case 'best':
      return `weights of epoch ${epoch} of ${epochs}, the best${by}`;
    case 'last':
      return `weights of epoch ${epoch}, the last; epoch ${best!.epoch} was the best${by}`;
  }
}
