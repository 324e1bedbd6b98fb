import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { piecesOf } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { score } from '../../src/evaluation/score.js';
import type { Frozen } from '../../src/model/freeze.js';
import { loadTokenClassifier, tensorsOf } from '../../src/model/token-classifier.js';
import type { EncodedRows } from '../../src/tokenization/rows.js';
import { endEpoch } from '../../src/training/epoch-end.js';
import { keepWeights } from '../../src/training/kept-weights.js';
import { type LoopSettings, type StepReport, train } from '../../src/training/loop.js';
import { listens, type MonitorSettings, monitored } from '../../src/training/monitor.js';
import { createOptimizer } from '../../src/training/optimizer.js';
import { totalSteps } from '../../src/training/schedule.js';
import { type GoldenRows, goldenFolder } from '../model/golden.js';

/** What one run of Hugging Face Trainer made: see scripts/compare-with-trainer/trainer.py, which writes it. */
export interface Trajectory extends GoldenRows {
  settings: Omit<LoopSettings, 'totalSteps' | 'dropout'> &
    MonitorSettings & {
      epochs: number;
      maxGradNorm: number;
      maxSteps: number | null;
      freeze: Frozen;
    };
  /** The rows of every batch, epoch after epoch. */
  batches: number[][];
  steps: { loss: number; gradNorm: number; learningRate: number }[];
  /** Where training listens, the rows that it is scored on after each epoch, and what they were worth. */
  evaluationRows?: GoldenRows['rows'];
  evaluations?: { loss: number; f1: number }[];
}

export function readTrajectory(name: string): Trajectory {
  return JSON.parse(readFileSync(join(goldenFolder('trajectories'), `${name}.json`), 'utf8')) as Trajectory;
}

/** What panx makes of the same rows and settings, by THE loop. */
export interface Walk {
  reports: StepReport[];
  /** After each epoch, where training listens. */
  evaluations: { loss: number; f1: number }[];
  /** The trained tensors, whole, under their names. */
  weights: Map<string, Float32Array>;
  /** tf.memory().numTensors after every step. */
  tensors: number[];
}

/** Train from the checkpoint in `folder`, without dropout. */
export async function walk(
  folder: string,
  rows: EncodedRows,
  settings: Trajectory['settings'],
  evaluationRows: EncodedRows | null = null,
): Promise<Walk> {
  const model = await loadTokenClassifier(folder, {
    inputIds: [rows.inputIds],
    newHead: { labels: [], seed: 0 },
    precision: 'fp32',
    freeze: settings.freeze,
  });
  const optimizer = createOptimizer(model.parameters, settings);
  const loop: LoopSettings = {
    ...settings,
    totalSteps: totalSteps(rows.rows, settings),
    dropout: { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 },
  };
  const reports: StepReport[] = [];
  const evaluations: Walk['evaluations'] = [];
  const tensors: number[] = [];
  const kept = settings.select === 'last' ? null : keepWeights(model);
  const beside = { kept, heard: listens(settings) ? [] : null };
  const start = { step: 0, epoch: 0, window: 0 };
  await train(model, optimizer, rows, loop, start, {
    onStep: async report => {
      reports.push(report);
      tensors.push(tf.memory().numTensors);
      return 'go on';
    },
    onEpochEnd: async epoch => {
      let value = null;
      if (listens(settings)) {
        const { scores } = await score(model, evaluationRows!, { batchSize: 32 });
        evaluations.push({ loss: scores.loss, f1: scores.f1 });
        value = monitored([scores], settings);
      }
      return endEpoch(beside, epoch, value, settings);
    },
  });
  kept?.putBack();
  const source = await openTensors(folder);
  const weights = new Map<string, Float32Array>();
  for (const tensor of tensorsOf(model, source)) {
    const pieces: Float32Array[] = [];
    for await (const piece of piecesOf(tensor)) pieces.push(piece.slice());
    weights.set(tensor.name, Float32Array.from(pieces.flatMap(piece => [...piece])));
  }
  await source.close();
  kept?.dispose();
  optimizer.dispose();
  model.dispose();
  return { reports, evaluations, weights, tensors };
}

/** Rows of a golden file as encoded rows. */
export function encodedRows({ rows }: Pick<GoldenRows, 'rows'>): EncodedRows {
  const offsets = [0];
  for (const { inputIds } of rows) offsets.push(offsets.at(-1)! + inputIds.length);
  const labelIds = Int32Array.from(rows.flatMap(row => row.labelIds));
  return {
    rows: rows.length,
    offsets: Int32Array.from(offsets),
    inputIds: Int32Array.from(rows.flatMap(row => row.inputIds)),
    labelIds,
    wordIds: labelIds.map(label => (label === -100 ? -1 : 0)),
    truncatedRows: 0,
    truncatedWords: 0,
    emptyWords: 0,
  };
}

/**
 * The gradient of a key's bias is rounding alone, which AdamW blows up: see scripts/make-golden/README.md. So is that of a position's key, and,
 * where keys do not look at positions, of the bias that all positions share; where they do (DeBERTa's p2c), it is compared among the gradients.
 */
export function isComparable(name: string): boolean {
  return !/((self\.key|k_lin|key_proj)\.bias|encoder\.LayerNorm\.bias)$/.test(name);
}
