import { spawn, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCli, root } from '../../built-cli.js';

beforeAll(buildCli);

const told = 'Type a sentence and Enter, and its words are tagged. Ctrl-D ends.';

/**
 * What a terminal of 0 columns shows of a command; `script` of util-linux has such a one. Each line is typed when the terminal has shown what it
 * waits for.
 */
function onTerminal(
  command: string,
  typed: readonly { after: string; line: string }[],
): Promise<{ code: number; shown: string }> {
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...process.env, COLUMNS: 'abc' },
  });
  const left = [...typed];
  let shown = '';
  return new Promise((resolve, reject) => {
    terminal.on('error', reject);
    terminal.on('close', code => resolve({ code: code!, shown: shown.replaceAll('\r\n', '\n') }));
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      type();
    });
    const type = () => {
      while (left.length > 0 && shown.includes(left[0]!.after)) terminal.stdin.write(left.shift()!.line);
    };
    type();
  });
}

const end = '\u0004';

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('panx predict on a terminal', () => {
  it('says that it waits, and tags each sentence before the next is typed', async () => {
    const { code, shown } = await onTerminal('node dist/cli.js predict --sample', [
      { after: told, line: 'Helen Murphy lived in Vienna.\n' },
      { after: 'LOC  1.000  Vienna', line: 'Nobody came.\n' },
      { after: '\nNobody  came  .\r\n', line: end },
    ]);
    expect(code).toBe(0);
    expect(shown.indexOf(told)).toBe(0);
    expect(shown).toContain(
      '\nHelen  Murphy  lived  in  Vienna  .\nB-PER  I-PER   O      O   B-LOC   O\n  PER  1.000  Helen Murphy\n',
    );
    expect(shown).toContain('\nNobody  came  .\n');
  });

  it('gives a line of JSON for each, and says it on stderr', async () => {
    const { code, shown } = await onTerminal('node dist/cli.js predict --sample --json - 2> /dev/null', [
      { after: '', line: 'Helen Murphy \u202e lived.\n' },
      { after: '"entities"', line: end },
    ]);
    expect(code).toBe(0);
    expect(shown).not.toContain(told);
    const line = shown.split('\n').find(text => text.startsWith('{'))!;
    expect(line).not.toContain('\u202e');
    expect(JSON.parse(line)).toMatchObject({ text: 'Helen Murphy \u202e lived.' });
  });

  it('says before anything is typed that a model cannot be had, and that nothing was typed', async () => {
    const none = await onTerminal('node dist/cli.js predict --model /nowhere', []);
    expect([none.code, none.shown]).toEqual([
      1,
      expect.stringMatching(/^panx: --model \/nowhere: there is no such folder/),
    ]);
    const empty = await onTerminal('node dist/cli.js predict --sample', [{ after: told, line: end }]);
    expect([empty.code, empty.shown]).toEqual([2, expect.stringContaining('panx: There is no sentence to tag')]);
  });
});
