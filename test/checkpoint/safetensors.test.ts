// long because it is the one list of what a weights file may hold, and of the sentence for each that is not sound.
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../../src/checkpoint/safetensors.js';
import { temporaryFolder } from './example.js';
import { python, runPython } from './python.js';

const folder = await temporaryFolder();

/** The bytes of a safetensors file with this header, as it stands, and `dataBytes` bytes of data: 0, 1, 2, ... */
function fileOf(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.from(Array.from({ length: dataBytes }, (_, i) => i % 256))]);
}

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

function tensor(name: string, shape: number[], values: number[]): TensorToWrite {
  return { name, shape, data: () => Float32Array.from(values) };
}

const table = Float32Array.from({ length: 50 * 6 }, (_, i) => i / 8);

const interrupted = (): never => {
  throw new Error('interrupted');
};

describe('reading what was written', () => {
  test('names, shapes and values come back, a scalar and an empty tensor too', async () => {
    const path = join(folder, 'small.safetensors');
    await writeSafetensors(path, [
      tensor('b', [2, 3], [1, -2, 3.5, -3.4e38, 3.4e38, 1e-42]),
      tensor('scalar', [], [7]),
      tensor('empty', [0, 4], []),
      tensor('a', [2], [0.1, 0.2]),
    ]);
    const source = await openSafetensors(path);
    expect(source.tensors.get('b')).toEqual({ name: 'b', dtype: 'F32', shape: [2, 3] });
    expect([...source.tensors.keys()].sort()).toEqual(['a', 'b', 'empty', 'scalar']);
    expect(await source.read('b')).toEqual(Float32Array.of(1, -2, 3.5, -3.4e38, 3.4e38, Math.fround(1e-42)));
    expect(await source.read('scalar')).toEqual(Float32Array.of(7));
    expect(await source.read('empty')).toEqual(new Float32Array(0));
    expect(await source.read('a')).toEqual(Float32Array.of(0.1, 0.2));
    await source.close();
  });

  test('a tensor may come in pieces', async () => {
    const path = join(folder, 'pieces.safetensors');
    async function* pieces() {
      yield Float32Array.of(1, 2);
      yield Float32Array.of(3);
    }
    await writeSafetensors(path, [{ name: 'a', shape: [3], data: pieces }, tensor('b', [1], [4])]);
    const source = await openSafetensors(path);
    expect(await source.read('a')).toEqual(Float32Array.of(1, 2, 3));
    expect(await source.read('b')).toEqual(Float32Array.of(4));
    await source.close();
    await expect(writeSafetensors(path, [{ name: 'a', shape: [4], data: pieces }])).rejects.toThrow(
      'a [4] was given 3 values',
    );
  });

  test('the header is padded with spaces to 8 bytes and says that the tensors are for PyTorch', async () => {
    for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde']) {
      const path = join(folder, 'padded.safetensors');
      await writeSafetensors(path, [tensor(name, [1], [1])]);
      const bytes = await readFile(path);
      const length = Number(bytes.readBigUInt64LE(0));
      expect(length % 8).toBe(0);
      expect(bytes.length).toBe(8 + length + 4);
      const json = bytes.toString('utf8', 8, 8 + length);
      expect(json).toMatch(/^\{.*\} *$/);
      expect(JSON.parse(json)).toEqual({
        __metadata__: { format: 'pt' },
        [name]: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
      });
    }
  });

  test('rows come in the order asked for, repeated, unsorted, far apart and neighbouring', async () => {
    const path = join(folder, 'rows.safetensors');
    await writeSafetensors(path, [
      tensor('before', [3], [1, 2, 3]),
      { name: 'table', shape: [50, 6], data: () => table },
    ]);
    const source = await openSafetensors(path);
    const rows = Int32Array.of(49, 0, 7, 8, 9, 7, 30, 0);
    const expected = Float32Array.from([...rows].flatMap(row => [...table.subarray(row * 6, row * 6 + 6)]));
    expect(await source.readRows('table', rows)).toEqual(expected);
    const into = new Float32Array(expected.length).fill(-1);
    expect(await source.readRows('table', rows, into)).toBe(into);
    expect(into).toEqual(expected);
    expect(await source.readRows('table', Int32Array.of())).toEqual(new Float32Array(0));
    expect(
      await source.readRows(
        'table',
        Int32Array.from({ length: 50 }, (_, i) => i),
      ),
    ).toEqual(table);
    await expect(source.readRows('table', Int32Array.of(3, 50, 1))).rejects.toThrow(
      `${path} holds 50 rows of table; row 50 was asked for.`,
    );
    await expect(source.readRows('table', Int32Array.of(3, -1))).rejects.toThrow('row -1 was asked for.');
    await source.close();
  });

  test('rows that lie further apart than one read takes', async () => {
    const path = join(folder, 'wide.safetensors');
    const wide = Float32Array.from({ length: 400 * 2000 }, (_, i) => i % 9973);
    await writeSafetensors(path, [{ name: 'wide', shape: [400, 2000], data: () => wide }]);
    const source = await openSafetensors(path);
    const rows = Int32Array.from({ length: 300 }, (_, i) => (i * 37) % 400);
    const found = await source.readRows('wide', rows);
    const expected = new Float32Array(300 * 2000);
    rows.forEach((row, i) => {
      expected.set(wide.subarray(row * 2000, row * 2000 + 2000), i * 2000);
    });
    expect(Buffer.from(found.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
    await source.close();
  });

  test.each(['F16', 'BF16'])('%s is widened, whole and by rows', async dtype => {
    const header = { half: { dtype, shape: [5, 3], data_offsets: [0, 30] } };
    const source = await openSafetensors(await written(`${dtype}.safetensors`, fileOf(header, 30)));
    const all = await source.read('half');
    // The data are bytes 0, 1, 2, ...: value i has the pattern 0x0100 + 2i + 0x0200 * i.
    const pattern = (i: number) => (2 * i + 1) * 256 + 2 * i;
    const expected =
      dtype === 'BF16'
        ? new Float32Array(Uint32Array.from({ length: 15 }, (_, i) => pattern(i) * 65536).buffer)
        : Float32Array.from({ length: 15 }, (_, i) => {
            const [exponent, fraction] = [pattern(i) >> 10, (pattern(i) & 1023) / 1024];
            return exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
          });
    expect(all).toEqual(expected);
    expect(await source.readRows('half', Int32Array.of(4, 1))).toEqual(
      Float32Array.of(...all.subarray(12, 15), ...all.subarray(3, 6)),
    );
    await source.close();
  });

  test('data beyond 4 GB is read where it lies', async () => {
    const rows = 1_200_000;
    const bytes = rows * 1000 * 4;
    const start = fileOf(
      {
        big: { dtype: 'F32', shape: [rows, 1000], data_offsets: [0, bytes] },
        last: { dtype: 'F32', shape: [2], data_offsets: [bytes, bytes + 8] },
      },
      0,
    );
    const path = join(folder, 'big.safetensors');
    const file = await open(path, 'w'); // a sparse file: it takes a few kB of the disk
    await file.write(start, 0, start.length, 0);
    await file.write(Float32Array.of(5, 6, 7), 0, 12, start.length + bytes - 4);
    await file.close();
    const source = await openSafetensors(path);
    expect(await source.read('last')).toEqual(Float32Array.of(6, 7));
    const found = await source.readRows('big', Int32Array.of(rows - 1, 3));
    expect([found.length, found[999], found[998], found[1999]]).toEqual([2000, 5, 0, 0]);
    await source.close();
  });
});

describe('a file that is not sound is refused by a sentence that names it', () => {
  const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
  const cases: [string, Uint8Array, string][] = [
    ['empty', Buffer.alloc(0), 'is empty: it has no byte.'],
    ['short', Buffer.alloc(5), 'is truncated: it holds 5 bytes, and a safetensors file starts with'],
    [
      'wild',
      Buffer.alloc(64, 255),
      'is not a sound safetensors file: its first 8 bytes give a header length of 1844674407',
    ],
    [
      'cut-header',
      fileOf({ a: f32([2], 0, 8) }, 8).subarray(0, 30),
      'is truncated: it holds 30 bytes, and its header alone',
    ],
    [
      'long',
      Buffer.concat([Buffer.from(BigUint64Array.of(4_194_305n).buffer), Buffer.alloc(4_194_305, ' ')]),
      'its first 8 bytes give a header length of 4194305, expected 2 to 4194304.',
    ],
    [
      'rank',
      fileOf({ a: { dtype: 'F32', shape: Array(17).fill(1), data_offsets: [0, 4] } }, 4),
      'the shape of a is [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1], expected',
    ],
    [
      'name',
      fileOf({ [`a${'b'.repeat(1000)}`]: f32([1], 0, 4) }, 4),
      'it names a tensor with 1001 characters, expected 1000 at most.',
    ],
    [
      'deep',
      fileOf(`{"a": {"dtype": ${'['.repeat(50_000)}${']'.repeat(50_000)}}}`, 0),
      'its header nests arrays or objects more than 100 levels deep',
    ],
    ['deep and cut', fileOf(`{"a":${'['.repeat(4_000_000)}`, 0), 'its header nests arrays or objects more than 100'],
    ['no-json', fileOf('{"a": ', 8), 'is not a sound safetensors file: its header is not valid JSON: '],
    ['array', fileOf('[1, 2]', 8), 'is not a sound safetensors file: its header is not a JSON object.'],
    ['entry', fileOf({ a: 3 }, 8), 'is not a sound safetensors file: its header describes a by 3, expected an object.'],
    [
      'dtype',
      fileOf({ a: { dtype: 'F128', shape: [1], data_offsets: [0, 16] } }, 16),
      'holds a in the element type "F128", which panx does not know; expected one of BOOL, U8,',
    ],
    [
      'shape',
      fileOf({ a: { dtype: 'F32', shape: [-2], data_offsets: [0, 8] } }, 8),
      'the shape of a is [-2], expected sizes of 0 or more.',
    ],
    ['offsets', fileOf({ a: f32([2], 8, 0) }, 8), 'the data offsets of a are [8,0], expected [begin, end].'],
    ['size', fileOf({ a: f32([3], 0, 8) }, 8), 'a has 8 bytes of data, and F32 [3] takes 12.'],
    [
      'gap',
      fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
      'the data of b leaves a gap after the tensor before it: it starts at byte 124, expected 120.',
    ],
    [
      'overlap',
      fileOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8),
      'the data of b overlaps the tensor before it: it starts at byte 119, expected 123.',
    ],
    ['cut', fileOf({ a: f32([2], 0, 8) }, 7), 'is truncated: it holds 69 bytes, and its header describes 70.'],
    ['tail', fileOf({ a: f32([2], 0, 8) }, 9), 'it holds 71 bytes, and its header describes only 70.'],
  ];
  test.each(cases)('%s', async (name, bytes, sentence) => {
    const path = await written(`bad-${name}.safetensors`, bytes);
    await expect(openSafetensors(path)).rejects.toMatchObject({
      name: 'PanxError',
      message: expect.stringContaining(path),
    });
    await expect(openSafetensors(path)).rejects.toThrow(sentence);
  });

  test('integers may lie in a file, and are refused only when they are read', async () => {
    const header = { position_ids: { dtype: 'I64', shape: [1, 2], data_offsets: [0, 16] } };
    const path = await written('integers.safetensors', fileOf(header, 16));
    const source = await openSafetensors(path);
    expect(source.tensors.get('position_ids')?.dtype).toBe('I64');
    await expect(source.read('position_ids')).rejects.toThrow(
      `${path} holds position_ids as I64; panx reads F32, F16, BF16 and F64.`,
    );
    await expect(source.read('classifier.weight')).rejects.toThrow(`${path} holds no tensor classifier.weight.`);
    await source.close();
  });

  test('values of 64 bits become the nearest of 32, wherever they lie in the file', async () => {
    const numbers = Float64Array.of(0.1, -1 / 3, 1e-46, 16_777_217, 1e300, 5e-324);
    const header = { a: { dtype: 'F64', shape: [3, 2], data_offsets: [0, 48] } };
    for (const padding of [0, 3]) {
      const text = Buffer.from(JSON.stringify(header).padEnd(80 + padding));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      const path = await written(
        `double-${padding}.safetensors`,
        Buffer.concat([length, text, Buffer.from(numbers.buffer)]),
      );
      const source = await openSafetensors(path);
      const rows = await source.readRows('a', Int32Array.of(1, 0));
      expect(rows).toEqual(Float32Array.of(0, 16_777_216, Math.fround(0.1), Math.fround(-1 / 3)));
      await expect(source.read('a')).rejects.toThrow(`${path}: a[2, 0] is Infinity; expected a finite number.`);
      await source.close();
    }
  });

  test('a file that is cut off while it is open', async () => {
    const path = await written('shrinking.safetensors', fileOf({ a: f32([2], 0, 8) }, 8));
    const source = await openSafetensors(path);
    await writeFile(path, fileOf({ a: f32([2], 0, 8) }, 3));
    await expect(source.read('a')).rejects.toThrow(`${path} became shorter while it was read`);
    await expect(source.readRows('a', Int32Array.of(1))).rejects.toThrow(`${path} became shorter while it was read`);
    await source.close();
  });
});

