import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands, isHidden } from '../src/commands/commands.js';
import { buildCli, panx, root } from './built-cli.js';

beforeAll(buildCli);

/** What users type: all commands but those that other commands begin. */
const names = Object.keys(commands).filter(name => !isHidden(name));

describe('panx', () => {
  it('--help lists the commands', () => {
    const { code, stdout, stderr, durationMs } = panx(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const name of names) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} .*\\S$`, 'm'));
    }
    // The aim is 200 ms; a busy machine must not make a test fail, so it is told and not asserted.
    console.info(`panx --help: ${Math.round(durationMs)} ms`);
  });

  it.each(['--help', 'config', 'sweep --help'])(
    '%s into a pipe that is closed ends without a word, with the code of SIGPIPE',
    command => {
      const script = `node dist/cli.js ${command} | true; echo "\${PIPESTATUS[0]}"`;
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { cwd: root, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout).toBe('141\n');
    },
  );

  it('is a few files, which need none of the compiled modules beside them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    for (const name of ['package.json', 'dist/cli.js', 'dist/program']) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(run('dist/cli.js', 'config')).toMatchObject({ status: 0, stdout: panx(['config']).stdout, stderr: '' });
  });

  it('without a command prints the same help', () => {
    expect(panx([]).stdout).toBe(panx(['--help']).stdout);
  });

  it('--version is the package’s', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(panx(['--version']).stdout).toBe(`${version}\n`);
    // Where nothing can be kept, no compiled code either.
    expect(panx(['--version'], { PANX_CACHE: '/proc/none' })).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each(names)('%s --help answers', name => {
    const { code, stdout } = panx([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: panx ${name}`);
  });

  it('suggests the command that was meant', () => {
    const { code, stdout, stderr } = panx(['trian']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe('panx: Unknown command "trian"; did you mean "train"?\n  panx --help lists the commands.\n');
  });

  it('refuses a command like no other', () => {
    for (const typed of [['xyzzy'], ['help', 'xyzzy'], ['help', '__proto__'], ['constructor'], ['toString']]) {
      const { code, stdout, stderr } = panx(typed);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`panx: Unknown command "${typed.at(-1)}".\n`);
    }
  });

  it('says what a command of commands expects', () => {
    for (const [typed, found] of [
      [[], 'is told nothing to do'],
      [['nope'], 'does not know "nope"'],
      [['nope', '--json'], ''],
    ] as const) {
      const { code, stdout, stderr } = panx(['data', ...typed]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^panx: [^\n]+\.\n {2}[^\n]+\n$/);
      expect(stderr).toContain(found);
    }
  });

  it('refuses an unknown option without a stack trace', () => {
    const { code, stderr } = panx(['doctor', '--jsn']);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "panx: Unknown option '--jsn'; did you mean --json?\n  panx doctor --help lists the options.\n",
    );
    const { stderr: ofPart } = panx(['data', 'show', '--lang', 'tr']);
    expect(ofPart).toBe(
      "panx: Required option '--row <n>' not specified.\n  panx data show --help lists the options.\n",
    );
  });
});

