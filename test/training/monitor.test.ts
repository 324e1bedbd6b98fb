import { describe, expect, it } from 'vitest';
import {
  type Heard,
  hear,
  isOver,
  listens,
  type MonitorSettings,
  monitored,
  nothingHeard,
} from '../../src/training/monitor.js';

const quiet: MonitorSettings = {
  ...{ monitor: 'loss', patience: null, select: 'last', learningRate: 1 },
  ...{ schedule: 'linear', plateauPatience: 10, plateauFactor: 0.1 },
};

/** What was heard after each of some epochs. */
function heardAfter(values: number[], settings: Partial<MonitorSettings>): Heard[] {
  const all = { ...quiet, ...settings };
  const heard: Heard[] = [];
  for (const value of values) heard.push(hear(heard.at(-1) ?? nothingHeard(all), value, all));
  return heard;
}

it('listens where patience, a plateau or the best weights are asked for', () => {
  expect(listens(quiet)).toBe(false);
  expect(listens({ ...quiet, select: 'average' })).toBe(false);
  expect(
    [{ patience: 1 }, { schedule: 'plateau' }, { select: 'best' }].map(one =>
      listens({ ...quiet, ...one } as MonitorSettings),
    ),
  ).toEqual([true, true, true]);
});

describe('the best epoch', () => {
  it('is the first of equals; a loss is better the lower it is, F1 the higher', () => {
    expect(heardAfter([3, 2, 2, 4], {}).map(({ best }) => best!.epoch)).toEqual([1, 2, 2, 2]);
    expect(heardAfter([0.3, 0.2, 0.4, 0.4], { monitor: 'f1' }).map(({ best }) => best!.epoch)).toEqual([1, 1, 3, 3]);
    expect(heardAfter([0, 0], { monitor: 'f1' }).at(-1)!.best).toEqual({ epoch: 1, value: 0 });
  });

  it('may be better by as little as there is', () => {
    expect(heardAfter([1, 1 - 2 ** -53], {}).at(-1)!.best!.epoch).toBe(2);
  });
});

describe('patience', () => {
  it('counts the epochs in a row that are no better, and begins anew with one that is', () => {
    const heard = heardAfter([3, 4, 2, 2, 5, 1], { patience: 3 });
    expect(heard.map(({ withoutBetter }) => withoutBetter)).toEqual([0, 1, 0, 1, 2, 0]);
    expect(heard.some(now => isOver(now, { ...quiet, patience: 3 }))).toBe(false);
    expect(heard.map(now => isOver(now, { ...quiet, patience: 2 }))).toEqual([false, false, false, false, true, false]);
    expect(isOver(heard[4]!, quiet)).toBe(false);
  });
});

// What torch 2.13's ReduceLROnPlateau makes of the same.
describe('a plateau', () => {
  const rates = (values: number[], settings: Partial<MonitorSettings> = {}) =>
    heardAfter(values, { schedule: 'plateau', plateauPatience: 1, ...settings }).map(({ peak }) => peak);

  it('reduces the rate once more than `plateauPatience` epochs were no better, and then counts anew', () => {
    expect(rates([1, 1, 1, 1, 1])).toEqual([1, 1, 0.1, 0.1, 0.1 * 0.1]);
    expect(rates([1, 1, 0.5, 1, 1], { plateauFactor: 0.5 })).toEqual([1, 1, 1, 1, 0.5]);
  });

  it('takes less than a ten thousandth better for none', () => {
    expect(rates([1, 0.99991, 0.99991], { plateauPatience: 0 })).toEqual([1, 0.1, 0.1 * 0.1]);
    expect(rates([1, 0.9998, 0.99975], { plateauPatience: 0 })).toEqual([1, 1, 0.1]);
    expect(rates([0.5, 0.50004, 0.50006], { monitor: 'f1', plateauPatience: 0 })).toEqual([1, 0.1, 0.1]);
  });

  it('reduces no rate by less than 1e-8', () => {
    expect(rates([1, 1, 1], { plateauPatience: 0, learningRate: 1e-7 })).toEqual([1e-7, 1e-8, 1e-8]);
  });

  it('is none under another schedule', () => {
    expect(rates([1, 1, 1, 1], { schedule: 'constant', plateauPatience: 0 })).toEqual([1, 1, 1, 1]);
  });
});

it('an epoch is worth the mean over its splits, weighted with their rows', () => {
  const [en, tr] = [
    { rows: 30, loss: 0.1, f1: 0.9 },
    { rows: 10, loss: 0.5, f1: 0.5 },
  ];
  expect(monitored([en], { monitor: 'loss' })).toBe(0.1);
  expect(monitored([en, tr], { monitor: 'loss' })).toBeCloseTo(0.2, 15);
  expect(monitored([en, tr], { monitor: 'f1' })).toBeCloseTo(0.8, 15);
});
