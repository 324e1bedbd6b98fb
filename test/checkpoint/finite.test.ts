import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../src/checkpoint/safetensors.js';
import { checkWeights, openTensors } from '../../src/checkpoint/weights.js';
import { exampleConfig, temporaryFolder } from './example.js';

const folder = await temporaryFolder();

/** Bytes that one value takes, and one that is finite. */
const types = {
  F32: { bytes: 4, one: 0x3f800000n },
  F16: { bytes: 2, one: 0x3c00n },
  BF16: { bytes: 2, one: 0x3f80n },
  F64: { bytes: 8, one: 0x3ff0000000000000n },
  F8_E5M2: { bytes: 1, one: 0x3cn },
  F8_E4M3: { bytes: 1, one: 0x38n },
  I64: { bytes: 8, one: 1n },
  I32: { bytes: 4, one: 1n },
  BOOL: { bytes: 1, one: 1n },
};
type Type = keyof typeof types;

interface Tensor {
  name: string;
  type: Type;
  shape: number[];
  /** Bits of the values at some places; all others are finite. */
  bits?: Record<number, bigint>;
}

/** A safetensors file of these tensors; `pad` more blanks in its header shift the data off its alignment. */
function fileOf(tensors: readonly Tensor[], pad = 0): Buffer {
  const header: Record<string, unknown> = {};
  const data: Buffer[] = [];
  let begin = 0;
  for (const { name, type, shape, bits = {} } of tensors) {
    const { bytes, one } = types[type];
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Buffer.alloc(count * bytes);
    for (let i = 0; i < count; i++) {
      for (let b = 0, rest = bits[i] ?? one; b < bytes; b++, rest >>= 8n) values[i * bytes + b] = Number(rest & 255n);
    }
    header[name] = { dtype: type, shape, data_offsets: [begin, begin + values.length] };
    begin += values.length;
    data.push(values);
  }
  const json = Buffer.from(JSON.stringify(header) + ' '.repeat(pad));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...data]);
}

/** A checkpoint folder with this file, and what looking at all of it says; null where all is well. */
async function complaint(tensors: readonly Tensor[], pad = 0): Promise<string | null> {
  const path = join(folder, 'model.safetensors');
  await writeFile(path, fileOf(tensors, pad));
  return await checkWeights(folder).then(
    () => null,
    (error: Error) => error.message.replace(path, 'FILE'),
  );
}

/** Each type's values that are not finite: bits, and what they are. */
const notFinite: Record<Exclude<Type, 'I64' | 'I32' | 'BOOL'>, [bits: bigint, value: string][]> = {
  F32: [
    [0x7fc00000n, 'NaN'],
    [0xffc00000n, 'NaN'],
    [0x7f800001n, 'NaN'], // signalling
    [0xffffffffn, 'NaN'],
    [0x7f800000n, 'Infinity'],
    [0xff800000n, '-Infinity'],
  ],
  F16: [
    [0x7e00n, 'NaN'],
    [0xfc01n, 'NaN'],
    [0x7c00n, 'Infinity'],
    [0xfc00n, '-Infinity'],
  ],
  BF16: [
    [0x7fc0n, 'NaN'],
    [0xff81n, 'NaN'],
    [0x7f80n, 'Infinity'],
    [0xff80n, '-Infinity'],
  ],
  F64: [
    [0x7ff8000000000000n, 'NaN'],
    [0xfff0000000000001n, 'NaN'],
    [0x7ff0000000000000n, 'Infinity'],
    [0xfff0000000000000n, '-Infinity'],
  ],
  F8_E5M2: [
    [0x7en, 'NaN'],
    [0xfdn, 'NaN'],
    [0x7cn, 'Infinity'],
    [0xfcn, '-Infinity'],
  ],
  F8_E4M3: [
    [0x7fn, 'NaN'],
    [0xffn, 'NaN'],
  ],
};
const cases = Object.entries(notFinite).flatMap(([type, values]) =>
  values.map(([bits, value]) => ({ type: type as Type, bits, value, hex: bits.toString(16) })),
);

