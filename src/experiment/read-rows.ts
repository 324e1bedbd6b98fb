import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { fittedToFolder } from '../model/room.js';
import { progress } from '../system/console.js';
import { phase } from '../system/profile.js';
import { openTokenizer } from '../tokenization/tokenizer.js';
import { type EncodedSplit, loadRunData, loadSplits, type RunData } from './corpus.js';
import type { StageIdentity } from './identity.js';
import { namedRowsOf } from './inputs.js';
import { splitsOfStudy } from './study-plan.js';

/**
 * Read, encode and select the rows of a run, as the model of the checkpoint that it starts from reads them, with progress for the user.
 *
 * @param label what progress lines begin with
 */
export async function readRunData(config: Config, startFrom: string, dataDir: string, label: string): Promise<RunData> {
  const fitted = await fittedToFolder(config, startFrom);
  const tokenizer = await phase('load tokenizer', () => openTokenizer(startFrom, config.tokenization));
  const onProgress = (text: string) => progress(`${label}  ${text}`);
  return await phase('read data', () => loadRunData({ dataDir, tokenizer, config: fitted, onProgress }));
}

/** How many rows an epoch has. */
export function rowsVisited({ trainRows }: Pick<RunData, 'trainRows'>): number {
  return trainRows.reduce((sum, rows) => sum + rows, 0);
}

/** @throws PanxError where rows are not those that a stage was planned with: hours may lie between */
export function refuseOtherRows(planned: StageIdentity, config: Config, { contentOf }: RunData): void {
  const now = namedRowsOf(config, contentOf);
  for (const which of ['training', 'validation', 'test'] as const) {
    const changed = now[which].find(({ sha256 }, i) => planned.rows[which][i]?.sha256 !== sha256);
    if (changed === undefined) continue;
    throw new PanxError(
      `The rows of ${changed.name} are not those that ${planned.id} was to work on: the data were changed.`,
      {
        hint: 'Put the data back as they were, or type the command again.',
      },
    );
  }
}

/**
 * Splits, encoded as the model of a folder reads them.
 *
 * @param onProgress takes a line
 * @throws PanxError as `fittedToFolder` and `loadSplits` do
 */
export async function readSplits(
  config: Config,
  modelDir: string,
  dataDir: string,
  splits: Parameters<typeof loadSplits>[1],
  onProgress: (text: string) => void,
): Promise<EncodedSplit[]> {
  const fitted = await fittedToFolder(config, modelDir);
  const tokenizer = await openTokenizer(modelDir, config.tokenization);
  return await loadSplits({ dataDir, tokenizer, config: fitted, onProgress }, splits);
}

/** How many different subwords the train splits of a study hold: as many rows of the word table a training state has at most. */
export async function distinctSubwords(config: Config, dataDir: string, modelDir: string): Promise<number> {
  const trained = splitsOfStudy(config).filter(([, split]) => split === 'train');
  const splits = await readSplits(config, modelDir, dataDir, trained, progress);
  const seen = new Set<number>();
  for (const { rows } of splits) for (const id of rows.inputIds) seen.add(id);
  return seen.size;
}
