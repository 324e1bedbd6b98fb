import { takeRows } from '../batching/batches.js';
import type { Config } from '../config/schema.js';
import { concatColumns, type WordColumns } from '../data/columns.js';
import { openSplit } from '../data/corpus.js';
import { indexed, selectionSha256 } from '../data/row-index.js';
import { selectRows } from '../data/row-sets.js';
import { openEngine } from '../engine/open.js';
import { PanxError } from '../errors.js';
import { openPredictions } from '../evaluation/predictions.js';
import { scoreWithPredictions } from '../evaluation/score-with-predictions.js';
import { loadTrained } from '../model/token-classifier.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { formatCount, notice, progress } from '../system/console.js';
import { fitLabels } from './corpus.js';
import { scoresText } from './narration.js';
import { readSplits } from './read-rows.js';
import type { ScoringTask } from './scoring.js';
import { leaveScoring } from './scoring-folder.js';
import type { StoredStage } from './store.js';
import { tellUnseen } from './unseen-words.js';

export interface ScoreRequest {
  store: StoreDirectory;
  stage: StoredStage;
  tasks: readonly ScoringTask[];
  config: Config;
  dataDir: string;
  label: string;
  signal?: AbortSignal | undefined;
}

/**
 * Score a trained stage on row sets, and leave each scoring in the store as soon as it is whole.
 *
 * @throws PanxError where the data cannot be read or the labels do not fit, and with exit code 130 where `signal` is aborted
 */
export async function scoreStage({ store, stage, tasks, config, dataDir, label, signal }: ScoreRequest): Promise<void> {
  const folder = stage.run.checkpoint;
  const splits = tasks.map(({ set }) => [set.lang, set.split] as const);
  const onProgress = (text: string) => progress(`${label}  ${text}`);
  // What it was trained with made its tokenizer.json, which says it from then on.
  const tokenization = { ...config.tokenization, lowerCase: null };
  const encoded = await readSplits({ ...config, tokenization }, folder, dataDir, splits, onProgress);
  const engine = await openEngine(config);
  const model = await loadTrained(
    folder,
    encoded.map(({ rows }) => rows.inputIds),
    engine.precision,
  );
  try {
    for (const [i, task] of tasks.entries()) {
      const split = encoded[i]!;
      const { rows: fitting, ids } = fitLabels(split, model.config.labels, folder);
      const order = selectRows(split.rows.rows, task.set.steps);
      const columns = await columnsOf(dataDir, task, order, config.corpora, ids);
      const rows = takeRows(fitting, order);
      tellUnseen([{ name: task.rows.name, rows }], ['scores'], config, model.config);
      const sentences = { columns, order, labelNames: model.config.labels };
      const stopIfAsked = () => {
        if (signal?.aborted) throw new PanxError(`${label} was stopped before ${task.rows.name} was scored.`, stopHint);
      };
      stopIfAsked();
      await leaveScoring(store, task, engine, async place => {
        const startedMs = performance.now();
        const file = openPredictions(place.predictions);
        try {
          const options = {
            batchSize: task.batchSize,
            weights: folder,
            onProgress: (done: number) => {
              progress(`${label}  score ${task.rows.name}  ${formatCount(done)}/${formatCount(rows.rows)} rows`);
              stopIfAsked();
            },
          };
          const { scores } = await scoreWithPredictions(model, rows, sentences, options, file.append);
          await file.close();
          notice(`${label}  ${scoresText(task.set.lang, task.set.split, scores)}`);
          return { scores, durationMs: performance.now() - startedMs };
        } finally {
          await file.discard();
        }
      });
    }
  } finally {
    model.dispose();
  }
}

const stopHint = { hint: 'Type the same command again to go on.', exitCode: 130 };

/** The words of a split, its tags by the ids of the model. @throws PanxError where its rows are not those that were planned with: hours may lie between */
async function columnsOf(
  dataDir: string,
  { set, rows }: ScoringTask,
  order: Int32Array,
  corpora: Config['corpora'],
  ids: Int32Array | null,
): Promise<WordColumns> {
  const source = indexed(await openSplit(dataDir, set.lang, set.split, corpora));
  const parts: WordColumns[] = [];
  for await (const { columns } of source.shards()) parts.push(columns);
  if (selectionSha256(await source.index(), order) === rows.sha256) {
    const columns = concatColumns(parts);
    return ids === null ? columns : { ...columns, tagIds: columns.tagIds.map(id => ids[id]!) };
  }
  throw new PanxError(`The rows of ${rows.name} are not those that were to be scored: the data were changed.`, {
    hint: 'Put the data back as they were, or type the command again.',
  });
}
