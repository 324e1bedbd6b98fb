import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { collectGarbage } from '../../src/system/memory.js';
import { loadTokenizer, openTokenizer } from '../../src/tokenization/tokenizer.js';
import { golden, tokenizerFolder } from './fixtures.js';

const folder = tokenizerFolder('unigram');

describe.each(['unigram', 'byte-level'] as const)('encodeWords with the %s tokenizer', name => {
  const { sentences, vocabularySize, cases } = golden(name);

  it.each(cases)("equals Python's tokenizers at maxLength $maxLength", async ({ maxLength, rows }) => {
    const tokenizer = await loadTokenizer(tokenizerFolder(name));
    const encoded = await tokenizer.encodeWords(sentences, maxLength);
    expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(rows.map(({ inputIds }) => inputIds));
    expect(encoded.map(({ wordIds }) => [...wordIds])).toEqual(rows.map(({ wordIds }) => wordIds));
  });

  it('gives the same for a sentence alone, and the second time', async () => {
    const tokenizer = await loadTokenizer(tokenizerFolder(name));
    for (const row of [0, 3, 0]) {
      const [encoded] = await tokenizer.encodeWords([sentences[row]!], 512);
      expect([...encoded!.inputIds]).toEqual(cases[0]!.rows[row]!.inputIds);
    }
  });

  it('knows its vocabulary and its special tokens', async () => {
    const tokenizer = await loadTokenizer(tokenizerFolder(name));
    expect(tokenizer).toMatchObject({ vocabularySize, unkId: 3, padId: 1 });
    const bytes = readFileSync(join(tokenizerFolder(name), 'tokenizer.json'));
    expect(tokenizer.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    await tokenizer.encodeWords([['a']], 9);
    expect(await tokenizer.tokens([0, 1, 2, 3])).toEqual(['<s>', '<pad>', '</s>', '<unk>']);
    await expect(tokenizer.tokens([vocabularySize])).rejects.toThrow(RangeError);
  });
});

describe('encodeWords', () => {
  it('counts what truncation takes', async () => {
    const tokenizer = await loadTokenizer(folder);
    const sentence = ['Ada', 'was', 'Oslo'];
    const [whole] = await tokenizer.encodeWords([sentence], 512);
    const lengths = [0, 1, 2].map(word => whole!.wordIds.filter(id => id === word).length);
    const length = whole!.inputIds.length;
    expect(length).toBe(2 + lengths.reduce((sum, count) => sum + count));
    expect(lengths[2]).toBeGreaterThan(1);
    expect(whole).toMatchObject({ cutSubwords: 0, cutWords: 0, emptyWords: 0 });
    // Exactly long enough: nothing is cut.
    const [exact] = await tokenizer.encodeWords([sentence], length);
    expect(exact).toEqual(whole);
    // One subword short: the last word loses its end but keeps its first subword.
    const [short] = await tokenizer.encodeWords([sentence], length - 1);
    expect(short).toMatchObject({ cutSubwords: 1, cutWords: 0 });
    expect(short!.inputIds.at(-1)).toBe(2);
    // The last word gone.
    const [shorter] = await tokenizer.encodeWords([sentence], length - lengths[2]!);
    expect(shorter).toMatchObject({ cutSubwords: lengths[2], cutWords: 1 });
    expect(Math.max(...shorter!.wordIds)).toBe(1);
    const [shortest] = await tokenizer.encodeWords([sentence], 3);
    expect(shortest).toMatchObject({ cutSubwords: length - 3, cutWords: 2 });
  });

  const withEmpty = ['\u200e', 'Oslo', '\ufeff', '', 'in'];

  it('leaves out words that give no subword, and shifts no other', async () => {
    const tokenizer = await loadTokenizer(folder);
    const [encoded] = await tokenizer.encodeWords([withEmpty], 512, 'drop');
    expect(new Set(encoded!.wordIds)).toEqual(new Set([-1, 1, 4]));
    expect(encoded).toMatchObject({ emptyWords: 3, cutWords: 0 });
  });

  it('puts the unknown token in their place where asked', async () => {
    const tokenizer = await loadTokenizer(folder);
    const [dropped] = await tokenizer.encodeWords([withEmpty], 512, 'drop');
    const [encoded] = await tokenizer.encodeWords([withEmpty], 512, 'unk');
    expect(encoded!.inputIds).toHaveLength(dropped!.inputIds.length + 3);
    for (const word of [0, 2, 3]) {
      const at = encoded!.wordIds.indexOf(word);
      expect(encoded!.inputIds[at]).toBe(3);
      expect(encoded!.wordIds.filter(id => id === word)).toHaveLength(1);
    }
    expect(encoded!.emptyWords).toBe(3);
    // The substitutes take room, and can be cut like any other word.
    const [cut] = await tokenizer.encodeWords([['\u200e', '\u200e', '\u200e']], 4, 'unk');
    expect([...cut!.inputIds]).toEqual([0, 3, 3, 2]);
    expect(cut).toMatchObject({ cutSubwords: 1, cutWords: 1, emptyWords: 3 });
  });

  it('counts no empty word as cut', async () => {
    const tokenizer = await loadTokenizer(folder);
    const [encoded] = await tokenizer.encodeWords([['Luxembourg', '\u200e']], 3, 'drop');
    expect(encoded).toMatchObject({ cutWords: 0, emptyWords: 1 });
  });

  it('gives only special tokens for a sentence without words', async () => {
    const tokenizer = await loadTokenizer(folder);
    const [encoded] = await tokenizer.encodeWords([[]], 512);
    expect([...encoded!.inputIds]).toEqual([0, 2]);
    expect([...encoded!.wordIds]).toEqual([-1, -1]);
    expect(await tokenizer.encodeWords([], 512)).toEqual([]);
  });

  it.each([2, 0, Number.NaN])('refuses a maxLength of %s', async maxLength => {
    const tokenizer = await loadTokenizer(folder);
    await expect(tokenizer.encodeWords([['a']], maxLength)).rejects.toThrow(
      `maxLength is ${maxLength}; expected at least 3, as the tokenizer adds 2 special tokens to every sentence.`,
    );
  });

  it('encodes many distinct words, more than go to the engine at once', async () => {
    const tokenizer = await loadTokenizer(folder);
    const many = Array.from({ length: 9000 }, (_, i) => `a${i}`);
    const together = await tokenizer.encodeWords([many], 100_000);
    const fresh = await loadTokenizer(folder);
    for (const w of [0, 4095, 4096, 8191, 8192, 8999]) {
      const [alone] = await fresh.encodeWords([[many[w]!]], 100);
      const ids = together[0]!.inputIds.filter((_, i) => together[0]!.wordIds[i] === w);
      expect([...ids]).toEqual([...alone!.inputIds.subarray(1, -1)]);
    }
  });

  it('takes nothing of truncation and padding from the file', async () => {
    const file = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
    const { sentences, cases } = golden('unigram');
    const padding = { pad_id: 1, pad_type_id: 0, pad_token: '<pad>', pad_to_multiple_of: 8 };
    for (const [truncation, padded] of [
      [null, null],
      [{ direction: 'Left', max_length: 3, strategy: 'LongestFirst', stride: 1 }, null],
      [
        { direction: 'Right', max_length: 1, strategy: 'OnlyFirst', stride: 0 },
        { ...padding, strategy: 'BatchLongest', direction: 'Left' },
      ],
      [null, { ...padding, strategy: { Fixed: 64 }, direction: 'Right' }],
    ]) {
      const other = mkdtempSync(join(tmpdir(), 'panx-test-'));
      writeFileSync(join(other, 'tokenizer.json'), JSON.stringify({ ...file, truncation, padding: padded }));
      const tokenizer = await loadTokenizer(other);
      const encoded = await tokenizer.encodeWords(sentences, 20);
      expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(
        cases.find(({ maxLength }) => maxLength === 20)!.rows.map(({ inputIds }) => inputIds),
      );
      tokenizer.close();
    }
  });

  it('encodes concurrently', async () => {
    const tokenizer = await loadTokenizer(folder);
    const { sentences, cases } = golden('unigram');
    const encoded = await Promise.all(sentences.map(sentence => tokenizer.encodeWords([sentence], 512)));
    expect(encoded.map(([one]) => [...one!.inputIds])).toEqual(cases[0]!.rows.map(({ inputIds }) => inputIds));
  });
});

describe('openTokenizer', () => {
  it('lets go of all but the checksum when it is released', async () => {
    const file = await openTokenizer(folder);
    const { sha256 } = file;
    // The object is let go by the time a collection is over only where nothing holds it.
    let collected = false;
    const registry = new FinalizationRegistry<null>(() => {
      collected = true;
    });
    await (async () => {
      const tokenizer = file.load();
      await tokenizer.encodeWords([['in']], 512);
      registry.register(tokenizer, null);
    })();
    await file.release();
    await vi.waitFor(async () => {
      await collectGarbage();
      expect(collected).toBe(true);
    });
    expect(file.sha256).toBe(sha256);
    expect(() => file.load()).toThrow(/has been released/);
    await file.release();
  });
});

describe('loadTokenizer', () => {
  const withFile = (content: string | undefined, others: string[] = []): string => {
    const made = mkdtempSync(join(tmpdir(), 'panx-test-'));
    for (const name of others) writeFileSync(join(made, name), '');
    if (content !== undefined) writeFileSync(join(made, 'tokenizer.json'), content);
    return made;
  };
  const failure = async (path: string): Promise<PanxError> => {
    const error: unknown = await loadTokenizer(path).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PanxError);
    return error as PanxError;
  };
  const text = readFileSync(join(folder, 'tokenizer.json'), 'utf8');
  const changed = (change: (file: Record<string, never>) => void): string => {
    const file = JSON.parse(text) as Record<string, never>;
    change(file);
    return JSON.stringify(file);
  };

  it('refuses a folder without tokenizer.json, and says what to make it from', async () => {
    const bare = withFile(undefined, ['model.safetensors', 'config.json']);
    const error = await failure(bare);
    expect(error.message).toBe(`${bare} has no tokenizer.json: found config.json, model.safetensors.`);
    expect(error.hint).toBe('Copy the tokenizer.json of the model that the checkpoint was made from.');
    const old = await failure(withFile(undefined, ['sentencepiece.bpe.model']));
    expect(old.hint).toBe(
      "Make a tokenizer.json with transformers: AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER').",
    );
    expect((await failure(withFile(undefined))).message).toMatch(/ has no tokenizer\.json: found an empty folder\.$/);
    rmSync(bare, { recursive: true });
    expect((await failure(bare)).message).toBe(`The model folder ${bare} cannot be read: no such file or folder.`);
  });

  it('refuses a file that is cut short or no JSON object', async () => {
    const short = withFile(text.slice(0, 500));
    expect((await failure(short)).message).toContain(
      `${join(short, 'tokenizer.json')} is not valid JSON: Unterminated string in JSON at position 500`,
    );
    for (const content of [
      'null',
      '{}',
      '[]',
      '{"model":{}}',
      '{"model":{"vocab":[]}}',
      '{"model":{"vocab":{}}}',
      '{"model":{"vocab":"x"}}',
    ]) {
      const path = withFile(content);
      expect((await failure(path)).message).toBe(
        `${join(path, 'tokenizer.json')} has no vocabulary; expected a Hugging Face tokenizer with model.vocab.`,
      );
    }
  });

  it('refuses a tokenizer without unknown or padding token', async () => {
    const path = withFile('{"model":{"vocab":{"a":0}}}');
    expect((await failure(path)).message).toBe(
      `${join(path, 'tokenizer.json')} has no unknown token; expected one of <unk>, [UNK].`,
    );
    const other = withFile('{"model":{"vocab":{"a":0,"[UNK]":1}}}');
    expect((await failure(other)).message).toBe(
      `${join(other, 'tokenizer.json')} has no padding token; expected one of <pad>, [PAD].`,
    );
  });

  it('finds special tokens where other tokenizers have them', async () => {
    const bert = withFile(
      '{"model":{"vocab":{"[PAD]":0,"a":1,"[UNK]":100},"unk_token":"[UNK]"},"added_tokens":[{"id":200,"content":"[X]"}]}',
    );
    expect(await loadTokenizer(bert)).toMatchObject({ unkId: 100, padId: 0, vocabularySize: 201 });
    const named = withFile('{"model":{"vocab":{"?":7,"[UNK]":1},"unk_token":"?"},"padding":{"pad_id":5}}');
    expect(await loadTokenizer(named)).toMatchObject({ unkId: 7, padId: 5, vocabularySize: 8 });
    const added = withFile(
      '{"model":{"vocab":{"a":0},"unk_token":null},"added_tokens":[{"id":3,"content":"<unk>"},{"id":1,"content":"<pad>"}]}',
    );
    expect(await loadTokenizer(added)).toMatchObject({ unkId: 3, padId: 1, vocabularySize: 4 });
    const zero = withFile('{"model":{"vocab":[["<unk>",0],["<pad>",0]],"unk_id":0}}');
    expect(await loadTokenizer(zero)).toMatchObject({ unkId: 0, padId: 1, vocabularySize: 2 });
  });

  it('refuses, when it is first used, what the engine refuses', async () => {
    const path = withFile(changed(file => Object.assign(file, { normalizer: { type: 'Unheard' } })));
    const tokenizer = await loadTokenizer(path);
    const error: unknown = await tokenizer.encodeWords([['a']], 9).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PanxError);
    expect((error as PanxError).message).toContain(
      `${join(path, 'tokenizer.json')} is not a tokenizer that can be loaded: `,
    );
    expect((error as PanxError).hint).toBe('Save it again with a current version of transformers, or fetch it again.');
  });

  it('shows the tokens of ids before anything was encoded', async () => {
    const tokenizer = await loadTokenizer(folder);
    expect(await tokenizer.tokens([0])).toEqual(['<s>']);
  });

  it('encodes without special tokens where the tokenizer adds none', async () => {
    const tokenizer = await loadTokenizer(withFile(changed(file => Object.assign(file, { post_processor: null }))));
    const [encoded] = await tokenizer.encodeWords([['Oslo', '\u200e']], 1);
    expect(encoded!.wordIds).toEqual(Int32Array.of(0));
    expect((await tokenizer.encodeWords([['\u200e']], 1))[0]!.inputIds).toHaveLength(0);
  });
});
