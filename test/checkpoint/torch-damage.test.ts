// long because it is the one list of what may be wrong with a file of torch.save, each with its sentence.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatHeader } from '../../src/checkpoint/safetensors-header.js';
import { checkWeights, openTensors } from '../../src/checkpoint/weights.js';
import { PanxError } from '../../src/errors.js';
import { temporaryFolder } from './example.js';
import { goldens } from './torch-files.js';
import { global, int, text, torchZip, zipOf } from './torch-zip.js';

const folder = await temporaryFolder();
const path = join(folder, 'pytorch_model.bin');
const weight = { name: 'weight', shape: [2], data: () => Float32Array.of(1, 2) };
const bytes = (text: string) => Buffer.from(text, 'latin1');
let legacy: Buffer;
let zipped: Buffer;

beforeAll(async () => {
  legacy = await readFile(join(goldens, 'tied-legacy', 'pytorch_model.bin'));
  zipped = await readFile(join(goldens, 'tied-zip', 'pytorch_model.bin'));
});

async function complaint(file: Uint8Array): Promise<{ message: string; hint: string | undefined }> {
  await writeFile(path, file);
  const error = await openTensors(folder).then(
    async source => {
      await source.close();
      throw new Error('it was read');
    },
    (error: unknown) => error,
  );
  if (!(error instanceof PanxError)) throw error;
  return { message: error.message.replace(path, 'FILE'), hint: error.hint };
}

/** An archive as torch writes it around this pickle, with the storage 0 of four float32 values. */
function archiveOf(pickle: Buffer, storage = Buffer.alloc(16)): Buffer {
  return zipOf([
    { name: 'archive/data.pkl', content: pickle },
    { name: 'archive/data/0', content: storage },
  ]);
}

/** A pickle of {"weight": a tensor of the storage 0 with these numbers}. */
function pickleOf({
  offset = 0,
  shape = [2],
  strides = [1],
  values = 4,
  type = 'FloatStorage',
  key = '0',
  name = 'weight',
}): Buffer {
  return Buffer.concat([
    ...[bytes('\x80\x02}'), text(name), global('torch._utils', '_rebuild_tensor_v2'), bytes('((')],
    ...[text('storage'), global('torch', type), text(key), text('cpu'), long(values), bytes('tQ')],
    ...[long(offset), bytes('('), ...shape.map(long), bytes('t('), ...strides.map(long), bytes('t\x89NtRs.')],
  ]);
}

/** A whole number of eight bytes. */
function long(value: number): Buffer {
  const number = Buffer.alloc(10);
  number.write('\x8a\x08', 'latin1');
  number.writeBigInt64LE(BigInt(value), 2);
  return number;
}

const noFile = (value: Buffer) => Buffer.concat([bytes('\x80\x02'), value, bytes('.')]);

