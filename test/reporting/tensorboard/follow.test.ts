import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bringTo, type FollowedRun, follow } from '../../../src/reporting/tensorboard/follow.js';
import { shownRun } from '../../../src/reporting/tensorboard/stages.js';
import { type RunDirectory, runDirectory } from '../../../src/run/directory.js';
import { readEvents } from './read-events.js';
import { finishRun, score, someConfig, someRows, step, writeRun } from './some-run.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'panx-follow-'));
});

const lossSteps = (path: string) =>
  readEvents(path)
    .scalars.filter(({ tag }) => tag === 'train/loss')
    .map(({ step }) => step);
const followedRun = async (run: RunDirectory): Promise<FollowedRun> => ({
  ...shownRun(await someConfig(), someRows, 'g'),
  path: run.eventFile,
  folder: dirname(run.eventFile),
  find: async () => run,
});
const noNotice = (text: string) => expect.fail(text);

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 10_000; !holds(); ) {
    if (performance.now() > endMs) expect.fail(`never: ${holds}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

describe('a file that is brought up to date', () => {
  it('stays the same file, is written from where it differs, and is cut', () => {
    const path = join(root, 'folder', 'file');
    for (const text of ['abc', 'abcdef', 'abXdef', 'ab', 'ab', '', 'new']) {
      const before = existsSync(path) ? statSync(path).ino : null;
      bringTo(path, Buffer.from(text));
      expect(readFileSync(path, 'utf8')).toBe(text);
      if (before !== null) expect(statSync(path).ino).toBe(before);
    }
  });

  it('is not written through a link', () => {
    const [path, target] = [join(root, 'link'), join(root, 'target')];
    writeFileSync(target, 'mine');
    symlinkSync(target, path);
    expect(() => bringTo(path, Buffer.from('x'))).toThrow(`${path} cannot be written: its links lead in a circle.`);
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  it.each([[[]], [['phase-1-tr']]])('is not written through a folder that is a link, or is none: %j', below => {
    const [top, target] = [join(root, 'tensorboard'), join(root, 'target')];
    const path = join(top, ...below, 'file');
    mkdirSync(target);
    symlinkSync(target, top);
    expect(() => bringTo(path, Buffer.from('x'), top)).toThrow(`${top} is a link; expected a folder`);
    expect(readdirSync(target)).toEqual([]);
    rmSync(top);
    writeFileSync(top, 'mine');
    expect(() => bringTo(path, Buffer.from('x'), top)).toThrow(`${top} is no folder; expected a folder`);
    rmSync(top);
    if (below.length === 0) return;
    mkdirSync(top);
    symlinkSync(target, join(top, below[0]!));
    expect(() => bringTo(path, Buffer.from('x'), top)).toThrow(`${join(top, below[0]!)} is a link`);
    expect(readdirSync(target)).toEqual([]);
  });
});

it('a log shows while it grows, and has each step once at the end', async () => {
  const run = writeRun(root, [step(1)]);
  const following = follow([await followedRun(run)], { onNotice: noNotice, everyMs: 10 });
  await following.begin();
  await until(() => existsSync(run.eventFile) && lossSteps(run.eventFile).length === 1);
  const { ino } = statSync(run.eventFile);
  for (const n of [2, 3]) {
    appendFileSync(run.events, `${JSON.stringify(step(n))}\n`);
    appendFileSync(run.times, `${JSON.stringify({ event: 'step', step: n, rows: 4, durationMs: 500 })}\n`);
    await until(() => lossSteps(run.eventFile).length === n);
  }
  finishRun(run, 3);
  await following.end();
  expect(lossSteps(run.eventFile)).toEqual([1, 2, 3]);
  expect(readEvents(run.eventFile).others).toContain('_hparams_/session_end_info');
  expect(statSync(run.eventFile).ino).toBe(ino);
});

it('a run that was interrupted and is gone on with has each step once, each record where the unbroken run has it', async () => {
  const all = [step(1), step(2), score(2, 'en', 'validation', 0.5), step(3), step(4)];
  const first = { startedAt: '2026-01-01T00:00:00.000Z', fromStep: 0 };
  const second = { startedAt: '2026-01-01T08:00:00.000Z', fromStep: 2 };
  const show = async (run: RunDirectory) => {
    const following = follow([await followedRun(run)], { onNotice: noNotice });
    await following.begin();
    await following.end();
  };
  // Step 3 came after the state that is gone on from, and is cut from the log.
  await show(writeRun(join(root, 'run'), all.slice(0, 4), [first]));
  const run = writeRun(join(root, 'run'), all.slice(0, 3), [first, second]);
  const { ino } = statSync(run.eventFile);
  expect(lossSteps(run.eventFile)).toEqual([1, 2, 3]);
  await show(run);
  expect(lossSteps(run.eventFile)).toEqual([1, 2]);
  await show(writeRun(join(root, 'run'), all, [first, second]));
  expect(lossSteps(run.eventFile)).toEqual([1, 2, 3, 4]);
  expect(statSync(run.eventFile).ino).toBe(ino);
  const unbroken = writeRun(join(root, 'unbroken'), all, [first]);
  await show(unbroken);
  expect(readEvents(run.eventFile).ends).toEqual(readEvents(unbroken.eventFile).ends);
});

it('a run that is done and trained anew shows the new log', async () => {
  const run = writeRun(root, [step(1), step(2)]);
  finishRun(run, 2);
  const following = follow([await followedRun(run)], { onNotice: noNotice, everyMs: 10 });
  await following.begin();
  await until(() => existsSync(run.eventFile));
  rmSync(run.metrics);
  writeRun(root, [step(1)]);
  finishRun(run, 1);
  await following.end();
  expect(lossSteps(run.eventFile)).toEqual([1]);
});

it('a run that is done between two looks at it has the scores that come after its log', async () => {
  const run = writeRun(root, [step(1)]);
  const { event: _, step: __, epoch: ___, ...scores } = score(1, 'en', 'test', 0.75);
  const followed = {
    ...(await followedRun(run)),
    later: async () => [{ ...scores, durationMs: 1000 }],
    find: async () => ({
      ...run,
      // Read after the first question whether it is done.
      get environment() {
        finishRun(run, 1);
        return run.environment;
      },
    }),
  };
  const following = follow([followed], { onNotice: noNotice, everyMs: 5 });
  await following.begin();
  await until(() => existsSync(run.eventFile));
  await following.end();
  const { scalars, others } = readEvents(run.eventFile);
  expect(scalars.filter(({ tag }) => tag === 'test/f1')).toMatchObject([{ step: 1, value: 0.75 }]);
  expect(others).toEqual(['_hparams_/session_start_info', '_hparams_/session_end_info']);
});

it('nothing is written before it begins, of a run without a log, or after the end', async () => {
  const run = writeRun(root, [step(1)]);
  const none = runDirectory(join(root, 'none'));
  const runs = [
    await followedRun(run),
    await followedRun(none),
    { ...(await followedRun(none)), find: async () => null },
  ];
  const following = follow(runs, { onNotice: noNotice, everyMs: 5 });
  await new Promise(resolve => setTimeout(resolve, 50));
  await following.end();
  expect([run, none].map(({ eventFile }) => existsSync(eventFile))).toEqual([false, false]);
  let begun = 0;
  const other = follow(runs, { onNotice: noNotice, removeOld: async () => void begun++, everyMs: 5 });
  await other.begin();
  await other.begin();
  await other.end();
  expect(begun).toBe(1);
  expect([run, none].map(({ eventFile }) => existsSync(eventFile))).toEqual([true, false]);
  rmSync(run.eventFile);
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(existsSync(run.eventFile)).toBe(false);
});

it('a file that cannot be written, or a damaged log, is told of once, and the other runs have theirs', async () => {
  const [taken, damaged, fine] = ['taken', 'damaged', 'fine'].map(name => writeRun(join(root, name), [step(1)]));
  writeFileSync(join(taken!.root, 'tensorboard'), 'mine');
  writeFileSync(damaged!.events, '{}\n');
  const notices: string[] = [];
  const runs = await Promise.all([taken!, damaged!, fine!].map(followedRun));
  const following = follow(runs, { onNotice: text => notices.push(text), everyMs: 5 });
  await following.begin();
  await until(() => existsSync(fine!.eventFile));
  expect(await following.end()).toBe(false);
  expect(notices).toEqual([
    `no event file ${taken!.eventFile}: ${taken!.root}/tensorboard is no folder; expected a folder.`,
    expect.stringContaining(`no event file ${damaged!.eventFile}: ${damaged!.events}, line 1: `),
  ]);
});

it('old files that cannot be removed are told of at the end, and the runs have theirs', async () => {
  const run = writeRun(root, [step(1)]);
  const notices: string[] = [];
  const removeOld = async () => {
    throw new Error("EACCES: permission denied, rmdir '/study/tensorboard/phase-9'");
  };
  const following = follow([await followedRun(run)], { onNotice: text => notices.push(text), removeOld, everyMs: 5 });
  await following.begin();
  await until(() => existsSync(run.eventFile));
  expect(notices).toEqual([]);
  expect(await following.end()).toBe(true);
  expect(notices).toEqual([
    "event files of other runs are not removed: EACCES: permission denied, rmdir '/study/tensorboard/phase-9'",
  ]);
});
