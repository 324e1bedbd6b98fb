import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { messageOf, PanxError } from '../errors.js';
import { measuredPace, type Pace } from '../experiment/estimate.js';
import { type Contents, identityOf } from '../experiment/identity.js';
import { refuseIdleStudy } from '../experiment/idle-cells.js';
import { type PlannedStage, planSweep, trainRowsOf } from '../experiment/plan.js';
import { runStage } from '../experiment/run.js';
import { storePath } from '../experiment/store.js';
import { planStudy, scoredLangs } from '../experiment/study-plan.js';
import { runSweep, type SweepOutcome } from '../experiment/sweep.js';
import { reporter, sweepText, tableJson } from '../reporting/sweep.js';
import { isMatrixTable } from '../reporting/table-view.js';
import { shownStages } from '../reporting/tensorboard/stages.js';
import { runDirectory, sweepDirectory } from '../run/directory.js';
import { runLayout, sweepLayout } from '../run/layouts.js';
import { storeDirectory } from '../run/store-directory.js';
import { notice, print } from '../system/console.js';
import { systemFault } from '../system/faults.js';
import { removeLeftovers, removeMade } from '../system/made.js';
import { keptResults } from '../system/outputs.js';
import { throughLink } from '../system/place.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { withEveryLanguage } from './every-language.js';
import { followStages } from './follow-stages.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { abortOnSignals } from './interrupt.js';
import { addConfigOptions, addSweepOptions, addTrainingOptions, configOf, storeHelp, withoutLog } from './options.js';
import { checkOutFolder, checkStoreFolder } from './out-folder.js';
import { sweepPlan } from './plan-json.js';
import { readStudyInputs } from './study-inputs.js';
import { planText } from './sweep/plan-text.js';

interface SweepCommandOptions extends FormatOptions {
  out?: string;
  dryRun?: boolean;
  force?: boolean;
  store?: string;
  failFast?: boolean;
  retryFailed?: boolean;
}

/** panx sweep: the stages of a cross-lingual curriculum, their table and their learning curve. */
export function define(command: Command): void {
  addSweepOptions(command);
  addConfigOptions(command);
  addTrainingOptions(command);
  addFormat(command)
    .option('--out <folder>', 'folder of the sweep (default: results/sweep-<source>-<target>)')
    .option('--dry-run', 'print the stages, their steps and the estimated time; train nothing')
    .option('--force', 'train stages anew that the folder holds with other settings, and take none from the store')
    .option('--fail-fast', 'after a stage has failed, begin no other')
    .option('--retry-failed', 'try again also the stages that diverged before')
    .option('--store <folder>', storeHelp)
    .addHelpText('after', '\n--tr-sizes 250,500 stands for --target tr --sizes 250,500; so does it for every language.')
    .action(async (options: SweepCommandOptions) => sweep(await configOf(command), options));
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = argv => parseOptions(expandSizes(argv));
}

/** --tr-sizes 250,500 as --target tr --sizes 250,500, for any language. */
export function expandSizes(argv: readonly string[]): string[] {
  return argv.flatMap(argument => {
    const [, single] = /^--([a-z]{2,3})-size(?:=.*)?$/.exec(argument) ?? [];
    if (single !== undefined) {
      throw new PanxError(`Unknown option '--${single}-size'; did you mean --${single}-sizes?`, {
        hint: 'panx sweep --help lists the options.',
        exitCode: 2,
      });
    }
    const [, lang, value] = /^--([a-z]{2,}(?:-[a-z]+)*)-sizes(=.*)?$/.exec(argument) ?? [];
    return lang === undefined ? [argument] : ['--target', lang, `--sizes${value ?? ''}`];
  });
}

function defaultName({ study: { protocol, source, target } }: Config): string {
  return isMatrixTable({ protocol }) ? `sweep-${[protocol].flat().join('-')}` : `sweep-${source}-${target}`;
}

/** @throws PanxError where it is asked for what panx run has alone */
function refuseForSweeps(config: Config): void {
  refuseUncounted(config);
  if (!Object.hasOwn(config.study.grid, 'model')) return;
  throw new PanxError('study.grid has model, but a sweep starts from one model; expected other settings.', {
    hint: 'panx run takes several models: write the settings into a YAML file with a section "study".',
    exitCode: 2,
  });
}

/** A run directory has no predictions: what is counted from them alone, a sweep does not have. */
function refuseUncounted({ study: { metrics } }: Config): void {
  for (const [name, byDefault] of [
    ['mode', 'default'],
    ['average', 'micro'],
  ] as const) {
    if (metrics[name] === byDefault) continue;
    throw new PanxError(
      `study.metrics.${name} is ${metrics[name]}, but a sweep keeps no predictions to count that from; expected ${byDefault}.`,
      { hint: 'panx run keeps them: write the settings into a YAML file with a section "study".', exitCode: 2 },
    );
  }
}

