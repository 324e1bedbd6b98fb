import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '../backend/kernels/variable.js';
import { openTensors, type TensorToWrite, writeSafetensors } from '../checkpoint/safetensors.js';
import { PanxError } from '../errors.js';
import type { Parameter } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { cannotWrite, makeFolder, readJson, temporaryNeighbour, writeJson } from '../run/files.js';
import type { Position } from './loop.js';
import { createOptimizer, type Optimizer, type OptimizerSettings } from './optimizer.js';

/**
 * A training state: all that an interrupted run needs to go on exactly where it stood. One folder each, made under
 * another name and renamed when whole; the one before is removed only then. The word table is the compact one of the run.
 */
interface SavedState {
  position: Position;
  optimizerSteps: number;
  unusedRowScale: number;
  vocabularyRows: number;
}

/** Save the state under `root`, then remove older ones. @throws PanxError naming the folder where it cannot be written. */
export async function saveState(
  root: string,
  model: TokenClassifier,
  optimizer: Optimizer,
  position: Position,
): Promise<void> {
  const folder = join(root, `step-${String(position.step).padStart(8, '0')}`);
  if (existsSync(folder)) return;
  const temporary = temporaryNeighbour(folder);
  const tensors = model.parameters.flatMap(parameter => {
    const { first, second } = optimizer.moments.get(parameter)!;
    return [
      toWrite('weights', parameter, parameter.variable),
      toWrite('first', parameter, first),
      toWrite('second', parameter, second),
    ];
  });
  const state: SavedState = {
    position,
    optimizerSteps: optimizer.steps,
    unusedRowScale: model.unusedRowScale,
    vocabularyRows: model.vocabulary.ids.length,
  };
  try {
    makeFolder(temporary);
    await writeSafetensors(join(temporary, 'model.safetensors'), tensors);
    await writeJson(join(temporary, 'state.json'), state);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error instanceof PanxError ? error : cannotWrite(folder, error);
  }
  for (const name of await readdir(root)) {
    if (join(root, name) !== folder) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** The newest whole state under `root`, or null. */
export async function findState(root: string): Promise<string | null> {
  if (!existsSync(root)) return null;
  const whole = (await readdir(root)).filter(name => /^step-\d+$/.test(name)).sort();
  return whole.length === 0 ? null : join(root, whole.at(-1)!);
}

/**
 * Put a saved state into a model that was loaded from the same starting checkpoint for the same data.
 *
 * @returns the optimizer and the position to go on from.
 * @throws PanxError where the state is of another model or other data.
 */
export async function restoreState(
  folder: string,
  model: TokenClassifier,
  settings: OptimizerSettings,
): Promise<{ optimizer: Optimizer; position: Position }> {
  const state = await readJson<SavedState>(join(folder, 'state.json'));
  if (state.vocabularyRows !== model.vocabulary.ids.length) {
    throw new PanxError(
      `The training state ${folder} was made on data with ${state.vocabularyRows} different subwords; this run's data has ${model.vocabulary.ids.length}.`,
      { hint: 'Run it with the data and settings it was started with, or choose another output folder.' },
    );
  }
  const source = await openTensors(folder);
  try {
    const moments = new Map<string, Float32Array>();
    for (const parameter of model.parameters) {
      const weights = await source.read(nameIn('weights', parameter));
      parameter.variable.assign(tf.tensor(weights, parameter.shape, 'float32'));
      for (const which of ['first', 'second'] as const) {
        moments.set(nameIn(which, parameter), await source.read(nameIn(which, parameter)));
      }
    }
    model.unusedRowScale = state.unusedRowScale;
    const optimizer = createOptimizer(model.parameters, settings, {
      steps: state.optimizerSteps,
      moment: (parameter, which) => moments.get(nameIn(which, parameter))!,
    });
    return { optimizer, position: state.position };
  } finally {
    await source.close();
  }
}

type Part = 'weights' | 'first' | 'second';

/** The name of a parameter in the state file; parts that are stacked on the device stay stacked. */
function nameIn(part: Part, parameter: Parameter): string {
  return `${part}/${parameter.parts[0]!.name}`;
}

function toWrite(part: Part, parameter: Parameter, variable: Variable): TensorToWrite {
  return {
    name: nameIn(part, parameter),
    shape: parameter.shape,
    data: () => {
      const value = variable.read();
      const values = value.dataSync<'float32'>();
      value.dispose();
      return values;
    },
  };
}
