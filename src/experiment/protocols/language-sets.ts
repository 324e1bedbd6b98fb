import type { Config } from '../../config/schema.js';
import { PanxError } from '../../errors.js';
import { checkRowSettings, sizeOf } from '../row-settings.js';
import { checkScored, refuseChosen } from './checks.js';
import { type Role, rowsIn, type Stage, stageOf, type TrainRows } from './stage.js';

/** What `zero-shot` and `mixtures` have in common: a stage for each set of languages, from the base checkpoint. */

/** @throws PanxError where nothing would be scored, or languages are chosen elsewhere */
export function checkSets(config: Config): void {
  checkScored(config);
  refuseChosen(config, ['training.langs', 'evaluation.langs']);
  const langs = langsOf(setsOf(config));
  checkRowSettings({ training: { ...config.training, langs } }, config.study.score);
  // What a training listens to is held out of its own rows then.
  for (const set of config.training.resplit ? setsOf(config) : []) {
    const stray = config.training.monitorLangs.find(lang => !set.includes(lang));
    if (stray === undefined) continue;
    throw new PanxError(
      `training.monitorLangs names ${stray}, and a re-split of ${set.join(' + ')} holds no rows of it out; expected languages of every set.`,
      {
        hint: 'Leave training.monitorLangs out: each training listens to what its own re-split holds out.',
        exitCode: 2,
      },
    );
  }
}

/** Sets of languages to train on. */
export function setsOf({ study: { train, source } }: Config): string[][] {
  return train.length > 0 ? train : [[source]];
}

/** The languages of all sets. */
export function langsOf(sets: readonly (readonly string[])[]): string[] {
  return [...new Set(sets.flat())];
}

/**
 * A stage for each set. Its languages are concatenated in the order in which they are given; training.size and training.sizes say how many
 * rows of each, else all are taken.
 */
export function stagesOfSets(
  config: Config,
  sets: readonly string[][],
  trainRows: TrainRows,
  roleOf: (langs: readonly string[]) => Role = () => 'set',
): Stage[] {
  checkSets(config);
  return sets.map((langs, i) => {
    const sizes = Object.entries(config.training.sizes).filter(([lang]) => langs.includes(lang));
    for (const lang of langs) checkRows(config, lang, trainRows);
    const choice = {
      ...{ id: idOf(langs, i), phase: null, role: roleOf(langs), label: langs.join(' + '), langs: [...langs] },
      ...{ targetSamples: null, rows: { sizes: Object.fromEntries(sizes) }, startStage: null },
    };
    return stageOf(config, choice, trainRows);
  });
}

function checkRows({ training }: Config, lang: string, trainRows: TrainRows): void {
  const [asked, there] = [sizeOf(training, lang), rowsIn(trainRows, lang)];
  if (asked === null || asked <= there) return;
  throw new PanxError(
    `The study asks for ${asked} rows of ${lang}, but its train split has ${there}; expected up to ${there}.`,
    { hint: 'Choose training.size, or training.sizes for each language.', exitCode: 2 },
  );
}

/** "on-de", "on-de_fr"; of many languages their number: it is to be a folder's name. */
function idOf(langs: readonly string[], i: number): string {
  const names = langs.join('_');
  return `on-${names.length <= 40 ? names : `${langs.length}-languages-${i + 1}`}`;
}
