import { type Command, Option } from 'commander';
import { nearest, PanxError } from '../../errors.js';
import type { Resampling } from '../../evaluation/bootstrap.js';
import { type Metrics, metricsKinds } from '../../evaluation/entity-scores.js';

/** What was typed: commander gives `true` for --ci without a level. */
export interface MetricOptions {
  metrics: string;
  ci?: true | string;
  ciSamples?: string;
}

/** Add the options that say which scores to give. */
export function addMetricOptions(command: Command): void {
  command
    .option(
      '--metrics <kind>',
      'default: seqeval default mode; strict: strict IOB2 beside it, micro, macro and span-only',
      'default',
    )
    .option(
      '--ci [level]',
      `add confidence intervals by bootstrap over rows, seeded by --seed (level: ${defaultLevel})`,
    )
    .addOption(new Option('--ci-samples <n>', `bootstrap samples of --ci (default: ${defaultSamples})`));
}

/** @throws PanxError naming the kinds where there is none of that name */
export function metricsOf({ metrics }: MetricOptions): Metrics {
  const kind = metricsKinds.find(known => known === metrics);
  if (kind !== undefined) return kind;
  const suggestion = nearest(metrics, metricsKinds);
  throw new PanxError(
    `--metrics is "${metrics}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`,
    {
      hint: `The kinds are ${metricsKinds.join(' and ')}.`,
      exitCode: 2,
    },
  );
}

/** The resampling that --ci asks for, null without it. @throws PanxError for a level or a number out of range */
export function resamplingOf({ ci, ciSamples }: MetricOptions, seed: number): Resampling | null {
  if (ci === undefined) {
    if (ciSamples === undefined) return null;
    throw new PanxError('--ci-samples is given without --ci, so there are no intervals to sample for.', {
      hint: 'Add --ci, or leave --ci-samples out.',
      exitCode: 2,
    });
  }
  const level = ci === true ? defaultLevel : Number(ci);
  if (!(level > 0 && level < 1)) {
    throw new PanxError(`--ci is "${ci}"; expected a number above 0 and below 1.`, {
      hint: `--ci 0.9 gives 90% intervals; --ci alone ${defaultLevel * 100}% ones.`,
      exitCode: 2,
    });
  }
  const samples = ciSamples === undefined ? defaultSamples : Number(ciSamples);
  if (!Number.isInteger(samples) || samples < fewestSamples || samples > mostSamples) {
    throw new PanxError(
      `--ci-samples is "${ciSamples}"; expected a whole number from ${fewestSamples} to ${mostSamples}.`,
      { exitCode: 2 },
    );
  }
  return { level, samples, seed };
}

const defaultLevel = 0.95;
const defaultSamples = 1000;
// With fewer the ends of an interval are noise; with more they no longer move.
const fewestSamples = 100;
const mostSamples = 100_000;