describe('a write that fails', () => {
  test('leaves the old file whole and nothing beside it', async () => {
    const place = join(folder, 'atomic');
    await mkdir(place);
    const path = join(place, 'model.safetensors');
    await writeSafetensors(path, [tensor('a', [1], [1])]);
    const before = await readFile(path);
    const failing: TensorToWrite = { name: 'b', shape: [1], data: interrupted };
    await expect(writeSafetensors(path, [tensor('a', [1], [2]), failing])).rejects.toThrow('interrupted');
    await expect(writeSafetensors(path, [tensor('a', [3], [2])])).rejects.toThrow('a [3] was given 1 values');
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(place)).toEqual(['model.safetensors']);
  });

  test('names the path', async () => {
    const path = join(folder, 'small.safetensors', 'inside.safetensors');
    await expect(writeSafetensors(path, [tensor('a', [1], [1])])).rejects.toThrow(
      `${path} cannot be written: a part of the path is a file, not a folder`,
    );
  });
});

describe.skipIf(python === undefined)('against the reference library in Python', () => {
  test('it reads what panx writes', async () => {
    const path = join(folder, 'for-python.safetensors');
    await writeSafetensors(path, [tensor('z', [2, 2], [1, 2, 3, 4]), tensor('a.b', [3], [0.5, -1, 8])]);
    const program = `import sys, json; from safetensors import safe_open
with safe_open(sys.argv[1], 'pt') as f: print(json.dumps([f.metadata(), {k: f.get_tensor(k).tolist() for k in f.keys()}]))`;
    expect(runPython(program, path)).toEqual([
      { format: 'pt' },
      {
        z: [
          [1, 2],
          [3, 4],
        ],
        'a.b': [0.5, -1, 8],
      },
    ]);
  });

  test('panx reads what it writes, in all three element types', async () => {
    const path = join(folder, 'from-python.safetensors');
    const program = `import sys, json, torch; from safetensors.torch import save_file
x = torch.randn(40, 30, generator=torch.Generator().manual_seed(0)) * 10.0 ** torch.arange(-15, 15)
x[0, :3] = torch.tensor([1e-7, -60000.0, 0.0])
x = x.clamp(-65504, 65504)
parts = {'f32': x, 'f16': x.half(), 'bf16': x.bfloat16(), 'ids': torch.arange(3)}
save_file(parts, sys.argv[1])
print(json.dumps({k: [repr(v) for v in t.float().flatten().tolist()] for k, t in parts.items() if k != 'ids'}))`;
    const expected = runPython(program, path) as Record<string, string[]>;
    const source = await openSafetensors(path);
    for (const [name, values] of Object.entries(expected)) {
      expect(await source.read(name)).toEqual(Float32Array.from(values, Number));
    }
    await source.close();
  });
});
