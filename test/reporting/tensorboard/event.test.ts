import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  scalarsEvent,
  sessionEndEvent,
  sessionStartEvent,
  versionEvent,
} from '../../../src/reporting/tensorboard/event.js';
import { integerField, varint } from '../../../src/reporting/tensorboard/protobuf.js';
import { record } from '../../../src/reporting/tensorboard/record.js';
import { packageRoot } from '../../../src/system/package.js';

const golden = join(packageRoot, 'test', 'fixtures', 'golden', 'tensorboard');
const start = 1796035598.125;

it('events are those that TensorBoard itself writes, byte for byte', () => {
  const hparams = {
    'training.learningRate': 2e-5,
    'training.warmupSteps': 0,
    model: 'FacebookAI/xlm-roberta-base',
    trained_on: 'en → tr 250',
    'training.groupByLength': false,
    'training.newHead': true,
  };
  const events = [
    versionEvent(start),
    sessionStartEvent(start, 'en-tr/phase-3.1-tr-250', hparams),
    scalarsEvent(start + 0.5, 1, [
      { tag: 'train/loss', value: 2.014150619506836 },
      { tag: 'train/grad_norm', value: 0 },
      { tag: 'train/epoch', value: 1 / 3 },
    ]),
    scalarsEvent(start + 1, 300, [
      { tag: 'train/loss', value: 1e-8 },
      { tag: 'train/learning_rate', value: 2e-5 },
    ]),
    scalarsEvent(start + 2, 0, [{ tag: 'eval/tr_f1', value: 0.87654321 }]),
    sessionEndEvent(start + 2, 'success'),
  ];
  const lengths: unknown = JSON.parse(readFileSync(join(golden, 'lengths.json'), 'utf8'));
  expect(events.map(event => event.length)).toEqual(lengths);
  const file = readFileSync(join(golden, 'events.out.tfevents.golden'));
  expect(Buffer.concat(events.map(record)).toString('hex')).toBe(file.toString('hex'));
});

// The examples of protobuf.dev, and the largest that a number of JavaScript holds exactly.
it.each([
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [150, '9601'],
  [2 ** 32, '8080808010'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
])('%d as a varint', (value, bytes) => {
  expect(varint(value).toString('hex')).toBe(bytes);
});

it('field 1 with 150 is 08 96 01', () => {
  expect(integerField(1, 150).toString('hex')).toBe('089601');
});
