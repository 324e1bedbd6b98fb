import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../built-cli.js';
import type { FixtureName } from './case.js';
import { runProgram } from './program.js';

/** What panx has made once, whole and right, for the cases to copy; and how long it took. */
export interface Fixtures {
  /** A folder that is laid out as a sandbox is, with each fixture in it under its name. */
  folder: string;
  /** Milliseconds of the command that `interrupted` is a part of, unbroken. */
  longRunMs: number;
  sweepMs: number;
}

export const cli = join(root, 'dist', 'cli.js');

const basics = ['--model', 'model', '--data', 'data', '--eval-limit', '20', '--backend', 'wasm'];

/** A training of two steps, under a second. */
export function shortTraining(out: string): string[] {
  return ['train', ...basics, '--lang', 'en', '--size', '40', '--epochs', '1', '--out', out];
}

/** A training of 18 steps, with a state after every third. */
export function longTraining(out: string): string[] {
  const size = ['--size', '96', '--epochs', '3', '--batch-size', '16', '--set', 'checkpoint.everySteps=3'];
  return ['train', ...basics, '--lang', 'en', ...size, '--out', out];
}

/** A sweep of four stages, two steps each. */
export function shortSweep(out: string): string[] {
  const shape = ['--source', 'en', '--target', 'tr', '--sizes', '20,40', '--max-steps', '2'];
  return ['sweep', ...basics, ...shape, '--out', out];
}

export function smallInit(out: string): string[] {
  return ['init', '--size', 'tiny', '--tokenizer', 'model', '--out', out];
}

/** The environment of every command: nothing of the user's own, and no hub. */
export function boxEnvironment(box: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    ...{ HOME: join(box, 'home'), TMPDIR: join(box, 'tmp'), PANX_CACHE: join(box, 'cache') },
    PANX_STORE: join(box, 'cache', 'store'), // Runs are noted there, and not where they would be strangers.
    ...{ NO_COLOR: '1', HF_HUB_OFFLINE: '1', LANG: 'C.UTF-8' },
  };
}

/** Put into a new folder what every sandbox begins with: model, data, and things of other people that must stay. */
export function layOut(box: string): void {
  for (const name of ['home', 'tmp', 'cache', 'foreign', 'out.previous'])
    mkdirSync(join(box, name), { recursive: true });
  cpSync(join(root, 'sample', 'model'), join(box, 'model'), { recursive: true });
  cpSync(join(root, 'sample', 'data'), join(box, 'data'), { recursive: true });
  for (const path of bystanders) writeFileSync(join(box, path), `${path} is not panx's\n`);
}

const bystanders = [
  ...['beside.txt', 'home/notes.txt', 'cache/foreign.txt', 'foreign/keep.txt', 'out.previous/keep.txt'],
  ...['model/README.md', 'data/notes.txt', 'data/PAN-X.en/notes.txt'],
];

/** Make the fixtures. @throws where panx fails at what is right: then there is nothing to attack */
export async function makeFixtures(folder: string): Promise<Fixtures> {
  mkdirSync(folder, { recursive: true });
  layOut(folder);
  await must(folder, shortTraining('run'));
  await must(folder, smallInit('init'));
  const sweepMs = await must(folder, shortSweep('sweep'));
  const longRunMs = await must(folder, longTraining('unbroken'));
  await interrupt(folder);
  return { folder, longRunMs, sweepMs };
}

async function must(folder: string, args: string[]): Promise<number> {
  const program = { words: [process.execPath, cli, ...args], env: boxEnvironment(folder), cwd: folder };
  const { code, stderr, durationMs } = await runProgram({
    ...program,
    limitMs: 300_000,
    mostBytes: Number.POSITIVE_INFINITY,
  });
  if (code !== 0) throw new Error(`panx ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return durationMs;
}

/** A training that was stopped by Ctrl-C after some steps. */
async function interrupt(folder: string): Promise<void> {
  const words = [cli, ...longTraining('interrupted')];
  for (;;) {
    const child = spawn(process.execPath, words, { cwd: folder, env: boxEnvironment(folder), stdio: 'ignore' });
    const events = join(folder, 'interrupted', 'events.jsonl');
    const steps = () => (existsSync(events) ? readFileSync(events, 'utf8').split('"event":"step"').length - 1 : 0);
    while (steps() < 4 && child.exitCode === null) await sleep(2);
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code === 130) return;
    words.push('--force'); // It was faster than the look at it.
    if (code !== 0) throw new Error(`panx ${words.slice(1).join(' ')} ended with ${code}`);
  }
}

/** Copy a fixture into a sandbox. What it says of where model and data lie is made true there. */
export function copyFixture(fixtures: Fixtures, name: FixtureName, box: string, to: string): void {
  const from = name === 'checkpoint' ? 'run/checkpoint' : name;
  cpSync(join(fixtures.folder, from), join(box, to), { recursive: true });
  const move = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) move(path);
      else if (entry.name === 'environment.json') {
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll(fixtures.folder, box));
      }
    }
  };
  move(join(box, to));
}

/** The same in shell: panx makes it on the spot. */
export function fixtureLines(name: FixtureName, to: string): string[] {
  const panx = (words: string[]) => `node "$panx" ${words.join(' ')} 2>/dev/null`;
  switch (name) {
    case 'run':
      return [panx(shortTraining(to))];
    case 'checkpoint':
      return [panx(shortTraining('trained')), `mv trained/checkpoint ${to}`];
    case 'sweep':
      return [panx(shortSweep(to))];
    case 'init':
      return [panx(smallInit(to))];
    case 'interrupted':
      return [
        `${panx(longTraining(to))} &`,
        `until grep -q '"step":4' ${to}/events.jsonl 2>/dev/null; do sleep 0.01; done; kill -INT $!; wait $!`,
      ];
  }
}
