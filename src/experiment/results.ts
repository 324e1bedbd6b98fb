import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { testMetric } from '../evaluation/score.js';
import type { RunDirectory } from '../run/directory.js';
import { timesIn } from '../run/events.js';
import { shown } from '../system/checked-json.js';
import { changesText } from '../system/checksums.js';
import { settingDifferences } from './differences.js';
import { endOf, heardInAll, selectionOf } from './ending.js';
import { checkWholeLog, type Plan, planOf } from './history.js';
import { recordChanges } from './outputs.js';
import { otherVersion, readEnvironment, readIdentity, readMetrics, readRunConfig } from './records.js';
import { endSplitOf, sizeOf } from './row-settings.js';
import type { StageMetrics, StageResult } from './stage.js';

/** The result of a finished run, from its files. */
export async function readResult(run: RunDirectory): Promise<StageResult> {
  let durationMs = 0;
  for await (const { value } of timesIn(run.times)) durationMs += value.durationMs;
  return { metrics: await readMetrics(run), durationMs };
}

/**
 * Look at the small files of a run that counts as done, before what it found is taken: whether they are those that it
 * left, and whether they agree with each other. Its checkpoint is not looked at.
 *
 * @throws PanxError naming the first that is not as it should be
 */
export async function checkDone(run: RunDirectory): Promise<void> {
  const changes = changesText(await recordChanges(run));
  if (changes !== null) throw new PanxError(`${run.root} is not as its run left it: ${changes}.`);
  const config = await readRunConfig(run);
  const different = settingDifferences(await readIdentity(run), config);
  if (different.length > 0)
    throw new PanxError(`${run.config} is not what identity.json says: ${different.join('; ')}.`);
  await readEnvironment(run);
  await checkResults(run, config);
}

/**
 * Compare what metrics.json says with what the run logged, and that with what its settings make of the number of its
 * rows.
 *
 * @throws PanxError naming the file, and the place in it, that is not as it should be
 */
export async function checkResults(run: RunDirectory, config: Config): Promise<{ metrics: StageMetrics; plan: Plan }> {
  const metrics = await readMetrics(run);
  checkRows(run, config, metrics);
  const plan = planOf(config, metrics.segments ?? metrics.rows);
  const { trainLoss, evaluations, test } = await checkWholeLog(run, plan);
  const heard = heardInAll(plan, evaluations);
  expectSame(run, 'steps', metrics.steps, endOf(plan, heard).step);
  expectSame(run, 'selection', metrics.selection, selectionOf(plan, heard).selection);
  expectSame(run, 'trainLoss', metrics.trainLoss, trainLoss);
  expectSame(run, 'test', Object.keys(metrics.test), [...test.keys()]);
  for (const [lang, scores] of Object.entries(metrics.test)) {
    for (const [name, value] of Object.entries(scores)) {
      expectSame(run, `test.${lang}.${name}`, value, test.get(lang)![name as keyof typeof scores]);
    }
  }
  // What a score is called, another version of panx may have worded otherwise.
  if (test.size === 0 || (await otherVersion(run)) === null) {
    expectSame(run, 'metric', metrics.metric, test.size === 0 ? null : metricOf(config));
  }
  return { metrics, plan };
}

/** What the scores of a configuration are, in words. */
export function metricOf(config: Config): string {
  return testMetric(config.evaluation.limit, endSplitOf(config));
}

/**
 * @param segments that its rows are split into, undefined where none is; of a sweep the stage alone says it
 * @throws PanxError where a stage was trained on another number of rows than its study has it
 */
export async function expectRows(
  run: RunDirectory,
  name: string,
  rows: number,
  segments: number | undefined | 'as the stage says',
): Promise<void> {
  const trained = await readMetrics(run);
  const planned = { rows, segments: segments === 'as the stage says' ? trained.segments : segments };
  const [found, expected] = [trained, planned].map(
    ({ rows, segments }) => `${rows} rows${segments === undefined ? '' : ` in ${segments} segments`}`,
  );
  if (found === expected) return;
  throw new PanxError(`${name} was trained on ${found}, and the study has it with ${expected}`);
}

/** Compare the number of rows with what the settings say of it, as far as they do. */
function checkRows(run: RunDirectory, { training }: Config, { rows, resplit }: StageMetrics): void {
  const sizes = training.langs.map(lang => sizeOf(training, lang));
  const asked = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + size!, 0);
  expectSame(run, 'resplit', resplit !== undefined, training.resplit);
  if (resplit === undefined) {
    if (asked !== null) expectSame(run, 'rows', rows, asked);
    return;
  }
  const { fit, held, dropped } = resplit;
  expectSame(run, 'rows', rows, fit);
  expectSame(run, 'resplit.held', held, Math.ceil((fit + held) / 5));
  const all = fit + held + dropped.short + dropped.long + dropped.few;
  if (asked !== null) expectSame(run, 'resplit', all, asked);
}

function expectSame(run: RunDirectory, place: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new PanxError(
    `${run.metrics}: ${place} is ${shown(found)}, expected ${shown(expected)}, as config.json and events.jsonl make it.`,
  );
}
