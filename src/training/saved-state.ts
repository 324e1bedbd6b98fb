import type { TokenClassifier } from '../model/token-classifier.js';
import { type LogSeal, logSealShape } from '../run/events.js';
import { integer, number, object, type Shape, sha256Text } from '../system/checked-json.js';
import type { KeptWeights } from './kept-weights.js';
import type { Position } from './loop.js';
import { type Heard, heardShape } from './monitor.js';
import type { Optimizer } from './optimizer.js';

/**
 * A training state: all that an interrupted run needs to go on exactly where it stood. One folder each, made under
 * another name, flushed to the disk and renamed when whole; the one before is removed only then. The word table is the compact
 * one of the run. Streams of random numbers need no place in it: order and dropout are functions of seed and position.
 */
export interface SavedState {
  position: Position;
  optimizerSteps: number;
  unusedRowScale: number;
  vocabularyRows: number;
  /** SHA-256 of the tensors' file. */
  tensors: string;
  /** What the run's log was: it is gone on with too. */
  log: LogSeal;
  /** What was heard in the epochs that are over; left out where nothing is listened to. */
  heard?: Heard;
  /** Of the weights that are kept beside those in training: as `unusedRowScale`; left out where none are. Their tensors are there too. */
  keptRowScale?: number;
}

/** What of a training goes into its state. */
export interface InTraining {
  model: TokenClassifier;
  optimizer: Optimizer;
  /** Null where the last weights are those that are kept. */
  kept: KeptWeights | null;
  /** Null where nothing is listened to. */
  heard: Heard | null;
}

const count = integer({ min: 1 });

export const stateShape: Shape<SavedState> = object(
  {
    position: object({ step: count, epoch: integer({ min: 0 }), window: count }),
    optimizerSteps: count,
    unusedRowScale: number(),
    vocabularyRows: count,
    tensors: sha256Text,
    log: logSealShape,
  },
  { heard: heardShape, keptRowScale: number() },
);
