import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { usableCores } from '../engine/usable-cores.js';
import { PanxError } from '../errors.js';
import {
  type DiskNeed,
  diskNeed,
  diskText,
  freeBytes,
  refuseLack,
  sizesOf,
  weightsToMake,
} from '../experiment/disk.js';
import { measuredPace, stageMs } from '../experiment/estimate.js';
import { refuseIdleStudy } from '../experiment/idle-cells.js';
import { lookAtStages, type PlannedWork } from '../experiment/look-at-study.js';
import { trainRowsOf } from '../experiment/plan.js';
import type { Stage } from '../experiment/protocols/stage.js';
import { distinctSubwords } from '../experiment/read-rows.js';
import { runStage } from '../experiment/run.js';
import { runStudy, type StudyOutcome } from '../experiment/run-study.js';
import { openStore, storePath } from '../experiment/store.js';
import { type StudyStage, studyOf } from '../experiment/study.js';
import { readStudy } from '../experiment/study-folder.js';
import { planStudy, scoredLangs } from '../experiment/study-plan.js';
import { meanScoringMs, msLeft, stagesOf } from '../experiment/study-progress.js';
import { workOnStage } from '../experiment/work.js';
import { workInProcess } from '../launch/processes.js';
import { reporter, sweepText, tableJson } from '../reporting/sweep.js';
import { shownStages } from '../reporting/tensorboard/stages.js';
import { markOf } from '../run/mark.js';
import { type StoreDirectory, storeDirectory, studyDirectory } from '../run/store-directory.js';
import { notice, print, progress } from '../system/console.js';
import { keptResults } from '../system/outputs.js';
import { type ReadFolder, refuseOverlap, throughLink } from '../system/place.js';
import { withEveryLanguage } from './every-language.js';
import { followStages, storedLog } from './follow-stages.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { abortOnSignals } from './interrupt.js';
import { addConfigOptions, addSweepOptions, addTrainingOptions, configOf, storeHelp, withoutLog } from './options.js';
import { checkOutFolder, checkStoreFolder } from './out-folder.js';
import { studyPlan } from './plan-json.js';
import { dataFolders, modelFolders } from './read-folders.js';
import { studyText } from './run/study-text.js';
import { notSupportedText } from './stages-text.js';
import { summary } from './status/status-text.js';
import { readStudyInputs, type StudyInputs } from './study-inputs.js';

interface RunOptions extends FormatOptions {
  out?: string;
  store?: string;
  dryRun?: boolean;
  jobs: string;
  failFast?: boolean;
  retryFailed?: boolean;
}

/** panx run: the stages of a study, each trained once, its tables and figures. */
export function define(command: Command): void {
  command
    .argument('<study>', 'YAML file with settings and a section "study" (configs/studies holds examples)')
    .option(
      '--out <folder>',
      'folder of the tables and figures (default: results/<name of the file>; of the config.json that a study left, its folder)',
    )
    .option('--store <folder>', storeHelp)
    .option('--dry-run', 'print the stages, what of them is done, the time and the disk they need; train nothing')
    .option('--jobs <n>', 'stages that are trained side by side, each in a process of its own', '1')
    .option('--fail-fast', 'after a stage has failed, begin no other')
    .option('--retry-failed', 'try again also the stages that diverged before');
  addFormat(command);
  addConfigOptions(command, { file: false });
  addSweepOptions(command);
  addTrainingOptions(command);
  command.action(async (file: string, options: RunOptions) => await run(command, file, options));
}

/** What a study works on, and its stages. */
interface Inputs extends StudyInputs {
  stages: StudyStage[];
}

