/**
 * Fine-tunes the encoder of each embedded sample on the train rows of the samples: sample/tagger, sample/many/tagger.
 *
 *   npm run build && node scripts/make-sample/make-taggers.mjs [FOLDER...]
 *
 * With folders, such as `sample/many`, only theirs. No row of a validation or test split is seen. The weights are stored as bfloat16, so that they
 * take half the room. On one machine the same bytes come out each time; another kind of processor may give others in their last digits.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const taggers = {
  // The second sample's sentences are of more kinds, so its rows in these two languages are read too.
  sample: [
    ...['--langs', 'en,tr,many=en,many=tr', '--set', 'corpora.many={format: panx, files: sample/many/data}'],
    ...['--epochs', '20', '--learning-rate', '1e-3'],
  ],
  'sample/many': ['--langs', 'en,tr,de,fr,it,af,sw,hu', '--epochs', '40', '--learning-rate', '4e-3'],
};
const asked = process.argv.slice(2);
for (const [sample, settings] of Object.entries(taggers)) {
  if (asked.length === 0 || asked.includes(sample)) makeTagger(sample, settings);
}

function makeTagger(sample, settings) {
  const scratch = mkdtempSync(join(tmpdir(), 'panx-tagger-'));
  const out = join(scratch, 'run');
  const fixed = ['--backend', 'tensorflow', '--precision', 'fp32', '--seed', '42'];
  const places = ['--model', `${sample}/model`, '--data', `${sample}/data`, '--out', out];
  const train = ['dist/cli.js', 'train', ...places, ...settings, ...fixed, '--set', 'evaluation.eachEpoch=false'];
  const env = { ...process.env, PANX_STORE: join(scratch, 'store') }; // No run is noted among the user's.
  const { status } = spawnSync(process.execPath, train, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
  write(join(out, 'checkpoint'), join(sample, 'tagger'));
  rmSync(scratch, { recursive: true });
}

function write(checkpoint, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) cpSync(join(checkpoint, name), join(folder, name));
  const config = JSON.parse(readFileSync(join(checkpoint, 'config.json'), 'utf8'));
  writeFileSync(
    join(folder, 'config.json'),
    `${JSON.stringify({ ...config, torch_dtype: 'bfloat16' }, undefined, 2)}\n`,
  );
  writeFileSync(join(folder, 'model.safetensors'), withBfloat16(readFileSync(join(checkpoint, 'model.safetensors'))));
}

/** A safetensors file of float32 tensors, with each value rounded to the nearest bfloat16. */
function withBfloat16(file) {
  const start = 8 + Number(file.readBigUInt64LE());
  const { __metadata__: metadata, ...tensors } = JSON.parse(file.toString('utf8', 8, start));
  const values = Buffer.alloc((file.length - start) / 2);
  for (let at = 0; at < values.length; at += 2) {
    const bits = file.readUInt32LE(start + 2 * at);
    values.writeUInt16LE((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16, at); // Ties to even.
  }
  const halves = Object.entries(tensors).map(([name, { shape, data_offsets: ends }]) => {
    return [name, { dtype: 'BF16', shape, data_offsets: ends.map(end => end / 2) }];
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(halves) }));
  const padded = Buffer.concat([header, Buffer.alloc(-header.length & 7, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, values]);
}
