import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.js';
import type { NamedRows, RowSet } from '../data/row-sets.js';
import { listed, PanxError } from '../errors.js';
import type { Scores } from '../evaluation/score.js';
import { scoringLayout } from '../run/layouts.js';
import type { ScoringDirectory, StoreDirectory } from '../run/store-directory.js';
import {
  anything,
  integer,
  number,
  object,
  oneOf,
  readJsonAs,
  record,
  type Shape,
  sha256Text,
  text,
} from '../system/checked-json.js';
import { changesSince, changesText, checksumsShape, sha256 } from '../system/checksums.js';
import { canonicalJson } from '../system/json.js';
import { strangersIn } from '../system/made.js';
import { type Arithmetic, arithmeticShape } from './identity.js';
import { checkMark, otherThanFolder } from './outputs.js';
import { scoresShape } from './stage.js';
import { setAside } from './store-moves.js';
import { withWeightsLock } from './weights-lock.js';

/** Rows that a stage is scored on, and how: all that the scores depend on beside its weights. */
export interface ScoringTask {
  /** SHA-256 of all of it: the name of its folder in the store. */
  key: string;
  /** Key of the stage. */
  stage: string;
  set: RowSet;
  rows: NamedRows;
  /** A trained stage has a tokenizer.json, so `lowerCase` says nothing of it. */
  tokenization: ScoredTokenization;
  arithmetic: Arithmetic;
  /** Of the evaluation loss, which depends on it. */
  batchSize: number;
}

/** `longRows` is there where rows are split: what was scored before there was such a setting keeps its key. */
type ScoredTokenization = Pick<Config['tokenization'], 'maxLength' | 'emptyWords'> & { longRows?: 'split' };

export function scoredTokenization({ tokenization }: Pick<Config, 'tokenization'>): ScoredTokenization {
  const { maxLength, emptyWords, longRows } = tokenization;
  return { maxLength, emptyWords, ...(longRows === 'split' ? { longRows } : {}) };
}

/** The key is made of contents; what the rows are called is not in it. */
export function scoringTask(parts: Omit<ScoringTask, 'key'>): ScoringTask {
  return { key: keyOfScoring(parts), ...parts };
}

function keyOfScoring({ stage, rows, tokenization, arithmetic, batchSize }: Omit<ScoringTask, 'key' | 'set'>): string {
  return sha256(canonicalJson({ stage, rows: rows.sha256, tokenization, arithmetic, batchSize }));
}

/** A scoring that was found in the store. */
export interface FoundScoring {
  scores: Scores;
  durationMs: number;
}

/**
 * Look for a scoring in the store. One that is not any more as it was left is set aside.
 *
 * @param onNotice told of such a scoring, in a sentence
 * @param only look: nothing is set aside
 */
export async function findScoring(
  store: StoreDirectory,
  task: ScoringTask,
  onNotice: (text: string) => void,
  only = false,
): Promise<FoundScoring | null> {
  const place = store.scoring(task.key);
  const first = await lookAtScoring(place, task);
  if (first.damage === null) return first.found;
  // Another process may have set it aside, and made it anew: not so under this lock.
  return await withWeightsLock(store, async () => {
    const { found, damage } = await lookAtScoring(place, task);
    if (damage !== null) {
      const what = `the scoring of ${task.rows.name} in ${place.root} is not as it was left, and is not taken: ${damage}`;
      onNotice(only ? what : `${what}; it is set aside as ${await setAside(store, task.key, place.root)}`);
    }
    return found;
  });
}

async function lookAtScoring(
  place: ScoringDirectory,
  task: ScoringTask,
): Promise<{ found: FoundScoring | null; damage: string | null }> {
  const other = await otherThanFolder(place.root);
  if (other !== null) return { found: null, damage: `it ${other}, not a folder` };
  if (!existsSync(place.root)) return { found: null, damage: null };
  try {
    return { found: await readScoring(place, task), damage: null };
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return { found: null, damage: withoutFolder(error.message, place) };
  }
}

