/**
 * Golden bytes: what every kind of engine computes, as hashes. Writes test/fixtures/golden/numerics.json, which
 * test/engine/numerics.test.ts reads:
 *
 *   npm run build && npm run setup && node scripts/make-golden/numerics.mjs
 *
 * What was recorded on other processors and by other compilers stays, unless its kind's revision has been raised since
 * or the case is another: then it is dropped, and comes back where it is recorded again. Bytes that have changed under
 * the same revision are refused.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { numericsRevision } from '../../dist/engine/numerics.js';

const fileHere = name => fileURLToPath(new URL(name, import.meta.url));
const goldenFile = fileHere('../../test/fixtures/golden/numerics.json');
const names = ['tensorflow', 'tensorflow-without-bf16', 'tensorflow-v3', 'tensorflow-plain', 'wasm'];

const before = readGolden();
const made = names.map(name => ({ name, ...run(name) }));
const input = made.find(({ records }) => records.length > 0).input;
const records = new Map();
for (const record of before.input === input ? before.records : []) {
  if (record.revision === numericsRevision[record.kind]) records.set(keyOf(record), record);
  else console.log(`dropped, of an earlier revision: ${keyOf(record)}`);
}
for (const record of made.flatMap(({ records }) => records)) {
  const known = records.get(keyOf(record));
  if (known !== undefined && JSON.stringify(known.hashes) !== JSON.stringify(record.hashes)) {
    console.error(
      `What ${keyOf(record)} computes has changed. Raise the revision of its kind in src/engine/numerics.ts first.`,
    );
    process.exit(1);
  }
  records.set(keyOf(record), record);
  console.log(keyOf(record));
}
const sorted = [...records.keys()].sort().map(key => records.get(key));
for (const kind of Object.keys(numericsRevision)) {
  if (!sorted.some(record => record.kind === kind)) console.log(`there is no record of ${kind}`);
}
writeFileSync(goldenFile, `${JSON.stringify({ input, records: sorted }, null, 2)}\n`);

function run(name) {
  return JSON.parse(execFileSync(process.execPath, [fileHere('numerics-case.mjs'), name], { encoding: 'utf8' }));
}

function keyOf({ hashes, revision, ...arithmetic }) {
  return Object.values(arithmetic)
    .filter(word => word !== null)
    .join(', ');
}

function readGolden() {
  try {
    return JSON.parse(readFileSync(goldenFile, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return { input: '', records: [] };
    throw error;
  }
}
