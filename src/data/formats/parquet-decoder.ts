import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What is used of parquet-wasm, which encodes too. */
export type ParquetDecoder = Pick<
  typeof import('parquet-wasm/esm'),
  'readParquet' | 'readSchema' | 'writeParquet' | 'Table' | 'WriterPropertiesBuilder' | 'Compression'
>;

/**
 * Decode with parquet-wasm in a memory that does not grow beyond what a sound file of that size needs: a page can decode to a thousand times its
 * size, and which one does shows only when it is decoded. Where the memory ends, decoding does, with a RuntimeError, and so it does at damage that
 * parquet-wasm does not foresee.
 *
 * @param fileBytes of the file that is decoded, which lies in that memory as a whole
 * @throws DecodingEnded where decoding ended like that
 */
export async function withParquetDecoder<Result>(
  fileBytes: number,
  work: (decoder: ParquetDecoder) => Result,
): Promise<Result> {
  const bound = fileBytes <= smallFile ? smallMemory : largeMemory;
  const instance = instances.get(bound) ?? (await startInstance(bound));
  instances.set(bound, instance);
  try {
    return work(instance.decoder);
  } catch (error) {
    const used = instance.memory.buffer.byteLength;
    const ended = error instanceof Error && error.name === 'RuntimeError';
    // What it had when it was cut off is never given back; the next file has a memory of its own.
    if (ended || used >= bound / 2) instances.delete(bound);
    throw ended ? new DecodingEnded(bound, used >= bound / 2, error) : error;
  }
}

/** What a file decodes to did not fit, or its damage ended the decoder. */
export class DecodingEnded extends Error {
  /** Into what it was to fit. */
  readonly memory: string;
  /** Whether so much of it was in use that it must be that; else, since a large value asks for much at once, it may be either. */
  readonly isFull: boolean;

  constructor(bound: number, isFull: boolean, cause: Error) {
    super(cause.message, { cause });
    this.memory = `${bound / 2 ** 20} MB of memory`;
    this.isFull = isFull;
  }
}

const smallFile = 16 << 20;
const smallMemory = 192 << 20;
/** For files up to `largestFile`, 256 MB. */
const largeMemory = 640 << 20;

interface Instance {
  decoder: ParquetDecoder;
  memory: { readonly buffer: ArrayBufferLike };
}

const instances = new Map<number, Instance>();
let started = 0;

async function startInstance(bound: number): Promise<Instance> {
  const { resolve } = createRequire(import.meta.url);
  // Under a name of its own each time: the module has one memory, from its first use on.
  const url = `${pathToFileURL(resolve('parquet-wasm/esm/parquet_wasm.js')).href}?${++started}`;
  const decoder = (await import(/* @vite-ignore */ url)) as typeof import('parquet-wasm/esm');
  const program = readFileSync(resolve('parquet-wasm/esm/parquet_wasm_bg.wasm'));
  const { memory } = decoder.initSync({ module: withMemoryBound(program, bound) });
  return { decoder, memory };
}

/**
 * A WebAssembly program with an upper bound on its memory, which this one has none of.
 *
 * Source: WebAssembly Core Specification, 5.5.8 "Memory Section", 5.3.7 "Limits".
 */
export function withMemoryBound(program: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const memorySection = 5;
  for (let at = 8; at < program.length; ) {
    const [size, start] = leb128(program, at + 1);
    if (program[at] !== memorySection) {
      at = start + size;
      continue;
    }
    const [, flagsAt] = leb128(program, start); // how many memories there are: one
    const [pages, afterPages] = leb128(program, flagsAt + 1);
    const end = program[flagsAt] === 0 ? afterPages : leb128(program, afterPages)[1]; // the bound that there may be
    const limits = [1, 1, ...toLeb128(pages), ...toLeb128(Math.floor(bytes / 65_536))];
    const section = [memorySection, ...toLeb128(limits.length), ...limits];
    const bounded = new Uint8Array(at + section.length + program.length - end);
    bounded.set(program.subarray(0, at));
    bounded.set(section, at);
    bounded.set(program.subarray(end), at + section.length);
    return bounded;
  }
  throw new Error('the WebAssembly program has no memory of its own');
}

/** An unsigned number, and where it ends. */
function leb128(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, scale = 1; ; at++, scale *= 128) {
    value += (bytes[at]! & 127) * scale;
    if (bytes[at]! < 128) return [value, at + 1];
  }
}

function toLeb128(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...toLeb128(Math.floor(value / 128))];
}
