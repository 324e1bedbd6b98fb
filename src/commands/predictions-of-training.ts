import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { endSplitOf } from '../experiment/row-settings.js';
import { scoreSubject } from '../experiment/score-subject.js';
import type { SubjectTraining, TrainedSubject } from '../experiment/subject.js';
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
  if (langs === null) tellOfMissing(training, found, split);
  const missing = asked.filter(lang => predictionsFor(found, lang, split) === undefined);
  if (missing.length === 0) return asked.map(lang => predictionsFor(found, lang, split)!);
  const all = await scoreFirst(training, missing, split, options);
  return asked.map(lang => predictionsFor(all, lang, split)!);
}

/** A study asked for these row sets, and their predictions are gone. */
function tellOfMissing({ name, scorings }: TrainedSubject, found: readonly FoundPredictions[], split: SplitName): void {
  const rows = Object.keys(scorings).filter(one => one.split(':')[0]!.endsWith(`/${split}`));
  const gone = rows.filter(one => !found.some(({ rows }) => rows === one));
  if (gone.length === 0) return;
  notice(
    `${name} has no predictions of ${gone.join(', ')} any more, which its study asked for; --lang scores them again`,
  );
}

/** @throws PanxError for an option that has no meaning for predictions by themselves */
function refuseUnused(name: string, { langs, split, data, store }: Asked): void {
  const typed = { '--lang': langs, '--split': split, '--data': data, '--store': store };
  for (const [option, value] of Object.entries(typed)) {
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

/**
 * Score a training on what it is not scored on yet. What is scored stays in the store.
 *
 * @returns all predictions of it that there are then
 */
export async function scoreFirst(
  training: TrainedSubject,
  missing: readonly string[],
  split: SplitName,
  { store, data }: Pick<Asked, 'store' | 'data'>,
): Promise<FoundPredictions[]> {
  stopping ??= abortOnSignals('stopping; what is scored already stays in the store');
  return await predictionsOf(
    await scoreSubject(training, missing, split, { store, data, signal: stopping, onNotice: notice }),
  );
}

/** One for all that is scored: each would tell of a Ctrl-C by itself. */
let stopping: AbortSignal | undefined;
