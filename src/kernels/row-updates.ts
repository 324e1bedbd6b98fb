import tf = require('@tensorflow/tfjs-core');

import type { AdamWStep } from './adamw.js';
import { engineKernel } from './engine-kernel.js';
import type { Variable } from './variable.js';

/** The gradient of some rows of a table; that of all others is 0. */
export interface RowGradient {
  /** (U) which rows, each once. */
  rows: Int32Array;
  /** (U, C) */
  values: tf.Tensor2D;
}

/**
 * AdamW updates of a table most of whose rows have no gradient in a step. Such a row is updated all the same (its moments fade, and
 * move it on), but only when somebody looks: then the steps that it missed are made up for one by one, in the arithmetic of an update of all
 * rows at every step and to the same bytes. A batch looks at some hundred rows of the word table, which has tens of thousands.
 */
export interface RowUpdates {
  /** Make up for what these rows have missed; null: all rows. */
  catchUp(rows: Int32Array | null): void;
  /** One update of all rows. The gradient belongs to the caller. */
  update(gradient: RowGradient | null, at: AdamWStep & { weightDecay: number }, clip: number): void;
  /** Said when an update of all rows was made otherwise, as update number `step`; all must have caught up before. */
  madeElsewhere(step: number): void;
}

/** Steps that a row may miss: what is kept of each is small, and in this many the whole table passes through memory once. */
const mostMissed = 64;

/**
 * Updates of the rows of a table (V, C) and its two moments; null where the engine has no operation for it (operations/adamw.cc).
 *
 * @param steps updates that all rows have had
 */
export function rowUpdates(table: Variable, first: Variable, second: Variable, steps: number): RowUpdates | null {
  const fused = engineKernel('PanxAdamWRows');
  if (fused === null) return null;
  const rowCount = table.shape[0]!;
  const all = Int32Array.from({ length: rowCount }, (_, row) => row);
  /** For each row the updates it has had. */
  const done = new Int32Array(rowCount).fill(steps);
  /** Of the updates since all rows were even, three numbers each: see operations/adamw.cc. */
  let history: number[] = [];
  let even = steps;
  let settings: number[] = [];
  const latest = () => even + history.length / 3;

  const run = (rows: Int32Array, gradient: tf.Tensor2D | null, clip: number) => {
    const step = latest();
    const missed = rows.map(row => step - done[row]!);
    tf.tidy(() => {
      const inputs = [
        ...[table.handle!, first.handle!, second.handle!],
        ...[tf.tensor1d(rows, 'int32'), tf.tensor1d(missed, 'int32')],
        ...(gradient === null ? [] : [gradient]),
        ...[tf.tensor2d(history, [history.length / 3, 3], 'float32'), tf.tensor1d([clip, ...settings], 'float32')],
      ];
      fused(inputs, { gradients: gradient === null ? 0 : 1, in_place: table.isLive });
    });
    for (const row of rows) done[row] = step;
  };

  return {
    catchUp(rows) {
      const step = latest();
      const behind = (rows ?? all).filter(row => done[row] !== step);
      if (behind.length > 0) run(behind, null, 1);
      if (rows === null) [history, even] = [[], step];
    },
    update(gradient, at, clip) {
      if (history.length / 3 >= mostMissed) this.catchUp(null);
      const { learningRate, beta1, beta2, eps, step, weightDecay } = at;
      if (step !== latest() + 1) throw new Error(`update ${step} of a table that has had ${latest()}`);
      // Differences from 1 are taken here, in double precision.
      settings = [1 - beta1, beta2, 1 - beta2, eps];
      history.push(1 - learningRate * weightDecay, learningRate / (1 - beta1 ** step), Math.sqrt(1 - beta2 ** step));
      if (gradient !== null) run(gradient.rows, gradient.values, clip);
    },
    madeElsewhere(step) {
      [history, even] = [[], step];
      done.fill(step);
    },
  };
}
