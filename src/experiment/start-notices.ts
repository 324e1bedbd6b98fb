import { type Mixture, mixtureCounts } from '../batching/mixture.js';
import type { Config } from '../config/schema.js';
import { labelsNotice } from '../data/label-names.js';
import type { ResplitCounts } from '../data/resplit.js';
import type { TokenClassifier } from '../model/token-classifier.js';
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
  const notices = rowNotices(config, data);
  if (trained) notices.push('trained already; scoring its checkpoint');
  else if (start.step > 0) notices.push(`goes on after step ${start.step} of ${steps}`);
  const warmup = endlessWarmup(config.training, steps);
  if (warmup !== null && !trained) notices.push(warmup);
  if (start.step === 0 && !trained) notices.push(...beginning(config, model));
  return notices;
}

/** What it says where it begins. */
function beginning({ training }: Config, { headMissing, replacedLabels, unused, config }: TokenClassifier): string[] {
  const notices: string[] = [];
  if (training.patience !== null && training.select === 'last') {
    notices.push('patience ends the training early, and its last weights are kept; --select best keeps the best');
  }
  if (replacedLabels !== null) {
    const labels = `${replacedLabels} ${replacedLabels === 1 ? 'label' : 'labels'}`;
    notices.push(
      `a new classifier of ${config.labels.length} labels, drawn from the seed, takes the place of that of ${labels}`,
    );
  } else if (headMissing) notices.push('the checkpoint has no token classifier: a new one is drawn from the seed');
  else if (training.newHead) notices.push('the classifier of the checkpoint has these very labels, and stays');
  if (unused !== null) notices.push(unused);
  const understood = labelsNotice(config.labels);
  if (understood !== null) notices.push(understood);
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
