import { expect, test } from 'vitest';
import { widenBfloat16, widenFloat16 } from '../../src/checkpoint/float-formats.js';

const everyPattern = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

test('every half-precision pattern has the value that IEEE 754 gives it', () => {
  const found = new Float32Array(65536);
  widenFloat16(everyPattern, found);
  const expected = Array.from(everyPattern, bits => {
    const sign = bits >= 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
  });
  expect(everyPattern.find(bits => !Object.is(found[bits], expected[bits]))).toBeUndefined();
});

test('half-precision zeros, subnormals, the largest value and infinities', () => {
  const found = new Float32Array(7);
  widenFloat16(Uint16Array.of(0x0000, 0x8000, 0x0001, 0x83ff, 0x7bff, 0xfc00, 0x3555), found);
  expect([...found]).toEqual([0, -0, 2 ** -24, -1023 * 2 ** -24, 65504, Number.NEGATIVE_INFINITY, 0.333251953125]);
});

test('bfloat16 patterns are the upper halves of float32 patterns, NaN and subnormals too', () => {
  const found = new Float32Array(65536);
  widenBfloat16(everyPattern, found);
  const bits = new Uint32Array(found.buffer);
  expect(everyPattern.find(pattern => bits[pattern] !== pattern * 65536)).toBeUndefined();
  expect(found[0x3f80]).toBe(1);
  expect(found[0xc049]).toBe(-3.140625);
  expect(found[0x0001]).toBe(2 ** -133);
});
