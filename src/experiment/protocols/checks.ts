import { inline, settingIn } from '../../config/describe.js';
import { type Config, type Key, settings } from '../../config/schema.js';
import { type SplitName, splitNames } from '../../data/splits.js';
import { PanxError } from '../../errors.js';
import { checkRowSettings, endSplitOf } from '../row-settings.js';
import { type Protocol, rowsIn, type TrainRows } from './stage.js';

/** A protocol of a source, a target and sizes, which are looked at before its stages are made. */
export function pairProtocol(stages: Protocol['stages']): Protocol {
  return {
    check: checkPair,
    splitsToRead: splitsOfPair,
    scoredLangs: scoredOfPair,
    stages(config, trainRows) {
      checkPair(config);
      checkSizes(config, trainRows);
      return stages(config, trainRows);
    },
  };
}

/** @throws PanxError where a study of a source and a target has one language for both, or chooses rows that its stages choose */
function checkPair(config: Config): void {
  const { source, target } = config.study;
  if (source === target) {
    throw new PanxError(`The source and the target of the study are both ${source}; expected two languages.`, {
      exitCode: 2,
    });
  }
  checkScored(config);
  if (config.training.resplit) {
    throw new PanxError('training.resplit is true, but the sizes of a study are rows to train on; expected false.', {
      hint: 'Rows of a train split that are split again are trained on by panx train, or by the protocols mixtures and zero-shot.',
      exitCode: 2,
    });
  }
  refuseChosen(config, ['training.langs', 'training.size', 'training.sizes', 'evaluation.langs']);
  checkRowSettings({ training: { ...config.training, langs: [source, target] } }, scoredOfPair(config));
}

/** @throws PanxError where nothing would be scored */
export function checkScored(config: Config): void {
  for (const setting of ['enabled', 'atEnd'] as const) {
    if (config.evaluation[setting]) continue;
    throw new PanxError(`evaluation.${setting} is false, but a study is a table of scores; expected true.`, {
      exitCode: 2,
    });
  }
}

/** @throws PanxError where a setting is given that a study's protocol itself chooses for each stage */
export function refuseChosen(config: Config, keys: readonly Key[]): void {
  for (const key of keys) {
    const [value, byDefault] = [inline(settingIn(config, key)), inline(settings.get(key)!.default)];
    if (value === byDefault) continue;
    throw new PanxError(`${key} is ${value}, but a study chooses it for each stage; expected it to be left out.`, {
      hint: 'A study is told its languages and sizes by study.source, study.target and study.sizes, and what to score by study.score.',
      exitCode: 2,
    });
  }
}

/** @throws PanxError where a size is larger than the target's train split */
function checkSizes({ study: { target, sizes }, training }: Config, trainRows: TrainRows): void {
  const targetRows = rowsIn(trainRows, target);
  const largest = sizes.at(-1)!;
  if (largest <= targetRows) return;
  const has = Object.hasOwn(training.fractions, target) ? 'training.fractions leaves' : 'its train split has';
  const fitting = sizes
    .filter(size => size <= targetRows)
    .slice(0, 20)
    .join(',');
  throw new PanxError(
    `The study asks for ${largest} rows of ${target}, but ${has} ${targetRows}; expected sizes up to ${targetRows}.`,
    { hint: `Choose other sizes, such as --sizes ${fitting || targetRows} (study.sizes).`, exitCode: 2 },
  );
}

/** All splits of the languages that are trained on, and the test splits of the others that are scored. */
export function splitsFor(
  config: Config,
  trained: readonly string[],
  scored: readonly string[],
): [lang: string, split: SplitName][] {
  const whole = trained.flatMap(lang => splitNames.map((split): [string, SplitName] => [lang, split]));
  const others = scored.filter(lang => !trained.includes(lang));
  return [...whole, ...others.map((lang): [string, SplitName] => [lang, endSplitOf(config)])];
}

/** The languages that a study of a source and a target scores. */
function scoredOfPair({ study: { score, source, target } }: Config): string[] {
  return score.length > 0 ? score : [source, target];
}

/** The splits that it reads. */
function splitsOfPair(config: Config): [lang: string, split: SplitName][] {
  return splitsFor(config, [config.study.source, config.study.target], scoredOfPair(config));
}
