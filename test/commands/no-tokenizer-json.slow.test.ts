import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { samplePaths } from '../../src/hub/sample.js';
import { buildCli, panx } from '../built-cli.js';
import { layOut, setJson } from '../tokenization/converters/fixtures.js';

/** The sample's model with the tokenizer of another folder, which has no tokenizer.json: what commands make of it. */

const folder = mkdtempSync(join(tmpdir(), 'panx-no-json-'));
const at = (...names: string[]) => join(folder, ...names);
const { modelDir, dataDir } = samplePaths();
const short = ['--size', '20', '--max-steps', '1', '--no-eval', '--backend', 'wasm', '--data', dataDir];
const train = (model: string, out: string, ...args: string[]) =>
  panx(['train', ...short, '--model', model, '--out', out, ...args]);
const keyOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'identity.json'), 'utf8')) as { key: string; settings: object };

function modelWith(name: string, as: string): string {
  const tokenizer = layOut(name, at(`${as}-tokenizer`));
  const config = readFileSync(join(modelDir, 'config.json'));
  rmSync(join(tokenizer, 'config.json'));
  cpSync(join(modelDir, 'model.safetensors'), at(as, 'model.safetensors'));
  cpSync(tokenizer, at(as), { recursive: true });
  writeFileSync(at(as, 'config.json'), config);
  return at(as);
}

beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true }));

it('is trained, verified, scored and gone on from', () => {
  const model = modelWith('xlm-roberta-added', 'model');
  const { code, stderr } = train(model, at('run'));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const checkpoint = readdirSync(at('run', 'checkpoint'));
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'sentencepiece.bpe.model'])
    expect(checkpoint).toContain(file);
  const verified = panx(['verify', at('run'), '--rerun']);
  expect(verified).toMatchObject({ code: 0 });
  // config.json, the weights, the SentencePiece model and the two small files that are read with it.
  expect(verified.stdout).toMatch(/✓ start {7}5 files in /);
  expect(panx(['predict', '--model', at('run', 'checkpoint'), '--text', 'Ada in Oslo', '--backend', 'wasm']).code).toBe(
    0,
  );
  expect(train(at('run', 'checkpoint'), at('second')).code).toBe(0);
});

it('is another model once a file that its tokenizer is made of has changed, and not for any other file', () => {
  const model = modelWith('xlm-roberta-added', 'changing');
  const key = () => {
    expect(train(model, at('changing-run'), '--force').code).toBe(0);
    return keyOf(at('changing-run')).key;
  };
  const first = key();
  writeFileSync(join(model, 'vocab.txt'), 'not of this tokenizer');
  writeFileSync(join(model, 'README.md'), 'words');
  expect(key()).toBe(first);
  appendFileSync(join(model, 'special_tokens_map.json'), ' ');
  expect(key()).not.toBe(first);
  appendFileSync(join(model, 'sentencepiece.bpe.model'), Uint8Array.of(0x38, 0));
  const { code, stdout } = panx(['verify', at('changing-run')]);
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('sentencepiece.bpe.model') });
});

it('with a vocab.txt that leaves lower case open takes it from --lower-case, which is in the key', () => {
  const model = modelWith('bert-uncased', 'open');
  setJson(model, 'tokenizer_config.json', { tokenizer_class: 'BertTokenizer' });
  const open = train(model, at('open-run'));
  expect(open.code).toBe(2);
  expect(open.stderr).toContain('does not say whether text is put in lower case');
  expect(open.stderr).toContain('Set tokenization.lowerCase (--lower-case) to true');
  const keys = ['true', 'false'].map(value => {
    expect(train(model, at(`open-${value}`), '--lower-case', value).code).toBe(0);
    expect(panx(['verify', at(`open-${value}`)]).code).toBe(0);
    const { key, settings } = keyOf(at(`open-${value}`));
    expect(settings).toMatchObject({ 'tokenization.lowerCase': value === 'true' });
    return key;
  });
  expect(keys[0]).not.toBe(keys[1]);
  // Its checkpoint says it by itself.
  expect(train(at('open-true', 'checkpoint'), at('open-next')).code).toBe(0);
  expect(keyOf(at('open-next')).settings).not.toHaveProperty('tokenization.lowerCase');
  const stats = ['data', 'stats', '--langs', 'en', '--splits', 'test', '--data', dataDir, '--model', model];
  expect(panx(stats).code).toBe(2);
  expect(panx([...stats, '--set', 'tokenization.lowerCase=true'])).toMatchObject({ code: 0 });
});

it('tokenization.lowerCase that a tokenizer.json contradicts is refused by every command that reads one, before work', () => {
  const said = 'tokenizer.json does not put text in lower case, and tokenization.lowerCase is true;';
  const study = at('study.yaml');
  writeFileSync(study, 'tokenization: {lowerCase: true}\nstudy: {protocol: cumulative, sizes: [50]}\n');
  const set = ['--sample', '--set', 'tokenization.lowerCase=true'];
  for (const args of [
    ['train', '--sample', '--lower-case', 'true', '--out', at('refused')],
    ['run', study, '--sample', '--out', at('refused')],
    ['evaluate', '--langs', 'en', ...set],
    ['predict', '--text', 'Ada', ...set],
    ['tokenizers', '--text', 'Ada', ...set],
    ['data', 'stats', '--langs', 'en', '--splits', 'test', ...set],
    ['init', '--size', 'tiny', '--sample', '--lower-case', 'true', '--out', at('refused')],
  ]) {
    expect(panx(args), args.join(' ')).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  }
  expect(existsSync(at('refused'))).toBe(false);
  // What it does itself may be said.
  expect(panx(['tokenizers', '--text', 'Ada', '--sample', '--set', 'tokenization.lowerCase=false']).code).toBe(0);
});

it('serves panx init', () => {
  const tokenizer = layOut('bert-cased', at('init-tokenizer'));
  setJson(tokenizer, 'tokenizer_config.json', undefined);
  setJson(tokenizer, 'config.json', undefined);
  const init = (...args: string[]) =>
    panx(['init', '--size', 'tiny', '--tokenizer', tokenizer, '--out', at('initial'), ...args]);
  expect(init().stderr).toContain('does not say whether text is put in lower case');
  expect(init('--lower-case', 'maybe')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--lower-case is maybe; expected true or false.'),
  });
  expect(init('--lower-case', 'false').code).toBe(0);
  expect(train(at('initial'), at('initial-run')).code).toBe(0);
});
