import { mkdirSync, writeFileSync } from 'node:fs';
import { loadConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema.js';
import type { Environment } from '../../../src/experiment/environment.js';
import { type RunDirectory, runDirectory } from '../../../src/run/directory.js';
import type { EvaluationEvent, RunEvent, StepEvent } from '../../../src/run/events.js';
import { toJson } from '../../../src/system/files.js';

/** Two epochs of two steps on 8 rows. */
export async function someConfig(assignments: readonly string[] = []): Promise<Config> {
  const { config } = await loadConfig({
    assignments: ['training.epochs=2', 'training.batchSize=4', ...assignments],
  });
  return config;
}

export const someRows = 8;

export const step = (step: number, loss = 1 / step): StepEvent => ({
  event: 'step',
  step,
  epoch: Math.floor((step - 1) / 2),
  loss,
  gradNorm: 2,
  learningRate: 1e-4,
  rows: 4,
  subwords: 40,
});

export const score = (step: number, lang: string, split: string, f1: number): EvaluationEvent => ({
  ...{ event: 'evaluation', step, epoch: Math.ceil(step / 2), lang, split, rows: 10 },
  ...{ loss: 0.5, precision: f1, recall: f1, f1, accuracy: 0.75 },
});

/** Make a run directory with a log whose every line took half a second. */
export function writeRun(
  root: string,
  events: readonly RunEvent[],
  sessions: readonly { startedAt: string; fromStep: number }[] = [
    { startedAt: '2026-01-01T00:00:00.000Z', fromStep: 0 },
  ],
): RunDirectory {
  const run = runDirectory(root);
  mkdirSync(root, { recursive: true });
  const environment: Environment = {
    ...elsewhere,
    sessions: sessions.map(session => ({ command: ['train'], ...session })),
  };
  writeFileSync(run.environment, toJson(environment));
  const lines = (of: readonly object[]) => of.map(line => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(run.events, lines(events));
  writeFileSync(run.times, lines(events.map(({ event, step, rows }) => ({ event, step, rows, durationMs: 500 }))));
  return run;
}

export function finishRun(run: RunDirectory, steps: number): void {
  writeFileSync(run.metrics, toJson({ rows: someRows, steps, trainLoss: 1, metric: null, test: {} }));
}

const elsewhere: Omit<Environment, 'sessions'> = {
  panx: { version: '0.3.0', git: null },
  node: 'v20',
  libraries: {},
  engine: { name: 'wasm', version: '4.22.0', device: 'cpu', threads: 1, operations: 'plain', precision: 'fp32' },
  repeatable: 'yes',
  machine: {},
  protocol: { stage: 'train', curriculum: null, metric: 'micro F1' },
  startFrom: { folder: '/model', files: {} },
  data: { folder: '/data', files: {} },
};
