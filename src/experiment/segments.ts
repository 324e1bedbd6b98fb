import type { Config } from '../config/schema.js';
import { selectRows } from '../data/row-sets.js';
import { canonicalJson } from '../system/json.js';
import type { CorpusContents } from './inputs.js';
import type { Stage, StageSegments } from './protocols/stage.js';
import { readSplits } from './read-rows.js';
import { trainingSetsOf } from './row-settings.js';

/** Where the stages of a study read, and what. */
interface Places {
  /** The folders of the models that stages start from; one that panx does not know is missing. */
  models: ReadonlyMap<string, { folder: string }>;
  dataDir: string;
  contentOf: CorpusContents;
  /** Takes a line. */
  onProgress: (text: string) => void;
}

/**
 * Into how many segments the rows of stages are split. What they train on is encoded for that, or read from the cache of tokens: a stage would do it
 * otherwise, and finds it there.
 *
 * @throws PanxError as `readSplits` and `trainingSetsOf` do
 */
export async function countSegments(stages: readonly Stage[], places: Places): Promise<StageSegments> {
  const { models, dataDir, contentOf, onProgress } = places;
  const split = stages.filter(({ config }) => config.tokenization.longRows === 'split' && models.has(config.model));
  const segments: [stage: string, count: number][] = [];
  for (const alike of groupsOf(split, ({ config }) => canonicalJson([config.model, config.tokenization]))) {
    const { config } = alike[0]!;
    const langs = [...new Set(alike.flatMap(({ config }) => config.training.langs))];
    const splits = langs.map(lang => [lang, 'train'] as const);
    const encoded = await readSplits(config, models.get(config.model)!.folder, dataDir, splits, onProgress);
    const ofRows = new Map(encoded.map(({ lang, rows }) => [lang, rows.segments?.ofRow]));
    for (const { id, config, samples } of alike) {
      const count = segmentsIn(config, contentOf, ofRows);
      if (count > samples) segments.push([id, count]);
    }
  }
  return Object.fromEntries(segments);
}

/** @param ofRows `Segments.ofRow` of the train splits, by language; undefined where no row is split */
function segmentsIn(
  config: Config,
  contentOf: CorpusContents,
  ofRows: ReadonlyMap<string, Int32Array | undefined>,
): number {
  let count = 0;
  for (const { lang, steps } of trainingSetsOf(config, (lang, split) => contentOf(lang, split).index).training) {
    const ofRow = ofRows.get(lang);
    const rows = selectRows(contentOf(lang, 'train').index.rows, steps);
    count += ofRow === undefined ? rows.length : rows.reduce((sum, row) => sum + ofRow[row + 1]! - ofRow[row]!, 0);
  }
  return count;
}

/** What has one key, in the order of the first. */
function groupsOf<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return [...groups.values()];
}