async function run(command: Command, file: string, options: RunOptions): Promise<void> {
  const json = isJson(options);
  const jobs = jobsOf(options.jobs);
  const { config: loaded, origins } = await configOf(command, { file });
  const { log, config: typed } = withoutLog(loaded);
  if (Object.entries(origins).every(([key, origin]) => !key.startsWith('study.') || origin === 'default')) {
    throw new PanxError(
      `${file} has no setting of a study; expected a section "study", such as study: {protocol: cumulative}.`,
      {
        hint: 'configs/studies holds examples. A training by itself is panx train --config.',
        exitCode: 2,
      },
    );
  }
  const asked = await withEveryLanguage(typed);
  refuseIdleStudy({ config: asked, origins });
  const out = await throughLink(options.out ?? (await defaultOut(file)));
  const storeFolder = await throughLink(storePath(options.store));
  await checkOutFolder(out, 'study');
  await checkStoreFolder(storeFolder, out);
  const read = await readStudyInputs(asked, out);
  const inputs: Inputs = { ...read, stages: studyOf(read.config, read.contents, read.notSupported) };
  if (options.dryRun) {
    const store = storeDirectory(storeFolder);
    const plan = await lookAtStages(inputs.stages, store, notice, true);
    const pace = await measuredPace(plan.map(({ task }) => store.stage(task.identity.key)));
    const scorings = plan.flatMap(({ task }) => task.scorings.map(({ key }) => key));
    const study = planStudy(read.config, trainRowsOf(read.config, read.contents.contentOf), read.contents.segments);
    const scoringMs = await meanScoringMs(store, scorings);
    const disk = weightsToMake(plan).size > 0 ? await diskOf(plan, inputs, store, jobs) : null;
    if (json) {
      const given = { folder: out, langs: scoredLangs(asked), pace: pace === null ? null : { ...pace, scoringMs } };
      printJson('plan', studyPlan(plan, study, given, { disk, notSupported: read.notSupported }));
      return;
    }
    print(studyText(plan, study, pace, scoringMs));
    print(notSupportedText(study, read.notSupported));
    if (disk !== null) print(`The study ${diskText(disk, disk.free, store.root)}.\n`);
    print(`Tables and curve: ${out}. Scored on ${scoredLangs(asked).join(', ')}.\n`);
    return;
  }
  await refuseOverlap(
    storeFolder,
    [...(await foldersOfModels(inputs)), ...(await dataFolders(inputs.dataDir))],
    '--store',
  );
  const store = await openStore(storeFolder);
  const outcome = await work(inputs, out, store, jobs, options, log);
  keptResults();
  if (json) printJson('run', { folder: out, store: store.root, ...tableJson(outcome.table, 'study') });
  else print(sweepText(outcome.table));
  notice(`tables and curve: ${out}; stages: ${store.root}`);
  const kept = inputs.stages.filter(({ task }) => existsSync(store.stage(task.identity.key).checkpoint)).at(-1);
  if (kept !== undefined) notice(`model of ${kept.stage.id}: ${store.stage(kept.task.identity.key).checkpoint}`);
  refuseFailures(outcome, inputs.stages.length);
  refuseUnknown(inputs);
}

/** A study's own config.json repeats the study. */
async function defaultOut(file: string): Promise<string> {
  const folder = dirname(file);
  if (basename(file) === 'config.json' && (await markOf(folder)) === 'study') return folder;
  return join('results', basename(file, extname(file)));
}

async function work(
  inputs: Inputs,
  out: string,
  store: StoreDirectory,
  jobs: number,
  { failFast = false, retryFailed = false }: RunOptions,
  log: Config['log'],
): Promise<StudyOutcome> {
  const { config, stages, contents, models, notSupported, dataDir } = inputs;
  const signal = abortOnSignals('stopping after this step; type the same command again to go on');
  const threads = Math.max(1, Math.floor((await usableCores()).cores / jobs));
  if (jobs > 1) notice(`${jobs} stages side by side, ${threads} ${threads === 1 ? 'thread' : 'threads'} each`);
  const place = { store, dataDir, retryFailed, signal };
  const undone = new Set<string>();
  const report = reporter(out, 'study');
  const { tensorboard } = studyDirectory(out);
  const trainRows = trainRowsOf(config, contents.contentOf);
  const shown = shownStages(planStudy(config, trainRows, contents.segments), out, tensorboard);
  const taskOf = ({ id }: Stage) => stages.find(({ stage }) => stage.id === id)?.task;
  const following = followStages(log, shown, tensorboard, stage => storedLog(store, taskOf(stage)));
  const outlook = (id: string) => (msPerRow: number) =>
    stages
      .filter(({ stage }) => stage.id !== id && undone.has(stage.id))
      .reduce((sum, { stage }) => sum + stageMs(stage, msPerRow), 0);
  const stopTelling = jobs === 1 ? () => {} : tellProgress(out, store, jobs);
  return await runStudy(
    {
      config,
      ...{ trainRows, segments: contents.segments, notSupported, stages },
      out,
      store,
      jobs,
      failFast,
      signal,
    },
    {
      async work(task, wait) {
        const { id } = task.identity;
        const { folder: modelDir, files: startFiles } = models.get(task.config.model)!;
        const here = { ...place, modelDir, startFiles, outlook: outlook(id), runStage, onNotice: notice };
        const end =
          jobs === 1
            ? await workOnStage(task, here, wait)
            : await workInProcess({ task, modelDir, startFiles, dataDir, retryFailed, wait }, place, threads);
        if (end === 'done') undone.delete(id);
        return end;
      },
      async onPlan(plan) {
        for (const id of weightsToMake(plan)) undone.add(id);
        if (undone.size > 0) {
          const disk = await diskOf(plan, inputs, store, jobs);
          refuseLack(disk, disk.free, store.root);
          notice(`the study ${diskText(disk, disk.free, store.root)}`);
        }
        await following.begin();
      },
      async onTable(table) {
        following.note(table);
        await report.write(table);
      },
      onNotice: notice,
    },
  )
    .finally(report.finish)
    .finally(stopTelling)
    .finally(following.end);
}