async function readScoring(place: ScoringDirectory, task: ScoringTask): Promise<FoundScoring> {
  const { scores, durationMs, metric: _, ...of } = await checkScoring(place);
  const wanted = recordOf(task);
  if (canonicalJson({ ...of, rows: of.rows.sha256 }) !== canonicalJson({ ...wanted, rows: wanted.rows.sha256 })) {
    throw new PanxError(`${place.scores} is of another scoring than its folder`);
  }
  return { scores, durationMs };
}

/** What scores.json says. */
export interface StoredScores extends Omit<ScoringTask, 'set'> {
  metric: string;
  scores: Scores;
}

/** Look at a scoring's files: whether they are those that it left. @throws PanxError where they are not */
export async function checkScoring(place: ScoringDirectory): Promise<StoredScores & { durationMs: number }> {
  await checkMark(place.mark, 'scoring', null);
  const strangers = await strangersIn(place.root, scoringLayout);
  if (strangers.length > 0) throw new PanxError(`it holds what no scoring leaves: ${listed(strangers)}`);
  const sums = await readJsonAs(place.checksums, checksumsShape);
  const expected = ['predictions.jsonl.gz', 'scores.json'];
  if (canonicalJson(Object.keys(sums).sort()) !== canonicalJson(expected)) {
    throw new PanxError(`${place.checksums} does not name ${listed(expected)}.`);
  }
  const changes = changesText(await changesSince(place.root, sums));
  if (changes !== null) throw new PanxError(changes);
  const stored = await readJsonAs(place.scores, storedShape);
  if (stored.key !== keyOfScoring(stored)) throw new PanxError(`${place.scores}: key is not that of its content`);
  const { durationMs } = await readJsonAs(place.environment, environmentShape);
  return { ...stored, durationMs };
}

/**
 * A scoring that a command reads.
 *
 * @throws PanxError naming its folder where it is not there, or not as it was left
 */
export async function openScoring(place: ScoringDirectory): Promise<StoredScores & { durationMs: number }> {
  const hint = 'Type panx run with its study again: it sets aside what is damaged, and scores anew.';
  if (!existsSync(place.root)) throw new PanxError(`The scoring ${place.root} is not there.`, { hint });
  try {
    return await checkScoring(place);
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    const what = withoutFolder(error.message, place);
    throw new PanxError(`The scoring ${place.root} is not as it was left: ${what}.`, { hint, cause: error });
  }
}

/** The sentence of an error as the end of another one. */
function withoutFolder(message: string, { root }: ScoringDirectory): string {
  return message.replaceAll(`${root}/`, '').replace(/\.$/, '');
}

/** What a folder's scores.json says, as it stands there: nothing is hashed. @throws PanxError where it is damaged */
export async function readScores(
  place: ScoringDirectory,
): Promise<Pick<ScoringTask, 'key' | 'stage' | 'rows'> & { scores: Scores }> {
  return await readJsonAs(place.scores, storedShape);
}

/** How long a scoring took; null where nothing says so. */
export async function scoringMs(place: ScoringDirectory): Promise<number | null> {
  return await readJsonAs(place.environment, environmentShape).then(
    ({ durationMs }) => durationMs,
    () => null,
  );
}

/** What scores.json says beside the scores. */
export function recordOf({ set: _, ...record }: ScoringTask): Omit<ScoringTask, 'set'> {
  return record;
}

const storedShape: Shape<StoredScores> = object({
  key: sha256Text,
  stage: sha256Text,
  rows: object({ name: text(), sha256: sha256Text }),
  tokenization: object(
    { maxLength: integer({ min: 3 }), emptyWords: oneOf('drop', 'unk') },
    { longRows: oneOf('split') },
  ),
  arithmetic: arithmeticShape,
  batchSize: integer({ min: 1 }),
  metric: text(),
  scores: scoresShape,
});

/** Where a scoring was made, and how long it took; differs from machine to machine. */
const environmentShape = object({
  panx: text(),
  node: text(),
  engine: record(anything),
  scoredAt: text(),
  durationMs: number({ min: 0 }),
});
