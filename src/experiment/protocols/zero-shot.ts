import type { Config } from '../../config/schema.js';
import { splitsFor } from './checks.js';
import { checkSets, langsOf, setsOf, stagesOfSets } from './language-sets.js';
import type { Protocol } from './stage.js';

/** The source, or each set of study.train, scored on languages that it was not trained on too. */
export const zeroShot: Protocol = {
  check: checkSets,
  splitsToRead: config => splitsFor(config, langsOf(setsOf(config)), scoredLangs(config)),
  scoredLangs,
  stages: (config, trainRows) =>
    stagesOfSets(config, setsOf(config), trainRows, langs =>
      langs.length === 1 && langs[0] === config.study.source ? 'source' : 'set',
    ),
};

function scoredLangs(config: Config): string[] {
  const { score, target } = config.study;
  return score.length > 0 ? score : [...new Set([...langsOf(setsOf(config)), target])];
}
