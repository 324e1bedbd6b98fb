import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../built-cli.js';
import { applyDamage } from './damage.js';
import { anyDamage } from './odd-values.js';
import { randomOf } from './random.js';
import { commandLines, damageLines, preamble, preparationLines, quote } from './shell.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-shell-'));
afterAll(() => rmSync(folder, { recursive: true }));

function shell(lines: readonly string[]): string {
  return execFileSync('/bin/sh', ['-ec', `box=${folder}\n${lines.join('\n')}`], { cwd: folder, encoding: 'utf8' });
}

describe('a reproduction in shell', () => {
  it.each(['plain', '', ' ', "it's", '$HOME `x` "y" \\', 'new\nline', '*', '-n', '~', 'ünï', '#'])(
    'keeps the word %j',
    word => {
      expect(shell([`printf %s ${quote(word)}`])).toBe(word);
    },
  );

  it('knows the sandbox', () => {
    expect(shell([`printf %s ${quote('{box}/a b')}`])).toBe(`${folder}/a b`);
  });

  it('makes the bytes of any damage', () => {
    const original = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7) % 256));
    for (let seed = 0; seed < 40; seed++) {
      const damaged = applyDamage(original, anyDamage(randomOf(seed)));
      writeFileSync(join(folder, 'file'), original);
      shell(damageLines('file', original, damaged));
      expect(readFileSync(join(folder, 'file')).equals(damaged), `seed ${seed}`).toBe(true);
    }
  });

  it('changes JSON as a step does', () => {
    const text = JSON.stringify({ a: [1, { b: 'x' }], c: null });
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(text.length));
    const changes = [
      [['a', 1, 'b'], '1e999'],
      [['a', 0], null],
      [['c'], { nested: 5 }],
      [['d'], `"it's"`],
      [[], 'null'],
      [0.6, { long: 4 }],
    ] as const;
    for (const [at, value] of changes) {
      for (const kind of ['json', 'header'] as const) {
        const before =
          kind === 'json' ? Buffer.from(text) : Buffer.concat([start, Buffer.from(text), Buffer.from('data')]);
        const after = applyDamage(before, { kind, at, value });
        writeFileSync(join(folder, 'file.json'), before);
        shell([
          ...preamble.split('\n').slice(3),
          ...preparationLines({ do: 'damage', path: 'file.json', how: { kind, at, value } }, { before, after }),
        ]);
        expect(readFileSync(join(folder, 'file.json'), 'latin1')).toBe(after.toString('latin1'));
      }
    }
  });

  it('leads from a tokenizer to a damaged one', () => {
    const text = readFileSync(join(root, 'sample', 'model', 'tokenizer.json'), 'utf8');
    let told = 0;
    for (let seed = 0; seed < 25; seed++) {
      const how = { kind: 'tokenizer', seed } as const;
      const before = Buffer.from(text);
      const after = applyDamage(before, how);
      const lines = preparationLines({ do: 'damage', path: 't.json', how }, { before, after });
      if (!lines.every(line => line.startsWith('setjson'))) continue;
      told++;
      writeFileSync(join(folder, 't.json'), before);
      shell([...preamble.split('\n').slice(3), ...lines]);
      expect(JSON.parse(readFileSync(join(folder, 't.json'), 'utf8')), `seed ${seed}`).toEqual(
        JSON.parse(after.toString()),
      );
    }
    expect(told).toBeGreaterThan(10);
  });

  it('writes what a step writes', () => {
    shell(preparationLines({ do: 'write', path: 'a/b', content: "it's\n" }));
    expect(readFileSync(join(folder, 'a', 'b'), 'utf8')).toBe("it's\n");
    shell(preparationLines({ do: 'write', path: 'c', content: { hex: '00ff0a' } }));
    expect(readFileSync(join(folder, 'c'))).toEqual(Buffer.from([0, 255, 10]));
    shell(preparationLines({ do: 'write', path: 'd', content: { repeat: 'ab\n', times: 3 } }));
    expect(readFileSync(join(folder, 'd'), 'utf8')).toBe('ab\nab\nab\n');
    shell(preparationLines({ do: 'write', path: 'e', content: { repeat: '[', times: 4 } }));
    expect(readFileSync(join(folder, 'e'), 'utf8')).toBe('[[[[');
  });

  it('is a command with its surroundings', () => {
    const command = {
      args: [],
      env: { A: 'x y', B: null },
      stdin: 'text',
      shell: 'ulimit -n 20',
      redirect: '>/dev/full',
    };
    expect(commandLines(command, ['train', '--out', 'a b'])).toEqual([
      `(ulimit -n 20; printf %s text | env A='x y' -u B node "$panx" train --out 'a b' >/dev/full)`,
      'echo "exit code $?"',
    ]);
  });
});
