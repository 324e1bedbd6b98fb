import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { define } from '../../src/commands/init.js';
import { samplePaths } from '../../src/hub/sample.js';
import { checkTensors } from '../../src/model/parameter-specs.js';

const folder = await mkdtemp(join(tmpdir(), 'panx-init-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const tokenizer = join(folder, 'tokenizer');
await mkdir(tokenizer);
await writeFile(join(tokenizer, 'tokenizer.json'), JSON.stringify(tinyTokenizer()));

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function init(...args: string[]): Promise<void> {
  const command = new Command('init').exitOverride().configureOutput({ writeErr: () => {} });
  define(command);
  await command.parseAsync(args, { from: 'user' });
}

const usual = ['--size', 'tiny', '--tokenizer', tokenizer];

test('a folder with the vocabulary and specials of the tokenizer, PAN-X tags and XLM-R positions', async () => {
  const out = join(folder, 'usual');
  await init(...usual, '--out', out);
  const config = await readModelConfig(out);
  expect({ ...config, raw: {} }).toEqual({
    architecture: 'xlm-roberta',
    vocabularySize: 9,
    embeddingSize: 64,
    hiddenSize: 64,
    layers: 2,
    heads: 4,
    intermediateSize: 128,
    activation: 'gelu',
    maxPositions: 514,
    positionsFromPad: true,
    typeVocabularySize: 1,
    layerNormEps: 1e-5,
    padId: 1,
    hiddenDropout: 0.1,
    dropsAttentionOutput: true,
    attentionDropout: 0.1,
    classifierDropout: 0.1,
    deberta: null,
    initializerRange: 0.02,
    labels: ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'],
    raw: {},
  });
  expect([config.raw.bos_token_id, config.raw.eos_token_id]).toEqual([0, 2]);
  const source = await openTensors(out);
  expect(checkTensors(config, source, out)).toEqual({ headMissing: false, ignored: [] });
  await source.close();
  expect(await readFile(join(out, 'tokenizer.json'), 'utf8')).toBe(JSON.stringify(tinyTokenizer()));
  // Tables 9, 514 and 1 x 64 and a LayerNorm: 33,664; two layers of 33,472; the classifier 7 x 65.
  expect(printed).toBe(`${out}: XLM-R tiny with random weights (seed 42), 101,063 parameters, 404.3 kB.\n`);
});

test('the weights follow from the seed', async () => {
  const files = await Promise.all(
    [['1'], ['1'], ['2']].map(async ([seed], i) => {
      const out = join(folder, `seed-${i}`);
      await init(...usual, '--out', out, '--seed', seed!);
      return readFile(join(out, 'model.safetensors'));
    }),
  );
  expect(files[0]!.equals(files[1]!)).toBe(true);
  expect(files[0]!.equals(files[2]!)).toBe(false);
});

test('other labels', async () => {
  const out = join(folder, 'labels');
  await init(...usual, '--out', out, '--labels', 'O, B-GENE,I-GENE');
  expect((await readModelConfig(out)).labels).toEqual(['O', 'B-GENE', 'I-GENE']);
});

describe('what is there is not overwritten', () => {
  test('unless --force is given, and then only a checkpoint', async () => {
    const out = join(folder, 'taken');
    await mkdir(out);
    await init(...usual, '--out', out); // an empty folder may be filled
    const before = await readFile(join(out, 'model.safetensors'));
    await expect(init(...usual, '--out', out, '--seed', '3')).rejects.toMatchObject({
      message: `${out} holds a model already.`,
      hint: 'Choose another --out, or add --force to replace it.',
    });
    expect((await readFile(join(out, 'model.safetensors'))).equals(before)).toBe(true);
    await init(...usual, '--out', out, '--seed', '3', '--force');
    expect((await readFile(join(out, 'model.safetensors'))).equals(before)).toBe(false);
  });

  test('a folder of other things, or a file, never', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    await writeFile(join(home, 'diary.txt'), 'dear diary');
    await expect(init(...usual, '--out', home, '--force')).rejects.toThrow(
      `${home} holds what panx did not make (diary.txt); expected a new or empty folder, or one that holds a model of panx.`,
    );
    const file = join(home, 'diary.txt');
    await expect(init(...usual, '--out', file, '--force')).rejects.toThrow(`${file} cannot be written: `);
    expect(await readFile(file, 'utf8')).toBe('dear diary');
    // A model that another program wrote is not of panx either.
    const foreign = join(folder, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'config.json'), '{}');
    await expect(init(...usual, '--out', foreign, '--force')).rejects.toThrow(
      `${foreign} holds what panx did not make (config.json)`,
    );
  });

  test('nor what lies beside a model of panx', async () => {
    const out = join(folder, 'with-notes');
    await init(...usual, '--out', out);
    await writeFile(join(out, 'notes.txt'), 'mine');
    await expect(init(...usual, '--out', out, '--force')).rejects.toThrow(
      `${out} holds, beside a model, what panx did not make: notes.txt.`,
    );
    expect(await readFile(join(out, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('nor the folder that the tokenizer is read from', async () => {
    for (const out of [tokenizer, join(tokenizer, 'inside'), folder]) {
      await expect(init(...usual, '--out', out, '--force')).rejects.toThrow(/tokenizer's folder|did not make/);
    }
    expect(await readdir(tokenizer)).toEqual(['tokenizer.json']);
  });

  test('a link is written through, also one to nothing yet', async () => {
    const [there, notYet] = [join(folder, 'there'), join(folder, 'not-yet')];
    await mkdir(there);
    for (const target of [there, notYet]) {
      await symlink(target, `${target}-link`);
      await init(...usual, '--out', `${target}-link`);
      await init(...usual, '--out', `${target}-link`, '--force');
      expect((await lstat(`${target}-link`)).isSymbolicLink()).toBe(true);
      expect(await readdir(target)).toContain('model.safetensors');
    }
  });
});

test('--sample takes the embedded tokenizer, and is refused beside another', async () => {
  const out = join(folder, 'of-the-sample');
  await init('--size', 'tiny', '--sample', '--out', out);
  const { modelDir } = samplePaths();
  expect((await readModelConfig(out)).vocabularySize).toBe((await readModelConfig(modelDir)).vocabularySize);
  await expect(init(...usual, '--sample', '--out', join(folder, 'of-another'))).rejects.toThrow(
    '--sample is given, and --tokenizer, for which it would stand, is given too; expected one of them.',
  );
});

describe('wrong usage is told in a sentence, with exit code 2', () => {
  const cases: [string[], string][] = [
    [['--size', 'smal'], '--size is "smal", expected one of tiny, small, base, large; did you mean "small"?'],
    [['--size', 'xxl-9000'], '--size is "xxl-9000", expected one of tiny, small, base, large.'],
    [['--seed', '-1'], '--seed is "-1", expected a whole number from 0 to 4294967295.'],
    [['--seed', '4294967296'], '--seed is "4294967296", expected a whole number from 0 to 4294967295.'],
    [['--labels', 'O,B-X,O'], '--labels is "O,B-X,O" with "O" twice, expected two or more different tags'],
    [['--labels', 'O,B-X\n all fine'], '--labels has the tag "B-X\\n all fine", which holds <U+000A>; expected'],
    [
      ['--labels', `O,${'x'.repeat(201)}`],
      `--labels has the tag "${'x'.repeat(78)}…, which has 201 characters; expected`,
    ],
    [['--labels', 'O,,B-X'], '--labels is "O,,B-X" with an empty tag, expected'],
    [['--labels', 'O'], '--labels is "O", expected two or more different tags with commas between.'],
  ];
  test.each(cases)('%j', async (args, message) => {
    await expect(init(...usual, '--out', join(folder, 'unused'), ...args)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: 2,
    });
  });

  test('a folder without a tokenizer', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await expect(init('--size', 'tiny', '--tokenizer', empty, '--out', join(folder, 'unused'))).rejects.toThrow(
      'tokenizer.json',
    );
  });
});

/** A tokenizer.json of nine entries with XLM-R's specials around every sentence. */
function tinyTokenizer(): unknown {
  const special = (content: string, id: number) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['<s>', '<pad>', '</s>', '<unk>'].map(special),
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '<s>', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '</s>', type_id: 0 } },
      ],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: {
        '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
        '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
      },
    },
    decoder: null,
    model: {
      type: 'Unigram',
      unk_id: 3,
      vocab: ['<s>', '<pad>', '</s>', '<unk>', '▁', 'a', 'b', '▁a', 'ab'].map((piece, id) => [piece, -id]),
      byte_fallback: false,
    },
  };
}
