// long because it is a table of damages, each with its sentence.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { samplePaths } from '../../src/hub/sample.js';
import { describeTokenizer } from '../../src/tokenization/description.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { longestWord } from '../../src/tokenization/words.js';
import { tokenizerFolder } from './fixtures.js';

// biome-ignore lint/suspicious/noExplicitAny: a file into which tests put what does not belong there
type File = any;
const texts = {
  sample: readFileSync(join(samplePaths().modelDir, 'tokenizer.json'), 'utf8'),
  unigram: readFileSync(join(tokenizerFolder('unigram'), 'tokenizer.json'), 'utf8'),
  'byte-level': readFileSync(join(tokenizerFolder('byte-level'), 'tokenizer.json'), 'utf8'),
};
type Name = keyof typeof texts;
const changed = (name: Name, change: (file: File) => void): string => {
  const file = JSON.parse(texts[name]) as File;
  change(file);
  return JSON.stringify(file);
};
const folderOf = (content: string | Buffer): string => {
  const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
  writeFileSync(join(folder, 'tokenizer.json'), content);
  return folder;
};
/** What is said where a file is read, loaded and used; the path left out. */
const said = async (content: string | Buffer, words = ['Oslo', 'aaaa', 'ÄÖ', '中']): Promise<string> => {
  const folder = folderOf(content);
  try {
    const tokenizer = await loadTokenizer(folder);
    await tokenizer.encodeWords([words], 512).finally(() => tokenizer.close());
    return 'nothing';
  } catch (error) {
    expect(error).toBeInstanceOf(PanxError);
    expect((error as PanxError).hint ?? '.').toMatch(/\.$/);
    return (error as PanxError).message.replace(`${join(folder, 'tokenizer.json')} `, '');
  }
};

it('BPE that splits at random is refused, and a part that nobody knows', async () => {
  const at = (change: (file: File) => void) => said(changed('byte-level', change));
  expect(await at(file => (file.model.dropout = 0.1))).toBe(
    'has model.dropout 0.1, which splits words at random; expected null.',
  );
  expect(await at(file => (file.model.dropout = null))).toBe('nothing');
  expect(await at(file => (file.model.dropout = 0))).toBe('nothing');
  expect(await at(file => (file.extra = {}))).toMatch(/^has a part "extra"; expected none but version, truncation, /);
});

