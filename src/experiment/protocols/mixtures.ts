import { PanxError } from '../../errors.js';
import { splitsFor } from './checks.js';
import { checkSets, langsOf, stagesOfSets } from './language-sets.js';
import type { Protocol } from './stage.js';

/** Each set of study.train, scored on every language of study.score: a matrix. */
export const mixtures: Protocol = {
  check(config) {
    checkSets(config);
    if (config.study.train.length > 0) return;
    throw new PanxError(
      'study.train is [], and the protocol mixtures trains on each of its sets; expected one or more.',
      {
        hint: 'Write study.train as [[de], [de, fr]], or type --train de --train de,fr.',
        exitCode: 2,
      },
    );
  },
  splitsToRead: config => splitsFor(config, langsOf(config.study.train), mixtures.scoredLangs(config)),
  scoredLangs: ({ study: { score, train } }) => (score.length > 0 ? score : langsOf(train)),
  stages: (config, trainRows) => stagesOfSets(config, config.study.train, trainRows),
};