async function sweep(loaded: LoadedConfig, options: SweepCommandOptions): Promise<void> {
  const json = isJson(options);
  const { log, config: settings } = withoutLog(loaded.config);
  const asked = await withEveryLanguage(settings);
  refuseIdleStudy({ config: asked, origins: loaded.origins });
  refuseForSweeps(asked);
  const out = await throughLink(options.out ?? join('results', defaultName(asked)));
  await checkOutFolder(out, 'sweep');
  await checkStoreFolder(storePath(options.store), out);
  const force = options.force ?? false;
  const { config, contents, models, dataDir } = await readStudyInputs(asked, out);
  const modelDir = [...models.values()][0]!.folder;
  if (options.dryRun) {
    await removeLeftovers(out, sweepLayout, false);
    const plan = await planSweep(config, contents, out, force);
    const measured = await measuredPace(plan.map(({ run }) => run));
    const study = planStudy(config, trainRowsOf(config, contents.contentOf), contents.segments);
    const pace = measured ?? (await timeSteps(plan[0]!, { modelDir, dataDir, contents }, out));
    if (json) printJson('plan', sweepPlan(plan, study, { folder: out, langs: scoredLangs(config), pace }));
    else print(planText(plan, study, pace));
    return;
  }
  const signal = abortOnSignals('stopping after this step; type the same command again to go on');
  const report = reporter(out, 'sweep');
  const planned = planStudy(config, trainRowsOf(config, contents.contentOf), contents.segments);
  const { tensorboard, stage } = sweepDirectory(out);
  const following = followStages(log, shownStages(planned, out, tensorboard), tensorboard, ({ id }) => ({
    find: async () => stage(id),
  }));
  const outcome = await runSweep(
    {
      ...{ config, contents, modelDir, dataDir, out, force, signal },
      store: storeDirectory(storePath(options.store)),
      failFast: options.failFast ?? false,
      retryFailed: options.retryFailed ?? false,
    },
    {
      async runStage(request) {
        await following.begin();
        return await runStage(request);
      },
      async onTable(table) {
        await following.begin();
        following.note(table);
        await report.write(table);
      },
      onNotice: notice,
    },
  )
    .finally(report.finish)
    .finally(following.end);
  keptResults();
  if (json) printJson('sweep', { folder: out, ...tableJson(outcome.table, 'sweep') });
  else print(sweepText(outcome.table));
  notice(`tables, curve and the run directory of each stage: ${out}`);
  refuseFailures(outcome, out);
}

function refuseFailures({ stages, failed, notRun }: SweepOutcome, out: string): void {
  if (failed.length === 0) return;
  const lost = notRun.length === 0 ? '' : `, and ${notRun.join(', ')} could not run without`;
  throw new PanxError(`${failed.length} of ${stages} stages failed: ${failed.join(', ')}${lost}.`, {
    hint: `The others are in ${out}; type the same command again to run what is missing.`,
  });
}

/** Train a few steps of a stage, in a folder that is removed again, to learn the pace of this machine. */
async function timeSteps(
  { stage }: PlannedStage,
  { modelDir, dataDir, contents }: { modelDir: string; dataDir: string; contents: Contents },
  out: string,
): Promise<Pace | null> {
  const { training, evaluation } = stage.config;
  const maxSteps = Math.min(8, stage.steps);
  notice(`nothing has been measured in ${out} yet: timing ${maxSteps} steps of ${stage.id}`);
  const signal = abortOnSignals('stopping after this step');
  const isNew = !existsSync(out);
  const run = runDirectory(temporaryNeighbour(join(out, 'timing')));
  const config = {
    ...stage.config,
    training: { ...training, maxSteps, warmupSteps: 0, warmupRatio: null }, // No schedule is kept to, and none is to be told of.
    evaluation: { ...evaluation, enabled: false },
  };
  try {
    await runStage({
      ...{ config, dataDir, signal, startFrom: modelDir, startFiles: contents.checkpoint },
      ...{ out: run.root, identity: identityOf('timing', config, contents), resume: false, label: 'timing' },
    });
    return await measuredPace([run]);
  } catch (error) {
    if (signal.aborted) throw error;
    notice(`the steps could not be timed: ${messageOf(systemFault(error) ?? error)}`);
    return null;
  } finally {
    await removeMade(run.root, runLayout);
    if (isNew) await rmdir(out).catch(() => {}); // Stays where something has come into it meanwhile.
  }
}