describe('a tokenizer.json of odd shapes', () => {
  const token = (content: unknown, id: unknown) => ({ id, content, special: true, normalized: false });
  it.each<[string, Name, (file: File) => void, string]>([
    [
      'added_tokens',
      'sample',
      file => (file.added_tokens = [null]),
      'has null as entry 0 of added_tokens; expected an object with an id and a content.',
    ],
    ['added_tokens', 'unigram', file => (file.added_tokens = 5), 'has 5 as added_tokens; expected a list.'],
    [
      'added_tokens',
      'byte-level',
      file => (file.added_tokens = { id: 1 }),
      'has {"id":1} as added_tokens; expected a list.',
    ],
    [
      'an added id',
      'sample',
      file => file.added_tokens.push(token('x', 1.5)),
      'has {"id":1.5,"content":"x","special":true,"normalized":false} as entry 5 of ad',
    ],
    [
      'an added id',
      'sample',
      file => file.added_tokens.push(token('x', -1)),
      'as entry 5 of added_tokens; expected an object with an id and a content.',
    ],
    [
      'an added id',
      'sample',
      file => file.added_tokens.push(token('x', 2 ** 32)),
      'as entry 5 of added_tokens; expected',
    ],
    [
      'an added text',
      'sample',
      file => file.added_tokens.push(token('', 2500)),
      'as entry 5 of added_tokens; expected',
    ],
    [
      'an added text',
      'sample',
      file => file.added_tokens.push(token(null, 2500)),
      'as entry 5 of added_tokens; expected',
    ],
    [
      'an entry',
      'sample',
      file => (file.model.vocab[7] = 5),
      'has 5 as entry 7 of model.vocab; expected a token and its score.',
    ],
    [
      'an entry',
      'sample',
      file => (file.model.vocab[7] = ['a']),
      'has ["a"] as entry 7 of model.vocab; expected a token and its score.',
    ],
    [
      'an entry',
      'unigram',
      file => (file.model.vocab[7] = ['a', 'b']),
      'has ["a","b"] as entry 7 of model.vocab; expected',
    ],
    [
      'an entry',
      'unigram',
      file => (file.model.vocab[7] = [-1, 'a']),
      'has [-1,"a"] as entry 7 of model.vocab; expected',
    ],
    [
      'an id',
      'byte-level',
      file => (file.model.vocab.x = -1),
      'gives the token "x" of model.vocab the id -1; expected a whole number.',
    ],
    [
      'an id',
      'byte-level',
      file => (file.model.vocab.x = 0.5),
      'gives the token "x" of model.vocab the id 0.5; expected a whole number.',
    ],
    [
      'an id',
      'byte-level',
      file => (file.model.vocab.x = null),
      'gives the token "x" of model.vocab the id null; expected a whole number.',
    ],
    [
      'an id',
      'byte-level',
      file => (file.model.vocab.x = 1e6),
      'gives ids up to 1000000 to 420 tokens; expected ids without such gaps.',
    ],
    [
      'a pre-tokenizer',
      'sample',
      file => (file.pre_tokenizer.pretokenizers = 5),
      'is not a tokenizer that can be loaded: invalid type: integer `5`, expected a sequence at line 1 column',
    ],
    [
      'a pre-tokenizer',
      'sample',
      file => (file.pre_tokenizer.pretokenizers = [null]),
      'is not a tokenizer that can be loaded: data did not match any variant',
    ],
    ['a pre-tokenizer', 'byte-level', file => (file.pre_tokenizer = 'x'), 'is not a tokenizer that can be loaded: '],
    [
      'a model',
      'sample',
      file => (file.model = [file.model]),
      'has no vocabulary; expected a Hugging Face tokenizer with model.vocab.',
    ],
    ['padding', 'sample', file => (file.padding = 5), 'has 5 as padding; expected null or an object.'],
    ['unk_id', 'sample', file => (file.model.unk_id = '3'), 'has "3" as model.unk_id; expected an id below 2500.'],
    [
      'unk_token',
      'byte-level',
      file => (file.model.unk_token = 5),
      'has 5 as model.unk_token; expected a token of its vocabulary.',
    ],
    [
      'a template',
      'sample',
      file => (file.post_processor.special_tokens['<s>'] = 5),
      'has 5 among the special_tokens of its post_processor; expected as many ids as tokens.',
    ],
    [
      'a token of a template',
      'sample',
      file => (file.post_processor.special_tokens['<s>'].ids = []),
      '; expected as many ids as tokens.',
    ],
  ])('is refused in one sentence: %s of %s', async (_, name, change, sentence) => {
    expect(await said(changed(name, change))).toContain(sentence);
  });
});

