import { type ReadableFile, readBytesNow } from './file-bytes.js';
import { elementsOf, type HeaderEntry, itemBytes } from './safetensors-header.js';

/**
 * Tensors whose values do not lie one behind the other, as torch.save writes views and transposed tensors: `entry.strides` says how many values
 * apart they are along each axis.
 */

/** The strides of a tensor whose values lie row-major, one behind the other. */
function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementsOf(shape.slice(axis + 1)));
}

/** Whether values lie row-major, one behind the other; the stride of an axis of size 1 says nothing. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  const expected = rowMajorStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}

/** How many values lie from the first to the last one of a tensor; 0 where it has none. */
export function extentOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((extent, size, axis) => extent + (size - 1) * strides[axis]!, 1);
}

/** Whether two indices may lead to one value, as in an expanded tensor. */
export function overlapsItself(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return false;
  let extent = 1;
  for (const { size, stride } of axesByStride(shape, strides).toReversed()) {
    if (stride < extent) return true;
    extent += (size - 1) * stride;
  }
  return false;
}

const windowBytes = 1 << 20;
/** Runs nearer to each other than this are read together: see tensor-io.ts. */
const gapBytes = 16 << 10;

/**
 * The bytes of the values of some rows, row-major, one value behind the other. They are read in the order in which they lie in the file.
 *
 * @param first, count rows along the first axis; of a scalar 0 and 1
 */
export function gather(
  file: ReadableFile,
  entry: HeaderEntry & { strides: readonly number[] },
  first: number,
  count: number,
): Uint8Array {
  const item = itemBytes(entry.dtype);
  const shape = entry.shape.length === 0 ? [] : [count, ...entry.shape.slice(1)];
  const out = new Uint8Array(elementsOf(shape) * item);
  if (out.length === 0) return out;
  const axes = axesByStride(shape, entry.strides);
  const begin = entry.begin + first * (entry.strides[0] ?? 0) * item;
  const end = begin + extentOf(shape, entry.strides) * item;
  const window = new Uint8Array(Math.min(windowOf(axes, item, overlapsItself(shape, entry.strides)), end - begin));
  let [from, to] = [0, 0];
  const index = new Array<number>(axes.length).fill(0);
  let [at, outAt] = [begin, 0];
  for (;;) {
    if (at < from || at + item > to) {
      from = at;
      to = Math.min(at + window.length, end);
      readBytesNow(file, window.subarray(0, to - from), from);
    }
    for (let byte = 0; byte < item; byte++) out[outAt + byte] = window[at - from + byte]!;
    let axis = axes.length - 1;
    for (; axis >= 0; axis--) {
      const { size, stride, outStride } = axes[axis]!;
      at += stride * item;
      outAt += outStride * item;
      if (++index[axis]! < size) break;
      at -= size * stride * item;
      outAt -= size * outStride * item;
      index[axis] = 0;
    }
    if (axis < 0) return out;
  }
}

interface Axis {
  size: number;
  /** Values from one to the next in the file. */
  stride: number;
  /** The same where they lie row-major. */
  outStride: number;
}

/** Those of more than one index, in the order in which the values lie in the file. */
function axesByStride(shape: readonly number[], strides: readonly number[]): Axis[] {
  const outStrides = rowMajorStrides(shape);
  return shape
    .map((size, axis) => ({ size, stride: strides[axis]!, outStride: outStrides[axis]! }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => b.stride - a.stride);
}

/** How much is read at once: all that is near; of values that lie far apart, the run of those side by side. */
function windowOf(axes: readonly Axis[], item: number, overlaps: boolean): number {
  if (overlaps) return Number.POSITIVE_INFINITY; // It would be read again and again: all at once, which is little (`mostOverlapping`).
  let run = 1;
  for (const { size, stride } of axes.toReversed()) {
    if ((stride - run) * item > gapBytes) break;
    run = (size - 1) * stride + run;
  }
  return Math.max(item, Math.min(windowBytes, run * item));
}
