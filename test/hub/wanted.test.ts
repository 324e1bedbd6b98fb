import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchModel, resolveTokenizer } from '../../src/hub/resolve.js';
import { bytesOf, modelRepo, useHub } from './fixtures.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;

describe('the files of a model', () => {
  const test = useHub();
  const { 'model.safetensors': whole, ...torchOnly } = modelRepo().files;
  const { 'pytorch_model.bin': torch, ...others } = torchOnly;
  const serve = (files: Record<string, Buffer>) => {
    test.hub.repos[0] = modelRepo({ files });
    return fetchModel(model, { settings: test.settings });
  };

  it('never include weights in other formats', async () => {
    await serve(modelRepo().files);
    expect(test.hub.requests.filter(line => /resolve.*(\.bin|\.onnx|README)/.test(line))).toEqual([]);
  });

  it('are those of torch.save where there are no safetensors', async () => {
    const { folder, files } = await serve({ ...torchOnly, 'training_args.bin': bytesOf(9), 'tf_model.h5': bytesOf(9) });
    expect(files.map(file => file.path)).toEqual([
      ...['config.json', 'tokenizer.json', 'tokenizer_config.json'],
      'pytorch_model.bin',
    ]);
    expect(readFileSync(join(folder, 'pytorch_model.bin')).equals(torch!)).toBe(true);
    const again = await fetchModel(model, { settings: { ...test.settings, offline: true } });
    expect(again.files.map(file => file.path).sort()).toEqual(files.map(file => file.path).sort());
  });

  it('are the index of torch files and its shards where there is nothing better', async () => {
    const shards = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];
    const index = (map: object) => ({
      ...others,
      'pytorch_model.bin.index.json': Buffer.from(JSON.stringify({ weight_map: map })),
      [shards[0]!]: bytesOf(100, 1),
      [shards[1]!]: bytesOf(100, 2),
      'training_args.bin': bytesOf(9),
    });
    const { files } = await serve(index({ a: shards[1], b: shards[0], c: shards[1] }));
    expect(files.map(file => file.path).slice(3)).toEqual(['pytorch_model.bin.index.json', ...shards]);
    const again = await fetchModel(model, { settings: { ...test.settings, offline: true } });
    expect(again.files.map(file => file.path).sort()).toEqual(files.map(file => file.path).sort());
  });

  it('do not include shards of torch files by other names', async () => {
    const weightMap = { a: 'training_args.bin' };
    const files = { ...others, 'pytorch_model.bin.index.json': Buffer.from(JSON.stringify({ weight_map: weightMap })) };
    await expect(serve(files)).rejects.toThrow(
      /index\.json: weight_map names the shard "training_args.bin", expected pytorch_model-NAME.bin\.$/,
    );
  });

  it('are the index and the shards that it names where the weights are in shards', async () => {
    const index = {
      metadata: {},
      weight_map: { a: 'model-00002-of-00002.safetensors', b: 'model-00001-of-00002.safetensors' },
    };
    const { folder, files } = await serve({
      ...others,
      'model.safetensors.index.json': Buffer.from(JSON.stringify(index)),
      'model-00001-of-00002.safetensors': bytesOf(100, 1),
      'model-00002-of-00002.safetensors': bytesOf(100, 2),
      'model.fp16-00001-of-00001.safetensors': bytesOf(50, 3),
    });
    expect(files.map(file => file.path).slice(3)).toEqual([
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
    expect(readFileSync(join(folder, 'model-00002-of-00002.safetensors')).equals(bytesOf(100, 2))).toBe(true);
    const again = await fetchModel(model, { settings: { ...test.settings, offline: true } });
    expect(again.files.map(file => file.path).sort()).toEqual(files.map(file => file.path).sort());
  });

  it('do not include shards outside the repository or absent from it', async () => {
    const index = (shard: string) => ({
      ...others,
      'model.safetensors.index.json': Buffer.from(JSON.stringify({ weight_map: { a: shard } })),
    });
    await expect(serve(index('../../../x.safetensors'))).rejects.toThrow(
      /index\.json: weight_map names the shard "..\/..\/..\/x.safetensors", expected NAME.safetensors\.$/,
    );
    await expect(serve(index('model-00001-of-00001.safetensors'))).rejects.toThrow(
      'org/model: model.safetensors.index.json names the shard model-00001-of-00001.safetensors, which the repository lacks.',
    );
  });

  it('are those that a tokenizer is made of where there is no tokenizer.json', async () => {
    const { 'tokenizer.json': _, ...untokenized } = modelRepo().files;
    const sources = ['vocab.json', 'merges.txt', 'added_tokens.json', 'special_tokens_map.json'];
    const more = Object.fromEntries(sources.map((name, i) => [name, bytesOf(20, i)]));
    const { files } = await serve({ ...untokenized, ...more, 'bpe_encoder.bin': bytesOf(9) });
    const expected = ['config.json', 'tokenizer_config.json', ...sources, 'model.safetensors'].sort();
    expect(files.map(({ path }) => path).sort()).toEqual(expected);
    const offline = { settings: { ...test.settings, offline: true } };
    expect((await fetchModel(model, offline)).files.map(({ path }) => path).sort()).toEqual(expected);
  });

  it('are of the tokenizer alone where it alone is asked for, with config.json, which says its kind and the positions', async () => {
    const { 'tokenizer.json': _, ...untokenized } = modelRepo().files;
    const settings = { settings: test.settings };
    test.hub.repos[0] = modelRepo({ files: { ...untokenized, 'spm.model': bytesOf(20) } });
    const folder = await resolveTokenizer('org/model', settings);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'spm.model', 'tokenizer_config.json']);
  });

  it('are tokenizer.json and config.json where there is the first', async () => {
    const folder = await resolveTokenizer('org/model', { settings: test.settings });
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'tokenizer.json']);
  });

  it('are asked for by the option that names them, where they are not in the cache', async () => {
    const offline = { settings: { ...test.settings, offline: true } };
    await expect(resolveTokenizer('org/model', { ...offline, option: '--tokenizer' })).rejects.toMatchObject({
      message: expect.stringContaining('HF_HUB_OFFLINE forbids asking the hub'),
      hint: expect.stringMatching(/^Give a local folder \(--tokenizer DIR\), or run "panx fetch" beforehand/),
    });
    await expect(resolveTokenizer('org/model', offline)).rejects.toMatchObject({
      hint: expect.stringMatching(/^Give a local folder \(--model DIR\), /),
    });
  });

  it('say which are missing, what there is instead, and the remedy', async () => {
    await expect(serve({ ...others, 'tf_model.h5': bytesOf(9) })).rejects.toMatchObject({
      name: 'PanxError',
      message:
        'org/model has neither model.safetensors nor pytorch_model.bin, whole or in shards (it has tf_model.h5), which panx reads.',
      hint: expect.stringContaining('from_tf=True'),
    });
    await expect(serve({ ...others, 'model.pt': bytesOf(9) })).rejects.toMatchObject({
      message: expect.stringContaining('(it has model.pt)'),
      hint: expect.stringMatching(/save_pretrained\("DIR"\) of both, and give --model DIR\.$/),
    });
    const { 'tokenizer.json': _t, ...untokenized } = modelRepo().files;
    await expect(serve({ ...untokenized, 'vocab.json': bytesOf(9) })).rejects.toThrow(
      'org/model has neither tokenizer.json nor all files of which panx makes one (it has tokenizer_config.json, vocab.json), which panx reads.',
    );
    const { 'config.json': _c, 'tokenizer_config.json': _d, 'tokenizer.json': _e, ...unconfigured } = modelRepo().files;
    await expect(serve(unconfigured)).rejects.toThrow(
      'org/model has no config.json (nor anything like it), which panx reads.',
    );
    const adapter = { ...unconfigured, 'adapter_config.json': bytesOf(9) };
    await expect(serve(adapter)).rejects.toMatchObject({
      message: 'org/model has no config.json (it has adapter_config.json), which panx reads.',
      hint: expect.stringContaining('merge it with its model'),
    });
    expect(test.hub.requests.filter(line => line.includes('resolve'))).toEqual([]);
    expect(whole).toHaveLength(300_000);
  });
});
