// long because it is the one list of what a command that writes leaves alone: foreign files, what it reads, runs, links, stores.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { samplePaths } from '../../src/hub/sample.js';
import { buildCli, panx, root } from '../built-cli.js';
import { leftover } from '../leftover.js';

/** No command loses a file that panx did not make, wherever its --out points. */

const folder = mkdtempSync(join(tmpdir(), 'panx-out-'));
const at = (...names: string[]) => join(folder, ...names);
const finished = at('finished');
const short = ['--sample', '--size', '20', '--max-steps', '1', '--no-eval', '--backend', 'wasm'];
const train = (out: string, ...args: string[]) => panx(['train', ...short, '--out', out, ...args]);
const scored = ['--sample', '--max-steps', '1', '--eval-limit', '5', '--backend', 'wasm'];
const sweep = (out: string, ...args: string[]) => panx(['sweep', ...scored, '--tr-sizes', '20', '--out', out, ...args]);
const init = (out: string, ...args: string[]) => panx(['init', '--size', 'tiny', '--sample', '--out', out, ...args]);

beforeAll(() => {
  buildCli();
  expect(train(finished).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A fresh folder for each test. */
let mine: string;
beforeEach(() => {
  mine = mkdtempSync(at('mine-'));
});

/** Every path below a folder with its bytes or its target. */
function contents(path: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    const what = entry.isSymbolicLink() ? `-> ${readlinkSync(full)}` : entry.isFile() ? hashOf(full) : 'a folder';
    found[full.slice(path.length)] = what;
  }
  return found;
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function write(path: string, text = 'mine'): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The command fails with one sentence, and everything below a folder is what it was. */
function expectRefused(
  result: ReturnType<typeof panx>,
  sentence: string | RegExp,
  below: string,
  before: unknown,
): void {
  expect(result.stderr).toMatch(sentence);
  expect(result.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  expect([1, 2]).toContain(result.code);
  expect(contents(below)).toEqual(before);
}

describe('a folder that panx did not make', () => {
  const files = [
    'state/a',
    'checkpoint/notes.txt',
    'lock/key',
    'config.json',
    'metrics.json',
    '.hidden',
    'phase-1-tr/a',
  ];
  it.each(files)('with %s in it is refused by every command, with --force too', name => {
    write(join(mine, name));
    const before = contents(mine);
    for (const command of [train, sweep, init]) {
      expectRefused(command(mine, '--force'), 'panx did not make', mine, before);
    }
    // Without --force they look at the same place: once for each command, and for each of the files one of them.
    for (const command of name === files[0] ? [train, sweep, init] : [train]) {
      expectRefused(command(mine), 'panx did not make', mine, before);
    }
    expectRefused(panx(['verify', finished, '--rerun', '--out', mine]), 'panx did not make', mine, before);
    expectRefused(sweep(mine, '--dry-run'), 'panx did not make', mine, before);
    symlinkSync(mine, `${mine}-link`);
    expectRefused(train(`${mine}-link`, '--force'), 'panx did not make', mine, before);
  });

  it('is not one that another command of panx made either', () => {
    cpSync(finished, join(mine, 'run'), { recursive: true });
    expect(init(join(mine, 'model')).code).toBe(0);
    const before = contents(mine);
    for (const force of [[], ['--force']]) {
      expectRefused(sweep(join(mine, 'run'), ...force), 'holds a run; expected', mine, before);
      expectRefused(init(join(mine, 'run'), ...force), 'holds a run; expected', mine, before);
      expectRefused(train(join(mine, 'model'), ...force), 'holds a model; expected', mine, before);
    }
  });
});

describe('what lies in a run and is not of panx', () => {
  it('survives --force beside the files of panx, and is named inside its folders', () => {
    const run = join(mine, 'run');
    cpSync(finished, run, { recursive: true });
    for (const name of ['notes.txt', 'figures/a.png', 'state.txt']) write(join(run, name));
    expect(train(run, '--force', '--seed', '7').code).toBe(0);
    for (const name of ['notes.txt', 'figures/a.png', 'state.txt']) {
      expect(readFileSync(join(run, name), 'utf8')).toBe('mine');
    }
    for (const name of ['checkpoint/notes.txt', 'state/a', 'checkpoint/onnx/a', 'state/step-00000001/b', 'lock/c']) {
      write(join(run, name));
      const before = contents(mine);
      expectRefused(train(run, '--force'), name.replace('onnx/a', 'onnx').replace('lock/', ''), mine, before);
      rmSync(
        join(
          run,
          name
            .split('/')
            .slice(0, name.startsWith('checkpoint') ? 2 : 1)
            .join('/'),
        ),
        { recursive: true },
      );
    }
  });

  it.each(['state', 'checkpoint'])('a linked %s is neither followed nor removed', name => {
    const [run, target] = [join(mine, 'run'), join(mine, 'target')];
    cpSync(finished, run, { recursive: true });
    rmSync(join(run, name), { recursive: true, force: true });
    write(join(target, 'step-00000001', 'state.json'));
    write(join(target, 'config.json'));
    symlinkSync(target, join(run, name));
    const before = contents(mine);
    expectRefused(train(run, '--force'), `what panx did not make: ${name}.`, mine, before);
    rmSync(join(run, 'metrics.json'));
    expectRefused(train(run, '--resume'), `what panx did not make: ${name}.`, run, contents(run));
  });
});

describe('what a command reads', () => {
  it('the model is not written over, in or around', () => {
    const model = join(mine, 'runs', 'old', 'checkpoint');
    cpSync(finished, join(mine, 'runs', 'old'), { recursive: true });
    symlinkSync(model, join(mine, 'link'));
    const before = contents(mine);
    const outs = [
      model,
      join(model, 'new'),
      join(mine, 'runs', 'old'),
      join(mine, 'link'),
      join(mine, 'link', 'a', 'b'),
    ];
    for (const out of outs) {
      for (const force of [[], ['--force']]) {
        for (const command of [train, sweep]) {
          expectRefused(
            command(out, ...force, '--model', model),
            /holds a|(is|holds|lies inside) (the model's folder|a (run|model) of panx)/,
            mine,
            before,
          );
        }
      }
    }
    const inRun = join(mine, 'runs', 'old', 'again');
    expectRefused(train(inRun, '--model', model), 'lies inside a run of panx', mine, before);
    expectRefused(
      train(model, '--model', join(mine, 'link')),
      /holds a model|is the model's folder|lies inside a run/,
      mine,
      before,
    );
    expect(train(join(mine, 'runs', 'new'), '--model', model).code).toBe(0);
  });

  it('nor a folder of the data; beside those it may be written', () => {
    const { dataDir } = samplePaths();
    const data = join(mine, 'data');
    cpSync(dataDir, data, { recursive: true });
    symlinkSync(join(data, 'PAN-X.en'), join(mine, 'english'));
    const before = contents(mine);
    for (const out of [data, join(data, 'PAN-X.en'), join(data, 'PAN-X.tr', 'new'), mine, join(mine, 'english', 'x')]) {
      for (const command of [train, sweep]) {
        expectRefused(
          command(out, '--force', '--data', data),
          /did not make|(lies inside|holds) a folder of (the )?data/,
          mine,
          before,
        );
      }
    }
    const language = join(data, 'PAN-X.xx');
    for (const command of [train, sweep]) {
      expectRefused(command(language, '--data', data), 'would be taken for a language of the data', mine, before);
    }
    // Nor is it by a command that reads other data, or none.
    for (const out of [join(data, 'PAN-X.tr', 'new'), join(mine, 'english', 'x')]) {
      const init = panx(['init', '--size', 'tiny', '--sample', '--out', out]);
      for (const result of [init, train(out), sweep(out)]) {
        expectRefused(result, `--out ${out} is or lies inside a folder of data, `, mine, before);
      }
    }
    expect(train(join(data, 'results'), '--data', data).code).toBe(0);
  });

  it('nor the run that is verified', () => {
    const run = join(mine, 'all', 'run');
    cpSync(finished, run, { recursive: true });
    const before = contents(mine);
    for (const out of [join(mine, 'all'), run, join(run, 'again'), join(run, 'checkpoint'), mine]) {
      expectRefused(panx(['verify', run, '--rerun', '--out', out]), /(is|holds|lies inside) the run/, mine, before);
    }
    const again = join(mine, 'again');
    expect(panx(['verify', run, '--rerun', '--out', again]).code).toBe(0);
    expect(panx(['verify', again]).code).toBe(0);
    expectRefused(panx(['verify', run, '--rerun', '--out', again]), 'holds a run already', again, contents(again));
    expect(contents(run)).toEqual(contents(finished));
  });

  it('nor any file by evaluate --out and --profile but an earlier one of theirs', () => {
    const run = join(mine, 'run');
    cpSync(finished, run, { recursive: true });
    write(join(mine, 'thesis.tex'));
    const before = contents(mine);
    const model = join(run, 'checkpoint');
    const evaluate = (...args: string[]) =>
      panx(['evaluate', '--sample', '--langs', 'en', '--backend', 'wasm', '--model', model, ...args]);
    for (const option of ['--out', '--profile']) {
      for (const name of ['thesis.tex', 'run/metrics.json', 'run/checkpoint/config.json', 'run']) {
        expectRefused(evaluate(option, join(mine, name)), `${option} `, mine, before);
      }
      expectRefused(evaluate(option, join(model, 'scores.json')), "lies inside the model's folder", mine, before);
      expectRefused(evaluate(option, join(run, 'scores.json')), `lies inside a run of panx, ${run}.`, mine, before);
    }
    // Of another program, though it begins as a report does; and one file for both.
    write(join(mine, 'mine.json'), '{\n  "model": "mine",\n  "scores": {}\n}\n');
    expect(evaluate('--out', join(mine, 'mine.json')).stderr).toContain('is a file that panx did not write');
    expect(readFileSync(join(mine, 'mine.json'), 'utf8')).toContain('"mine"');
    const same = join(mine, 'same.json');
    expect(evaluate('--out', same, '--profile', join(mine, 'run', '..', 'same.json')).stderr).toContain('are both');
    for (let time = 0; time < 2; time++) {
      const { code } = evaluate('--out', join(mine, 'scores.json'), '--profile', join(mine, 'trace.json'));
      expect(code).toBe(0);
    }
  });
});

describe('a folder that panx made', () => {
  it('takes nothing else in: what it cannot replace would keep it as it is', () => {
    const run = join(mine, 'results', 'run');
    const old = join(mine, 'results', 'old');
    cpSync(finished, run, { recursive: true });
    cpSync(finished, old, { recursive: true });
    for (const name of ['panx.json', 'checkpoint/panx.json']) rmSync(join(old, name), { force: true }); // as 0.1.0 left it
    const model = join(mine, 'model');
    const init = (out: string) => panx(['init', '--size', 'tiny', '--sample', '--out', out]);
    expect(init(model).code).toBe(0);
    symlinkSync(run, join(mine, 'link'));
    const before = contents(mine);
    for (const [out, what] of [
      [join(run, 'state'), 'a run'],
      [join(run, 'checkpoint', 'x'), 'a model'],
      [join(mine, 'link', 'x', 'y'), 'a run'],
      [join(old, 'state'), 'a run'],
      [join(model, 'x'), 'a model'],
    ] as const) {
      for (const command of [train, sweep, init]) {
        expectRefused(command(out), new RegExp(`^panx: --out ${out} lies inside ${what} of panx, `), mine, before);
      }
      const verify = panx(['verify', finished, '--rerun', '--out', out]);
      expectRefused(verify, `lies inside ${what} of panx`, mine, before);
    }
    expect(init(join(mine, 'results', 'new')).code).toBe(0);
  });
});

describe('what a run has trained', () => {
  it('is not replaced unasked because its records are gone', () => {
    const run = join(mine, 'run');
    cpSync(finished, run, { recursive: true });
    for (const name of ['metrics.json', 'identity.json', 'events.jsonl']) rmSync(join(run, name));
    const before = contents(mine);
    for (const how of [[], ['--resume']]) {
      expectRefused(train(run, ...how), 'has trained, and its identity.json is missing', mine, before);
    }
    const swept = join(mine, 'sweep');
    expect(sweep(swept).code).toBe(0);
    for (const name of ['metrics.json', 'identity.json']) rmSync(join(swept, 'phase-2-en', name));
    const weights = hashOf(join(swept, 'phase-2-en', 'checkpoint', 'model.safetensors'));
    expect(sweep(swept).stderr).toContain('in phase-2-en it holds a run that no sweep made');
    expect(hashOf(join(swept, 'phase-2-en', 'checkpoint', 'model.safetensors'))).toBe(weights);
  });

  it("does not wait for, or end with, a file of the tokenizer's that cannot be copied", () => {
    const { modelDir } = samplePaths();
    const odd: [string, (path: string) => unknown, RegExp][] = [
      ['a pipe', path => execFileSync('mkfifo', [path]), /vocab\.json is no regular file; expected/],
      ['a device', path => symlinkSync('/dev/zero', path), /vocab\.json is no regular file; expected/],
      ['a folder', path => mkdirSync(path), /vocab\.json is a folder; expected/],
      ['a link to itself', path => symlinkSync(path, path), /vocab\.json cannot be read: its links lead in a circle/],
      ['a link to nothing', path => symlinkSync('nowhere', path), /vocab\.json cannot be read: no such file/],
      [
        '3 GB',
        path => execFileSync('truncate', ['-s', '3000000000', path]),
        /vocab\.json is larger than 100,000,000 bytes/,
      ],
    ];
    for (const [what, make, sentence] of odd) {
      const model = join(mine, what.replaceAll(' ', '-'));
      cpSync(modelDir, model, { recursive: true });
      make(join(model, 'vocab.json'));
      expect(train(join(mine, 'run'), '--model', model).stderr, what).toMatch(sentence);
      expect(panx(['init', '--size', 'tiny', '--tokenizer', model, '--out', join(mine, 'model')]).stderr).toMatch(
        sentence,
      );
      expect(readdirSync(mine).filter(name => /^(model|run)/.test(name))).toEqual([]);
    }
  });
});

describe('a link that --out names', () => {
  it('is written through, and stays', () => {
    for (const name of ['there', 'not-yet']) {
      if (name === 'there') mkdirSync(join(mine, name));
      for (const [command, file] of [
        [train, 'metrics.json'],
        [sweep, 'sweep.json'],
        [init, 'config.json'],
      ] as const) {
        const target = join(mine, name, command.name);
        if (name === 'there') mkdirSync(target);
        const link = join(mine, `${name}-${command.name}`);
        symlinkSync(target, link);
        expect(command(link).code).toBe(0);
        expect(readlinkSync(link)).toBe(target);
        expect(readdirSync(target)).toContain(file);
      }
    }
  });
});

describe('two commands', () => {
  it.for([[], ['--force']])(
    'one stopped between its checks and the lock does not replace what the other made (%j)',
    async (force, { skip }) => {
      const run = join(mine, 'run');
      const args = ['dist/cli.js', 'train', ...short, '--seed', '9', '--out', run, ...force];
      const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', text => {
        stderr += String(text);
      });
      await sleep(90); // Before it has the lock; how far its checks are by then differs, and either way what it must not do is the same.
      child.kill('SIGSTOP');
      const stoppedLate = readdirSync(mine).length > 0;
      if (!stoppedLate) expect(train(run).code).toBe(0);
      const made = stoppedLate ? null : contents(run);
      child.kill('SIGCONT');
      const [code] = await once(child, 'exit');
      if (made === null) return skip('it had the lock already when it was stopped');
      // Stopped before its first look, it sees the finished run; with --force it then may replace it.
      if (code === 0) expect(force).toEqual(['--force']);
      else {
        expect(stderr).toMatch(/holds a finished run|was changed by another process/);
        expect(contents(run)).toEqual(made);
      }
    },
  );
});

describe('what a kill left', () => {
  const dead = leftover('');
  const lock = JSON.stringify({ pid: 999_999_999, host: 'x', started: null, since: '' });

  it('of a run is cleared by the next command in it', () => {
    const run = join(mine, 'run');
    cpSync(finished, run, { recursive: true });
    const leave = () => {
      write(join(run, `metrics.json${dead}`));
      write(join(run, `checkpoint${dead}`, `model.safetensors${dead}`));
      write(join(run, `state`, `step-00000001${dead}`, 'model.safetensors'));
    };
    leave();
    expect(panx(['verify', run]).code).toBe(0);
    expect(contents(run)).toEqual({ ...contents(finished), '/state': 'a folder' });
    leave();
    expect(train(run, '--force').code).toBe(0);
    expect(readdirSync(run).sort()).toEqual(readdirSync(finished).sort());
  });

  it('of a sweep is cleared by the next command in it', () => {
    const out = join(mine, 'sweep');
    expect(sweep(out).code).toBe(0);
    const before = contents(out);
    for (const again of [() => sweep(out), () => panx(['verify', out])]) {
      write(join(out, `sweep.json${dead}`));
      write(join(out, `learning-curve.svg${dead}`));
      write(join(out, 'phase-2-en', `metrics.json${dead}`));
      const stale = lock.replace('"x"', JSON.stringify(hostname()));
      for (const holder of ['lock', 'phase-1-tr/lock']) write(join(out, holder, 'holder.json'), stale);
      expect(again().code).toBe(0);
      expect(Object.keys(contents(out))).toEqual(Object.keys(before));
    }
  });
});

describe('a store and the folder of --out', () => {
  const study = at('study.yaml');
  const run = (out: string, ...args: string[]) => panx(['run', study, ...scored, '--out', out, ...args]);
  beforeAll(() => writeFileSync(study, 'study: {sizes: [20]}\n'));

  it.each([
    ['is', 'x', 'x'],
    ['lies inside', 'x', 'x/store'],
    ['holds', 'store/x', 'store'],
  ])('are refused where the first %s the second, before anything is written', (how, out, store) => {
    for (const command of [run, sweep, train]) {
      const sentence = `The store ${join(mine, store)} ${how} the folder of --out, ${join(mine, out)}`;
      expectRefused(command(join(mine, out), '--store', join(mine, store)), sentence, mine, {});
    }
  });

  it('the store is refused inside a run, a store, and the folder of a language', () => {
    cpSync(finished, join(mine, 'run'), { recursive: true });
    cpSync(join(samplePaths().dataDir, 'PAN-X.en'), join(mine, 'PAN-X.en'), { recursive: true });
    write(join(mine, 'store', 'panx.json'), '{"kind": "store", "format": 1}');
    const before = contents(mine);
    for (const command of [run, sweep, train]) {
      const into = (store: string) => command(join(mine, 'out'), '--store', join(mine, store));
      expectRefused(into('run/store'), /--store .* lies inside a run of panx/, mine, before);
      expectRefused(into('store/b'), /--store .* lies inside a store of stages of panx/, mine, before);
      expectRefused(into('PAN-X.en/b'), /--store .* is or lies inside a folder of data/, mine, before);
    }
  });
});
