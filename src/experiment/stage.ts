import type { Config } from '../config/schema.js';
import type { ResplitCounts } from '../data/resplit.js';
import type { Scores } from '../evaluation/score.js';
import { unseenShape } from '../run/events.js';
import { integer, number, object, oneOf, orNull, record, type Shape, text } from '../system/checked-json.js';
import type { Checksums } from '../system/checksums.js';
import type { Profile } from '../system/profile.js';
import type { LossCounts } from '../tokenization/losses.js';
import type { RunData } from './corpus.js';
import type { StageIdentity } from './identity.js';

/** One training of an experiment: what to train on, from what, and the run directory it goes into. */
export interface StageRequest {
  config: Config;
  /** Folder of the checkpoint that training starts from. */
  startFrom: string;
  /** Its files' checksums, by name. */
  startFiles: Checksums;
  /** Folder that holds PAN-X.<lang>/. */
  dataDir: string;
  /** Its rows, where they were read already. */
  data?: RunData;
  /** The run directory. */
  out: string;
  /** What determines the results; a run of another identity is not gone on with. */
  identity: StageIdentity;
  /** Go on from the training state that an interrupted run left in `out`. */
  resume: boolean;
  /** Called once the folder is locked: throws where it is not any more what it was when this stage was asked for. */
  check?: () => Promise<void>;
  /** Called once the folder says which run it holds: nothing was refused. */
  onBegun?: () => Promise<void>;
  /** What progress lines call it. */
  label: string;
  /** Aborted when the user wants to stop: leave a training state and throw, or finish. */
  signal?: AbortSignal;
  /** Milliseconds that what comes after this stage will take, at a pace; for progress lines. */
  outlook?: (msPerRow: number) => number;
  /** Watch the engine for this profile, and leave its trace in the run directory. Results do not depend on it. */
  profile?: Profile | null;
}

/** What a finished stage is worth; the content of its metrics.json. */
export interface StageMetrics {
  /** Training rows. */
  rows: number;
  /** The segments that they were split into, which training visits; absent where none was split. */
  segments?: number;
  /** What of the training rows the model does not see, by language; absent where it sees all. */
  unseen?: Record<string, LossCounts>;
  /** Optimizer steps. */
  steps: number;
  /** Mean of the steps' losses; null where no step had a label. */
  trainLoss: number | null;
  /** What the scores are, in words; null where nothing was scored. */
  metric: string | null;
  /** Scores of the test splits by language; fractions of 1. After a re-split they are those of the validation splits. */
  test: Record<string, Scores>;
  /** How many rows a re-split left where, and what it dropped; absent without one. */
  resplit?: ResplitCounts;
  /** Left out where training listened to no score and kept its last weights. */
  selection?: Selection;
}

/** How long a training went on, and which weights it kept. */
export interface Selection {
  /** Epochs trained. */
  epochs: number;
  select: 'last' | 'best' | 'average';
  /** The epoch whose weights were kept; null where they are the mean of all. */
  epoch: number | null;
  /** What was listened to, such as "loss of en/validation"; null where nothing was. */
  monitor: string | null;
  /** The best epoch by that, and what it was there. */
  best: { epoch: number; value: number } | null;
}

const fraction = number({ min: 0, max: 1 });

export const scoresShape: Shape<Scores> = object(
  {
    precision: fraction,
    recall: fraction,
    f1: fraction,
    accuracy: fraction,
    loss: number(),
    rows: integer({ min: 1 }),
  },
  { unseen: unseenShape },
);

const count = integer({ min: 0 });
const epochNumber = integer({ min: 1 });

const resplitShape: Shape<ResplitCounts> = object({
  fit: count,
  held: count,
  dropped: object({ short: count, long: count, few: count }),
});

const selectionShape: Shape<Selection> = object({
  epochs: epochNumber,
  select: oneOf('last', 'best', 'average'),
  epoch: orNull(epochNumber),
  monitor: orNull(text()),
  best: orNull(object({ epoch: epochNumber, value: number() })),
});

export const metricsShape: Shape<StageMetrics> = object(
  {
    rows: integer({ min: 1 }),
    steps: integer({ min: 1 }),
    trainLoss: orNull(number()),
    metric: orNull(text()),
    test: record(scoresShape),
  },
  { segments: integer({ min: 1 }), unseen: record(unseenShape), resplit: resplitShape, selection: selectionShape },
);

/** What a finished stage came to, and how long it took: training and scoring, loading not counted. */
export interface StageResult {
  metrics: StageMetrics;
  durationMs: number;
}
