import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { openTensors } from '../checkpoint/weights.js';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { modelFile, tokenizerFiles } from '../run/model-files.js';
import { formatBytes } from '../system/console.js';
import type { PlannedWork } from './look-at-study.js';

/** Bytes that a study takes on the disk of its store. */
export interface DiskNeed {
  /** At most, while it is worked on, beyond what is there already. */
  peak: number;
  /** What stays of that in the end. */
  kept: number;
}

/** What one checkpoint and one training state of a study take. */
export interface Sizes {
  checkpoint: number;
  state: number;
}

/**
 * The sizes of what a training from a model leaves: its weights in float32 with the tokenizer's files; and a training state, which has of
 * every weight three numbers (four where others than the last weights are kept), of the word table only the rows of the training data, and two
 * of which are there while one replaces the other.
 *
 * @param mostWords rows of the word table that a training uses, at most
 */
export async function sizesOf(
  modelDir: string,
  mostWords: number,
  { select }: Pick<Config['training'], 'select'>,
): Promise<Sizes> {
  const numbers = select === 'last' ? 3 : 4;
  const source = await openTensors(modelDir);
  let [weights, state] = [0, 0];
  try {
    for (const [name, { shape }] of source.tensors) {
      const count = shape.reduce((product, size) => product * size, 1);
      weights += 4 * count;
      const rows = shape[0] ?? 1;
      const used = name.endsWith('word_embeddings.weight') ? Math.min(1, mostWords / rows) : 1;
      state += 2 * numbers * 4 * count * used;
    }
  } finally {
    await source.close();
  }
  let tokenizer = 0;
  for (const name of tokenizerFiles) tokenizer += await sizeOf(resolve(modelDir, name));
  // One that is made takes at most three times the bytes that it is made of.
  if ((await sizeOf(resolve(modelDir, modelFile.tokenizer))) === 0) tokenizer += 3 * tokenizer;
  return { checkpoint: weights + tokenizer, state };
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** What a plan needs at most: the stages in their order, each with its state until it is trained, weights going as soon as nothing needs them. */
export function diskNeed(plan: readonly PlannedWork[], { checkpoint, state }: Sizes, jobs: number): DiskNeed {
  const training = weightsToMake(plan);
  const left = new Set(plan.filter(({ done }) => !done).map(({ stage }) => stage.id));
  const there = new Set<string>();
  let peak = 0;
  for (const { stage } of plan) {
    if (training.has(stage.id)) there.add(stage.id);
    left.delete(stage.id);
    if (training.has(stage.id)) peak = Math.max(peak, there.size * checkpoint);
    for (const id of there) {
      const { task, trained } = plan.find(({ stage }) => stage.id === id)!;
      // What is trained once more stays until the stage is trained that it is made for, be it through others.
      const isStart = [...left].some(other => (trained ? comesFrom(plan, other, id) : startOf(plan, other) === id));
      if (!task.keep && !isStart && !left.has(id)) there.delete(id);
    }
  }
  const atOnce = Math.min(jobs, training.size);
  // Side by side, as many checkpoints more may be there as there are jobs beyond one.
  if (atOnce > 0) peak += atOnce * state + (atOnce - 1) * checkpoint;
  return { peak, kept: there.size * checkpoint };
}

function startOf(plan: readonly PlannedWork[], id: string): string | null {
  return plan.find(({ stage }) => stage.id === id)!.stage.startStage;
}

/** Whether a stage starts from another one, or from one that does. */
function comesFrom(plan: readonly PlannedWork[], id: string, from: string): boolean {
  const start = startOf(plan, id);
  return start !== null && (start === from || comesFrom(plan, start, from));
}

/** The stages whose weights are to be made: those not trained, and those whose weights were let go and are needed again. */
export function weightsToMake(plan: readonly PlannedWork[]): Set<string> {
  const made = new Set<string>();
  for (const { stage, task, trained, hasWeights, done } of plan.toReversed()) {
    const isStart = plan.some(other => other.stage.startStage === stage.id && made.has(other.stage.id));
    const isNeeded = isStart || task.keep || !done;
    if (!trained || (isNeeded && !hasWeights)) made.add(stage.id);
  }
  return made;
}

/** "needs at most 6.9 GB of disk, of which 1.1 GB stay; 30.0 GB are free in results/store" */
export function diskText({ peak, kept }: DiskNeed, free: number, folder: string): string {
  return `needs at most ${formatBytes(peak)} of disk, of which ${formatBytes(kept)} stay; ${formatBytes(free)} are free in ${folder}`;
}

/** @throws PanxError where there is not so much room */
export function refuseLack(need: DiskNeed, free: number, folder: string): void {
  if (need.peak <= free) return;
  throw new PanxError(
    `The study needs at most ${formatBytes(need.peak)} of disk in ${folder}, and ${formatBytes(free)} are free there; nothing was trained.`,
    { hint: 'Make room (panx rm --unused), choose another store with --store, or keep fewer weights (study.keep).' },
  );
}

/** Bytes free to this user where a folder is, or will be. */
export async function freeBytes(folder: string): Promise<number> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const found = await statfs(place).catch(() => null);
    if (found !== null) return found.bavail * found.bsize;
    if (place === dirname(place)) return Number.POSITIVE_INFINITY;
  }
}