describe('what is no file of torch.save', () => {
  const tar = Buffer.alloc(2048);
  tar.write('sys_info');
  tar.write('ustar', 257);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'FILE is empty: it has no byte.'],
    [
      'a pointer of Git LFS',
      bytes('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 470000000\n'),
      'FILE is a Git LFS pointer, and not the file of 470.0 MB that it stands for.',
    ],
    [
      'a web page',
      bytes('\n<!DOCTYPE html><html>'),
      'FILE is a web page (HTML or XML), and not the file: a download has failed, or asked for a log-in.',
    ],
    ['a tar archive', tar, 'FILE is a tar archive, as torch before 0.1.10 wrote them; panx reads later files.'],
    ['text', bytes('weights'), 'FILE is no file of torch.save: it begins with the bytes 77656967.'],
    [
      'an answer of a server',
      bytes('Entry not found'),
      'FILE is no file of torch.save: it begins with the text "Entry not found".',
    ],
    [
      'a safetensors file',
      formatHeader([{ name: 'a', shape: [0] }], {}),
      'FILE is a safetensors file; expected a file of torch.save.',
    ],
    ['one byte', bytes('P'), 'FILE is no file of torch.save: it begins with the bytes 50.'],
    [
      'another pickle',
      bytes('\x80\x02}.'),
      'FILE is a pickle, but not one that torch.save writes: it lacks the magic number.',
    ],
    [
      'another archive',
      zipOf([{ name: 'a/b', content: bytes('x') }]),
      'FILE is not a sound file of torch.save: it holds 0 files NAME/data.pkl, expected one (it holds a/b).',
    ],
    [
      'a TorchScript archive',
      zipOf([
        { name: 'm/data.pkl', content: bytes('\x80\x02}.') },
        { name: 'm/code/__torch__/net.py', content: bytes('packed'), method: 8 },
        { name: 'm/constants.pkl', content: bytes('\x80\x02).') },
      ]),
      'FILE is a TorchScript archive (torch.jit.save), and not weights by name.',
    ],
    [
      'a whole model',
      archiveOf(noFile(bytes('cmodel\nNet\n)\x81}b'))),
      'FILE holds an object of Python, and not a dictionary of weights by name.',
    ],
    ['a list', archiveOf(noFile(bytes(']'))), 'FILE holds a list, and not a dictionary of weights by name.'],
    [
      'one tensor',
      archiveOf(noFile(pickleOf({}).subarray(14, -2))),
      'FILE holds one tensor, and not a dictionary of weights by name.',
    ],
    [
      'no tensor',
      archiveOf(noFile(Buffer.concat([bytes('}'), text('epoch'), int(3), bytes('s')]))),
      'FILE holds a dictionary without a tensor: it has epoch.',
    ],
    ['nothing', archiveOf(noFile(bytes('}'))), 'FILE holds a dictionary without a tensor: it is empty.'],
  ])('%s', async (_, file, sentence) => {
    const { message, hint } = await complaint(file);
    expect(message).toContain(sentence);
    expect(hint).toMatch(/\.$/);
  });
});

