/**
 * Sixteen-bit floats widened to float32, exactly: every half or bfloat16 value is a float32 value. Bits are moved as
 * integers, so that infinities, subnormals and NaN payloads come through unchanged.
 */

/** Widen bfloat16 values: they are the upper halves of float32 values. `out` has the length of `values`. */
export function widenBfloat16(values: Uint16Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16;
}

/** Widen IEEE 754 half-precision values. `out` has the length of `values`. */
export function widenFloat16(values: Uint16Array, out: Float32Array): void {
  halfTable ??= makeHalfTable();
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < values.length; i++) bits[i] = halfTable[values[i]!]!;
}

/** The float32 bits of each of the 65,536 half-precision values; a look-up is several times faster than arithmetic. */
let halfTable: Uint32Array | undefined;

function makeHalfTable(): Uint32Array {
  const table = new Uint32Array(1 << 16);
  const value = new Float32Array(1);
  const valueBits = new Uint32Array(value.buffer);
  for (let half = 0; half < table.length; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      value[0] = fraction * 2 ** -24; // zero and subnormals: no implicit leading one
      table[half] = sign | valueBits[0]!;
    } else if (exponent === 31) {
      table[half] = sign | 0x7f800000 | (fraction << 13);
    } else {
      table[half] = sign | ((exponent + 112) << 23) | (fraction << 13); // the bias goes from 15 to 127
    }
  }
  return table;
}
