import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDistInfo, unpackWheel } from '../../../src/engine/tensorflow/wheel.js';
import { makeWheel } from './wheel-fixture.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'panx-wheel-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const library = Buffer.alloc(3_000_000, 'library ');

function write(bytes: Buffer): string {
  const path = join(folder, 'thing-1.0-cp311-cp311-manylinux_2_27_x86_64.whl');
  writeFileSync(path, bytes);
  return path;
}

const unpack = (path: string, keep: (path: string) => boolean = () => true) =>
  unpackWheel(path, join(folder, 'out'), keep, () => {});

describe('unpackWheel', () => {
  it('unpacks stored and deflated files, only those asked for, and tells their size and SHA-256', async () => {
    const wheel = makeWheel('thing-1.0', { 'a/lib.so': library, 'a/small.h': '#pragma once\n', 'b/left.py': 'pass' });
    const files = await unpack(write(wheel), path => path.startsWith('a/'));
    expect(readFileSync(join(folder, 'out/a/lib.so')).equals(library)).toBe(true);
    expect(readFileSync(join(folder, 'out/a/small.h'), 'utf8')).toBe('#pragma once\n');
    expect(readdirSync(join(folder, 'out'))).toEqual(['a']);
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['a/lib.so', 3_000_000],
      ['a/small.h', 13],
    ]);
    expect(files[1]!.sha256).toBe('b3adf106d95b8934f690943f2921308b90be5b766c4c8ba250c792de56400201');
  });

  it('counts bytes up to the total', async () => {
    const seen: [number, number][] = [];
    const path = write(makeWheel('thing-1.0', { 'a/lib.so': library }));
    await unpackWheel(
      path,
      join(folder, 'out'),
      name => name.startsWith('a/'),
      (done, of) => seen.push([done, of]),
    );
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toEqual([3_000_000, 3_000_000]);
  });

  it('reads a path with a comma, which RECORD quotes', async () => {
    await unpack(write(makeWheel('thing-1.0', { 'a/x,y.h': 'text' })), path => path.startsWith('a/'));
    expect(readFileSync(join(folder, 'out/a/x,y.h'), 'utf8')).toBe('text');
  });

  it('keeps what may be run runnable', async () => {
    const wheel = makeWheel('thing-1.0', { 'bin/ptxas': 'program', 'a.h': '' }, { executable: 'bin/ptxas' });
    await unpack(write(wheel), path => !path.includes('dist-info'));
    expect(statSync(join(folder, 'out/bin/ptxas')).mode & 0o111).toBe(0o111);
    expect(statSync(join(folder, 'out/a.h')).mode & 0o111).toBe(0);
  });

  it('refuses a file that is not what RECORD says', async () => {
    const path = write(makeWheel('thing-1.0', { 'a/lib.so': library }, { lie: 'a/lib.so' }));
    await expect(unpack(path)).rejects.toThrow(
      /^The wheel thing-1\.0-cp311-cp311-manylinux_2_27_x86_64\.whl is damaged: a\/lib\.so has SHA-256 [0-9a-f]{64}, and the wheel's RECORD says [0-9a-f]{64}\.$/,
    );
  });

  it('refuses an archive that was cut short', async () => {
    const wheel = makeWheel('thing-1.0', { 'a/lib.so': library });
    await expect(unpack(write(wheel.subarray(0, wheel.length - 200)))).rejects.toThrow(
      'is damaged: it has no end record, so it was cut short or is no ZIP archive.',
    );
    await expect(unpack(write(Buffer.alloc(0)))).rejects.toThrow('is damaged: it has no end record');
  });

  it('refuses an archive whose bytes were changed', async () => {
    const wheel = makeWheel('thing-1.0', { 'a/lib.so': library });
    wheel.fill(0xff, 60, 80); // inside the deflated library
    await expect(unpack(write(wheel))).rejects.toThrow('is damaged');
  });

  it('writes nothing outside its folder', async () => {
    const path = write(makeWheel('thing-1.0', { '../escaped.so': 'x' }));
    await expect(unpack(path)).rejects.toThrow('is damaged: it holds the path ../escaped.so.');
    expect(readdirSync(folder)).not.toContain('escaped.so');
  });

  it('names the file that cannot be written', async () => {
    writeFileSync(join(folder, 'out'), 'a file where a folder should be');
    await expect(unpack(write(makeWheel('thing-1.0', { 'a.so': 'x' })))).rejects.toThrow(/out.*cannot be written/);
  });
});

it('reads METADATA', async () => {
  const path = write(makeWheel('thing-1.0', {}, { metadata: 'Requires-Dist: other; extra == "more"\n' }));
  expect(await readDistInfo(path, 'METADATA')).toBe('Requires-Dist: other; extra == "more"\n');
  await expect(readDistInfo(path, 'WHEEL')).rejects.toThrow('is damaged: it has no WHEEL.');
});
