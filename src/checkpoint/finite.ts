import * as fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { PanxError } from '../errors.js';
import { type Dtype, elementsOf, type HeaderEntry, itemBytes } from './safetensors-header.js';

/**
 * Weights must be finite: one NaN or infinity spreads through the network until every word gets the first tag. So they are looked at wherever
 * they are read and written, and all of a checkpoint before it is trained on.
 */

/** A weight file with what its header says, in the order of the data. */
export interface WeightFile {
  path: string;
  entries: readonly HeaderEntry[];
}

/** What a sentence says of values that are looked at. */
export interface Holder {
  /** What holds them, as the sentence begins: a path. */
  subject: string;
  /** Their tensor. */
  name: string;
  shape: readonly number[];
  hint?: string;
}

/**
 * @param indexOf where a value stands in its tensor, counted row-major
 * @throws PanxError naming the tensor and the place where a value is not finite
 */
export function refuseNonFinite(values: Float32Array, holder: Holder, indexOf: (at: number) => number): void {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  const at = firstNonFinite(words, floatTypes.F32!);
  if (at >= 0) throw notFinite(holder, indexOf(at), values[at]!);
}

/** The same for the bytes of values of any type, of which integers are finite. */
export function refuseNonFiniteBytes(
  bytes: Uint8Array,
  dtype: Dtype,
  holder: Holder,
  indexOf: (at: number) => number,
): void {
  const type = floatTypes[dtype];
  if (type === undefined) return;
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const words = new Int32Array(padded.buffer);
  const word = firstNonFinite(words, type);
  if (word < 0) return;
  const { at, value } = decode({ file: 0, at: 4 * word, word: words[word]!, before: words[word - 1] ?? 0 }, dtype);
  throw notFinite(holder, indexOf(at / itemBytes(dtype)), value);
}

/**
 * Look at every number of weight files, in tensors and rows that panx does not use too. A thread does it beside the one that hashes them
 * (system/background-hash.ts): on two processors both together take as long as that one.
 *
 * @throws PanxError naming file, tensor and place of one that is not finite
 */
export async function checkAllFinite(files: readonly WeightFile[]): Promise<void> {
  const looks = files.map(({ path, entries }) => ({ path, spans: spansOf(entries) }));
  // Where no thread can be had it is done here, and what a thread cannot read gives the system's own error.
  const found = await lookInThread(looks).catch(() => look(looks, fs, firstNonFinite));
  if (found === null) return;
  const { path, entries } = files[found.file]!;
  const inWord = (entry: HeaderEntry) => entry.begin < found.at + 4 && entry.end > found.at;
  const { at, value } = decode(found, entries.find(inWord)!.dtype);
  const entry = entries.find(({ begin, end }) => begin <= at && at < end)!;
  throw notFinite({ subject: path, ...entry }, (at - entry.begin) / itemBytes(entry.dtype), value);
}

function notFinite({ subject, name, shape, hint = damaged }: Holder, index: number, value: number): PanxError {
  return new PanxError(`${subject}: ${name}${placeText(index, shape)} is ${value}; expected a finite number.`, {
    hint,
  });
}

const damaged =
  'The file was damaged, or the training that wrote it diverged: copy or download it again, or use another checkpoint.';

/** `[row, column]` of the value with this index, row-major; nothing for a scalar. */
function placeText(index: number, shape: readonly number[]): string {
  const place = shape.map((size, axis) => Math.floor(index / elementsOf(shape.slice(axis + 1))) % size);
  return place.length === 0 ? '' : `[${place.join(', ')}]`;
}

/**
 * What tells the values of a type that are not finite: the bits of their exponents, all of which are set in them, for a word of 32 bits at an
 * even place and one at an odd place; the lowest bit of each exponent, which added then carries into the sign; and the signs.
 */
interface FloatType {
  exponents: readonly [number, number];
  lowest: readonly [number, number];
  signs: number;
}

const floatTypes: Partial<Record<Dtype, FloatType>> = {
  F32: alike(0x7f800000, 0x00800000, 0x80000000),
  BF16: alike(0x7f807f80, 0x00800080, 0x80008000),
  F16: alike(0x7c007c00, 0x04000400, 0x80008000),
  F64: { exponents: [0, 0x7ff00000], lowest: [0, 0x00100000], signs: 0x80000000 },
  F8_E5M2: alike(0x7c7c7c7c, 0x04040404, 0x80808080),
  F8_E4M3: alike(0x7f7f7f7f, 0x01010101, 0x80808080), // It has no infinities, and one NaN: all bits set.
};

function alike(exponents: number, lowest: number, signs: number): FloatType {
  return { exponents: [exponents, exponents], lowest: [lowest, lowest], signs };
}

