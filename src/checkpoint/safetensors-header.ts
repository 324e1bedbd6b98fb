import { excerpt, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { isObject, parseJson } from '../system/json.js';
import { textAtBegin } from '../system/stand-in.js';
import { takeTheWhole } from './quantised.js';

/** Bytes of one value, for every element type that the safetensors format names. */
const bytesOf = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof bytesOf;

/** One tensor of a file: `begin` and `end` are byte offsets from the start of the file, of its first value and behind its last. */
export interface HeaderEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
  /** How many values apart its values lie along each axis, in a torch file where that is not row-major, one behind the other (strided.ts). */
  strides?: readonly number[];
}

/**
 * A wild length must not be allocated. The header of a model of 1,000 layers takes 2 MB; the reference library refuses 100 MB. What is parsed takes
 * up to 40 times the memory of its text.
 */
const longestHeader = 4 << 20;

/**
 * The length of a file's JSON header, from its first eight bytes (unsigned, little-endian).
 *
 * @param firstBytes of the file, eight or more
 * @throws PanxError naming `path` where the file is too short for its header or the length makes no sense.
 */
export function headerLength(path: string, firstBytes: Buffer, fileBytes: number): number {
  if (firstBytes.length < 8) {
    throw truncated(path, `it holds ${fileBytes} bytes, and a safetensors file starts with an 8-byte header length`);
  }
  const length = Number(firstBytes.readBigUInt64LE(0));
  if (length < 2 || length > longestHeader) throw notALength(path, firstBytes, length);
  if (8 + length > fileBytes) {
    throw truncated(path, `it holds ${fileBytes} bytes, and its header alone takes ${8 + length}`);
  }
  return length;
}

/**
 * Read the JSON header of a safetensors file and check it whole: known element types, sizes that follow from the
 * shapes, and data that fills the file from the header to its end without a gap or an overlap.
 *
 * Source: the format's description in huggingface/safetensors, README, "Format".
 * @returns the tensors in the order of their data.
 * @throws PanxError naming `path` and what is wrong with it.
 */
export function parseHeader(path: string, json: Buffer, fileBytes: number): HeaderEntry[] {
  const header = parseJson(json.toString('utf8'), `${path} is not a sound safetensors file: its header`, again);
  if (!isObject(header)) throw corrupt(path, 'its header is not a JSON object');
  const dataStart = 8 + json.length;
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(path, name, value, dataStart))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let filledTo = dataStart;
  for (const { name, begin, end } of entries) {
    if (begin !== filledTo) {
      const fault = begin < filledTo ? 'overlaps the tensor before it' : 'leaves a gap after the tensor before it';
      throw corrupt(path, `the data of ${name} ${fault}: it starts at byte ${begin}, expected ${filledTo}`);
    }
    filledTo = end;
  }
  if (filledTo > fileBytes) {
    throw truncated(path, `it holds ${fileBytes} bytes, and its header describes ${filledTo}`);
  }
  if (filledTo < fileBytes) {
    throw corrupt(path, `it holds ${fileBytes} bytes, and its header describes only ${filledTo}`);
  }
  return entries;
}

/**
 * The start of a file that holds `tensors` in float32, in the order given: header length and JSON header, padded with
 * spaces so that the data starts at a multiple of 8 bytes, as the reference library pads it.
 */
export function formatHeader(
  tensors: readonly { name: string; shape: number[] }[],
  metadata: Record<string, string>,
): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape } of tensors) {
    const end = offset + 4 * elementsOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

/** How many values a tensor of this shape holds; 1 for a scalar. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes that one value of this type takes. */
export function itemBytes(dtype: Dtype): number {
  return bytesOf[dtype];
}

function parseEntry(path: string, name: string, value: unknown, dataStart: number): HeaderEntry {
  if (name.length > 1000)
    throw corrupt(path, `it names a tensor with ${name.length} characters, expected 1000 at most`);
  if (!isObject(value)) throw corrupt(path, `its header describes ${name} by ${excerpt(value)}, expected an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesOf, dtype)) {
    throw new PanxError(
      `${path} holds ${name} in the element type ${excerpt(dtype)}, which panx does not know; ` +
        `expected one of ${Object.keys(bytesOf).join(', ')}.`,
      { hint: takeTheWhole },
    );
  }
  if (!isSizes(shape) || shape.length > 16) {
    throw corrupt(path, `the shape of ${name} is ${excerpt(shape)}, expected sizes of 0 or more`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1]! < offsets[0]!) {
    throw corrupt(path, `the data offsets of ${name} are ${excerpt(offsets)}, expected [begin, end]`);
  }
  const expected = elementsOf(shape) * bytesOf[dtype as Dtype];
  const found = offsets[1]! - offsets[0]!;
  if (found !== expected) {
    throw corrupt(path, `${name} has ${found} bytes of data, and ${dtype} [${shape.join(', ')}] takes ${expected}`);
  }
  return { name, dtype: dtype as Dtype, shape, begin: dataStart + offsets[0]!, end: dataStart + offsets[1]! };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && size >= 0);
}

/** What else a file may be that does not begin with the length of a header. */
function notALength(path: string, firstBytes: Buffer, length: number): PanxError {
  const isZip = firstBytes.readUInt32LE(0) === 0x04034b50;
  if (isZip || firstBytes.readUInt32LE(0) === 0x0a8a0280) {
    return new PanxError(
      `${path} is ${isZip ? 'a zip archive' : 'a pickle'}, as torch.save writes it; expected a safetensors file.`,
      {
        hint: `If it holds weights, give it the name ${modelFile.torchWeights}.`,
      },
    );
  }
  const text = textAtBegin(firstBytes);
  if (text !== null) return corrupt(path, `it begins with the text ${text}`);
  return corrupt(path, `its first 8 bytes give a header length of ${length}, expected 2 to ${longestHeader}`);
}

function truncated(path: string, how: string): PanxError {
  return new PanxError(`${path} is truncated: ${how}.`, { hint: again });
}

function corrupt(path: string, how: string): PanxError {
  return new PanxError(`${path} is not a sound safetensors file: ${how}.`, { hint: again });
}

const again = 'Copy or download the file again.';
