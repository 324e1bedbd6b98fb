import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { testMetric } from '../evaluation/score.js';
import type { RunDirectory } from '../run/directory.js';
import { timesIn } from '../run/events.js';
import { shown } from '../system/checked-json.js';
import { changesText } from '../system/checksums.js';
import { settingDifferences } from './differences.js';
import { checkWholeLog, type Plan, planOf } from './history.js';
import { sizeOf } from './inputs.js';
import { recordChanges } from './outputs.js';
import { otherVersion, readEnvironment, readIdentity, readMetrics, readRunConfig } from './records.js';
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
  const { training } = config;
  const sizes = training.langs.map(lang => sizeOf(training, lang));
  if (!sizes.includes(null))
    expectSame(
      run,
      'rows',
      metrics.rows,
      sizes.reduce<number>((sum, size) => sum + size!, 0),
    );
  const plan = planOf(config, metrics.rows);
  expectSame(run, 'steps', metrics.steps, plan.course.steps);
  const { trainLoss, test } = await checkWholeLog(run, plan);
  expectSame(run, 'trainLoss', metrics.trainLoss, trainLoss);
  expectSame(run, 'test', Object.keys(metrics.test), [...test.keys()]);
  for (const [lang, scores] of Object.entries(metrics.test)) {
    for (const [name, value] of Object.entries(scores)) {
      expectSame(run, `test.${lang}.${name}`, value, test.get(lang)![name as keyof typeof scores]);
    }
  }
  // What a score is called, another version of panx may have worded otherwise.
  if (test.size === 0 || (await otherVersion(run)) === null) {
    expectSame(run, 'metric', metrics.metric, test.size === 0 ? null : testMetric(config.evaluation.limit));
  }
  return { metrics, plan };
}

/** @throws PanxError where a stage was trained on another number of rows than its study has it */
export async function expectRows(run: RunDirectory, name: string, rows: number): Promise<void> {
  const trained = (await readMetrics(run)).rows;
  if (trained === rows) return;
  throw new PanxError(`${name} was trained on ${trained} rows, and the study has it with ${rows}`);
}

function expectSame(run: RunDirectory, place: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new PanxError(
    `${run.metrics}: ${place} is ${shown(found)}, expected ${shown(expected)}, as config.json and events.jsonl make it.`,
  );
}
