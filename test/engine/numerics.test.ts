import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EngineKind, engineKind, numericsRevision } from '../../src/engine/numerics.js';
import { findEngine } from '../../src/engine/tensorflow/installed-engine.js';
import { buildCli, root } from '../built-cli.js';
import { goldenFolder } from '../model/golden.js';

/**
 * The bytes of every kind of engine, against those that were recorded: a tiny XLM-R is trained by THE loop, with
 * dropout and AdamW, and scores other rows. scripts/make-golden/numerics-case.mjs computes them, each in a process of
 * its own. On what they depend was measured by changing one thing at a time; what stands in brackets is believed.
 *
 * - Where panx multiplies, on the level of the operations and the precision. Not on the number of threads (1 to 16),
 *   nor on what oneDNN takes the CPU for (ONEDNN_MAX_CPU_ISA). The compiler counts: -O2 gives the bytes of -O3, but
 *   without fused multiply-adds they are others (and each compiler places those as it likes). So a record is of one
 *   compiler.
 * - Where TensorFlow multiplies (tensorflow-plain; level 3; level 4 in bf16 without avx512_bf16 or with AMX), on what
 *   oneDNN takes the CPU for too (and on its caches). So a record is of one family and model of processor. Here it
 *   shows no number of threads from 1 to 16, but with batches of 1,300 subwords tensorflow-plain has other bytes with 5
 *   threads than with 1 and 2. So two are taken.
 * - WebAssembly's on nothing else (its instructions and Node.js's `Math` give the same bits on every CPU).
 * - A GPU adds up in no fixed order, so nothing of it is recorded.
 */
const golden = JSON.parse(readFileSync(join(goldenFolder('.'), 'numerics.json'), 'utf8')) as Computed;
const make = '`npm run build && npm run setup && node scripts/make-golden/numerics.mjs`';

interface Computed {
  /** The hash of the start weights and of all rows. */
  input: string;
  records: Recorded[];
}

/** What one kind of arithmetic computes: the first six say which. */
interface Recorded {
  kind: EngineKind;
  precision: string;
  operations: string;
  products: string;
  compiler: string | null;
  processor: string | null;
  revision: number;
  hashes: Hashes;
}

/** Of the weights, steps and scores of each course. */
type Hashes = Record<string, Record<string, string>>;

const found = await findEngine();
const hasTensorflow = 'engine' in found && found.engine.variant === 'cpu'; // not a library of the user's own

describe.each([
  { name: 'tensorflow', kind: 'tensorflow-fused', needs: hasTensorflow, precisions: ['fp32', 'bf16'] },
  { name: 'tensorflow-without-bf16', kind: 'tensorflow-fused', needs: hasTensorflow, precisions: ['fp32', 'bf16'] },
  { name: 'tensorflow-v3', kind: 'tensorflow-fused', needs: hasTensorflow, precisions: ['fp32', 'bf16'] },
  { name: 'tensorflow-plain', kind: 'tensorflow-plain', needs: hasTensorflow, precisions: ['fp32', 'bf16'] },
  { name: 'wasm', kind: 'wasm', needs: true, precisions: ['fp32'] },
])('$name', ({ name, kind, needs, precisions }) => {
  describe.skipIf(!needs)('computes the bytes that were recorded', () => {
    let computed: Computed;
    beforeAll(async () => {
      buildCli();
      const program = [join('scripts', 'make-golden', 'numerics-case.mjs'), name];
      const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root });
      computed = JSON.parse(stdout) as Computed;
    });

    it.for(precisions)('%s', (precision, { skip }) => {
      const now = computed.records.find(record => record.precision === precision);
      if (now === undefined) return skip('a GPU adds up in no fixed order');
      // Not compiled, or not of these sources: `npm run setup`.
      if (now.kind !== kind) return skip(`there is no ${kind} here, and ${now.kind} computes`);
      expect(computed.input, `the start weights or rows are others: make the golden again with ${make}`).toBe(
        golden.input,
      );
      const before = golden.records.find(record => nameOf(record) === nameOf(now));
      if (before === undefined) return skip(`never recorded: ${nameOf(now)}`);
      const complaint = differences(before, now);
      if (complaint !== null) expect.fail(complaint);
    });
  });
});

it('the golden file is of the revisions in src/engine/numerics.ts', () => {
  const others = golden.records.filter(({ kind, revision }) => revision !== numericsRevision[kind]);
  expect(others.map(nameOf), `recorded of another revision: make the golden again with ${make}`).toEqual([]);
});

it('a change of the bytes asks for a revision', () => {
  const record = golden.records.find(({ kind }) => kind === 'wasm')!;
  expect(differences(record, record)).toBeNull();
  const changed = { ...record.hashes, single: { ...record.hashes.single, scores: 'another' } };
  expect(differences(record, { ...record, hashes: changed })).toBe(
    'what wasm computes has changed (scores of single): raise its revision in src/engine/numerics.ts ' +
      'and make the golden again with `npm run build && npm run setup && node scripts/make-golden/numerics.mjs`',
  );
});

it('engineKind tells what has arithmetic of its own', () => {
  expect(engineKind({ name: 'tensorflow', operations: 'fused x86-64-v4' })).toBe('tensorflow-fused');
  expect(engineKind({ name: 'tensorflow', operations: 'fused x86-64-v3' })).toBe('tensorflow-fused');
  expect(engineKind({ name: 'tensorflow', operations: 'plain' })).toBe('tensorflow-plain');
  expect(engineKind({ name: 'wasm', operations: 'plain' })).toBe('wasm');
});

/** What to do where the bytes are not those of the record, or null. */
function differences(before: Recorded, now: Recorded): string | null {
  const changed = Object.entries(now.hashes).flatMap(([course, hashes]) =>
    Object.keys(hashes)
      .filter(what => hashes[what] !== before.hashes[course]?.[what])
      .map(what => `${what} of ${course}`),
  );
  if (changed.length === 0) return null;
  const advice = `raise its revision in src/engine/numerics.ts and make the golden again with ${make}`;
  return `what ${now.kind} computes has changed (${changed.join(', ')}): ${advice}`;
}

function nameOf({ kind, precision, operations, products, compiler, processor }: Recorded): string {
  const words = [`${kind} in ${precision}`, `operations ${operations}`, `products by ${products}`, compiler, processor];
  return words.filter(word => word !== null).join(', ');
}