// Shells limit processes so, and close and fill their streams.
describe.skipIf(process.platform !== 'linux')('in a hostile environment', () => {
  const cli = join(root, 'dist', 'cli.js');
  const shell = (script: string, env: Record<string, string> = {}) =>
    spawnSync('bash', ['--norc', '-c', script], { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
  const sentence = /^panx: \S[^\n]*\.\n( {2}\S[^\n]*\n)?$/;

  const commands = [
    'config',
    'data stats --sample',
    'evaluate --sample --langs en',
    'train --sample --out /dev/null/x',
  ];
  const limits = [20, 25, 30].flatMap(files => commands.map(command => ({ files, command })));
  // Below 19 Node.js itself does not start.
  it.each(limits)('with $files open files $command works, or says so in a sentence', ({ files, command }) => {
    const { status, stderr } = shell(`ulimit -n ${files}; node ${cli} ${command} > /dev/null`);
    if (status === 0) return;
    expect(status).toBe(1);
    expect(stderr).toMatch(sentence);
  });

  it('with too few open files says how to allow more', () => {
    expect(shell(`ulimit -n 20; node ${cli} data stats --sample`)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /as many files open as it may[^\n]*\n {2}Allow this process more open files: ulimit -n 1024\n$/,
      ),
    });
  });

  it.each(['--version', '--help', 'config', 'data show --sample --row 1'])('%s onto a full disk says so', command => {
    expect(shell(`node ${cli} ${command} > /dev/full`)).toMatchObject({
      status: 1,
      stderr: 'panx: What was to be printed is not: stdout: no space left on the disk.\n',
    });
  });

  it.each(['2> /dev/full', '<&-', '2>&-', '>&-'])('the work is done with %s', streams => {
    expect(shell(`node ${cli} config ${streams} > /dev/null`).status).toBe(0);
    expect(shell(`node ${cli} trian ${streams} > /dev/null`).status).toBe(2);
  });

  it('in a folder that was removed says so where it needs one', () => {
    const gone = 'd=$(mktemp -d); cd $d; rmdir $d;';
    expect(shell(`${gone} node ${cli} --version`)).toMatchObject({ status: 0, stderr: '' });
    expect(shell(`${gone} node ${cli} train --sample`)).toMatchObject({
      status: 1,
      stderr: 'panx: The folder that panx was started in is not there any more.\n  Change to another: cd ~\n',
    });
  });

  it.each([
    { HOME: '' },
    { HOME: 'relative' },
    { HOME: '/dev/null' },
    { TMPDIR: '/no/such' },
    { COLUMNS: '0' },
    { LANG: 'C' },
  ])('with %j panx answers, and leaves nothing where it stands', env => {
    const here = mkdtempSync(join(tmpdir(), 'panx-here-'));
    const script = `cd ${here} && node ${cli} --version && node ${cli} data show --sample --row 1 && node ${cli} config`;
    expect(shell(script, { PANX_CACHE: '', XDG_CACHE_HOME: '', ...env } as Record<string, string>)).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(readdirSync(here)).toEqual([]);
  });

  /** panx where this code has run before it. */
  const withPreload = (code: string, command: string, env: Record<string, string> = {}) => {
    const preload = join(mkdtempSync(join(tmpdir(), 'panx-preload-')), 'preload.cjs');
    writeFileSync(preload, code);
    return shell(`node --require ${preload} ${cli} ${command}`, env);
  };

  it.each(['', '--help', 'train --sample', 'nonsense'])('of a Node.js that is too old "panx %s" says so', command => {
    const old = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '16.20.2' } });";
    expect(withPreload(old, command)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `panx: panx needs Node.js 20 or newer, and this is 16.20.2 (${process.execPath}).\n  Install a newer one (https://nodejs.org), or put its folder first in PATH.\n`,
    });
  });

  it('is a file that an old Node.js can read', () => {
    expect(readFileSync(cli, 'utf8')).not.toMatch(/\?\.|\?\?|^import |await /m);
  });

  describe('of a user without a home folder', () => {
    // As Node.js 22 and 24 answer where HOME is not set and the user's number has no entry in /etc/passwd.
    const unknown = `const os = require('node:os');
      os.homedir = os.userInfo = () => {
        throw Object.assign(new Error('A system error occurred: uv_os_homedir returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
      };
      require('node:module').syncBuiltinESMExports();`;
    const none = { PANX_CACHE: '', XDG_CACHE_HOME: '', HF_HOME: '', HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '' };
    const homeless = 'This user has no home folder, in which panx would keep what it brings.';

    it.each(['--help', '--version', 'encoders', 'data stats --sample'])('panx %s works without a cache', command => {
      const { status, stdout, stderr } = withPreload(unknown, command, none);
      expect([status, stdout]).toEqual([0, shell(`node ${cli} ${command}`).stdout]);
      expect(stderr).not.toContain('home folder');
    });

    it('panx fetch needs a folder, and takes HF_HOME or HF_HUB_CACHE', () => {
      const asked = 'fetch --model org/none --no-data';
      expect(withPreload(unknown, asked, none)).toMatchObject({
        status: 1,
        stderr: `panx: ${homeless}\n  Set HOME, or PANX_CACHE and HF_HOME, to folders that can be written to.\n`,
      });
      const HF_HOME = mkdtempSync(join(tmpdir(), 'panx-hf-'));
      const offline = withPreload(unknown, asked, { ...none, HF_HOME, HF_HUB_OFFLINE: '1' });
      expect(offline.stderr).toContain(`org/none: config.json is not in the cache ${HF_HOME}/hub`);
      const closed = { HF_ENDPOINT: 'http://127.0.0.1:4', HF_HUB_CACHE: HF_HOME, HF_TOKEN: '', HF_TOKEN_PATH: '' };
      const { stderr } = withPreload(unknown, asked, { ...none, ...closed });
      expect(stderr).toContain(`is not in the cache ${HF_HOME}, and http://127.0.0.1:4 cannot be reached`);
    });

    it('panx doctor says what is missing', () => {
      const { status, stdout } = withPreload(unknown, 'doctor --json', { ...none, PANX_LIBTENSORFLOW: '' });
      expect(status).toBe(1);
      const { cache, hubCache, findings } = JSON.parse(stdout);
      expect([cache, hubCache]).toEqual([
        { path: null, bytes: 0 },
        { path: null, bytes: 0 },
      ]);
      expect(findings).toContainEqual({
        name: 'cache',
        status: 'problem',
        found: 'there is none: this user has no home folder',
        remedy: 'Set HOME, or PANX_CACHE, to a folder that you can write to.',
      });
      expect(findings).toContainEqual(expect.objectContaining({ name: 'hub', status: 'problem', found: homeless }));
    });
  });

  it('a compiled part that is missing is told in a sentence', () => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    const { status, stderr } = shell(`node ${join(folder, 'dist', 'cli.js')} --version`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^panx: The program cannot be loaded: Cannot find package 'commander'[^\n]*\.\n$/);
    rmSync(join(folder, 'dist'), { recursive: true });
  });

  it('what was typed cannot act on the terminal', () => {
    const { stderr } = panx(['\u001b[2Jfetch\n\u202e']);
    expect(stderr).toBe(
      'panx: Unknown command "<U+001B>[2Jfetch<U+000A><U+202E>".\n  panx --help lists the commands.\n',
    );
    expect(panx(['config', '--\u009b2J']).stderr).toContain("Unknown option '--<U+009B>2J'");
  });
});
