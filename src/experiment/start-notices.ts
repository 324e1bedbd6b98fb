import { type Mixture, mixtureCounts } from '../batching/mixture.js';
import type { Config } from '../config/schema.js';
import type { ResplitCounts } from '../data/resplit.js';
import { formatCount } from '../system/console.js';
import { endlessWarmup } from '../training/schedule.js';
import type { RunData } from './corpus.js';
import type { Session } from './session.js';

/** How the languages of a training share its epochs; null where every row comes once, as of one language it does. */
export function mixtureOf({ training }: Config, { trainRows }: Pick<RunData, 'trainRows'>): Mixture | null {
  const { temperature } = training;
  return temperature === null || trainRows.length === 1 ? null : { temperature, rows: trainRows };
}

/** What a stage says when it begins or goes on, a line each. @param trained it is still to be scored, and nothing else */
export function startNotices(
  config: Config,
  data: RunData,
  { model, steps, start, trained }: Pick<Session, 'model' | 'steps' | 'start'> & { trained: boolean },
): string[] {
  const { truncatedRows, truncatedWords, emptyWords } = data.train;
  const notices = rowNotices(config, data);
  if (trained) notices.push('trained already; scoring its checkpoint');
  else if (start.step > 0) notices.push(`goes on after step ${start.step} of ${steps}`);
  const warmup = endlessWarmup(config.training, steps);
  if (warmup !== null && !trained) notices.push(warmup);
  if (model.headMissing && start.step === 0)
    notices.push('the checkpoint has no classifier: a new one is drawn from the seed');
  if (truncatedRows > 0) {
    notices.push(
      `${truncatedRows} training rows are longer than tokenization.maxLength: ${truncatedWords} words are cut off`,
    );
  }
  if (emptyWords > 0) notices.push(`${emptyWords} words of the training rows give no subword`);
  return notices;
}

/** What it says of its rows; nothing where they are what everybody takes them for. */
function rowNotices(config: Config, data: Pick<RunData, 'trainRows' | 'resplit'>): string[] {
  const notices: string[] = [];
  if (data.resplit !== null) notices.push(resplitText(config, data.resplit));
  const mixture = mixtureOf(config, data);
  if (mixture !== null) {
    const counts = mixtureCounts(mixture);
    const shares = config.training.langs.map((lang, i) => {
      return `${formatCount(counts[i]!)} of ${lang} (it has ${formatCount(mixture.rows[i]!)})`;
    });
    notices.push(`rows of an epoch at temperature ${mixture.temperature}: ${shares.join(', ')}`);
  }
  return notices;
}

/** "re-split: 15,994 rows to fit, 3,999 held out; dropped: 7 longer than 100 words" */
export function resplitText({ training }: Config, { fit, held, dropped }: ResplitCounts): string {
  const [first, last] = [training.lengthBins[0]!, training.lengthBins.at(-1)!];
  const kinds = [
    [dropped.short, first === 0 ? 'without words' : `of ${first} ${first === 1 ? 'word' : 'words'} or fewer`],
    [dropped.long, `longer than ${last} words`],
    [dropped.few, 'alone in their bins'],
  ] as const;
  const told = kinds.flatMap(([count, what]) => (count === 0 ? [] : [`${formatCount(count)} ${what}`]));
  const loss = told.length === 0 ? 'none dropped' : `dropped: ${told.join(', ')}`;
  return `re-split: ${formatCount(fit)} rows to fit, ${formatCount(held)} held out; ${loss}`;
}