describe('looking at whole files', () => {
  it.each(cases)('finds $value as $type $hex, first, last and between', async ({ type, bits, value }) => {
    const shape = [7, 5]; // An odd number of values, so that words hold parts of two tensors.
    for (const [index, place, pad] of [
      [0, '[0, 0]', 1],
      [16, '[3, 1]', 0],
      [34, '[6, 4]', 2],
    ] as const) {
      const before: Tensor = { name: 'before', type, shape: [3] };
      const tensors = [before, { name: 'a.b', type, shape, bits: { [index]: bits } }, { ...before, name: 'after' }];
      expect(await complaint(tensors, pad)).toBe(`FILE: a.b${place} is ${value}; expected a finite number.`);
    }
  });

  it('finds one beyond what is read at once, and in a scalar', async () => {
    const large: Tensor = { name: 'large', type: 'BF16', shape: [600_001, 2], bits: { 1200001: 0x7f80n } };
    expect(await complaint([large])).toBe('FILE: large[600000, 1] is Infinity; expected a finite number.');
    const scalar: Tensor = { name: 'scalar', type: 'F32', shape: [], bits: { 0: 0xff800000n } };
    expect(await complaint([scalar])).toBe('FILE: scalar is -Infinity; expected a finite number.');
  });

  it('takes every number that is finite: the largest, the smallest, zeros', async () => {
    const extremes: Partial<Record<Type, bigint[]>> = {
      F32: [0x7f7fffffn, 0xff7fffffn, 1n, 0x80000001n, 0n, 0x80000000n],
      F16: [0x7bffn, 0xfbffn, 1n, 0x8001n, 0n, 0x8000n],
      BF16: [0x7f7fn, 0xff7fn, 1n, 0x8001n, 0n, 0x8000n],
      F64: [0x7fefffffffffffffn, 0xffefffffffffffffn, 1n, 0x7f800000n, 0xffffffffn, 0x8000000000000000n],
      F8_E5M2: [0x7bn, 0xfbn, 1n, 0x81n, 0n, 0x80n],
      F8_E4M3: [0x7en, 0xfen, 1n, 0x81n, 0n, 0x80n],
    };
    for (const [type, bits] of Object.entries(extremes)) {
      expect(await complaint([{ name: 'a', type: type as Type, shape: [6], bits: { ...bits } }])).toBe(null);
    }
  });

  it('does not take integers for floats, and minds no tensor without values', async () => {
    const tensors: Tensor[] = [
      {
        name: 'roberta.embeddings.position_ids',
        type: 'I64',
        shape: [2],
        bits: { 0: 0x7ff8000000000000n, 1: 0x7fc0n },
      },
      { name: 'empty', type: 'F32', shape: [0, 4] },
      { name: 'counts', type: 'I32', shape: [3], bits: { 1: 0x7fc00000n } },
      { name: 'mask', type: 'BOOL', shape: [3], bits: { 0: 0x7fn } },
      { name: 'weights', type: 'F32', shape: [2] },
    ];
    expect(await complaint(tensors)).toBe(null);
    tensors[4]!.bits = { 1: 0x7fc00000n };
    expect(await complaint(tensors)).toBe('FILE: weights[1] is NaN; expected a finite number.');
  });

  it('looks at tensors that no token classifier has', async () => {
    const pooler: Tensor = {
      name: 'roberta.pooler.dense.weight',
      type: 'F32',
      shape: [2, 2],
      bits: { 3: 0x7f800000n },
    };
    expect(await complaint([{ name: 'a', type: 'F16', shape: [2] }, pooler])).toBe(
      'FILE: roberta.pooler.dense.weight[1, 1] is Infinity; expected a finite number.',
    );
  });

  it.each(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'])('looks at %s', async bad => {
    const sharded = join(folder, 'sharded');
    await mkdir(sharded, { recursive: true });
    const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    for (const [i, name] of names.entries()) {
      const bits = name === bad ? { 1: 0x7fc00000n } : {};
      await writeFile(join(sharded, name), fileOf([{ name: `part.${i}`, type: 'F32', shape: [2], bits }]));
    }
    const index = { weight_map: { 'part.0': names[0], 'part.1': names[1] } };
    await writeFile(join(sharded, 'model.safetensors.index.json'), JSON.stringify(index));
    await expect(checkWeights(sharded)).rejects.toThrow(
      `${join(sharded, bad)}: part.${names.indexOf(bad)}[1] is NaN; expected a finite number.`,
    );
  });

  it('says what is wrong with a file that is no sound one before it looks', async () => {
    await writeFile(
      join(folder, 'model.safetensors'),
      fileOf([{ name: 'a', type: 'F32', shape: [4] }]).subarray(0, 70),
    );
    await expect(checkWeights(folder)).rejects.toThrow('is truncated');
    await rm(join(folder, 'model.safetensors'));
    await expect(checkWeights(folder)).rejects.toThrow('holds no weights');
  });
});

describe('reading', () => {
  const readable = cases.filter(({ type }) => ['F32', 'F16', 'BF16', 'F64'].includes(type));

  it.each(readable)('refuses $value as $type $hex, and names tensor, place and what to do', async one => {
    const path = join(folder, 'read.safetensors');
    await writeFile(path, fileOf([{ name: 'table', type: one.type, shape: [50, 3], bits: { 100: one.bits } }]));
    const source = await openSafetensors(path);
    const sentence = `${path}: table[33, 1] is ${one.value}; expected a finite number.`;
    await expect(source.read('table')).rejects.toMatchObject({
      name: 'PanxError',
      message: sentence,
      hint: 'The file was damaged, or the training that wrote it diverged: copy or download it again, or use another checkpoint.',
    });
    await expect(source.readRows('table', Int32Array.of(40, 33, 2))).rejects.toThrow(sentence);
    // Rows that are not asked for are not looked at.
    expect((await source.readRows('table', Int32Array.of(40, 32, 34)))[0]).toBe(1);
    await source.close();
  });

  it('says the name that stands in the file, where the checkpoint is of the bare encoder', async () => {
    const bare = join(folder, 'bare');
    await mkdir(bare);
    await writeFile(join(bare, 'config.json'), JSON.stringify(exampleConfig));
    const name = 'embeddings.word_embeddings.weight';
    const file = fileOf([{ name, type: 'F32', shape: [2, 2], bits: { 0: 0xffc00000n } }]);
    await writeFile(join(bare, 'model.safetensors'), file);
    const source = await openTensors(bare);
    await expect(source.read(`roberta.${name}`)).rejects.toThrow(`${name}[0, 0] is NaN`);
    await source.close();
  });
});

describe('writing', () => {
  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('refuses %s in any piece, and leaves what was there', async (value, text) => {
    const path = join(folder, 'written.safetensors');
    await writeSafetensors(path, [{ name: 'a', shape: [1], data: () => Float32Array.of(1) }]);
    const before = await readFile(path);
    async function* pieces() {
      yield Float32Array.of(1, 2, 3, 4);
      yield Float32Array.of(5, value);
    }
    await expect(writeSafetensors(path, [{ name: 'a', shape: [3, 2], data: pieces }])).rejects.toMatchObject({
      message: `The weights are not saved: a[2, 1] is ${text}; expected a finite number.`,
      hint: 'Training has diverged: use a lower learning rate (--learning-rate) or a warm-up (--set training.warmupSteps=100).',
    });
    expect(await readFile(path)).toEqual(before);
  });
});
