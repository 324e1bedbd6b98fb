import { existsSync } from 'node:fs';
import { nameRows } from '../data/row-sets.js';
import type { SplitName } from '../data/splits.js';
import { resolveEngine } from '../engine/open.js';
import { PanxError } from '../errors.js';
import { isDone } from '../run/directory.js';
import { storeDirectory } from '../run/store-directory.js';
import { arithmeticOf, isCurrent } from './identity.js';
import { readCorpus } from './inputs.js';
import { recordsOf } from './places.js';
import { readIdentity } from './records.js';
import { scoredSet } from './row-settings.js';
import { scoreStage } from './score-stored.js';
import { findScoring, scoredTokenization, scoringTask } from './scoring.js';
import { openStore, storePath } from './store.js';
import type { TrainedSubject } from './subject.js';

/**
 * Score a training on splits of which there are no predictions yet, as a study would, and leave them in the store.
 *
 * @param options.store folder of the store for a run outside of one
 * @param options.data where the data lies now, where it was moved since the run
 * @throws PanxError where the weights are not there, or the data cannot be read, and with exit code 130 where `signal` is aborted
 */
export async function scoreSubject(
  training: TrainedSubject,
  langs: readonly string[],
  split: SplitName,
  options: {
    store?: string | undefined;
    data?: string | undefined;
    signal?: AbortSignal;
    onNotice(text: string): void;
  },
): Promise<TrainedSubject> {
  const { run, name } = training;
  if (!existsSync(run.checkpoint)) {
    const rows = langs.map(lang => `${lang}/${split}`).join(', ');
    if (!isDone(run)) {
      throw new PanxError(`${name} has no predictions of ${rows}: it is not finished.`, {
        hint: 'Go on with it by panx train --resume, with the settings that it was begun with.',
      });
    }
    throw new PanxError(`${name} has no predictions of ${rows}, and its weights are not there any more.`, {
      hint:
        Object.keys(training.scorings).length === 0
          ? `Its checkpoint would be ${run.checkpoint}. Train it again.`
          : 'Give its study these languages in study.score, or keep its weights with study.keep, and type panx run again.',
    });
  }
  const identity = await readIdentity(run);
  if (!isCurrent(identity)) {
    throw new PanxError(`${name} was trained by panx 0.2 or older, whose runs have no predictions.`, {
      hint: 'panx evaluate scores its checkpoint.',
    });
  }
  const { dataDir } = await recordsOf(run, options.data === undefined ? {} : { data: options.data });
  const contentOf = await readCorpus(
    dataDir,
    langs.map(lang => [lang, split] as const),
    training.config.corpora,
  );
  const engine = await resolveEngine(training.config);
  const config = { ...training.config, precision: engine.precision };
  const tasks = langs.map(lang => {
    const { index } = contentOf(lang, split);
    const set = scoredSet(config, lang, split, index.rows);
    return scoringTask({
      ...{ stage: identity.key, set, rows: nameRows(set, index), tokenization: scoredTokenization(config) },
      ...{ arithmetic: arithmeticOf(engine), batchSize: config.evaluation.batchSize },
    });
  });
  const store =
    training.store === null ? await openStore(storePath(options.store)) : storeDirectory(training.store.root);
  const missing: typeof tasks = [];
  for (const task of tasks) if ((await findScoring(store, task, options.onNotice)) === null) missing.push(task);
  const { signal } = options;
  if (missing.length > 0) {
    options.onNotice(
      `${name} is not scored on ${missing.map(({ rows }) => rows.name).join(', ')} yet: that comes first`,
    );
  }
  const stage = { run, identity, checkpoint: {}, hasWeights: true, isOwn: false };
  if (missing.length > 0) await scoreStage({ store, stage, tasks: missing, config, dataDir, label: name, signal });
  return { ...training, store };
}
