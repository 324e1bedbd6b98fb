import { inline, settingIn } from '../../config/describe.js';
import { type Config, settings } from '../../config/schema.js';
import { type SplitName, splitNames } from '../../data/splits.js';
import { PanxError } from '../../errors.js';
import { totalSteps } from '../../training/schedule.js';
import { checkRowSettings } from '../row-settings.js';
import type { Protocol, Stage } from './stage.js';

/** What a stage of a curriculum trains on: the target alone, the source alone, or, after the source, the target's rows of the k-th size. */
export type Phase = { trains: 'target' } | { trains: 'source' } | { trains: 'adapted'; k: number };

/** A phase as tables and folders call it: "1", "2", "3.1", "3.2", ... */
export function phaseNumber(phase: Phase): string {
  switch (phase.trains) {
    case 'target':
      return '1';
    case 'source':
      return '2';
    case 'adapted':
      return `3.${phase.k}`;
  }
}

/** The run directory of a phase inside the sweep's: phase-3.1-tr-250. @param size of the target's rows; null: all of them */
export function stageId(phase: Phase, lang: string, size: number | null): string {
  return `phase-${phaseNumber(phase)}-${lang}${size === null ? '' : `-${size}`}`;
}

/** A cross-lingual curriculum: `cumulative` and `from-source`. */
export const curriculumProtocol: Protocol = {
  check: checkSettings,
  splitsToRead,
  scoredLangs,
  stages: curriculum,
};

/**
 * The stages of a cross-lingual curriculum, in an order in which each comes after the one it starts from:
 *
 * - phase 1: the target alone, all rows, from the base checkpoint;
 * - phase 2: the source alone, all rows, from the base checkpoint; on the target it is the zero-shot model;
 * - phase 3.k: the first `sizes[k]` rows of the target's shuffled train split (nested subsets), after the source.
 *   Under `cumulative` 3.1 starts from phase 2 and each further one from the one before it; under `from-source` all
 *   start from phase 2.
 *
 * @param trainRows rows of the train split of the source and the target
 * @throws PanxError where a size is larger than the target's train split, and as `checkSettings` does
 */
function curriculum(config: Config, trainRows: Record<string, number>): Stage[] {
  const { source, target, sizes, protocol } = config.study;
  checkSettings(config);
  checkSizes(config, rowsOf(target, trainRows));
  const sourceOnly = stageOf(config, {
    phase: { trains: 'source' },
    label: source,
    lang: source,
    size: null,
    rows: rowsOf(source, trainRows),
    startStage: null,
  });
  const stages = [
    stageOf(config, {
      phase: { trains: 'target' },
      label: target,
      lang: target,
      size: null,
      rows: rowsOf(target, trainRows),
      startStage: null,
    }),
    sourceOnly,
  ];
  for (const [k, size] of sizes.entries()) {
    const before = protocol === 'cumulative' ? stages.at(-1)! : sourceOnly;
    stages.push(
      stageOf(config, {
        phase: { trains: 'adapted', k: k + 1 },
        label: `${source} → ${target} ${size}`,
        lang: target,
        size,
        rows: size,
        startStage: before.id,
      }),
    );
  }
  return stages;
}

/**
 * @throws PanxError where source and target are one, or a setting is given that the curriculum itself chooses
 */
function checkSettings(config: Config): void {
  const { source, target } = config.study;
  if (source === target) {
    throw new PanxError(`The source and the target of the study are both ${source}; expected two languages.`, {
      exitCode: 2,
    });
  }
  for (const setting of ['enabled', 'atEnd'] as const) {
    if (config.evaluation[setting]) continue;
    throw new PanxError(`evaluation.${setting} is false, but a study is a table of scores; expected true.`, {
      exitCode: 2,
    });
  }
  if (config.training.resplit) {
    throw new PanxError(
      'training.resplit is true, but the sizes of a curriculum are rows to train on; expected false.',
      {
        hint: 'Rows of a train split that are split again are trained on by panx train, or by a study of another protocol.',
        exitCode: 2,
      },
    );
  }
  for (const key of ['training.langs', 'training.size', 'training.sizes', 'evaluation.langs'] as const) {
    const [value, byDefault] = [inline(settingIn(config, key)), inline(settings.get(key)!.default)];
    if (value !== byDefault) {
      throw new PanxError(`${key} is ${value}, but a study chooses it for each stage; expected it to be left out.`, {
        hint: 'A study is told its languages and sizes by study.source, study.target and study.sizes, and what to score by study.score.',
        exitCode: 2,
      });
    }
  }
  checkRowSettings({ training: { ...config.training, langs: [source, target] } }, scoredLangs(config));
}

function stageOf(
  config: Config,
  choice: {
    phase: Phase;
    label: string;
    lang: string;
    size: number | null;
    rows: number;
    startStage: string | null;
  },
): Stage {
  const { phase, label, lang, size, rows, startStage } = choice;
  return {
    id: stageId(phase, lang, size),
    phase,
    label,
    samples: rows,
    startStage,
    steps: totalSteps(rows, config.training),
    config: {
      ...config,
      training: { ...config.training, langs: [lang], size },
      evaluation: { ...config.evaluation, langs: scoredLangs(config) },
    },
  };
}

/** The splits that a study reads, all of its two languages among them: a damaged file is found before hours of training. */
function splitsToRead(config: Config): [lang: string, split: SplitName][] {
  const { source, target } = config.study;
  const whole = [source, target].flatMap(lang => splitNames.map((split): [string, SplitName] => [lang, split]));
  const others = scoredLangs(config).filter(lang => lang !== source && lang !== target);
  return [...whole, ...others.map((lang): [string, SplitName] => [lang, 'test'])];
}

/** The languages whose test splits every stage is scored on. */
function scoredLangs({ study: { score, source, target } }: Config): string[] {
  return score.length > 0 ? score : [source, target];
}

function checkSizes({ study: { target, sizes }, training }: Config, targetRows: number): void {
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

function rowsOf(lang: string, trainRows: Record<string, number>): number {
  const rows = trainRows[lang];
  if (rows === undefined) throw new Error(`the rows of ${lang} are not known`);
  return rows;
}
