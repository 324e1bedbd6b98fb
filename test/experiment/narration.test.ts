import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { listeningOf } from '../../src/experiment/listening.js';
import { heardLines, scoresText, stepText } from '../../src/experiment/narration.js';
import { type Heard, hear, nothingHeard } from '../../src/training/monitor.js';

const report = {
  step: 120,
  epoch: 0,
  loss: 0.43214,
  gradNorm: 1,
  learningRate: 1.87e-5,
  rows: 32,
  subwords: 400,
  durationMs: 100,
};

describe('stepText', () => {
  it('names epoch, step, loss, rate, pace and the time left', () => {
    const plan = { epochs: 3, totalSteps: 1875, fromStep: 0 };
    // 119 steps after the first took 11.9 s.
    expect(stepText(report, plan, 119 * 32, 11_900)).toBe(
      'epoch 1/3  step 120/1,875  loss 0.4321  rate 1.87e-5  320 rows/s  2 min 56 s left',
    );
  });

  it('gives no pace before it is known', () => {
    expect(stepText({ ...report, step: 1 }, { epochs: 3, totalSteps: 10, fromStep: 0 }, 0, 0)).toBe(
      'epoch 1/3  step 1/10  loss 0.4321  rate 1.87e-5',
    );
  });

  it('counts only the steps of this process after a resume', () => {
    const plan = { epochs: 3, totalSteps: 200, fromStep: 100 };
    expect(stepText(report, plan, 19 * 32, 19_000)).toContain('32 rows/s  1 min 20 s left');
  });
});

it('scoresText', () => {
  const scores = { f1: 0.81234, precision: 0.8, recall: 0.825, accuracy: 0.93, loss: 0.2, rows: 10000 };
  expect(scoresText('en', 'test', scores)).toBe(
    'en test  micro F1 0.8123  precision 0.8000  recall 0.8250  accuracy 0.9300  (10,000 rows; seqeval default mode)',
  );
});

describe('heardLines', () => {
  const lines = async (assignments: string[], values: number[]) => {
    const { config } = await loadConfig({ assignments });
    const listening = listeningOf(config)!;
    const heard: Heard[] = [];
    return values.map(value => {
      heard.push(hear(heard.at(-1) ?? nothingHeard(config.training), value, config.training));
      return heardLines(heard, value, listening);
    });
  };

  it('tell how far the best epoch is back, and when it ends', async () => {
    expect(await lines(['training.patience=2', 'training.select=best'], [0.5, 0.25, 0.5, 0.26])).toEqual([
      ['epoch 1  loss of en/validation 0.5000, the best so far'],
      ['epoch 2  loss of en/validation 0.2500, the best so far'],
      ['epoch 3  loss of en/validation 0.5000, no better than 0.2500 of epoch 2 (1 of 2)'],
      [
        'epoch 4  loss of en/validation 0.2600, no better than 0.2500 of epoch 2 (2 of 2)',
        'ends early, after epoch 4, and keeps the weights of epoch 2',
      ],
    ]);
  });

  it('tell when a plateau reduces the learning rate, and to which splits they listen', async () => {
    const settings = [
      'training.schedule=plateau',
      'training.plateauPatience=0',
      'training.monitor=f1',
      'training.monitorLangs=[de,fr]',
    ];
    expect(await lines(settings, [0.5, 0.5])).toEqual([
      ['epoch 1  f1 of de/validation and fr/validation 0.5000, the best so far'],
      [
        'epoch 2  f1 of de/validation and fr/validation 0.5000, no better than 0.5000 of epoch 1',
        'learning rate reduced to 2.00e-6',
      ],
    ]);
  });
});
