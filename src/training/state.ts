import { existsSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';

import tf = require('@tensorflow/tfjs-core');

import { readInPieces, type Variable } from '../backend/kernels/variable.js';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../checkpoint/safetensors.js';
import { messageOf, PanxError } from '../errors.js';
import type { Parameter } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { sha256 } from '../run/checksums.js';
import { cannotWrite, flushFolder, makeFolder, readJson, reasonOf, sha256OfFile, writeJson } from '../run/files.js';
import { stateLayout, stepLayout } from '../run/layouts.js';
import { removeMade } from '../run/made.js';
import { temporaryNeighbour } from '../run/temporary.js';
import type { Position } from './loop.js';
import { createOptimizer, type Optimizer, type OptimizerSettings } from './optimizer.js';

/**
 * A training state: all that an interrupted run needs to go on exactly where it stood. One folder each, made under
 * another name, flushed to the disk and renamed when whole; the one before is removed only then. The word table is the compact
 * one of the run. Streams of random numbers need no place in it: order and dropout are functions of seed and position.
 */
interface SavedState {
  position: Position;
  optimizerSteps: number;
  unusedRowScale: number;
  vocabularyRows: number;
  /** SHA-256 of the tensors' file. */
  tensors: string;
}

/** The content of state.json. */
interface SealedState {
  state: SavedState;
  /** SHA-256 of `state` as JSON. */
  sha256: string;
}

/**
 * Save the state under `root`, then remove older ones.
 *
 * @throws PanxError where it cannot be written (the disk is full, say), naming the older state that is still good.
 */
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
  try {
    makeFolder(temporary);
    await writeSafetensors(tensorsFile(temporary), tensors);
    const state: SavedState = {
      position,
      optimizerSteps: optimizer.steps,
      unusedRowScale: model.unusedRowScale,
      vocabularyRows: model.vocabulary.ids.length,
      tensors: await sha256OfFile(tensorsFile(temporary)),
    };
    await writeJson(stateFile(temporary), seal(state));
    await flushFolder(temporary);
    await rename(temporary, folder);
    await flushFolder(root);
  } catch (error) {
    await removeMade(temporary, stepLayout).catch(() => {});
    throw await notSaved(root, position, error);
  }
  await removeMade(root, stateLayout, [basename(folder)]);
}

async function notSaved(root: string, { step }: Position, error: unknown): Promise<PanxError> {
  const { message, hint, cause } = error instanceof PanxError ? error : cannotWrite(root, error);
  const sentence = `The training state of step ${step} could not be saved: ${message}`;
  // Nothing of the system went wrong, but the training did: going on from an older state would come to the same.
  if (cause === undefined) return new PanxError(sentence, { ...(hint === undefined ? {} : { hint }) });
  const older = await findState(root).catch(() => null);
  return new PanxError(sentence, {
    hint:
      older === null
        ? 'Make room, or choose another folder with --out, and start again: no earlier state was saved.'
        : `Make room and go on (panx train: with --resume) from the state before it, ${older}, which is whole.`,
    cause,
  });
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
 * @throws PanxError where the state is damaged, or of another model or other data.
 */
export async function restoreState(
  folder: string,
  model: TokenClassifier,
  settings: OptimizerSettings,
): Promise<{ optimizer: Optimizer; position: Position }> {
  const state = await openSeal(folder);
  if (state.vocabularyRows !== model.vocabulary.ids.length) {
    throw new PanxError(
      `The training state ${folder} was made on data with ${state.vocabularyRows} different subwords; this run's data has ${model.vocabulary.ids.length}.`,
      { hint: 'Run it with the data and settings it was started with, or choose another output folder.' },
    );
  }
  const source = await openSafetensors(tensorsFile(folder));
  try {
    const optimizer = createOptimizer(model.parameters, settings, state.optimizerSteps);
    for (const parameter of model.parameters) {
      const { first, second } = optimizer.moments.get(parameter)!;
      // One tensor at a time on the host.
      for (const [part, variable] of [
        ['weights', parameter.variable],
        ['first', first],
        ['second', second],
      ] as const) {
        const values = await source.read(nameIn(part, parameter));
        variable.assign(tf.tensor(values, parameter.shape, 'float32'));
      }
    }
    model.unusedRowScale = state.unusedRowScale;
    return { optimizer, position: state.position };
  } finally {
    await source.close();
  }
}

function seal(state: SavedState): SealedState {
  return { state, sha256: sha256(JSON.stringify(state)) };
}

/** What state.json says, where it and the tensors beside it are as they were written. */
async function openSeal(folder: string): Promise<SavedState> {
  const { state, sha256: sum } = await readJson<Partial<SealedState>>(stateFile(folder)).catch((error: unknown) => {
    throw damaged(stateFile(folder), messageOf(error));
  });
  if (state === undefined || sha256(JSON.stringify(state)) !== sum) {
    throw damaged(stateFile(folder), 'its content does not have the SHA-256 that it names');
  }
  const found = await sha256OfFile(tensorsFile(folder)).catch((error: unknown) => {
    throw damaged(tensorsFile(folder), reasonOf(error));
  });
  if (found !== state.tensors) {
    throw damaged(tensorsFile(folder), `its SHA-256 is ${found}, expected ${state.tensors}`);
  }
  return state;
}

function damaged(path: string, why: string): PanxError {
  return new PanxError(`The training state is damaged: ${path}: ${why}.`, {
    hint: 'Copy the file again from a backup, or start the run anew (panx train: with --force).',
  });
}

function tensorsFile(folder: string): string {
  return join(folder, 'model.safetensors');
}

function stateFile(folder: string): string {
  return join(folder, 'state.json');
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
    data: () => readInPieces(variable, 0, parameter.shape[0]!),
  };
}
