import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment } from '../../src/experiment/environment.js';
import { buildCli, panx, root } from '../built-cli.js';

let folder: string;
beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-outputs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const isLinux = process.platform === 'linux';
const cli = join(root, 'dist', 'cli.js');
const training = 'train --sample --lang en --size 50 --epochs 2 --no-eval';
const full = 'no space left on the disk';

/** A line of bash in which panx is the program itself, so that closed streams are seen. */
function bash(line: string): { status: number | null; stdout: string; stderr: string } {
  const script = `set -o pipefail; panx() { ${cli} "$@"; }; ${line}`;
  return spawnSync('bash', ['--norc', '-c', script], { cwd: folder, encoding: 'utf8' });
}

function untold(run: string): (string | undefined)[] {
  const { sessions } = JSON.parse(readFileSync(join(run, 'environment.json'), 'utf8')) as Environment;
  return sessions.map(session => session.untold);
}

describe.skipIf(!isLinux)('a training whose outputs are lost goes on', () => {
  it.each([
    ['2> /dev/full', full],
    ['2>&-', 'it is closed'],
    ['2>&1 > /dev/null | true', 'its reader has left'],
    ['> /dev/full 2>&1', full],
    ['>&- 2>&-', 'it is closed'],
  ])('%s, and its environment.json says so once', (streams, why) => {
    const run = join(folder, `run${streams.replaceAll(/\W/g, '-')}`);
    expect(bash(`panx ${training} --out ${run} ${streams}`).status).toBe(0);
    expect(untold(run)).toEqual([expect.stringMatching(new RegExp(`^from step \\d on, stderr: ${why}$`))]);
    expect(readdirSync(run)).not.toContain('lock');
    expect(panx(['verify', run])).toMatchObject({ code: 0 });
  });

  it('in processes of their own, and theirs say so', () => {
    writeFileSync(
      join(folder, 'study.yaml'),
      'study: {protocol: zero-shot, source: en, target: tr}\ntraining: {size: 50, epochs: 2}\nevaluation: {limit: 5}\n',
    );
    expect(bash('panx run study.yaml --sample --jobs 2 --out st --store own 2> /dev/full')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('zero-shot'),
    });
    const [key] = readdirSync(join(folder, 'own')).filter(name => /^[0-9a-f]{64}$/.test(name));
    expect(untold(join(folder, 'own', key!))).toEqual([expect.stringContaining('stderr: its reader has left')]);
  });

  it('and says where the result is that cannot be printed; for a program that is not enough', () => {
    const told = `what was to be printed is not: stdout: ${full}; the folder of the results has it\n`;
    expect(bash(`panx ${training} --out printed > /dev/full`)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(told),
    });
    expect(bash(`panx ${training} --out left | true`)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/done: left\n$/),
    });
    expect(bash(`panx ${training} --out json --json > /dev/full`)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/\npanx: What was to be printed is not: stdout: no space left on the disk\.\n$/),
    });
  });
});

describe.skipIf(!isLinux)('any other command', () => {
  const commands = [
    '--help',
    '--version',
    'train --help',
    'config',
    'encoders --json',
    'completion bash',
    'data show --sample --row 1',
    'init --sample --size tiny --force --out model',
    'predict --model model --text Berlin',
  ];

  it.each(['> /dev/full', '>&-'])('of which stdout is lost with %s says so in a sentence', streams => {
    const why = streams === '>&-' ? 'it is closed' : full;
    for (const command of commands) {
      expect(bash(`panx ${command} ${streams}`), command).toMatchObject({
        status: 1,
        stderr: `panx: What was to be printed is not: stdout: ${why}.\n`,
      });
    }
  });

  it('of which a disk that becomes full takes a part says so too', () => {
    const why = 'the file would be larger than it may be';
    for (const start of ['panx', `node ${cli}`]) {
      for (const command of ['config', 'train --help', 'completion bash']) {
        expect(bash(`ulimit -f 4; ${start} ${command} > part`), command).toMatchObject({
          status: 1,
          stderr: `panx: What was to be printed is not: stdout: ${why}.\n`,
        });
        expect(readFileSync(join(folder, 'part'))).toHaveLength(4096);
      }
      const line = `head -c 1000 /dev/zero > part; ulimit -f 1; ${start} trian 2>> part`;
      expect(bash(line)).toMatchObject({ status: 2, stdout: expect.stringContaining('Unknown command "trian"') });
    }
  });

  it('whose reader has left ends quietly with the code of SIGPIPE', () => {
    for (const command of commands) {
      expect(bash(`panx ${command} | true`), command).toEqual(
        expect.objectContaining({ status: 141, stdout: '', stderr: '' }),
      );
    }
  });

  it.each(['2> /dev/full', '2>&-'])('of which stderr is lost with %s tells on stdout why it ends', streams => {
    expect(bash(`panx trian ${streams}`)).toMatchObject({
      status: 2,
      stdout: 'panx: Unknown command "trian"; did you mean "train"?\n  panx --help lists the commands.\n',
    });
    expect(bash(`panx config --nope ${streams}`)).toMatchObject({
      status: 2,
      stdout: "panx: Unknown option '--nope'.\n  panx config --help lists the options.\n",
    });
    expect(bash(`panx verify nothing ${streams}`)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^panx: nothing cannot be read[^\n]+\n {2}[^\n]+\n$/),
    });
  });

  it('that could not say what it had to say has done its work and has failed', () => {
    const why = `panx: What was to be told is not: stderr: ${full}.\n`;
    const told = bash('panx tokenizers --sample --lang en');
    const lost = bash('panx tokenizers --sample --lang en 2> /dev/full');
    expect(told).toMatchObject({ status: 0, stderr: expect.stringMatching(/./) });
    expect(lost).toMatchObject({ status: 1, stdout: told.stdout + why });
    const json = bash('panx tokenizers --sample --lang en --json 2> /dev/full');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toHaveProperty('schema');
  });

  it('that has nothing to say does not miss stderr', () => {
    for (const command of commands) expect(bash(`panx ${command} 2> /dev/full`).status, command).toBe(0);
  });
});

const hasScript = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!isLinux || !hasScript)('a terminal that vanishes (needs script of util-linux)', () => {
  it('does not make a process of a session of its own end otherwise', async () => {
    const run = join(folder, 'vanished');
    const inside = `setsid sh -c '${cli} ${training.replace('--epochs 2', '--epochs 60')} --out ${run}; echo $? > ended'; sleep 60`;
    // It holds the other end of the terminal; when it is gone, so is the terminal.
    const terminal = spawn('script', ['-qfc', inside, '/dev/null'], { cwd: folder, stdio: 'ignore' });
    const events = join(run, 'events.jsonl');
    while (!existsSync(events) || readFileSync(events, 'utf8') === '') await sleep(5);
    terminal.kill('SIGKILL');
    await once(terminal, 'exit');
    const ended = join(folder, 'ended');
    while (!existsSync(ended) || readFileSync(ended, 'utf8') === '') await sleep(20);
    expect(readFileSync(ended, 'utf8')).toBe('0\n');
    expect(untold(run)).toEqual([expect.stringMatching(/^from step \d+ on, stderr: its terminal is gone$/)]);
    expect(panx(['verify', run])).toMatchObject({ code: 0 });
  });
});
