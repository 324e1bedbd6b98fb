import type { Config } from '../config/schema.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { endlessWarmup } from '../training/schedule.js';
import type { Narration } from './narration.js';
import type { Session } from './session.js';

/** Say what a session begins with, or goes on from, and what of its data and settings its user would not expect. @param trained whether it is only to score */
export function describeStart({ request, data, model, steps, start, narration }: Session, trained: boolean): void {
  const { truncatedRows, truncatedWords, emptyWords } = data.train;
  if (trained) narration.notice('trained already; scoring its checkpoint');
  else if (start.step > 0) narration.notice(`goes on after step ${start.step} of ${steps}`);
  const warmup = endlessWarmup(request.config.training, steps);
  if (warmup !== null && !trained) narration.notice(warmup);
  const { patience, select } = request.config.training;
  if (patience !== null && select === 'last' && start.step === 0 && !trained) {
    narration.notice('patience ends the training early, and its last weights are kept; --select best keeps the best');
  }
  if (start.step === 0 && !trained) describeHead(model, request.config, narration);
  if (truncatedRows > 0) {
    narration.notice(
      `${truncatedRows} training rows are longer than tokenization.maxLength: ${truncatedWords} words are cut off`,
    );
  }
  if (emptyWords > 0) narration.notice(`${emptyWords} words of the training rows give no subword`);
}

function describeHead(
  { headMissing, replacedLabels, config }: TokenClassifier,
  asked: Config,
  narration: Narration,
): void {
  if (replacedLabels !== null) {
    const labels = `${replacedLabels} ${replacedLabels === 1 ? 'label' : 'labels'}`;
    narration.notice(
      `a new classifier of ${config.labels.length} labels, drawn from the seed, takes the place of that of ${labels}`,
    );
  } else if (headMissing) narration.notice('the checkpoint has no classifier: a new one is drawn from the seed');
  else if (asked.training.newHead)
    narration.notice('the classifier of the checkpoint has these very labels, and stays');
}
