import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCli, panx, root } from './built-cli.js';

beforeAll(buildCli);

describe('panx', () => {
  it('--help lists the commands', () => {
    const { code, stdout, stderr, durationMs } = panx(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const name of [
      'train',
      'sweep',
      'evaluate',
      'predict',
      'data',
      'fetch',
      'init',
      'config',
      'setup',
      'doctor',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} .*\\S$`, 'm'));
    }
    // The aim is 200 ms; a busy machine must not make a test fail, so it is told and not asserted.
    console.info(`panx --help: ${Math.round(durationMs)} ms`);
  });

  it.each(['--help', 'config', 'sweep --help'])('%s into a pipe that is closed ends without a word', command => {
    const script = `node dist/cli.js ${command} | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('0\n');
  });

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

  it.each(['train', 'sweep', 'evaluate', 'predict', 'data', 'fetch', 'init', 'config', 'setup', 'doctor'])(
    '%s --help answers',
    name => {
      const { code, stdout } = panx([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: panx ${name}`);
    },
  );

  it('suggests the command that was meant', () => {
    const { code, stdout, stderr } = panx(['trian']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe('panx: Unknown command "trian"; did you mean "train"?\n  panx --help lists the commands.\n');
  });

  it('refuses a command like no other', () => {
    expect(panx(['xyzzy']).stderr).toContain('panx: Unknown command "xyzzy".\n');
  });

  it('refuses an unknown option without a stack trace', () => {
    const { code, stderr } = panx(['doctor', '--jsn']);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "panx: Unknown option '--jsn'; did you mean --json?\n  panx doctor --help lists the options.\n",
    );
  });
});