/** Bytes [begin, end) of a file with values of one type. */
interface Span {
  begin: number;
  end: number;
  type: FloatType;
}

interface Look {
  path: string;
  spans: Span[];
}

/** The first word with a value that is not finite, at byte `at` of a file, and the word before it, where F64 has its lower half. */
interface Found {
  file: number;
  at: number;
  word: number;
  before: number;
}

/** Tensors of one type that lie side by side, or overlap, are looked at together. Integers hold nothing to look for. */
function spansOf(entries: readonly HeaderEntry[]): Span[] {
  const spans: Span[] = [];
  for (const { dtype, begin, end } of entries) {
    const type = floatTypes[dtype];
    if (type === undefined || begin === end) continue;
    const last = spans.at(-1);
    // Tied tensors lie in one place, and views of one storage overlap.
    if (last?.type === type && begin <= last.end && (begin - last.begin) % itemBytes(dtype) === 0) {
      last.end = Math.max(last.end, end);
    } else spans.push({ begin, end, type });
  }
  return spans;
}

function decode({ at, word, before }: Found, dtype: Dtype): { at: number; value: number } {
  if (dtype === 'F64') {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setInt32(0, word);
    bytes.setInt32(4, before);
    return { at: at - 4, value: bytes.getFloat64(0) };
  }
  const type = floatTypes[dtype]!;
  const bits = 8 * itemBytes(dtype);
  const part = (whole: number, shift: number): number => (whole >>> shift) & (bits === 32 ? -1 : (1 << bits) - 1);
  let shift = 0;
  while ((part(word, shift) & part(type.exponents[0], 0)) !== part(type.exponents[0], 0)) shift += bits;
  const [value, exponent, sign] = [part(word, shift), part(type.exponents[0], 0), part(type.signs, 0)];
  const infinite = (value & ~sign) === exponent && dtype !== 'F8_E4M3';
  const infinity = (value & sign) === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return { at: at + shift / 8, value: infinite ? infinity : Number.NaN };
}

function lookInThread(looks: readonly Look[]): Promise<Found | null> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: looks });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without an answer')));
  });
}

/** Goes to a thread as text, so it names nothing from outside. */
function look(
  looks: readonly Look[],
  { closeSync, openSync, readSync }: Pick<typeof fs, 'closeSync' | 'openSync' | 'readSync'>,
  first: (words: Int32Array, type: FloatType) => number,
): Found | null {
  const piece = new Uint8Array(1 << 20);
  for (const [file, { path, spans }] of looks.entries()) {
    const fd = openSync(path, 'r');
    try {
      for (const { begin, end, type } of spans) {
        for (let position = begin; position < end; position += piece.length) {
          const wanted = Math.min(piece.length, end - position);
          let length = 0;
          for (let read = 1; length < wanted && read > 0; length += read) {
            read = readSync(fd, piece, length, wanted - length, position + length);
          }
          piece.fill(0, length, Math.min(piece.length, length + 4));
          const words = new Int32Array(piece.buffer, 0, Math.ceil(length / 4));
          const at = first(words, type);
          if (at >= 0) return { file, at: position + 4 * at, word: words[at]!, before: words[at - 1] ?? 0 };
        }
      }
    } finally {
      closeSync(fd);
    }
  }
  return null;
}

/** The index of the first word that holds a value that is not finite, or -1. Goes to a thread as text, so it names nothing from outside. */
function firstNonFinite(words: Int32Array, { exponents, lowest, signs }: FloatType): number {
  // Said to be of 32 bits, and eight at a time: 0.15 s for a gigabyte, twice as fast as without.
  const [e0, e1, l0, l1] = [exponents[0] | 0, exponents[1] | 0, lowest[0] | 0, lowest[1] | 0];
  const carry = signs | 0;
  let i = 0;
  for (const end = words.length - 7; i < end; i += 8) {
    const sums =
      ((words[i]! & e0) + l0) |
      ((words[i + 1]! & e1) + l1) |
      ((words[i + 2]! & e0) + l0) |
      ((words[i + 3]! & e1) + l1) |
      ((words[i + 4]! & e0) + l0) |
      ((words[i + 5]! & e1) + l1) |
      ((words[i + 6]! & e0) + l0) |
      ((words[i + 7]! & e1) + l1);
    if ((sums & carry) !== 0) break;
  }
  for (; i < words.length; i++) {
    const sum = i % 2 === 0 ? (words[i]! & e0) + l0 : (words[i]! & e1) + l1;
    if ((sum & carry) !== 0) return i;
  }
  return -1;
}

/** As text, since a thread starts from a file of JavaScript, and tests run from TypeScript. */
const program = `
const fs = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage((${look})(workerData, fs, ${firstNonFinite}));
`;
