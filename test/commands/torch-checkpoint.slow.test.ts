import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TensorToWrite } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { packageRoot } from '../../src/system/package.js';
import { buildCli, panx } from '../built-cli.js';
import { torchZip } from '../checkpoint/torch-zip.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-torch-'));
const sample = join(packageRoot, 'sample', 'model');
const unused = [
  ['lm_head.bias', [4]],
  ['lm_head.dense.weight', [2, 2]],
  ['roberta.pooler.dense.bias', [4]],
] as const;

beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A checkpoint folder with the weights of another one as a torch file, and others that no token classifier has. */
async function asTorchFile(from: string, name: string): Promise<string> {
  const to = join(folder, name);
  mkdirSync(to);
  for (const file of ['config.json', 'tokenizer.json']) copyFileSync(join(from, file), join(to, file));
  const source = await openTensors(from);
  const tensors: TensorToWrite[] = unused.map(([name, shape]) => ({
    name,
    shape: [...shape],
    data: () => Float32Array.of(1, 2, 3, 4),
  }));
  for (const [name, { shape }] of source.tensors) {
    const values = await source.read(name);
    tensors.push({ name, shape, data: () => values });
  }
  await source.close();
  writeFileSync(join(to, 'pytorch_model.bin'), torchZip(tensors));
  return to;
}

const train = (model: string, out: string) =>
  panx([
    'train',
    '--sample',
    '--model',
    model,
    '--lang',
    'en',
    '--size',
    '64',
    '--max-steps',
    '4',
    '--no-eval',
    '--out',
    join(folder, out),
  ]);

const said = "the checkpoint's lm_head.bias, lm_head.dense.weight and 1 more are not used";

it('a checkpoint trains to the same bytes from a torch file as from safetensors', async () => {
  const torch = await asTorchFile(sample, 'torch');
  const [fromSafetensors, fromTorch] = [train(sample, 'a'), train(torch, 'b')];
  expect(fromSafetensors).toMatchObject({ code: 0, stderr: expect.not.stringContaining('not used') });
  expect(fromTorch).toMatchObject({ code: 0, stderr: expect.stringContaining(`train en  ${said}\n`) });
  const made = (out: string) => readFileSync(join(folder, out, 'checkpoint', 'model.safetensors'));
  expect(made('a').equals(made('b'))).toBe(true);
  expect(panx(['verify', join(folder, 'b')])).toMatchObject({ code: 0 });
});

it('evaluate and predict say in one line what they do not use', async () => {
  const trained = await asTorchFile(join(folder, 'a', 'checkpoint'), 'trained');
  const evaluate = (model: string) =>
    panx(['evaluate', '--sample', '--model', model, '--langs', 'en', '--json', '--set', 'evaluation.limit=20']);
  const [plain, torch] = [evaluate(join(folder, 'a', 'checkpoint')), evaluate(trained)];
  expect(torch.stderr.split('\n').filter(line => line.includes('not used'))).toEqual([said]);
  const scores = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as { scores: unknown }).scores;
  expect(scores(torch)).toEqual(scores(plain));
  const predicted = panx([
    'predict',
    '--model',
    trained,
    '--text',
    'Ada Lovelace lived in London.',
    '--format',
    'json',
  ]);
  expect(predicted).toMatchObject({ code: 0, stderr: `${said}\n` });
});

it('a damaged torch file is refused before anything is written', () => {
  const path = join(folder, 'torch', 'pytorch_model.bin');
  writeFileSync(path, readFileSync(path).subarray(0, -100));
  const { code, stderr } = train(join(folder, 'torch'), 'c');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      `panx: ${path} is not a sound file of torch.save: it has no directory at its end, as a file that was not brought whole.\n` +
      '  Copy or download the file again.\n',
  });
});
