import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { checkHistory, checkWholeLog, type Plan, planOf, type Sealed } from '../../src/experiment/history.js';
import type { LogFiles } from '../../src/run/events.js';
import { sha256 } from '../../src/system/checksums.js';

let folder: string;
let files: LogFiles;
let plan: Plan;
/** A run of 2 epochs of 2 steps on 5 rows, line by line. */
let events: string[];
let times: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-history-'));
  const { config } = await loadConfig({
    assignments: [
      'training.batchSize=4',
      'training.epochs=2',
      'training.learningRate=0.5',
      'evaluation.langs=[en, tr]',
      'evaluation.limit=10',
    ],
  });
  plan = planOf(config, 5);
  const step = (number: number, epoch: number, rows: number, learningRate: number) =>
    ({ event: 'step', step: number, epoch, loss: 1 / number, gradNorm: 2, learningRate, rows, subwords: 30 }) as const;
  const score = (at: number, epoch: number, lang: string, split: string) => {
    const scores = { precision: 1, recall: 0.5, f1: 2 / 3, accuracy: 0.9, loss: 0.5, rows: 10 };
    return { event: 'evaluation', step: at, epoch, lang, split, ...scores } as const;
  };
  const all = [
    step(1, 0, 4, 0.5),
    step(2, 0, 1, 0.375),
    score(2, 1, 'en', 'validation'),
    step(3, 1, 4, 0.25),
    step(4, 1, 1, 0.125),
    score(4, 2, 'en', 'validation'),
    score(4, 2, 'en', 'test'),
    score(4, 2, 'tr', 'test'),
  ];
  events = all.map(event => `${JSON.stringify(event)}\n`);
  times = all.map(({ event, step, rows }) => `${JSON.stringify({ event, step, rows, durationMs: 1.5 })}\n`);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  const own = await mkdtemp(join(folder, 'log-'));
  files = { events: join(own, 'events.jsonl'), times: join(own, 'times.jsonl') };
  await write(events, times);
});

async function write(eventLines: readonly string[], timeLines: readonly string[]): Promise<void> {
  await writeFile(files.events, eventLines.join(''));
  await writeFile(files.times, timeLines.join(''));
}

/** The seal of a state of this step that was saved after so many lines. */
function stateOf(step: number, lines: number): Sealed {
  const log = { events: sha256(events.slice(0, lines).join('')), times: sha256(times.slice(0, lines).join('')) };
  return { when: `the training state of step ${step} was saved`, step, trained: false, log };
}

/** The seal of a trained run after so many lines. */
function trainedOf(lines: number): Sealed {
  return { ...stateOf(4, lines), trained: true, when: 'the trained model was sealed' };
}

function bytesOf(lines: number) {
  return { events: events.slice(0, lines).join('').length, times: times.slice(0, lines).join('').length };
}

