import type { FileHandle } from 'node:fs/promises';
import { PanxError } from '../errors.js';
import { longestTransfer, type ReadableFile, readBytes, readBytesNow } from './file-bytes.js';
import { refuseNonFinite } from './finite.js';
import { widenBfloat16, widenFloat16 } from './float-formats.js';
import { elementsOf, type HeaderEntry, itemBytes } from './safetensors-header.js';
import { gather } from './strided.js';

/**
 * Tensor data between a file and float32 arrays. The files are little-endian, as is every processor that Node.js and
 * TensorFlow are built for together, so float32 data goes straight into the array's memory.
 */

/** Data of other types is converted piece by piece, so that it is never in memory twice. */
const pieceBytes = 16 << 20;
/** Rows nearer to each other than this are read together: skipping costs a system call, reading on costs a copy. */
const gapBytes = 16 << 10;
const windowBytes = 1 << 20;

/** All values of a tensor, row-major. @throws PanxError where one is not finite */
export async function readTensor(file: ReadableFile, entry: HeaderEntry): Promise<Float32Array> {
  if (entry.strides !== undefined) {
    const all = Int32Array.from({ length: entry.shape[0] ?? 1 }, (_, row) => row);
    return await readRows(file, entry, all);
  }
  const out = new Float32Array(elementsOf(entry.shape));
  if (entry.dtype === 'F32') {
    await readBytes(file, bytesOfValues(out), entry.begin);
    refuseNonFinite(out, { subject: file.path, ...entry }, at => at);
    return out;
  }
  const item = itemBytes(entry.dtype);
  const piece = new Uint8Array(Math.min(pieceBytes, entry.end - entry.begin));
  for (let position = entry.begin; position < entry.end; position += pieceBytes) {
    const bytes = piece.subarray(0, Math.min(pieceBytes, entry.end - position));
    await readBytes(file, bytes, position);
    const first = (position - entry.begin) / item;
    const values = out.subarray(first, first + bytes.length / item);
    widen(bytes, entry, values);
    refuseNonFinite(values, { subject: file.path, ...entry }, at => first + at);
  }
  return out;
}

/**
 * Rows of a tensor, in the order asked for: (rows.length, ...shape after the first axis). Neighbouring rows are read
 * together, in ascending order, whatever order they are asked for in. The reads are synchronous: 40,000 rows of the
 * XLM-R base word table are some 14,000 reads, 0.12 s in all and 0.45 s by way of the thread pool.
 *
 * @throws PanxError where a value in them is not finite
 */
export async function readRows(
  file: ReadableFile,
  entry: HeaderEntry,
  rows: Int32Array,
  into?: Float32Array,
): Promise<Float32Array> {
  const rowItems = elementsOf(entry.shape.slice(1));
  const rowBytes = rowItems * itemBytes(entry.dtype);
  const rowCount = entry.shape[0] ?? 0;
  const out = into ?? new Float32Array(rows.length * rowItems);
  const ascending = ascendingOrder(rows);
  const outside = [rows[ascending[0] ?? 0], rows[ascending.at(-1) ?? 0]].find(row => row! < 0 || row! >= rowCount);
  if (outside !== undefined) {
    throw new PanxError(`${file.path} holds ${rowCount} rows of ${entry.name}; row ${outside} was asked for.`);
  }
  const indexOf = (at: number) => rows[Math.floor(at / rowItems)]! * rowItems + (at % rowItems);
  if (entry.strides !== undefined) {
    gatherRows(file, { ...entry, strides: entry.strides }, rows, ascending, out);
    refuseNonFinite(out, { subject: file.path, ...entry }, indexOf);
    return out;
  }
  const window = new Uint8Array(Math.max(windowBytes, rowBytes));
  for (let i = 0; i < ascending.length; ) {
    const first = rows[ascending[i]!]!;
    let next = i + 1;
    let last = first;
    for (; next < ascending.length; next++) {
      const row = rows[ascending[next]!]!;
      if ((row - last - 1) * rowBytes > gapBytes || (row + 1 - first) * rowBytes > window.length) break;
      last = row;
    }
    const bytes = window.subarray(0, (last + 1 - first) * rowBytes);
    readBytesNow(file, bytes, entry.begin + first * rowBytes);
    for (; i < next; i++) {
      const at = ascending[i]!;
      const start = (rows[at]! - first) * rowBytes;
      widen(bytes.subarray(start, start + rowBytes), entry, out.subarray(at * rowItems, (at + 1) * rowItems));
    }
  }
  refuseNonFinite(out, { subject: file.path, ...entry }, indexOf);
  return out;
}

/** Rows of values that do not lie one behind the other: some megabytes of neighbouring rows at a time, of which those asked for are taken. */
function gatherRows(
  file: ReadableFile,
  entry: HeaderEntry & { strides: readonly number[] },
  rows: Int32Array,
  ascending: Uint32Array,
  out: Float32Array,
): void {
  const rowItems = elementsOf(entry.shape.slice(1));
  const rowBytes = rowItems * itemBytes(entry.dtype);
  const most = Math.max(1, Math.floor(pieceBytes / Math.max(1, rowBytes)));
  for (let i = 0; i < ascending.length; ) {
    const first = rows[ascending[i]!]!;
    let next = i + 1;
    while (next < ascending.length && rows[ascending[next]!]! < first + most) next++;
    const bytes = gather(file, entry, first, rows[ascending[next - 1]!]! + 1 - first);
    for (; i < next; i++) {
      const at = ascending[i]!;
      const start = (rows[at]! - first) * rowBytes;
      widen(bytes.subarray(start, start + rowBytes), entry, out.subarray(at * rowItems, (at + 1) * rowItems));
    }
  }
}

/** Append all of `bytes` to the file. */
export async function writeBytes(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(longestTransfer, bytes.length - done));
    done += bytesWritten;
  }
}

/** The bytes that a float array lies in. */
export function bytesOfValues(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Positions of `rows` from the smallest row to the largest. */
function ascendingOrder(rows: Int32Array): Uint32Array {
  const order = Uint32Array.from(rows, (_, i) => i);
  const sorted = rows.every((row, i) => i === 0 || rows[i - 1]! <= row);
  return sorted ? order : order.sort((a, b) => rows[a]! - rows[b]!);
}

function widen(bytes: Uint8Array, entry: HeaderEntry, out: Float32Array): void {
  switch (entry.dtype) {
    case 'F32':
      bytesOfValues(out).set(bytes);
      break;
    case 'F16':
      widenFloat16(new Uint16Array(bytes.buffer, bytes.byteOffset, out.length), out);
      break;
    case 'BF16':
      widenBfloat16(new Uint16Array(bytes.buffer, bytes.byteOffset, out.length), out);
      break;
    case 'F64':
      // To the nearest float32, as torch does; a copy, since values of eight bytes must lie at multiples of eight.
      out.set(new Float64Array(new Uint8Array(bytes).buffer));
      break;
    default:
      throw new PanxError(`${entry.name} is stored as ${entry.dtype}; panx reads F32, F16, BF16 and F64.`);
  }
}
