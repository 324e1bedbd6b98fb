import { type Command, Option } from 'commander';
import { PanxError } from '../../errors.js';
import { type ComparisonSettings, type Family, families } from '../../experiment/compare-subjects.js';

/** What was typed. */
export interface ComparisonOptions {
  trials?: string;
  seed?: string;
  alpha?: string;
  family: Family;
}

/** Add the options that say how to test. */
export function addComparisonOptions(command: Command): void {
  command
    .addOption(new Option('--trials <n>', `random samples, and random swaps (default: ${defaults.trials})`))
    .addOption(new Option('--seed <n>', `seed of the samples and swaps (default: ${defaults.seed})`))
    .addOption(new Option('--alpha <level>', `chance of a wrong verdict that is accepted (default: ${defaults.alpha})`))
    .addOption(
      new Option(
        '--family <tests>',
        'which tests Holm adjusts together: a pair in all languages, or all pairs in all languages',
      )
        .choices(families)
        .default('languages' satisfies Family),
    );
}

/** @throws PanxError for a number out of range, exit code 2 */
export function comparisonSettings({ trials, seed, alpha, family }: ComparisonOptions): ComparisonSettings {
  return {
    trials: wholeNumber('--trials', trials, defaults.trials, fewestTrials, mostTrials),
    seed: wholeNumber('--seed', seed, defaults.seed, 0, 2 ** 32 - 1),
    alpha: levelOf(alpha),
    family,
  };
}

const defaults = { trials: 10_000, seed: 42, alpha: 0.05 };
// With fewer a p-value of 0.05 is noise. The scores of all samples are in memory: 80 MB for two systems of five seeds and a million.
const fewestTrials = 100;
const mostTrials = 1_000_000;

function wholeNumber(
  option: string,
  typed: string | undefined,
  byDefault: number,
  least: number,
  most: number,
): number {
  if (typed === undefined) return byDefault;
  const value = Number(typed);
  if (/^\d{1,12}$/.test(typed) && value >= least && value <= most) return value;
  throw new PanxError(`${option} is "${typed}"; expected a whole number from ${least} to ${most}.`, { exitCode: 2 });
}

function levelOf(typed: string | undefined): number {
  if (typed === undefined) return defaults.alpha;
  const value = Number(typed);
  if (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) && value > 0 && value < 1) return value;
  throw new PanxError(`--alpha is "${typed}"; expected a number above 0 and below 1.`, {
    hint: '--alpha 0.05 accepts a wrong verdict in one of twenty comparisons of systems that do not differ.',
    exitCode: 2,
  });
}
