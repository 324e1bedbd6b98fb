import type { TensorToWrite } from '../../src/checkpoint/safetensors.js';

/** A file of an archive, and how it departs from what torch writes. */
export interface ZipFile {
  name: string;
  content: Uint8Array;
  method?: number;
  flags?: number;
}

/**
 * The bytes of a zip archive of stored files, without checksums, as torch writes it where it is told not to count them.
 *
 * @param zip64 with all sizes and places in the fields for large archives
 */
export function zipOf(files: readonly ZipFile[], { zip64 = false } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, method = 0, flags = 0x800 } of files) {
    const nameBytes = Buffer.from(name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(flags, 6);
    header.writeUInt16LE(method, 8);
    header.writeUInt32LE(content.length, 18);
    header.writeUInt32LE(content.length, 22);
    header.writeUInt16LE(nameBytes.length, 26);
    const extra = zip64 ? numbers([content.length, content.length, at]) : Buffer.alloc(0);
    if (zip64) {
      header.fill(0xff, 18, 26);
      header.writeUInt16LE(20, 28);
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    header.copy(entry, 6, 4, 30); // The same fields stand in both.
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(zip64 ? 0xffffffff : at, 42);
    directory.push(entry, nameBytes, extra);
    const localExtra = zip64 ? numbers([content.length, content.length]) : extra;
    parts.push(header, nameBytes, localExtra, Buffer.from(content));
    at += 30 + nameBytes.length + localExtra.length + content.length;
  }
  const listing = Buffer.concat(directory);
  if (zip64) {
    const record = Buffer.alloc(56);
    record.writeUInt32LE(0x06064b50, 0);
    record.writeBigUInt64LE(44n, 4);
    for (const [i, value] of [files.length, files.length, listing.length, at].entries()) {
      record.writeBigUInt64LE(BigInt(value), 24 + 8 * i);
    }
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(at + listing.length), 8);
    locator.writeUInt32LE(1, 16);
    const last = Buffer.alloc(22, 0xff);
    last.writeUInt32LE(0x06054b50, 0);
    last.writeUInt16LE(0, 20);
    return Buffer.concat([...parts, listing, record, locator, last]);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listing, end]);
}

/** The field of zip64 with these numbers of eight bytes. */
function numbers(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * values.length, 2);
  for (const [i, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  return field;
}

/** What torch.save writes of a dictionary of float32 tensors. */
export function torchZip(tensors: readonly TensorToWrite[]): Buffer {
  const storages = tensors.map(({ data }) => data() as Float32Array);
  const pickle = Buffer.concat([
    Buffer.from([0x80, 2]),
    ...[Buffer.from('}('), ...tensors.flatMap(({ name, shape }, i) => [text(name), tensorOf(shape, i, storages[i]!)])],
    Buffer.from('u.'),
  ]);
  return zipOf([
    { name: 'archive/data.pkl', content: pickle },
    { name: 'archive/byteorder', content: Buffer.from('little') },
    ...storages.map((values, i) => ({
      name: `archive/data/${i}`,
      content: Buffer.from(values.buffer, values.byteOffset, values.byteLength),
    })),
    { name: 'archive/version', content: Buffer.from('3\n') },
  ]);
}

function tensorOf(shape: readonly number[], storage: number, { length }: Float32Array): Buffer {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  return Buffer.concat([
    ...[global('torch._utils', '_rebuild_tensor_v2'), Buffer.from('((')],
    ...[
      text('storage'),
      global('torch', 'FloatStorage'),
      text(String(storage)),
      text('cpu'),
      int(length),
      Buffer.from('tQ'),
    ],
    ...[int(0), Buffer.from('('), ...shape.map(int), Buffer.from('t('), ...strides.map(int), Buffer.from('t')],
    ...[Buffer.from('\x89', 'latin1'), global('collections', 'OrderedDict'), Buffer.from(')RtR')],
  ]);
}

export function text(value: string): Buffer {
  const length = Buffer.alloc(5);
  length.write('X');
  length.writeUInt32LE(Buffer.byteLength(value), 1);
  return Buffer.concat([length, Buffer.from(value)]);
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.write('J');
  bytes.writeInt32LE(value, 1);
  return bytes;
}

export function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}
