import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { endSplitOf } from '../experiment/row-settings.js';
import { scoreSubject } from '../experiment/score-subject.js';
import type { SubjectTraining } from '../experiment/subject.js';
import { type FoundPredictions, predictionsFor, predictionsOf } from '../experiment/subject-predictions.js';
import { notice } from '../system/console.js';
import { abortOnSignals } from './interrupt.js';
import { languagesOf, toSplit } from './lists.js';

/** Which predictions are asked for, as it was typed. */
interface Asked {
  langs?: string;
  split?: string;
  store?: string;
  data?: string;
}

/**
 * The predictions of a training that are asked for: without languages, all that there are of the split. What is not scored yet is scored first.
 *
 * @throws PanxError where there are none and no language is named, and as `scoreSubject` does
 */
export async function predictionsOfTraining(training: SubjectTraining, options: Asked): Promise<FoundPredictions[]> {
  const found = await predictionsOf(training);
  if (training.kind !== 'run') {
    refuseUnused(training.name, options);
    return found;
  }
  const split = options.split === undefined ? endSplitOf(training.config) : toSplit('--split', options.split);
  const langs = options.langs === undefined ? null : languagesOf('--lang', options.langs, training.config.corpora);
  const asked = langs ?? [...new Set(found.filter(one => one.split === split).map(({ lang }) => lang!))];
  if (asked.length === 0) {
    const { langs: trained } = training.config.training;
    throw new PanxError(
      `${training.name} has no predictions of a ${split} split yet; expected the languages to score.`,
      {
        hint: `Add --lang ${trained.join(',')}: they are scored first.`,
        exitCode: 2,
      },
    );
  }
  const missing = asked.filter(lang => predictionsFor(found, lang, split) === undefined);
  if (missing.length === 0) return asked.map(lang => predictionsFor(found, lang, split)!);
  return await scoredFirst(training, asked, missing, split, options);
}

/** @throws PanxError for an option that has no meaning for predictions by themselves */
function refuseUnused(name: string, { langs, split, data }: Asked): void {
  for (const [option, value] of Object.entries({ '--lang': langs, '--split': split, '--data': data })) {
    if (value === undefined) continue;
    throw new PanxError(
      `${option} is given, and ${name} holds the predictions of one row set; expected no ${option}.`,
      {
        hint: `Leave ${option} out, or give a run, which has several.`,
        exitCode: 2,
      },
    );
  }
}

async function scoredFirst(
  training: SubjectTraining & { kind: 'run' },
  asked: readonly string[],
  missing: readonly string[],
  split: SplitName,
  { store, data }: Asked,
): Promise<FoundPredictions[]> {
  notice(
    `${training.name} is not scored on ${missing.map(lang => `${lang}/${split}`).join(', ')} yet: that comes first`,
  );
  const signal = abortOnSignals('stopping; what is scored already stays in the store');
  const scored = await scoreSubject(training, missing, split, { store, data, signal, onNotice: notice });
  const found = await predictionsOf(scored);
  return asked.map(lang => predictionsFor(found, lang, split)!);
}
