import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { withMemoryBound, withParquetDecoder } from '../../../src/data/formats/parquet-decoder.js';

const path = createRequire(import.meta.url).resolve('parquet-wasm/esm/parquet_wasm_bg.wasm');

it('gives a program’s memory an end, and changes nothing else of it', () => {
  // (module (memory (export "m") 1)) and (module (memory (export "m") 1 3))
  const exported = [0x07, 0x05, 0x01, 0x01, 0x6d, 0x02, 0x00];
  const program = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1, ...exported);
  const bounded = withMemoryBound(program, 3 * 65_536);
  expect([...bounded]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 1, 1, 3, ...exported]);
  // A bound that is there is replaced.
  expect(withMemoryBound(bounded, 3 * 65_536)).toEqual(bounded);
  const real = withMemoryBound(readFileSync(path), 192 << 20);
  expect(real.length - readFileSync(path).length).toBe(2);
});

it('ends with a reason where the memory does, and starts anew', async () => {
  const tooMuch = withParquetDecoder(1, decoder => decoder.readSchema(new Uint8Array(300 << 20)));
  await expect(tooMuch).rejects.toThrow();
  await expect(withParquetDecoder(1, () => 'works')).resolves.toBe('works');
  await expect(
    withParquetDecoder(1, () => {
      throw new TypeError('of its own');
    }),
  ).rejects.toThrow('of its own');
});