describe('a tokenizer.json that contradicts itself', () => {
  it.each<[string, Name, (file: File) => void, string]>([
    [
      'an added token',
      'sample',
      file => (file.added_tokens[0].id = 9),
      'gives the added token "<s>" the id 9, but 0 in model.vocab.',
    ],
    [
      'an added token',
      'byte-level',
      file => (file.added_tokens[1].id = 400),
      'gives the added token "<pad>" the id 400, but 1 in model.vocab.',
    ],
    [
      'two added tokens',
      'unigram',
      file =>
        file.added_tokens.push(
          { ...file.added_tokens[0], content: '<new>', id: 342 },
          { ...file.added_tokens[0], content: '<new>', id: 343 },
        ),
      'gives the added token "<new>" the id 343, but 342 in added_tokens.',
    ],
    [
      'two tokens of an id',
      'sample',
      file => file.added_tokens.push({ ...file.added_tokens[0], content: '<new>', id: 7 }),
      'gives the id 7 to both "',
    ],
    [
      'an added token beyond a gap',
      'unigram',
      file => file.added_tokens.push({ ...file.added_tokens[0], content: '<new>', id: 350 }),
      'gives the added token "<new>" the id 350, but the tokenizers engine gives it 342; expected the ids of added tokens to follow those of the vocabulary.',
    ],
    [
      'a token twice',
      'sample',
      file => (file.model.vocab[9][0] = file.model.vocab[8][0]),
      'twice in model.vocab, again as entry 9.',
    ],
    ['an id twice', 'byte-level', file => (file.model.vocab.x = 7), 'gives the id 7 of model.vocab to both "'],
    ['unk_id', 'sample', file => (file.model.unk_id = 2500), 'has 2500 as model.unk_id; expected an id below 2500.'],
    [
      'unk_token',
      'byte-level',
      file => (file.model.unk_token = '[UNK]'),
      'has "[UNK]" as model.unk_token; expected a token of its vocabulary.',
    ],
    ['pad_id', 'unigram', file => (file.padding.pad_id = 342), 'has 342 as padding.pad_id; expected an id below 342.'],
    [
      'pad_token',
      'unigram',
      file => (file.padding.pad_token = '[PAD]'),
      'has "[PAD]" as padding.pad_token; expected a token of its vocabulary.',
    ],
    [
      'padding',
      'unigram',
      file => (file.padding.pad_id = 0),
      'gives "<pad>" the id 0 in padding, but 1 in its vocabulary.',
    ],
    [
      'a template',
      'sample',
      file => (file.post_processor.special_tokens['</s>'].ids = [3]),
      'gives "</s>" the id 3 in its post_processor, but 2 in its vocabulary.',
    ],
    [
      'a template',
      'sample',
      file => (file.post_processor.special_tokens['</s>'].tokens = ['[SEP]']),
      'gives "[SEP]" the id 2 in its post_processor, and has no such token.',
    ],
    [
      'cls',
      'byte-level',
      file => (file.post_processor.cls = ['<s>', 2]),
      'gives "<s>" the id 2 in its post_processor, but 0 in its vocabulary.',
    ],
    [
      'sep in a sequence',
      'byte-level',
      file =>
        (file.post_processor = { type: 'Sequence', processors: [{ ...file.post_processor, sep: ['</s>', 419] }] }),
      'gives "</s>" the id 419 in its post_processor, but 2 in its vocabulary.',
    ],
    [
      'a template of two sentences',
      'sample',
      file => file.post_processor.single.push({ Sequence: { id: 'A', type_id: 0 } }),
      'takes the text 2 times in the template of its post_processor; expected it once.',
    ],
    [
      'a template of none',
      'sample',
      file => file.post_processor.single.splice(1, 1),
      'takes the text 0 times in the template of its post_processor; expected it once.',
    ],
  ])('is refused in one sentence: %s of %s', async (_, name, change, sentence) => {
    expect(await said(changed(name, change))).toContain(sentence);
  });

  it('may have tokens beyond the vocabulary, and ids that none has', async () => {
    const beyond = changed('unigram', file =>
      file.added_tokens.push({ ...file.added_tokens[0], content: '<new>', id: 342 }),
    );
    expect(await said(beyond)).toBe('nothing');
    const gap = changed('byte-level', file => (file.model.vocab.x = 500));
    expect(await said(gap)).toBe('nothing');
  });
});