/** Of stages in processes of their own, say now and then how far they are all together. @returns what ends that */
function tellProgress(out: string, store: StoreDirectory, jobs: number): () => void {
  const folder = studyDirectory(out);
  const tell = async () => {
    const record = await readStudy(folder);
    const stages = await stagesOf(store, record);
    const leftMs = await msLeft(folder, store, record, stages);
    progress(summary(stages, leftMs === null ? null : leftMs / jobs));
  };
  // It is told again soon: what cannot be read now, since it is being written, does not matter.
  const timer = setInterval(() => void tell().catch(() => {}), process.stderr.isTTY ? 2000 : 30_000);
  return () => clearInterval(timer);
}

/** What of the store's disk a plan needs, and what is free there, in bytes. */
async function diskOf(
  plan: readonly PlannedWork[],
  { config, models, dataDir }: Inputs,
  store: StoreDirectory,
  jobs: number,
): Promise<DiskNeed & { free: number }> {
  const sizes = { checkpoint: 0, state: 0 };
  for (const { folder } of models.values()) {
    const words = weightsToMake(plan).size === 0 ? 0 : await distinctSubwords(config, dataDir, folder);
    const { checkpoint, state } = await sizesOf(folder, words, config.training);
    sizes.checkpoint = Math.max(sizes.checkpoint, checkpoint);
    sizes.state = Math.max(sizes.state, state);
  }
  return { ...diskNeed(plan, sizes, jobs), free: await freeBytes(store.root) };
}

function refuseFailures({ failed, notRun }: StudyOutcome, stages: number): void {
  if (failed.length + notRun.length === 0) return;
  const lost = notRun.length === 0 ? '' : `; not run: ${notRun.join(', ')}`;
  throw new PanxError(`${failed.length} of ${stages} stages failed: ${failed.join(', ')}${lost}.`, {
    hint: 'Type the same command again to run what is missing; what diverged is tried again with --retry-failed.',
  });
}

/** The folders of all models, as what is read. */
async function foldersOfModels({ models }: Inputs): Promise<ReadFolder[]> {
  return (await Promise.all([...models.values()].map(({ folder }) => modelFolders(folder)))).flat();
}

/** @throws PanxError where stages were left out because panx does not know their model */
function refuseUnknown({ notSupported, models }: Inputs): void {
  if (notSupported.size === 0) return;
  const all = notSupported.size + models.size;
  throw new PanxError(
    `${notSupported.size} of ${all} models are not supported: ${[...notSupported.values()].join(' ')}`,
    {
      hint: 'All other stages are done. Leave these models out of study.grid to have a study without a gap.',
    },
  );
}

function jobsOf(typed: string): number {
  if (/^[1-9]\d{0,2}$/.test(typed)) return Number(typed);
  throw new PanxError(`--jobs is "${typed}"; expected a whole number from 1 to 999.`, { exitCode: 2 });
}
