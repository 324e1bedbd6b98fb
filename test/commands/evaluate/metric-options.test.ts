import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  addMetricOptions,
  type MetricOptions,
  metricsOf,
  resamplingOf,
} from '../../../src/commands/evaluate/metric-options.js';

function typed(...args: string[]): MetricOptions {
  const command = new Command().exitOverride();
  addMetricOptions(command);
  return command.parse(args, { from: 'user' }).opts<MetricOptions>();
}

describe('--metrics', () => {
  it('is default or strict', () => {
    expect(metricsOf(typed())).toBe('default');
    expect(metricsOf(typed('--metrics', 'strict'))).toBe('strict');
    expect(() => metricsOf(typed('--metrics', 'strikt'))).toThrow('--metrics is "strikt"; did you mean "strict"?');
    expect(() => metricsOf(typed('--metrics', 'everything'))).toThrow('--metrics is "everything".');
  });
});

describe('--ci', () => {
  it('asks for 95% intervals of 1,000 samples unless told otherwise', () => {
    expect(resamplingOf(typed(), 7)).toBeNull();
    expect(resamplingOf(typed('--ci'), 7)).toEqual({ level: 0.95, samples: 1000, seed: 7 });
    expect(resamplingOf(typed('--ci', '0.9', '--ci-samples', '250'), 7)).toEqual({ level: 0.9, samples: 250, seed: 7 });
  });

  it.each(['0', '1', '95', '-0.5', 'en', ''])('refuses the level "%s"', level => {
    expect(() => resamplingOf(typed(`--ci=${level}`), 7)).toThrow(
      `--ci is "${level}"; expected a number above 0 and below 1.`,
    );
  });

  it.each(['0', '99', '1.5', '1e9', 'many'])('refuses %s samples', samples => {
    expect(() => resamplingOf(typed('--ci', '--ci-samples', samples), 7)).toThrow(
      `--ci-samples is "${samples}"; expected a whole number from 100 to 100000.`,
    );
  });

  it('refuses samples without intervals', () => {
    expect(() => resamplingOf(typed('--ci-samples', '500'), 7)).toThrow('--ci-samples is given without --ci');
  });
});
