import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventFileOf } from '../../../src/reporting/tensorboard/event-file.js';
import { bringTo } from '../../../src/reporting/tensorboard/follow.js';
import { shownRun } from '../../../src/reporting/tensorboard/stages.js';
import { buildCli, panx } from '../../built-cli.js';
import { score, someConfig, step, writeRun } from './some-run.js';

/** The Python that has TensorBoard: PANX_TEST_PYTHON, else python3; without one the tests are skipped. */
const python = [process.env.PANX_TEST_PYTHON, 'python3'].find(candidate => {
  if (candidate === undefined) return false;
  try {
    execFileSync(candidate, ['-c', 'import tensorboard'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const folder = mkdtempSync(join(tmpdir(), 'panx-tensorboard-'));
beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run<Result>(program: string, ...args: string[]): Result {
  const output = execFileSync(python!, ['-c', program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Result;
}

describe.skipIf(python === undefined)("TensorBoard's own reader", () => {
  it('reads what panx train and a study in several processes leave; the seeds of a row are one session group', () => {
    const sample = [
      '--sample',
      '--epochs',
      '2',
      '--learning-rate',
      '1e-3',
      '--eval-limit',
      '60',
      '--log',
      'tensorboard',
    ];
    expect(panx(['train', ...sample, '--lang', 'en', '--size', '64', '--out', join(folder, 'train')]).code).toBe(0);
    const file = join(folder, 'study.yaml');
    writeFileSync(file, 'study: {protocol: cumulative, source: en, target: tr, sizes: [40], seeds: 2}\n');
    const study = ['run', file, ...sample, '--jobs', '2', '--out', join(folder, 'study')];
    expect(panx(study).code).toBe(0);
    expect(panx(['verify', join(folder, 'study')]).code).toBe(0);

    const train = run<Read>(readFolder, join(folder, 'train', 'tensorboard'));
    expect(train.steps['train/loss']).toEqual([1, 2, 3, 4]);
    expect(Object.keys(train.steps).sort()).toEqual(
      [
        ...['loss', 'grad_norm', 'learning_rate', 'epoch'].map(name => `train/${name}`),
        ...['eval', 'test'].flatMap(kind =>
          ['loss', 'f1', 'precision', 'recall', 'accuracy'].map(name => `${kind}/${name}`),
        ),
      ].sort(),
    );
    expect(train.start.hparams).toMatchObject({ 'training.learningRate': 0.001, 'training.groupByLength': false });
    expect(train.end).toBe('STATUS_SUCCESS');

    const stages = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-40'];
    for (const stage of stages) {
      const [one, other] = [42, 43].map(seed =>
        run<Read>(readFolder, join(folder, 'study', 'tensorboard', `${stage}-seed-${seed}`)),
      );
      expect(one!.start).toEqual({ group: `study/${stage}`, hparams: other!.start.hparams });
      expect(other!.start.group).toBe(one!.start.group);
      expect(one!.steps['test/tr_f1']).toHaveLength(1);
      expect(one!.end).toBe('STATUS_SUCCESS');
    }
  });

  it('has each step once of a run that is interrupted and gone on with while it reads', async () => {
    const all = Array.from({ length: 40 }, (_, i) => step(i + 1));
    const events = [...all.slice(0, 20), score(20, 'en', 'validation', 0.5), ...all.slice(20)];
    const first = { startedAt: '2026-01-01T00:00:00.000Z', fromStep: 0 };
    const second = { startedAt: '2026-01-01T08:00:00.000Z', fromStep: 10 };
    const shown = shownRun(await someConfig(), 160, 'g');
    // The log as it grows; cut to the state of step 10 and gone on with; whole.
    const logs = [
      { events: events.slice(0, 15), sessions: [first] },
      { events: events.slice(0, 10), sessions: [first, second] },
      { events: events.slice(0, 12), sessions: [first, second] },
      { events: events.slice(0, 30), sessions: [first, second] },
      { events, sessions: [first, second] },
    ];
    const path = join(folder, 'live', 'events.out.tfevents.panx');
    const states: string[] = [];
    for (const { events, sessions } of logs) {
      // The run is not done in any of them.
      const { bytes } = await eventFileOf(writeRun(join(folder, 'log'), events, sessions), shown, null);
      states.push(Buffer.from(bytes).toString('base64'));
    }
    bringTo(path, Buffer.from(states[0]!, 'base64'));
    // What bringTo does to the file, done between two looks of one reader that holds it open.
    const found = run<{ seen: number[]; steps: number[] }>(
      readWhileItGrows,
      dirname(path),
      path,
      JSON.stringify(states),
    );
    expect(found.seen).toEqual([15, 15, 15, 29, 40]);
    expect(found.steps).toEqual(all.map(({ step }) => step));
  });
});

interface Read {
  steps: Record<string, number[]>;
  start: { group: string; hparams: Record<string, unknown> };
  end: string;
}

const readFolder = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import Status
import glob
accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
steps = {tag: [event.step for event in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]}
content = {}
for path in glob.glob(sys.argv[1] + "/*"):
    for event in EventFileLoader(path).Load():
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "hparams":
                content[value.tag] = value.metadata.plugin_data.content
start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
end = metadata.parse_session_end_info_plugin_data(content[metadata.SESSION_END_INFO_TAG])
hparams = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
print(json.dumps({
    "steps": steps,
    "start": {"group": start.group_name, "hparams": hparams},
    "end": Status.Name(end.status),
}))
`;

const readWhileItGrows = `
import base64, json, os, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
seen = []
for state in json.loads(sys.argv[3]):
    new = base64.b64decode(state)
    with open(sys.argv[2], "r+b") as file:
        old = file.read()
        if len(old) > len(new):
            file.truncate(len(new))
        at = next((i for i in range(min(len(old), len(new))) if old[i] != new[i]), min(len(old), len(new)))
        file.seek(at)
        file.write(new[at:])
    accumulator.Reload()
    seen.append(len(accumulator.Scalars("train/loss")))
print(json.dumps({"seen": seen, "steps": [event.step for event in accumulator.Scalars("train/loss")]}))
`;
