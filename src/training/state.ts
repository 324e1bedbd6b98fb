import { existsSync } from 'node:fs';
import { lstat, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import tf = require('@tensorflow/tfjs-core');

import { openSafetensors, writeSafetensors } from '../checkpoint/safetensors.js';
import { PanxError } from '../errors.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import type { LogSeal } from '../run/events.js';
import { stateLayout, stepLayout } from '../run/layouts.js';
import { anything, checkJson, object, readJsonAs, sha256Text } from '../system/checked-json.js';
import { sha256 } from '../system/checksums.js';
import { cannotWrite, flushFolder, makeFolder, reasonOf, sha256OfFile, writeJson } from '../system/files.js';
import { removeMade } from '../system/made.js';
import { temporaryNeighbour } from '../system/temporary.js';
import type { Course } from './course.js';
import { differenceFrom, type ExpectedOfState } from './expected-state.js';
import type { Position } from './loop.js';
import { createOptimizer, type Optimizer, type OptimizerSettings } from './optimizer.js';
import { type InTraining, type SavedState, stateShape } from './saved-state.js';
import { faultOfTensors, nameIn, tensorsOfState } from './state-tensors.js';

/** The content of state.json: the state, and the SHA-256 of that as JSON. */
const sealedShape = object({ state: anything, sha256: sha256Text });

/**
 * Save the state under `root`, then remove older ones. A state of this step that is there already is told what the log
 * is now.
 *
 * @param log what the run's log is: it must be on the disk by now
 * @throws PanxError where it cannot be written (the disk is full, say), naming the older state that is still good.
 */
export async function saveState(root: string, training: InTraining, position: Position, log: LogSeal): Promise<void> {
  const { model, optimizer, kept, heard } = training;
  const folder = folderOf(root, position.step);
  if (existsSync(folder)) return await writeJson(stateFile(folder), seal({ ...(await openSeal(folder)), log }));
  const temporary = temporaryNeighbour(folder);
  try {
    makeFolder(temporary);
    await writeSafetensors(tensorsFile(temporary), tensorsOfState(training));
    const state: SavedState = {
      position,
      optimizerSteps: optimizer.steps,
      unusedRowScale: model.unusedRowScale,
      vocabularyRows: model.vocabulary.ids.length,
      tensors: await sha256OfFile(tensorsFile(temporary)),
      log,
      ...(heard === null ? {} : { heard }),
      ...(kept === null || kept.variables.size === 0 ? {} : { keptRowScale: kept.unusedRowScale }),
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

/**
 * The newest whole state under `root`, or null.
 *
 * @throws PanxError where that is no folder that can be read; nor may it be a link, as older states are removed from it
 */
export async function findState(root: string): Promise<string | null> {
  try {
    const there = await lstat(root).catch(() => null);
    if (there === null) return null;
    if (there.isSymbolicLink()) throw damaged(root, 'it is a link, not a folder');
    const whole = (await readdir(root)).filter(name => /^step-\d{8,}$/.test(name)).sort();
    return whole.length === 0 ? null : join(root, whole.at(-1)!);
  } catch (error) {
    throw error instanceof PanxError ? error : damaged(root, reasonOf(error));
  }
}

/**
 * What a saved state says, where that is possible in this training. Its tensors are not looked at.
 *
 * @throws PanxError where the state is damaged
 */
export async function openState(folder: string, course: Course): Promise<SavedState> {
  const state = await openSeal(folder);
  const { step } = state.position;
  const wrong = (what: string, found: unknown, expected: unknown) =>
    damaged(stateFile(folder), `${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  if (folder !== folderOf(dirname(folder), step)) throw wrong('position.step', step, Number(folder.split('-').at(-1)));
  if (step > course.steps) {
    throw damaged(stateFile(folder), `position.step is ${step}, and the training has ${course.steps} steps`);
  }
  const position = course.positionAfter(step);
  for (const key of ['epoch', 'window'] as const) {
    if (state.position[key] !== position[key]) throw wrong(`position.${key}`, state.position[key], position[key]);
  }
  if (state.optimizerSteps !== step) throw wrong('optimizerSteps', state.optimizerSteps, step);
  return state;
}

/**
 * Put a saved state into a model that was loaded from the same starting checkpoint for the same data.
 *
 * @param kept takes the weights that were kept beside those in training; null where none are
 * @returns the optimizer and the position to go on from.
 * @throws PanxError where the state is damaged, or of another model or other data.
 */
export async function restoreState(
  folder: string,
  model: TokenClassifier,
  settings: OptimizerSettings,
  kept: InTraining['kept'],
  expected: ExpectedOfState,
): Promise<{ optimizer: Optimizer; position: Position }> {
  const state = await openState(folder, expected.course);
  if (state.vocabularyRows !== model.vocabulary.ids.length) {
    throw new PanxError(
      `The training state ${folder} was made on data with ${state.vocabularyRows} different subwords; this run's data has ${model.vocabulary.ids.length}.`,
      { hint: 'Run it with the data and settings it was started with, or choose another output folder.' },
    );
  }
  const difference = differenceFrom(expected, state, model.network.wordTable.trainable);
  if (difference !== null) throw damaged(stateFile(folder), difference);
  await checkTensorsFile(folder, state);
  const source = await openSafetensors(tensorsFile(folder));
  try {
    const isKept = state.keptRowScale !== undefined;
    const fault = faultOfTensors(source, model, isKept);
    if (fault !== null) throw damaged(tensorsFile(folder), fault);
    const optimizer = createOptimizer(model.parameters, settings, state.optimizerSteps);
    for (const [parameter, { first, second }] of optimizer.moments) {
      // One tensor at a time on the host.
      const variables = { weights: parameter.variable, first, second };
      for (const part of ['weights', 'first', 'second'] as const) {
        const variable = variables[part];
        const values = await source.read(nameIn(part, parameter));
        variable.assign(tf.tensor(values, parameter.shape, 'float32'));
      }
    }
    model.unusedRowScale = state.unusedRowScale;
    if (isKept) await kept!.restore(state.keptRowScale!, parameter => source.read(nameIn('kept', parameter)));
    return { optimizer, position: state.position };
  } finally {
    await source.close();
  }
}

function seal(state: SavedState): { state: SavedState; sha256: string } {
  return { state, sha256: sha256(JSON.stringify(state)) };
}

/** What state.json says, where it is as it was written. */
async function openSeal(folder: string): Promise<SavedState> {
  const path = stateFile(folder);
  try {
    const { state, sha256: sum } = await readJsonAs(path, sealedShape);
    if (sha256(JSON.stringify(state)) !== sum)
      throw damaged(path, 'its content does not have the SHA-256 that it names');
    return checkJson({ state }, object({ state: stateShape }), path).state;
  } catch (error) {
    if (!(error instanceof PanxError) || error.message.startsWith(damage)) throw error;
    throw new PanxError(`${damage}: ${error.message}`, { hint: damageHint, cause: error });
  }
}

async function checkTensorsFile(folder: string, { tensors }: SavedState): Promise<void> {
  const found = await sha256OfFile(tensorsFile(folder)).catch((error: unknown) => {
    throw damaged(tensorsFile(folder), reasonOf(error));
  });
  if (found !== tensors) throw damaged(tensorsFile(folder), `its SHA-256 is ${found}, expected ${tensors}`);
}

const damage = 'The training state is damaged';
const damageHint = 'Copy the file again from a backup, or start the run anew (panx train: with --force).';

function damaged(path: string, why: string): PanxError {
  return new PanxError(`${damage}: ${path}: ${why}.`, { hint: damageHint });
}

function tensorsFile(folder: string): string {
  return join(folder, 'model.safetensors');
}

function stateFile(folder: string): string {
  return join(folder, 'state.json');
}

function folderOf(root: string, step: number): string {
  return join(root, `step-${String(step).padStart(8, '0')}`);
}