describe('a tokenizer.json of which the engine aborts', () => {
  const map = (charsmap: unknown) => (file: File) =>
    (file.normalizer = { type: 'Precompiled', precompiled_charsmap: charsmap });
  const replace = (Regex: string) => (file: File) =>
    (file.normalizer = { type: 'Replace', pattern: { Regex }, content: '' });
  /** The length of the tree in bytes, the tree, and the texts that it leads to. */
  const mapOf = (units: number[], mapped: string) =>
    Buffer.concat([Buffer.from(Uint32Array.of(4 * units.length, ...units).buffer), Buffer.from(mapped)]).toString(
      'base64',
    );
  const xs = ['in', 'x'.repeat(60)];
  it.each<[string, (file: File) => void, string[], RegExp]>([
    [
      'an empty map',
      map('AAAA'),
      ['in'],
      /^is not a tokenizer that can be loaded: the tokenizers engine ended with SIGABRT \(Precompiled: /,
    ],
    ['a short map', map('/////w=='), ['in'], /^is not a tokenizer that can be loaded: .*SIGABRT/],
    [
      'a pattern that gives up while it loads',
      file => {
        replace('(x+x+)+y')(file);
        file.added_tokens.push({
          ...file.added_tokens.at(-1),
          id: file.model.vocab.length,
          content: 'x'.repeat(60),
          normalized: true,
        });
      },
      ['in'],
      /^is not a tokenizer that can be loaded: .*SIGABRT \(Onig: /,
    ],
    [
      'a pattern that gives up at a word',
      replace('(x+x+)+y'),
      xs,
      /^is a tokenizer that cannot split words: the tokenizers engine ended with SIGABRT \(Onig: /,
    ],
    [
      'a map that leads nowhere',
      map(mapOf([0], 'x')),
      xs,
      /^is a tokenizer that cannot split words: .*SIGABRT \(index out of bounds: the len is 1 /,
    ],
    [
      'a map to texts that are not there',
      map(
        mapOf(
          [...Array(256).keys()].map(i => i | 256),
          'a',
        ),
      ),
      xs,
      /^is a tokenizer that cannot split words: .*SIGABRT \(start byte index/,
    ],
    [
      'a template of an unknown token',
      file => (file.post_processor.single[0].SpecialToken.id = 'x'),
      xs,
      /^is a tokenizer that cannot split words: .*SIGABRT \(no entry found for key\)\.$/,
    ],
  ])('is refused in one sentence: %s', async (_, change, words, sentence) => {
    for (const name of ['sample', 'unigram'] as const)
      expect(await said(changed(name, change), words)).toMatch(sentence);
  });

  it('is refused where the part is under a key that is there twice, and only the engine sees it', async () => {
    const twice = '"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},"normalizer":';
    expect(await said(texts.unigram.replace('"normalizer":', twice))).toMatch(/SIGABRT/);
  });

  it('is refused where words cannot be split without an unknown token', async () => {
    const text = changed('unigram', file => (file.model.unk_id = null));
    expect(await said(text, ['\u{1F600}'])).toBe(
      'is a tokenizer that cannot split words: Encountered an unknown token but `unk_id` is missing.',
    );
  });
});

describe('a tokenizer.json of any size', () => {
  it('is refused before it is read where it is larger than a tokenizer, or no file', async () => {
    const folder = folderOf('{');
    truncateSync(join(folder, 'tokenizer.json'), 80e6 + 1);
    await expect(loadTokenizer(folder)).rejects.toThrow('has 80.0 MB; expected a tokenizer of at most 80.0 MB.');
    const piped = mkdtempSync(join(tmpdir(), 'panx-test-'));
    expect(spawnSync('mkfifo', [join(piped, 'tokenizer.json')]).status).toBe(0);
    await expect(loadTokenizer(piped)).rejects.toThrow('tokenizer.json is a pipe or a device; expected a file.');
  });

  it('is refused before it is parsed where it has more values than a tokenizer, or is nested', async () => {
    const values = await said(`{"a":[${'[],'.repeat(2_000_000)}0]}`);
    expect(values).toBe(
      'has 4,000,003 commas, colons and opening brackets; expected a tokenizer of at most 4,000,000.',
    );
    const string = (length: number) => `{"a":"\\\\","\\"b":"${'x'.repeat(length)}"}`;
    expect(await said(string(10e6))).toBe(
      'has a string of 10.0 MB; expected a tokenizer with strings of at most 10.0 MB.',
    );
    expect(await said(string(9e6))).toContain('no vocabulary');
    expect(await said(`{"model":${'['.repeat(200_000)}`)).toContain(
      'nests arrays or objects more than 100 levels deep',
    );
  });

  it('is refused where it has a token that is longer than any, or more than any', async () => {
    const long = changed('unigram', file => (file.model.vocab[9][0] = 'x'.repeat(1001)));
    expect(await said(long)).toContain('has a token of 1,001 characters, "xxx');
    const many = Array.from({ length: 100_001 }, (_, i) => ({ id: 342 + i, content: `<${i}>` }));
    const added = changed('unigram', file => file.added_tokens.push(...many));
    expect(await said(added)).toBe('has 100,005 added tokens; expected at most 100,000.');
  });

  it('is refused where it has more tokens than any', async () => {
    const more = Array.from({ length: 1_200_000 }, (_, i) => `"${i}":${i}`).join();
    expect(await said(`{"model":{"type":"WordLevel","vocab":{${more},"x":1200000}}}`)).toContain(
      'has 1,200,001 tokens; expected at most 1,200,000.',
    );
  });

  it('is refused where an empty text is replaced', async () => {
    for (const kind of ['String', 'Regex']) {
      const replace = { type: 'Replace', pattern: { [kind]: '' }, content: 'x' };
      for (const normalizer of [replace, { type: 'Sequence', normalizers: [{ type: 'NFKC' }, replace] }]) {
        expect(await said(changed('sample', file => (file.normalizer = normalizer)))).toBe(
          'has a normalizer that replaces an empty text; expected a pattern of one character or more.',
        );
      }
    }
  });

  it('is refused where it is not UTF-8', async () => {
    const bytes = Buffer.from(texts.sample);
    bytes[5000] = 0xff;
    expect(await said(bytes)).toMatch(
      /byte \d+ of the line, 0xFF, is not UTF-8, though what stands before it is; expected text in UTF-8\.$/,
    );
  });
});

describe('words of any size', () => {
  it.each(['sample', 'unigram', 'byte-level'] as const)('are split or refused in one sentence: %s', async name => {
    const tokenizer = await loadTokenizer(folderOf(texts[name]));
    const encode = (word: string) => tokenizer.encodeWords([[word]], 512);
    try {
      expect((await encode('x'.repeat(longestWord)))[0]).toMatchObject({ cutWords: 0 });
      await expect(encode('x'.repeat(longestWord + 1))).rejects.toThrow(
        'A word of 100,001 characters, beginning with "xxxxxxxxxxxxxxxxxxxx", cannot be split into subwords; expected words of at most 100,000.',
      );
      await expect(encode('👍'.repeat(5e6))).rejects.toThrow(
        /^A word of 10,000,000 characters, beginning with "(👍){20}", /,
      );
      const [lone] = await encode('\ud800');
      expect(lone).toEqual((await encode('\ufffd'))[0]);
    } finally {
      tokenizer.close();
    }
  });
});

describe('a file that runs in the process of panx', () => {
  const plain = (change: (file: File) => void) => describeTokenizer(changed('sample', change), 'x').plain;
  it('is one of plain parts', () => {
    expect(plain(() => {})).toBe(true);
    expect(plain(file => (file.normalizer = null))).toBe(true);
    expect(plain(file => (file.model.vocab[9][0] = '\u0000'))).toBe(true);
  });

  it.each<[string, (file: File) => void]>([
    ['another normaliser', file => (file.normalizer = { type: 'NFC' })],
    ['a setting that it has not', file => (file.normalizer.x = 1)],
    ['a map', file => (file.normalizer = { type: 'Precompiled', precompiled_charsmap: 'AAAA' })],
    [
      'a pattern',
      file =>
        file.pre_tokenizer.pretokenizers.push({
          type: 'Split',
          pattern: { Regex: '(a+)+$' },
          behavior: 'Isolated',
          invert: false,
        }),
    ],
    ['another model', file => (file.model.type = 'BPE')],
    ['a setting of the model', file => (file.model.max_input_chars_per_word = 9)],
    ['bytes', file => (file.model.byte_fallback = true)],
    ['no unknown token', file => (file.model.unk_id = null)],
    ['a token that is normalised', file => (file.added_tokens[0].normalized = true)],
    ['a token without a setting', file => delete file.added_tokens[0].lstrip],
    [
      'padding',
      file =>
        (file.padding = {
          strategy: { Fixed: 1e9 },
          direction: 'Right',
          pad_to_multiple_of: null,
          pad_id: 1,
          pad_type_id: 0,
          pad_token: '<pad>',
        }),
    ],
    ['a template of other tokens', file => (file.post_processor.single[0].SpecialToken.id = '<unk>')],
  ])('is not one with %s', (_, change) => {
    expect(plain(change)).toBe(false);
  });

  it('is given as it was checked, not as it was written', () => {
    const twice = texts.sample.replace(
      '"normalizer":',
      '"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},"normalizer":',
    );
    const { plain, text } = describeTokenizer(twice, 'x');
    expect(twice).toContain('AAAA');
    expect(plain).toBe(true);
    expect(text).not.toContain('AAAA');
  });
});
