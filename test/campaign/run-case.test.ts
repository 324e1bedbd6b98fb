import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Argument, type Case, type Command, type Step, type Verdict, words } from './case.js';
import { limits } from './invariants.js';
import { minimise } from './minimise.js';
import { type Place, runCase } from './run-case.js';

let folder: string;
let place: Place;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'panx-campaign-test-'));
  mkdirSync(join(folder, 'fixtures', 'cache', 'tokens'), { recursive: true });
  mkdirSync(join(folder, 'fixtures', 'unbroken'), { recursive: true });
  writeFileSync(join(folder, 'fixtures', 'unbroken', 'checksums.json'), '{"a": "b"}');
  place = {
    box: join(folder, 'box'),
    fixtures: { folder: join(folder, 'fixtures'), longRunMs: 1000, sweepMs: 1000 },
    cli: fileURLToPath(new URL('fake-cli.mjs', import.meta.url)),
    limits: { ...limits, durationMs: 20_000, graceMs: 300, peakBytes: 190e6, quickBytes: 100e6, quickCpuMs: 100 },
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said to be broken by one command of the fake program, after some steps. */
async function broken(name: string, more: Partial<Command> = {}, steps: Step[] = []): Promise<string[]> {
  const { args = [], ...rest } = more;
  const command: Step = {
    do: 'panx',
    args: [words(name), ...args],
    expect: 'either',
    out: [{ path: 'out', as: 'run' }],
    ...rest,
  };
  const { failures } = await runCase({ family: 'test', steps: [...steps, command] }, place);
  return failures.map(({ invariant }) => invariant);
}

describe('each promise is seen to be broken by a command that breaks it', () => {
  it.each<[string, string, Partial<Command>?, Step[]?]>([
    ['bug', 'the exit code is 0, 1, 2, or that of a signal'],
    ['odd', 'the exit code is 0, 1, 2, or that of a signal'],
    ['throws', 'no stack and no warning is shown'],
    ['warns', 'no stack and no warning is shown'],
    ['abort', 'no signal ends it'],
    ['mumble', 'a failure is said in a sentence'],
    ['rambles', 'a failure is said in a sentence'],
    ['colours', 'no control character reaches the terminal'],
    ['hang', 'it ends in time', { limitMs: 300 }],
    ['gorge', 'it stays below 1 GB'],
    ['gorge', 'a size is refused below 300 MB', { quick: true, args: [{ words: ['--then-refuse'] }] }],
    ['computes', 'a size is refused at once', { quick: true }],
    ['removes', 'no file is lost'],
    ['changes', 'no file is lost'],
    ['replacesLink', 'no file is lost', {}, [{ do: 'link', path: 'link', to: 'beside.txt' }]],
    ['writes', 'no file is lost', {}, [{ do: 'write', path: 'out/config.json', content: 'mine' }]],
    ['strays', 'nothing is written elsewhere'],
    ['writes', 'nothing is written elsewhere', {}, [{ do: 'write', path: 'out/notes.txt', content: 'mine' }]],
    ['leaves', 'nothing half-written stays'],
    ['locks', 'nothing half-written stays'],
    ['locks', 'nothing is left behind', { gone: ['out/lock'] }, [{ do: 'folder', path: 'out/lock' }]],
    ['half', 'what is written is whole JSON'],
    ['accept', 'nothing damaged is taken', { expect: 'refuse' }],
    ['refuse', 'what is right is not refused', { expect: 'fine' }],
    [
      'wrong',
      'the bytes are those of a whole run',
      { whenFine: [{ file: 'out/checksums.json', as: 'unbroken/checksums.json' }] },
    ],
    [
      'accept',
      'the bytes are those of a whole run',
      { whenFine: [{ file: 'out/checksums.json', as: 'unbroken/checksums.json' }] },
    ],
    ['writes', 'what was made is sound to panx verify', { verify: 'out' }],
    ['orphan', 'no process stays behind'],
  ])('%s: %s', async (name, invariant, more, steps) => {
    if (name === 'gorge' || name === 'computes')
      place = { ...place, limits: { ...place.limits!, peakBytes: more === undefined ? 190e6 : 1e9 } };
    expect(await broken(name, more, steps)).toContain(invariant);
  });

  it('one that takes far too much memory is ended, so that the machine lives', async () => {
    place = { ...place, limits: { ...place.limits!, peakBytes: 70e6 } };
    expect(await broken('gorge', { args: [{ words: ['--for-ever'] }] })).toEqual(['it stays below 1 GB']);
  });

  it('two commands that both end well in one folder', async () => {
    const command: Command & { startAt: number } = { args: [words('accept')], expect: 'either', startAt: 0 };
    const steps: Step[] = [{ do: 'together', oneWinner: true, commands: [command, { ...command, startAt: 0.1 }] }];
    const { failures } = await runCase({ family: 'test', steps }, place);
    expect(failures.map(({ invariant }) => invariant)).toEqual(['of two commands one wins']);
  });
});

describe('nothing is said of a command that keeps its promises', () => {
  it.each<[string, Partial<Command>?, Step[]?]>([
    ['accept', { expect: 'fine' }],
    ['refuse', { expect: 'refuse' }],
    ['refuse', { expect: 'refuse', quick: true }],
    ['writes', { expect: 'fine' }],
    [
      'writes',
      { out: [{ path: 'out', as: 'run', own: true }] },
      [{ do: 'write', path: 'out/config.json', content: '{"of": "panx"}' }],
    ],
    ['colours', { args: [{ words: ['\u001b[31mred'] }] }],
    ['hang', { limitMs: 5000, signals: [{ name: 'SIGKILL', at: 0.1 }] }],
    ['hang', { enoughMs: 300 }],
    ['accept', { unless: 'beside.txt', expect: 'refuse' }],
  ])('%s %j', async (name, more, steps) => {
    place = { ...place, limits };
    expect(await broken(name, more, steps)).toEqual([]);
  });
});

describe('what must become of a command', () => {
  const verdictOf = async (steps: Step[], args: Argument[] = []): Promise<string[]> => {
    const accept: Step = { do: 'panx', args: [words('accept'), ...args], out: [] };
    const { failures } = await runCase({ family: 'test', steps: [...steps, accept] }, place);
    return failures.map(({ invariant }) => invariant);
  };
  const write = (verdict: Verdict, content = 'x'): Step => ({
    do: 'write',
    path: 'a.txt',
    content,
    verdict,
    what: 'a',
  });

  it('follows from the strictest of what it meets', async () => {
    expect(await verdictOf([write('fine'), write('refuse')])).toEqual(['nothing damaged is taken']);
    expect(await verdictOf([write('fine')], [{ words: ['--x'], verdict: 'refuse' }])).toEqual([
      'nothing damaged is taken',
    ]);
    expect(await verdictOf([write('fine'), write('either')])).toEqual([]);
  });

  it('leaves out damage that changes nothing, and what can no longer be done', async () => {
    const same: Step = { do: 'damage', path: 'beside.txt', how: { kind: 'append', hex: '' }, verdict: 'refuse' };
    const gone: Step = { do: 'damage', path: 'not-there', how: { kind: 'append', hex: '00' }, verdict: 'refuse' };
    expect(await verdictOf([same, gone])).toEqual([]);
    expect(await verdictOf([{ ...same, how: { kind: 'append', hex: '00' } }])).toEqual(['nothing damaged is taken']);
  });
});

it('a failing case is made as small as it can be, and what it did is there as shell', async () => {
  const noise = (i: number): Step => ({ do: 'write', path: `noise-${i}`, content: 'n' });
  const picky: Step = {
    do: 'panx',
    fixed: true,
    args: [words('picky'), { words: ['--fatal'] }, { words: ['--more', 'noise'] }],
    env: { NOISE: '1' },
    expect: 'either',
  };
  const whole: Case = {
    family: 'test',
    steps: [noise(1), { do: 'write', path: 'notes.txt', content: 'some\nlines\nwith x' }, noise(2), picky],
  };
  const kindOf = async (testCase: Case) => (await runCase(testCase, place)).failures.map(({ kind }) => kind);
  const kinds = await kindOf(whole);
  expect(kinds).toHaveLength(1);
  const small = await minimise(
    whole,
    async smaller => (await kindOf(smaller))[0] === kinds[0],
    () => false,
  );
  expect((await runCase(small, place)).lines).toEqual([
    'mkdir -p "$(dirname notes.txt)"',
    "printf %s 'with x' > notes.txt",
    'node "$panx" picky --fatal',
    'echo "exit code $?"',
  ]);
});
