/**
 * Rows of queries, keys and values that a file has head by head (q, k and v of head 0, then of head 1), in panx's order: all of q, all of k, all
 * of v.
 *
 * @param values (3C, columns) row-major, C = heads * size of a head
 */
export function fromInterleaved(values: Float32Array, heads: number): Float32Array {
  return reordered(values, heads, (part, head) => [3 * head + part, part * heads + head]);
}

/** The same back. */
export function toInterleaved(values: Float32Array, heads: number): Float32Array {
  return reordered(values, heads, (part, head) => [part * heads + head, 3 * head + part]);
}

/** @param places of a block of one part and head: where it is, and where it goes */
function reordered(
  values: Float32Array,
  heads: number,
  places: (part: number, head: number) => [from: number, to: number],
): Float32Array {
  const block = values.length / (3 * heads);
  const out = new Float32Array(values.length);
  for (let part = 0; part < 3; part++) {
    for (let head = 0; head < heads; head++) {
      const [from, to] = places(part, head);
      out.set(values.subarray(from * block, (from + 1) * block), to * block);
    }
  }
  return out;
}
