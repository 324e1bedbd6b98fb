import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createVariable, readInPieces } from '../../src/kernels/variable.js';
import { onEachBackend } from './each-backend.js';

onEachBackend(() => {
  it.each([
    // Rows of 256 KB, 16 a piece; a row above the size of a piece; all in one.
    [[41, 65_536], 1, 40, [16, 16, 7]],
    [[3, 1_100_000], 0, 3, [1, 1, 1]],
    [[7, 2, 3], 0, 7, [7]],
    [[5], 2, 4, [2]],
    [[5], 2, 2, []],
  ])('reads rows of %j from %i to %i in pieces of %j', async (shape, from, to, pieceRows) => {
    const rowSize = shape.slice(1).reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: shape[0]! * rowSize }, (_, i) => i);
    const variable = createVariable(values, shape);
    const before = tf.memory().numTensors;
    const pieces: Float32Array[] = [];
    for await (const piece of readInPieces(variable, from, to)) pieces.push(piece);
    expect(pieces.map(piece => piece.length)).toEqual(pieceRows.map(rows => rows * rowSize));
    const read = new Float32Array((to - from) * rowSize);
    let at = 0;
    for (const piece of pieces) {
      read.set(piece, at);
      at += piece.length;
    }
    const expected = values.subarray(from * rowSize, to * rowSize);
    expect(Buffer.compare(Buffer.from(read.buffer), bytesOf(expected))).toBe(0);
    // Whoever stops reading leaves nothing behind either.
    for await (const _ of readInPieces(variable, from, to)) break;
    expect(tf.memory().numTensors).toBe(before);
    variable.dispose();
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