describe('archives that torch.save does not write', () => {
  const files = [
    { name: 'archive/data.pkl', content: pickleOf({}) },
    { name: 'archive/data/0', content: Buffer.alloc(16) },
  ];
  const [pickle, storage] = files as [(typeof files)[0], (typeof files)[0]];
  const unsound = (how: string) => `FILE is not a sound file of torch.save: ${how}.`;
  it.each<[string, Uint8Array, string]>([
    [
      'compressed',
      zipOf([pickle, { ...storage, method: 8 }]),
      unsound('"archive/data/0" is compressed, and torch.save stores its files as they are'),
    ],
    ['encrypted', zipOf([{ ...pickle, flags: 1 }, storage]), unsound('"archive/data.pkl" is encrypted')],
    ['twice', zipOf([pickle, storage, storage]), unsound('it holds "archive/data/0" twice')],
    [
      'two pickles',
      zipOf([pickle, { ...pickle, name: 'other/data.pkl' }]),
      unsound('it holds 2 files NAME/data.pkl, expected one (it holds archive/data.pkl, other/data.pkl)'),
    ],
    ['without the storage', zipOf([pickle]), unsound('it lacks the storage "0"')],
    [
      'cut off',
      zipOf(files).subarray(0, -30),
      unsound('it has no directory at its end, as a file that was not brought whole'),
    ],
    [
      'followed by more',
      Buffer.concat([zipOf(files), bytes('more')]),
      unsound('it has no directory at its end, as a file that was not brought whole'),
    ],
    [
      'a pickle of 5 MB',
      zipOf([{ ...pickle, content: Buffer.alloc(5_000_000) }]),
      unsound('archive/data.pkl takes 5000000 bytes, expected at most 4194304'),
    ],
    ['moved', Buffer.concat([bytes('PK\x03\x04'), zipOf(files)]), unsound('its directory names 2 files, and holds 0')],
    [
      'a short storage',
      zipOf([pickle, { ...storage, content: Buffer.alloc(12) }]),
      unsound('archive/data/0 has 12 bytes, and 4 of FloatStorage take 16'),
    ],
  ])('%s', async (_, file, sentence) => {
    expect((await complaint(file)).message).toBe(sentence);
  });

  it('with the fields of large archives are read, and refused where those are wild', async () => {
    const storage = Buffer.alloc(16);
    storage.writeFloatLE(2.5, 4);
    const large = zipOf([pickle, { name: 'archive/data/0', content: storage }], { zip64: true });
    await writeFile(path, large);
    const source = await openTensors(folder);
    expect(await source.read('weight')).toEqual(Float32Array.of(0, 2.5));
    await source.close();
    const entry = large.indexOf('archive/data/0', large.indexOf('archive/data/0') + 1);
    for (const field of [entry + 14 + 4, entry + 14 + 12, entry + 14 + 20]) {
      for (const value of [0n, 17n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]) {
        const wild = Buffer.from(large);
        wild.writeBigUInt64LE(value, field);
        expect((await complaint(wild)).message).toMatch(/^FILE is not a sound file of torch\.save: .*"?archive/);
      }
    }
    for (const back of [8, 24, 32, 40, 48]) {
      for (const value of [1n, 10_000n, 2n ** 53n, 2n ** 64n - 1n]) {
        const wild = Buffer.from(large);
        wild.writeBigUInt64LE(value, back === 8 ? wild.length - 22 - 20 + 8 : wild.length - 22 - 20 - 56 + back);
        expect((await complaint(wild)).message).toMatch(/^FILE is not a sound file of torch\.save: /);
      }
    }
  });

  it('of another byte order', async () => {
    const { message } = await complaint(zipOf([...files, { name: 'archive/byteorder', content: bytes('big') }]));
    expect(message).toBe('FILE has the byte order "big"; panx reads files of little-endian machines.');
    const other = Buffer.from(legacy);
    other[other.indexOf('little_endian') + 15] = 0x89;
    expect((await complaint(other)).message).toBe(message);
  });

  it('with another pickle or storage than their checksums are of', async () => {
    const pickle = Buffer.from(zipped);
    pickle[pickle.indexOf('last rows')]! ^= 1;
    expect((await complaint(pickle)).message).toMatch(/: \S+\/data.pkl has not its checksum\.$/);
    const values = Buffer.from(zipped);
    values[values.indexOf('/data/0') + 64]! ^= 1;
    await writeFile(path, values);
    await expect(checkWeights(folder)).rejects.toThrow(
      /^\S+ is damaged: \S+\/data\/0 has not the checksum that the file has of it\.$/,
    );
  });
});

describe('tensors that are not where their storage is', () => {
  const big = 2 ** 53 - 1;
  const reaches = (shape: string, strides: string, from: number, to: number) =>
    `FILE is not a sound file of torch.save: weight [${shape}] with strides (${strides}) reaches from value ${from} to ${to} of a storage of 4.`;
  it.each<[string, Parameters<typeof pickleOf>[0], string]>([
    ['too many', { shape: [5] }, reaches('5', '1', 0, 5)],
    ['too far', { offset: 3 }, reaches('2', '1', 3, 5)],
    ['too far apart', { strides: [4] }, reaches('2', '4', 0, 5)],
    ['beyond any file', { shape: [big, big], strides: [big, big] }, 'of a storage of 4'],
    ['so that products overflow', { shape: [big, 1], strides: [1, big] }, 'of a storage of 4'],
    [
      'so that all axes overflow',
      { shape: Array(16).fill(big), strides: Array(16).fill(big) },
      'reaches from value 0 to 1.2980742146337068e+33 of a storage of 4',
    ],
    ['far behind', { offset: big }, 'of a storage of 4'],
    ['a storage of wild size', { values: big }, `archive/data/0 has 16 bytes, and ${big} of FloatStorage take`],
    [
      'expanded without end',
      { shape: [100_000, 1000], strides: [0, 0] },
      'overlaps itself, which a tensor of more than 16777216 values may not',
    ],
    ['of negative size', { shape: [-1] }, 'it places a tensor at 0 with the sizes (-1) and the strides (1)'],
    ['of other axes', { strides: [1, 1] }, 'it places a tensor at 0 with the sizes (2) and the strides (1, 1)'],
    ['of 17 axes', { shape: Array(17).fill(1), strides: Array(17).fill(1) }, 'with the sizes 17 numbers'],
  ])('%s', async (_, tensor, sentence) => {
    expect((await complaint(archiveOf(pickleOf(tensor)))).message).toContain(sentence);
  });

  it('nor in the format before torch 1.6', async () => {
    const wild = Buffer.from(legacy);
    // The last storage begins behind its count of 48 values of four bytes.
    wild.writeUInt32LE(47, wild.length - 48 * 4 - 8);
    expect((await complaint(wild)).message).toMatch(
      /the storage "\d+" has 47 values, and its tensors take it for 48\.$/,
    );
    const { message } = await complaint(legacy.subarray(0, -1));
    expect(message).toContain(`it ends after ${legacy.length - 1} bytes in the middle of a storage`);
  });

  it('nor as two types at once', async () => {
    const [first, second] = [pickleOf({}), pickleOf({ type: 'HalfStorage' })];
    const both = Buffer.concat([first.subarray(0, -1), second.subarray(3)]);
    expect((await complaint(archiveOf(both))).message).toBe(
      'FILE is not a sound file of torch.save: the storage "0" is once 4 of FloatStorage, once 4 of HalfStorage.',
    );
  });

  /** 100,000 tensors that are views of one storage of 4 MB. */
  const views = (shape: number[], strides: number[], offsetOf: (i: number) => number): Buffer => {
    const values = 1_000_000;
    const start = [bytes('\x80\x02}('), global('torch._utils', '_rebuild_tensor_v2'), bytes('q\x000((')];
    const storage = [text('storage'), global('torch', 'FloatStorage'), text('0'), text('cpu'), int(values)];
    const shared = [
      ...[...start, ...storage, bytes('tQq\x01('), ...shape.map(int), bytes('tq\x02('), ...strides.map(int)],
      bytes('tq\x031'),
    ];
    const tensors = Array.from({ length: 100_000 }, (_, i) => [
      ...[
        bytes(`\x8c\x05${String(i).padStart(5, '0')}`),
        bytes('h\x00(h\x01'),
        int(offsetOf(i)),
        bytes('h\x02h\x03tR'),
      ],
    ]).flat();
    return archiveOf(Buffer.concat([...shared, ...tensors, bytes('u.')]), Buffer.alloc(4 * values));
  };

  it('many views that overlap are looked at once', async () => {
    await writeFile(
      path,
      views([900_000], [1], i => i),
    );
    const used = process.cpuUsage();
    await checkWeights(folder);
    const { user, system } = process.cpuUsage(used);
    expect(user + system).toBeLessThan(2e6); // us of processors, of which half is for 100,000 entries
  });

  it('many views with strides are refused', async () => {
    const { message } = await complaint(views([300_000], [2], i => i));
    expect(message).toMatch(/: its views take more than \d+ bytes, four times as many as the file has and 64 MB\.$/);
  });

  it('values of types that panx does not know are no tensors to it', async () => {
    await writeFile(path, archiveOf(pickleOf({ type: 'ComplexFloatStorage', values: 2 })));
    await expect(openTensors(folder)).rejects.toThrow('holds a dictionary without a tensor: it has weight.');
    const name = 'bert.embeddings.word_embeddings.weight';
    await writeFile(path, archiveOf(pickleOf({ name, type: 'ComplexFloatStorage', values: 2 })));
    await expect(openTensors(folder)).rejects.toMatchObject({
      message: `${path} holds ${name} in a type that panx does not know; panx reads F32, F16, BF16 and F64.`,
      hint: 'Take the model that it was made of, in F32, F16, BF16 or F64.',
    });
  });

  it('a weight that is not finite is named by its place, however its values lie', async () => {
    const storage = Buffer.alloc(16);
    storage.writeFloatLE(Number.NaN, 4);
    await writeFile(path, archiveOf(pickleOf({ shape: [2, 2], strides: [1, 2] }), storage));
    const sentence = `${path}: weight[1, 0] is NaN; expected a finite number.`;
    await expect(checkWeights(folder)).rejects.toThrow(sentence);
    const source = await openTensors(folder);
    await expect(source.read('weight')).rejects.toThrow(sentence);
    await source.close();
    await writeFile(path, archiveOf(pickleOf({ strides: [2] }), storage)); // The NaN lies between the values.
    await checkWeights(folder);
  });
});

describe('a pickle that calls something', () => {
  const marker = join(folder, 'was-called');
  const command = text(`touch ${marker}`);
  const written = text(`require("fs").writeFileSync(${JSON.stringify(marker)}, "")`);
  const short = (value: string) => Buffer.concat([bytes(`\x8c${String.fromCharCode(value.length)}`), bytes(value)]);
  it.each<[string, Buffer[]]>([
    ['os.system', [bytes('cos\nsystem\n('), command, bytes('tR')]],
    ['posix.system by name', [short('posix'), short('system'), bytes('\x93'), command, bytes('\x85R')]],
    ['eval', [bytes('cbuiltins\neval\n'), written, bytes('\x85R')]],
    ['JavaScript', [bytes('cglobalThis\neval\n'), written, bytes('\x85R')]],
    ['a constructor', [bytes('cconstructor\nconstructor\n'), written, bytes('\x85R'), bytes(')R')]],
    ['INST', [bytes('('), command, bytes('ios\nsystem\n')]],
    ['OBJ', [bytes('(cos\nsystem\n'), command, bytes('o')]],
    ['NEWOBJ', [bytes('csubprocess\nPopen\n'), command, bytes('\x85\x81')]],
    ['NEWOBJ_EX', [bytes('csubprocess\nPopen\n'), command, bytes('\x85}\x92')]],
    ['BUILD', [bytes('cos\nsystem\n)\x81'), command, bytes('b')]],
    ['a persistent id', [bytes('cos\nsystem\n'), command, bytes('\x86Q')]],
    ['an extension', [bytes('\x82\x01'), command, bytes('\x85R')]],
    [
      'what it rebuilds',
      [global('torch._utils', '_rebuild_parameter'), bytes('cos\nsystem\n'), command, bytes('\x85R\x85R')],
    ],
  ])('runs nothing: %s', async (_, call) => {
    const other = pickleOf({}).subarray(3, -2);
    const pickle = Buffer.concat([bytes('\x80\x02}('), text('hostile'), ...call, other, bytes('u.')]);
    await writeFile(path, archiveOf(pickle));
    const source = await openTensors(folder);
    expect([...source.tensors.keys()]).toEqual(['weight']);
    expect(source.notTensors).toEqual(['hostile']);
    expect(await source.read('weight')).toEqual(Float32Array.of(0, 0));
    await source.close();
    expect(existsSync(marker)).toBe(false);
  });

  it('names of JavaScript are names like others', async () => {
    await mkdir(join(folder, 'names'), { recursive: true });
    const names = ['__proto__', 'constructor', 'toString'];
    await writeFile(join(folder, 'names', 'pytorch_model.bin'), torchZip(names.map(name => ({ ...weight, name }))));
    const source = await openTensors(join(folder, 'names'));
    expect([...source.tensors.keys()]).toEqual(names);
    expect(await source.read('__proto__')).toEqual(Float32Array.of(1, 2));
    await source.close();
  });
});

describe('pickles of 4 MB', () => {
  it.each<[string, Buffer | string]>([
    ['lists', ']'],
    ['lists in lists', ']a'],
    ['dictionaries', '}'],
    ['marks', '('],
    ['tuples in tuples', '\x85'],
    ['kept values', '\x94'],
    ['copies', '2'],
    ['calls', 'ccollections\nOrderedDict\n)R'],
    ['one text', Buffer.concat([bytes('X\xf0\xff\x3f\x00'), Buffer.alloc(4_194_288, 'x')])],
    ['one number', Buffer.concat([bytes('\x8b\xf0\xff\x3f\x00'), Buffer.alloc(4_194_288, 0x7f)])],
    [
      'texts that are shared',
      Buffer.concat([bytes('X\xff\xff\x3e\x00'), Buffer.alloc(4_128_767, 'y'), bytes('q\x00')]),
    ],
  ])('of %s are refused in under a second, with little memory', async (_, repeated) => {
    const unit = typeof repeated === 'string' ? bytes(repeated) : repeated;
    const body = Buffer.alloc(4_194_300 - 3, unit);
    const pickle = Buffer.concat([bytes('\x80\x02N'), unit.length > 1000 ? unit : body]);
    const before = process.memoryUsage().rss;
    const used = process.cpuUsage();
    expect((await complaint(archiveOf(pickle))).message).toMatch(
      /^FILE is not a sound file of torch\.save: its pickle /,
    );
    const { user, system } = process.cpuUsage(used);
    expect(user + system).toBeLessThan(1e6); // us of processors
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  it.each([
    '\xff',
    '\x97',
    '\x80\x06',
    'q',
    'h\x00',
    'R',
    't',
    '.',
    'X\x05\x00\x00\x00ab',
    '\x8b\xff\xff\xff\xff',
    '(s.',
    'N.',
  ])('of %j are refused', async operations => {
    const { message } = await complaint(archiveOf(bytes(operations)));
    expect(message).toMatch(/^FILE (is not a sound file of torch\.save: its pickle|holds one value, and not) .*\.$/);
  });
});
