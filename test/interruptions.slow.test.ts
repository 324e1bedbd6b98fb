import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePaths } from '../src/hub/sample.js';
import { buildCli } from './built-cli.js';
import { architectures, writeEncoder } from './encoder-folders.js';
import { mulberry32 } from './mulberry32.js';

const root = fileURLToPath(new URL('..', import.meta.url));
// The moments differ from run to run all the same, as the machine does.
const random = mulberry32(20261121);

let folder: string;
beforeAll(async () => {
  buildCli();
  folder = await mkdtemp(join(tmpdir(), 'panx-kill-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('panx train, killed with SIGKILL', () => {
  it('30 times during one training, at random moments, ends with the bytes of an unbroken run', async () => {
    const settings = ['--epochs', '24', '--set', 'checkpoint.everySteps=3', '--set', 'evaluation.limit=30'];
    const [unbroken, killed] = [join(folder, 'unbroken'), join(folder, 'killed')];
    expect(await end(train(unbroken, settings))).toBe(0);
    let resumed = 0;
    for (let kill = 0; kill < 30; kill++) {
      const child = train(killed, settings);
      const goal = stepsLogged(killed) + Math.floor(random() * 25);
      // Some are killed while they start; most within a few milliseconds after a step of theirs, while the next state is written.
      if (random() < 0.2) await sleep(random() * 1500);
      else while (stepsLogged(killed) <= goal && child.exitCode === null) await sleep(1);
      await sleep(random() * 40);
      if (existsSync(join(killed, 'state'))) resumed++;
      child.kill('SIGKILL');
      expect(await end(child), `kill ${kill + 1}: it had ended before`).toBe('SIGKILL');
    }
    expect(await end(train(killed, settings))).toBe(0);
    await expectSameBytes(killed, unbroken);
    expect(resumed).toBeGreaterThan(20);
  });

  it.each([
    ['as it trains by default', 12, ['--epochs', '2']],
    ['averaging its epochs', 6, ['--epochs', '3', '--select', 'average']],
    [
      'on a plateau, until its patience ends',
      6,
      [
        ...['--epochs', '9', '--schedule', 'plateau', '--set', 'training.plateauPatience=0', '--learning-rate', '1e-2'],
        ...['--select', 'best', '--patience', '2'],
      ],
    ],
  ])(
    'at any moment from its start to its end, %s (%i kills), and typed again, ends with those bytes',
    async (how, kills, options) => {
      const settings = [...options, '--set', 'checkpoint.everySteps=10', '--set', 'evaluation.limit=100'];
      const unbroken = join(folder, how);
      const startedMs = performance.now();
      expect(await end(train(unbroken, settings))).toBe(0);
      const wholeMs = performance.now() - startedMs;
      for (let kill = 0; kill < kills; kill++) {
        const killed = join(folder, `${how}-${kill}`);
        const child = train(killed, settings);
        await sleep((wholeMs * (kill + random())) / kills);
        child.kill('SIGKILL');
        await end(child);
        if (!existsSync(join(killed, 'metrics.json'))) expect(await end(train(killed, settings))).toBe(0);
        await expectSameBytes(killed, unbroken);
      }
    },
  );
});

describe.each(architectures)('panx train of %s, killed with SIGKILL', architecture => {
  it('6 times at random moments, ends with the bytes of an unbroken run', async () => {
    const model = join(folder, architecture);
    await writeEncoder(model, architecture);
    const settings = ['--model', model, '--epochs', '4', '--set', 'checkpoint.everySteps=3', '--no-eval'];
    const [unbroken, killed] = [join(folder, `${architecture}-unbroken`), join(folder, `${architecture}-killed`)];
    expect(await end(train(unbroken, settings))).toBe(0);
    const all = stepsLogged(unbroken);
    let resumed = 0;
    for (let kill = 1; kill <= 6; kill++) {
      const child = train(killed, settings);
      const goal = Math.floor((all * (kill - random())) / 7);
      while (stepsLogged(killed) <= goal && child.exitCode === null) await sleep(1);
      await sleep(random() * 20);
      if (existsSync(join(killed, 'state'))) resumed++;
      child.kill('SIGKILL');
      expect(await end(child), `kill ${kill}: it had ended before`).toBe('SIGKILL');
    }
    expect(await end(train(killed, settings))).toBe(0);
    await expectSameBytes(killed, unbroken);
    expect(resumed).toBeGreaterThan(3);
  });
});

describe('panx train, asked to stop', () => {
  it.each([
    [['SIGINT'], 130],
    [['SIGTERM'], 143],
    [['SIGHUP'], 129],
    [['SIGINT', 'SIGINT'], 130],
    [['SIGHUP', 'SIGTERM', 'SIGHUP'], 129],
    [['SIGTERM', 'SIGINT'], 143],
  ] as const)(
    'by %j 20 ms apart, saves a state, ends with code %i, and goes on to the same bytes',
    async (signals, code) => {
      const settings = ['--epochs', '3', '--no-eval'];
      const stopped = join(folder, `stopped-${signals.join('-')}`);
      const child = train(stopped, settings);
      while (stepsLogged(stopped) < 20) await sleep(1);
      for (const signal of signals) {
        child.kill(signal);
        await sleep(20);
      }
      expect(await end(child)).toBe(code);
      expect(await readdir(stopped)).toContain('state');
      expect(await readdir(stopped)).not.toContain('lock');
      expect(await end(train(stopped, settings))).toBe(0);
      await expectSameBytes(stopped, await unbrokenOf(settings));
    },
  );
});

describe.skipIf(spawnSync('script', ['--version']).status !== 0)(
  'panx train, when its terminal vanishes (needs script of util-linux)',
  () => {
    const settings = ['--epochs', '6', '--no-eval'];

    it.each([
      ['in the foreground', (panx: string) => `exec ${panx}`],
      [
        'in the background of a shell that passes SIGHUP on',
        (panx: string) => `trap 'kill -HUP $!' HUP; ${panx} & wait; wait`,
      ],
    ])('%s, saves a state and goes on to the same bytes', async (how, line) => {
      const out = join(folder, `closed-${how.replaceAll(' ', '-')}`);
      await inTerminalThatVanishes(out, line(trainLine(out, settings)));
      while ((await readdir(out)).includes('lock')) await sleep(10);
      expect(await readdir(out)).toContain('state');
      expect(await end(train(out, settings))).toBe(0);
      await expectSameBytes(out, await unbrokenOf(settings));
    });

    it.each([
      ['under nohup', (panx: string) => `nohup ${panx}`],
      ["after trap '' HUP", (panx: string) => `trap '' HUP; ${panx}`],
      ['as a program that a shell became', (panx: string) => `trap '' HUP; exec ${panx}`],
      ['in a session of its own', (panx: string) => `setsid ${panx} & wait`],
    ])('%s, does not stop, and comes to the same bytes', async (how, line) => {
      const out = join(folder, `goes-on-${how.replaceAll(/\W/g, '-')}`);
      await inTerminalThatVanishes(out, line(trainLine(out, settings)));
      expect(await readdir(out)).toContain('lock');
      while ((await readdir(out)).includes('lock')) await sleep(10);
      await expectSameBytes(out, await unbrokenOf(settings));
    });
  },
);

it('a second process on one run directory is refused, and the first is not disturbed', async () => {
  const settings = ['--epochs', '4', '--no-eval'];
  const out = join(folder, 'two');
  const first = train(out, settings);
  while (stepsLogged(out) < 1) await sleep(1);
  const second = train(out, ['--resume', ...settings]);
  let told = '';
  second.stderr!.on('data', text => {
    told += text;
  });
  expect(await end(second)).toBe(1);
  expect(told).toMatch(/^panx: .* is in use by process \d+ on /m);
  expect(await end(first)).toBe(0);
});

const mayMount = spawnSync('mount', ['--version']).status === 0 && process.getuid?.() === 0;

describe.skipIf(!mayMount)('a disk that is full (needs the right to mount a tmpfs)', () => {
  it('when a training state is to be saved: the one before stays whole, and the run goes on from it', async () => {
    const settings = ['--epochs', '1', '--no-eval', '--set', 'checkpoint.everySteps=5'];
    const unbroken = join(folder, 'roomy');
    expect(await end(train(unbroken, settings))).toBe(0);
    const disk = join(folder, 'disk');
    await mkdir(disk);
    // Room for one state, and not for the next beside it.
    const stateBytes = 3 * (await stat(join(unbroken, 'checkpoint', 'model.safetensors'))).size;
    expect(
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.round(1.4 * stateBytes)}`, 'tmpfs', disk]).status,
    ).toBe(0);
    try {
      const out = join(disk, 'run');
      const starved = train(out, settings);
      let told = '';
      starved.stderr!.on('data', text => {
        told += text;
      });
      expect(await end(starved)).toBe(1);
      expect(told).toMatch(/panx: The training state of step 10 could not be saved: .* no space left on the disk\.\n/);
      expect(told).toMatch(
        /go on \(panx train: with --resume\) from the state before it, .*step-00000005, which is whole/,
      );
      expect(await readdir(join(out, 'state'))).toEqual(['step-00000005']);
      expect(spawnSync('mount', ['-o', `remount,size=${10 * stateBytes}`, disk]).status).toBe(0);
      expect(await end(train(out, settings))).toBe(0);
      await expectSameBytes(out, unbroken);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

/** Start or go on with a training on the embedded sample. */
function train(out: string, settings: readonly string[]): ChildProcess {
  const resume = existsSync(join(out, 'identity.json')) && !settings.includes('--resume') ? ['--resume'] : [];
  const args = ['dist/cli.js', ...trainArgs(out, settings), ...resume];
  // What starts these tests may ignore SIGHUP, and bash says so in `_`.
  const env = { ...process.env, _: '' };
  return spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], env });
}

function trainArgs(out: string, settings: readonly string[]): string[] {
  const from = settings.includes('--model') ? ['--data', samplePaths().dataDir] : ['--sample'];
  return ['train', '--lang', 'en', ...from, '--learning-rate', '1e-3', '--out', out, ...settings];
}

/** The same as a line of sh, of panx as a program. */
function trainLine(out: string, settings: readonly string[]): string {
  return [join(root, 'dist', 'cli.js'), ...trainArgs(out, settings)].join(' ');
}

/** Start a line of sh in a terminal of its own, and let go of the terminal when the training in `out` has made some steps. */
async function inTerminalThatVanishes(out: string, line: string): Promise<void> {
  const options = { cwd: root, stdio: 'ignore', env: { ...process.env, _: '', SHELL: '/bin/sh' } } as const;
  const terminal = spawn('script', ['-qfc', line, '/dev/null'], options);
  while (stepsLogged(out) < 20) await sleep(1);
  terminal.kill('SIGKILL');
  await once(terminal, 'exit');
}

const unbroken = new Map<string, string>();

/** The folder of an unbroken run of these settings. */
async function unbrokenOf(settings: readonly string[]): Promise<string> {
  const key = settings.join(' ');
  if (!unbroken.has(key)) {
    const out = join(folder, `unbroken-${unbroken.size}`);
    expect(await end(train(out, settings))).toBe(0);
    unbroken.set(key, out);
  }
  return unbroken.get(key)!;
}

/** The exit code of a process, or the signal that ended it. */
async function end(child: ChildProcess): Promise<number | string> {
  child.stderr?.resume();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode!;
}

function stepsLogged(out: string): number {
  const path = join(out, 'events.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('"event":"step"').length - 1 : 0;
}

/** checksums.json holds the SHA-256 of everything that a run makes; that it is true is checked too. */
async function expectSameBytes(out: string, unbroken: string): Promise<void> {
  const sums = await readFile(join(unbroken, 'checksums.json'), 'utf8');
  expect(await readFile(join(out, 'checksums.json'), 'utf8')).toBe(sums);
  const paths = Object.keys(JSON.parse(sums) as Record<string, string>);
  expect(paths).toEqual(expect.arrayContaining(['checkpoint/model.safetensors', 'events.jsonl', 'metrics.json']));
  for (const path of paths) {
    const [there, here] = [await readFile(join(unbroken, path)), await readFile(join(out, path))];
    expect(there.equals(here), path).toBe(true);
  }
}
