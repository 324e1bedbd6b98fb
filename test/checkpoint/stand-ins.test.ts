import { cp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { checkTokenizerFiles, writeCheckpointFolder } from '../../src/checkpoint/folder.js';
import { checkWeights, openTensors } from '../../src/checkpoint/weights.js';
import { sentenceWindows } from '../../src/commands/predict/sentences.js';
import { loadConfig } from '../../src/config/load.js';
import { readShard } from '../../src/data/formats/parquet.js';
import { readTextFile } from '../../src/data/formats/tagged-file.js';
import { PanxError } from '../../src/errors.js';
import { readForeignPredictions } from '../../src/evaluation/foreign-predictions.js';
import { readPredictions } from '../../src/evaluation/predictions.js';
import { samplePaths } from '../../src/hub/sample.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';
import { temporaryFolder } from './example.js';

const folder = await temporaryFolder();
const model = samplePaths().modelDir;
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n';
const standIns: [string, string | Buffer, string][] = [
  ['a pointer of Git LFS', pointer, 'is a Git LFS pointer, and not the file of 5 B that it stands for.'],
  ['a pointer of git-annex', '/annex/objects/SHA256E-s5--00\n', 'is a git-annex pointer'],
  ['a page', '<!DOCTYPE html><title>Sign in</title>', 'is a web page (HTML or XML)'],
];
const packed: (typeof standIns)[number] = [
  'a packed file',
  gzipSync('{}'),
  'is packed by gzip; expected the file itself.',
];
const empty: (typeof standIns)[number] = ['an empty file', '', 'is empty: it has no byte.'];

/** A copy of the sample's model with other files in it; null takes one away. */
async function modelWith(files: Record<string, string | Buffer | null>): Promise<string> {
  const copy = join(folder, 'model');
  await rm(copy, { recursive: true, force: true });
  await cp(model, copy, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await rm(join(copy, name), { force: true });
    if (content !== null) await writeFile(join(copy, name), content);
  }
  return copy;
}

const index = JSON.stringify({ weight_map: { a: 'one.safetensors' } });
const torchIndex = JSON.stringify({ weight_map: { a: 'pytorch_model-1.bin' } });
const gone = { 'model.safetensors': null };
const bert = JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true });
const kinds: [string, Record<string, string | null>, (folder: string) => Promise<unknown>][] = [
  ['config.json', {}, readModelConfig],
  ['model.safetensors', {}, openTensors],
  ['model.safetensors', {}, checkWeights],
  ['model.safetensors.index.json', gone, openTensors],
  ['one.safetensors', { ...gone, 'model.safetensors.index.json': index }, openTensors],
  ['pytorch_model.bin', gone, openTensors],
  ['pytorch_model.bin.index.json', gone, openTensors],
  ['pytorch_model-1.bin', { ...gone, 'pytorch_model.bin.index.json': torchIndex }, openTensors],
  ['tokenizer.json', {}, openTokenizer],
  ['vocab.txt', { 'tokenizer.json': null, 'tokenizer_config.json': bert }, openTokenizer],
  ['sentencepiece.bpe.model', { 'tokenizer.json': null }, openTokenizer],
  ['tokenizer_config.json', { 'tokenizer.json': null, 'vocab.txt': '[UNK]' }, openTokenizer],
];

describe.each(kinds)('in the place of %s (%#)', (name, beside, read) => {
  it.each([...standIns, packed, empty])('%s is named, and how to get the file', async (_, content, sentence) => {
    const place = await modelWith({ ...beside, [name]: content });
    const error = await read(place).then(
      () => null,
      (error: unknown) => error as PanxError,
    );
    expect(error).toBeInstanceOf(PanxError);
    expect(error!.message).toContain(`${join(place, name)} ${sentence}`);
    expect(error!.hint).toMatch(/git lfs pull|git annex get|download the file again|gunzip/);
  });
});

it.each<[string, (folder: string) => Promise<unknown>]>([
  ['config.json', readModelConfig],
  ['model.safetensors', openTensors],
  ['tokenizer.json', openTokenizer],
])('a link in the place of %s that leads nowhere', async (name, read) => {
  const place = await modelWith({ [name]: null });
  await symlink('../blobs/abc', join(place, name));
  await expect(read(place)).rejects.toThrow(`${join(place, name)} is a link to ../blobs/abc, which is not there.`);
  await rm(join(place, name));
  await symlink('.git/annex/objects/aa/bb/k/k', join(place, name));
  await expect(read(place)).rejects.toMatchObject({ hint: `Run git annex get in ${place}.` });
});

describe('a tokenizer that goes along with what is trained', () => {
  it.each(['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'])(
    'is refused before the training where %s is a pointer',
    async name => {
      const place = await modelWith({ [name]: pointer });
      await expect(checkTokenizerFiles(place)).rejects.toThrow(`${join(place, name)} is a Git LFS pointer`);
      for (const [content, sentence] of [
        ['', 'is empty: it has no byte.'],
        ['Entry not found', 'is not valid JSON'],
        [Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(9)]), 'is a zip archive; expected the file itself.'],
      ] as const) {
        await writeFile(join(place, name), content);
        await expect(checkTokenizerFiles(place)).rejects.toThrow(`${join(place, name)} ${sentence}`);
      }
    },
  );

  it('is copied without a vocabulary that is a pointer, where tokenizer.json has it', async () => {
    const place = await modelWith({ 'sentencepiece.bpe.model': pointer, 'vocab.txt': 'whole\n' });
    await checkTokenizerFiles(place);
    const out = join(folder, 'out');
    const checkpoint = { config: await readModelConfig(place), tensors: [], tokenizerFrom: place };
    await writeCheckpointFolder(out, checkpoint, { replace: false });
    expect(await readFile(join(out, 'vocab.txt'), 'utf8')).toBe('whole\n');
    expect(await readFile(join(out, 'tokenizer.json'))).toEqual(await readFile(join(place, 'tokenizer.json')));
    await expect(readFile(join(out, 'sentencepiece.bpe.model'))).rejects.toThrow('ENOENT');
  });
});

describe.each<[string, string, (path: string) => Promise<unknown>]>([
  ['parquet', 'x.parquet', readShard],
  ['words and tags', 'x.conll', readTextFile],
  ['settings', 'x.yaml', file => loadConfig({ file })],
  ['predictions of panx', 'x.jsonl.gz', path => all(readPredictions(path))],
  ['text to tag', 'x.txt', path => all(sentenceWindows(path))],
  ['predictions of others', 'x.jsonl', path => all(readForeignPredictions(path))],
])('in the place of %s', (_, name, read) => {
  it.each(standIns)('%s is named', async (_, content, sentence) => {
    const path = join(folder, name);
    await writeFile(path, content);
    await expect(read(path)).rejects.toThrow(`${path} ${sentence}`);
  });
});

it('a link to data that was not brought', async () => {
  const path = join(folder, 'link.parquet');
  await symlink('../.git/annex/objects/aa/bb/k/k', path);
  await expect(readShard(path)).rejects.toMatchObject({ hint: `Run git annex get in ${folder}.` });
});

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of values) taken.push(value);
  return taken;
}
