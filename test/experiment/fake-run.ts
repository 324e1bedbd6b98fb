import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { testMetric } from '../../src/evaluation/score.js';
import type { Environment } from '../../src/experiment/environment.js';
import { planOf } from '../../src/experiment/history.js';
import { sealCheckpoint, sealRun } from '../../src/experiment/outputs.js';
import type { StageMetrics, StageRequest, StageResult } from '../../src/experiment/stage.js';
import { runDirectory } from '../../src/run/directory.js';
import { openEventLog } from '../../src/run/events.js';
import { writeMark } from '../../src/run/mark.js';
import { writeJson } from '../../src/system/files.js';
import { readPackage } from '../../src/system/package.js';

/** F1 of every score of a run that nobody trained. */
export const fakeF1 = 0.5;

/**
 * Leave what a training leaves, without training: every file that verify looks at, in agreement with each other.
 * identity.json is the caller's, and an empty `state` folder may be there.
 *
 * @param rows of the training data
 */
export async function writeFakeRun(request: StageRequest, rows: number): Promise<StageResult> {
  const [run, { config, identity }] = [runDirectory(request.out), request];
  await writeJson(run.config, config);
  await writeJson(run.environment, environmentOf(request));
  await mkdir(run.checkpoint, { recursive: true });
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    await writeFile(join(run.checkpoint, name), `${name} of ${basename(request.out)}`);
  }
  await writeMark(run.checkpoint, 'model');
  await writeMark(run.root, 'run');
  const { course, validation, test } = planOf(config, rows);
  const score = { precision: fakeF1, recall: fakeF1, f1: fakeF1, accuracy: 0.75, loss: 1, rows: 5 };
  const metrics: StageMetrics = {
    rows,
    steps: course.steps,
    trainLoss: 0.5,
    metric: test.length === 0 ? null : testMetric(config.evaluation.limit),
    test: {},
  };
  const log = openEventLog(run);
  for (let step = 1; step <= course.steps; step++) {
    const at = course.at(step);
    log.append({ event: 'step', step, loss: 0.5, gradNorm: 1, subwords: 9, ...at }, 1000);
    if (step % course.stepsPerEpoch !== 0 && step !== course.steps) continue;
    for (const split of validation)
      log.append({ event: 'evaluation', step, epoch: at.epoch + 1, ...split, ...score }, 0);
  }
  await sealCheckpoint(run);
  for (const split of test) {
    const epoch = Math.ceil(course.steps / course.stepsPerEpoch);
    log.append({ event: 'evaluation', step: course.steps, epoch, ...split, ...score }, 0);
    metrics.test[split.lang] = score;
  }
  log.close();
  await writeJson(run.identity, identity);
  await sealRun(run, metrics);
  return { metrics, durationMs: 1000 * course.steps };
}

function environmentOf({
  config,
  identity: { id, start, data },
  dataDir,
  startFrom,
  startFiles,
}: StageRequest): Environment {
  return {
    panx: { version: readPackage().version, git: null },
    node: 'v20.0.0',
    libraries: {},
    engine: { name: 'wasm', version: '1', device: 'none', threads: 1, operations: 'plain', precision: 'fp32' },
    repeatable: 'yes',
    machine: {},
    protocol: {
      stage: 'stage' in start ? `${id}, from ${start.stage}` : id,
      curriculum: [config.study.protocol].flat().join(', '),
      metric: testMetric(config.evaluation.limit),
    },
    startFrom: { folder: startFrom, files: startFiles },
    data: { folder: dataDir, files: data },
    sessions: [{ command: [], startedAt: '2026-01-01T00:00:00.000Z', fromStep: 0 }],
  };
}
