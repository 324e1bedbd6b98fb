import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, root } from './built-cli.js';

// A program that says how it was started, behind the lines of sh that dist/cli.js begins with.
const probe = `
import { fstatSync, writeFileSync, writeSync } from 'node:fs';
const canWrite = [1, 2].map(fd => { try { return writeSync(fd, 'written') > 0; } catch (error) { return error.code; } });
const told = process.env.PANX_HANGUP_IGNORED === String(process.pid);
writeFileSync(process.env.PROBED, JSON.stringify({ args: process.argv.slice(2), options: process.execArgv.length, told, canWrite }));
`;

let folder: string;
let program: string;
beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-launcher-'));
  program = join(folder, 'a folder with $paces', 'dist', 'cli.mjs');
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, readFileSync(join(root, 'scripts', 'launcher.sh'), 'utf8') + probe);
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** How a program was started by this line of sh, in which "$0" is the program. */
function started(line: string, env: Record<string, string> = {}) {
  const probed = join(folder, 'probed.json');
  rmSync(probed, { force: true });
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line, program], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, PROBED: probed, ...env },
  });
  if (status !== 0) return { status, stderr };
  return { stdout, stderr, ...(JSON.parse(readFileSync(probed, 'utf8')) as object) };
}

describe.skipIf(process.platform === 'win32')('the head of dist/cli.js', () => {
  it('is there', () => {
    const head = readFileSync(join(root, 'scripts', 'launcher.sh'), 'utf8');
    expect(readFileSync(join(root, 'dist', 'cli.js'), 'utf8').startsWith(head)).toBe(true);
    const { stdout } = spawnSync(join(root, 'dist', 'cli.js'), ['--version'], { encoding: 'utf8' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  const plain = { args: [], told: false, canWrite: [true, true], stdout: 'written', stderr: 'written' };

  it.each(['"$0"', 'exec "$0"', 'sh "$0"', 'node "$0"', '"$0" < /dev/null', '"$0" <&-'])('%s starts it', line => {
    expect(started(line)).toMatchObject(plain);
  });

  it('passes on the arguments as they are, and what NODE_OPTIONS says', () => {
    expect(started(`"$0" 'a  b' '*' '' "it's" -- --version`)).toMatchObject({
      args: ['a  b', '*', '', "it's", '--', '--version'],
    });
    expect(started('"$0"', { NODE_OPTIONS: '--no-warnings' })).toMatchObject(plain);
  });

  it('starts from a link, as npm makes one, and from the PATH', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(program, join(bin, 'panx'));
    expect(started('bin/panx')).toMatchObject(plain);
    expect(started('PATH="$PWD/bin:$PATH" panx')).toMatchObject(plain);
    expect(started('cd bin; PATH=":$PATH" panx')).toMatchObject(plain);
  });

  it.each(['"$0"', 'exec "$0"', 'sh -c \'exec "$0"\' "$0"', '("$0" &); while ! [ -s "$PROBED" ]; do :; done'])(
    "after trap '' HUP it tells %s so, and after no other",
    line => {
      expect(started(`trap '' HUP; ${line}`)).toMatchObject({ ...plain, told: true });
      expect(started(`trap '' INT TERM; ${line}`)).toMatchObject(plain);
    },
  );

  it.each([
    ['>&-', ['EBADF', true]],
    ['2>&-', [true, 'EBADF']],
    ['>&- 2>&-', ['EBADF', 'EBADF']],
    ['<&- >&- 2>&-', ['EBADF', 'EBADF']],
    ['2> /dev/null', [true, true]],
  ])('with %s a write fails where it is lost', (streams, canWrite) => {
    expect(started(`"$0" ${streams}`)).toMatchObject({ canWrite, told: false });
  });

  it('without Node.js says so in a sentence', () => {
    expect(started('PATH=/nowhere; "$0"')).toEqual({
      status: 127,
      stderr: 'panx: Node.js is not found; expected node on the PATH.\n',
    });
  });
});
