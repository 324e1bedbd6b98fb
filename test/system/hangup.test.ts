import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCli, root } from '../built-cli.js';

beforeAll(buildCli);

const probe = `import('./dist/system/hangup.js').then(({ hangupIsIgnored }) => console.log(hangupIsIgnored()))`;

/** Whether a process that a shell starts so believes that it ignores SIGHUP. $NODE is Node.js with the question. */
function ask(script: string, env: Record<string, string> = {}): string {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', process.execPath, '-e', probe], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, _: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return stdout.trim() || stderr;
}

const mayLook = process.platform === 'linux';
const hasBash = spawnSync('bash', ['--version']).status === 0;

describe('hangupIsIgnored', () => {
  it('is not so where nothing was said of SIGHUP', () => {
    expect(ask('"$@"')).toBe('false');
    expect(ask('"$@"; true')).toBe('false');
    expect(ask('"$@" < /dev/null; true')).toBe('false');
    expect(ask('"$@" <&-; true')).toBe('false');
  });

  it.skipIf(!mayLook)("is so under a shell after trap '' HUP, and not after another trap", () => {
    expect(ask(`trap '' HUP; "$@"; true`)).toBe('true');
    expect(ask(`trap '' INT; "$@"; true`)).toBe('false');
    expect(ask(`trap : HUP; "$@"; true`)).toBe('false');
  });

  it.skipIf(!mayLook)('is so where stdin is what nohup puts in the place of a terminal', () => {
    expect(ask('"$@" 0> /dev/null; true')).toBe('true');
    expect(ask('"$@" 0<> /dev/null; true')).toBe('false');
    expect(ask('"$@" 0> /dev/full; true')).toBe('false');
  });

  it.skipIf(!hasBash)('is so where bash started nohup, whatever stdin is', () => {
    expect(ask(`exec bash --norc -c 'nohup "$@"; true' bash "$@"`)).toBe('true');
    expect(ask(`exec bash --norc -c '"$@"; true' bash "$@"`, { _: '/usr/bin/nohup' })).toBe('false');
  });

  it('is so for the process that the launcher told, and not for a child of it', () => {
    expect(ask('export PANX_HANGUP_IGNORED=$$; exec "$@"')).toBe('true');
    expect(ask('export PANX_HANGUP_IGNORED=$$; "$@"; true')).toBe('false');
  });
});