describe('the whole log of a run', () => {
  it('has the lines that its settings make, and gives its mean loss and its scores', async () => {
    const { trainLoss, test } = await checkWholeLog(files, plan);
    expect(trainLoss).toBe((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4);
    expect([...test].map(([lang, { split, f1 }]) => [lang, split, f1])).toEqual([
      ['en', 'test', 2 / 3],
      ['tr', 'test', 2 / 3],
    ]);
  });

  it('may neither lack a line, nor have one twice, nor in another place', async () => {
    for (const [i] of events.entries()) {
      await write(events.toSpliced(i, 1), times.toSpliced(i, 1));
      await expect(checkWholeLog(files, plan), `without line ${i + 1}`).rejects.toThrow(
        i === 7
          ? `${files.events} ends after line 7; expected the score of tr test at step 4 next.`
          : `${files.events}, line ${i + 1} `,
      );
      await write(events.toSpliced(i, 0, events[i]!), times.toSpliced(i, 0, times[i]!));
      await expect(checkWholeLog(files, plan), `line ${i + 1} twice`).rejects.toThrow(
        `${files.events}, line ${i + 2} `,
      );
      if (i === 7) continue;
      await write(events.toSpliced(i, 2, events[i + 1]!, events[i]!), times);
      await expect(checkWholeLog(files, plan), `line ${i + 1} after the next`).rejects.toThrow(
        `${files.events}, line ${i + 1} `,
      );
    }
  });

  it('may not have more lines than the run made', async () => {
    await write([...events, events[7]!], times);
    await expect(checkWholeLog(files, plan)).rejects.toThrow(
      `${files.events}, line 9 is one too many: the run was over before.`,
    );
    await write(events, [...times, times[7]!]);
    await expect(checkWholeLog(files, plan)).rejects.toThrow(`${files.times}, line 9 is one too many`);
  });

  it.each<[line: number, change: object, sentence: string]>([
    [2, { step: 3 }, 'line 2 is step 3, expected step 2.'],
    [2, { epoch: 1 }, 'line 2 has epoch 1, expected 0.'],
    [2, { rows: 4 }, 'line 2 has rows 4, expected 1.'],
    [2, { learningRate: 0.376 }, 'line 2 has learningRate 0.376, expected 0.375.'],
    [3, { lang: 'tr' }, 'line 3 has lang "tr", expected "en".'],
    [3, { split: 'test' }, 'line 3 has split "test", expected "validation".'],
    [3, { step: 1 }, 'line 3 is the score of en validation at step 1, expected the score of en validation at step 2.'],
    [3, { f1: 0.9 }, 'line 3 has f1 0.9, expected 0.6666666666666666, as its precision and recall make it.'],
    [3, { rows: 11 }, 'line 3 has rows 11, expected 10 at most (evaluation.limit).'],
    [3, { precision: 0, recall: 0, f1: 0 }, ''],
  ])('line %i with %j in it', async (line, change, sentence) => {
    const changed = `${JSON.stringify({ ...JSON.parse(events[line - 1]!), ...change })}\n`;
    await write(events.toSpliced(line - 1, 1, changed), times);
    if (sentence === '') await checkWholeLog(files, plan);
    else await expect(checkWholeLog(files, plan)).rejects.toThrow(`${files.events}, ${sentence}`);
  });

  it('has a time for every event', async () => {
    await write(events, times.toSpliced(3, 1));
    await expect(checkWholeLog(files, plan)).rejects.toThrow(`${files.times}, line 4 has step 4, expected 3.`);
    await write(events, times.slice(0, 7));
    await expect(checkWholeLog(files, plan)).rejects.toThrow(`${files.times} ends after line 7; expected the score of`);
    await rm(files.times);
    await expect(checkWholeLog(files, plan)).rejects.toThrow(`${files.times} cannot be read: no such file or folder.`);
  });
});

describe('a log that is gone on with', () => {
  it('is kept as far as the state knows it, whatever came later', async () => {
    for (const [step, lines] of [
      [1, 1],
      [2, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [4, 6],
    ] as const) {
      for (const later of ['', events.slice(lines).join(''), '\0\0\0\0\n\n', '{"event":', 'x'.repeat(50_000)]) {
        await write([...events.slice(0, lines), later], [...times.slice(0, lines), later]);
        const { bytes, evaluations } = await checkHistory(files, plan, stateOf(step, lines));
        expect(bytes).toEqual(bytesOf(lines));
        expect(evaluations).toEqual(
          events
            .slice(0, lines)
            .filter(text => text.includes('evaluation'))
            .map(text => JSON.parse(text)),
        );
      }
    }
  });

  it('of a trained run is kept with the scores that were noted with it', async () => {
    for (const lines of [6, 7, 8]) {
      const { bytes, evaluations } = await checkHistory(files, plan, trainedOf(lines));
      expect(bytes).toEqual(bytesOf(lines));
      expect(evaluations.filter(({ split }) => split === 'test')).toHaveLength(lines - 6);
      const { log, ...rest } = trainedOf(lines);
      expect((await checkHistory(files, plan, { ...rest, log: { ...log, times: null } })).bytes).toEqual(
        bytesOf(lines),
      );
    }
  });

  it('may not end before the state', async () => {
    for (const lines of [0, 1, 3]) {
      await write(events.slice(0, lines), times.slice(0, lines));
      await expect(checkHistory(files, plan, stateOf(3, 4))).rejects.toMatchObject({
        message: expect.stringContaining(`${files.events} ends after line ${lines}; expected `),
        hint: 'Copy the file again from a backup, or start the run anew (panx train: with --force).',
      });
    }
    await write(events.slice(0, 2), times.slice(0, 2));
    await expect(checkHistory(files, plan, stateOf(2, 3))).rejects.toThrow(
      `${files.events}: its lines 1 to 2 are not as they were when the training state of step 2 was saved.`,
    );
    await rm(files.events);
    await expect(checkHistory(files, plan, stateOf(3, 4))).rejects.toThrow(`${files.events} cannot be read: no such `);
  });

  it('may not have been edited in a single byte, in either file', async () => {
    for (const [file, lines] of [
      ['events', events],
      ['times', times],
    ] as const) {
      const other = { events, times, [file]: lines };
      for (const [i, line] of lines.slice(0, 4).entries()) {
        for (let at = 0; at < line.length; at += 7) {
          const byte = String.fromCharCode(line.charCodeAt(at) ^ 1);
          const changed = lines.toSpliced(i, 1, line.slice(0, at) + byte + line.slice(at + 1));
          const both = { ...other, [file]: changed };
          await write(both.events, both.times);
          await expect(checkHistory(files, plan, stateOf(3, 4)), `${file} ${i} ${at}`).rejects.toThrow(files[file]);
          await expect(checkHistory(files, plan, trainedOf(7)), `${file} ${i} ${at}`).rejects.toThrow(files[file]);
        }
      }
    }
    expect(await readFile(files.events, 'utf8')).not.toBe('');
  });

  it('with other losses is not what it was', async () => {
    await write(events.toSpliced(0, 1, events[0]!.replace('"loss":1,', '"loss":2,')), times);
    await expect(checkHistory(files, plan, stateOf(3, 4))).rejects.toThrow(
      `${files.events}: its lines 1 to 4 are not as they were when the training state of step 3 was saved.`,
    );
    await write(events, times.toSpliced(2, 1, times[2]!.replace('1.5', '1.6')));
    await expect(checkHistory(files, plan, trainedOf(8))).rejects.toThrow(
      `${files.times}: its lines 1 to 8 are not as they were when the trained model was sealed.`,
    );
  });
});
