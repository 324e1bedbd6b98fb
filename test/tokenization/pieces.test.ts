import { afterAll, describe, expect, it } from 'vitest';
import { pieceNames, piecesOf, textOfBytes } from '../../src/tokenization/pieces.js';
import { loadTokenizer, type SubwordTokenizer } from '../../src/tokenization/tokenizer.js';
import { tokenizerFolder } from './fixtures.js';

const tokenizers: SubwordTokenizer[] = [];
const load = async (name: 'unigram' | 'byte-level') => {
  const tokenizer = await loadTokenizer(tokenizerFolder(name));
  tokenizers.push(tokenizer);
  return tokenizer;
};
afterAll(() => {
  for (const tokenizer of tokenizers) tokenizer.close();
});

/** The subwords of words, as they are shown. */
async function shown(words: string[], tokenizer: SubwordTokenizer): Promise<string[]> {
  const { offsets, ids } = await piecesOf(words, tokenizer);
  const names = await pieceNames(ids, tokenizer);
  return words.map((_, w) => [...ids.subarray(offsets[w]!, offsets[w + 1]!)].map(id => names.get(id)!).join(' '));
}

describe('piecesOf', () => {
  it('splits words as they are split in rows, in parts too', async () => {
    const tokenizer = await load('unigram');
    const words = Array.from({ length: 45_000 }, (_, i) => (i % 7 === 0 ? '\u200e' : `Oslo${i}`));
    const { offsets, ids, specials } = await piecesOf(words, tokenizer);
    expect(specials).toBe(2);
    for (const word of [0, 1, 7, 19_999, 20_000, 20_001, 44_999]) {
      const [alone] = await tokenizer.encodeWords([[words[word]!]], 1000);
      expect([...ids.subarray(offsets[word]!, offsets[word + 1]!)]).toEqual([...alone!.inputIds.subarray(1, -1)]);
    }
  });

  it('splits no word into nothing', async () => {
    expect(await piecesOf([], await load('unigram'))).toEqual({
      offsets: Int32Array.of(0),
      ids: new Int32Array(0),
      specials: 2,
    });
  });
});

describe('pieceNames', () => {
  it('are the tokens where these are text', async () => {
    expect(await shown(['Oslo', '\u200e'], await load('unigram'))).toEqual(['▁O s lo', '']);
  });

  it('are text where the tokens are bytes', async () => {
    const tokenizer = await load('byte-level');
    expect(tokenizer.byteLevel).toBe(true);
    const [istanbul, tokyo, special] = await shown(["İstanbul'da", '東', '</s>'], tokenizer);
    expect(istanbul!.replaceAll(' ', '')).toBe("Ġİstanbul'da");
    expect(tokyo).toBe('Ġ <0xE6> <0x9D> <0xB1>');
    expect(special).toContain('</s>');
  });
});

describe('textOfBytes', () => {
  it.each([
    ['ĠKarl', 'ĠKarl'],
    ['Ä°stanbul', 'İstanbul'],
    ['Ã¼', 'ü'],
    ['Ġ', 'Ġ'],
    ['æĿ±äº¬', '東京'],
    ['ðŁİī', '🎉'],
    // Parts of characters, an overlong form, a surrogate, what is beyond Unicode.
    ['Ä', '<0xC4>'],
    ['°x', '<0xB0>x'],
    ['æĿ', '<0xE6><0x9D>'],
    ['ÀĢ', '<0xC0><0x80>'],
    ['íłĢ', '<0xED><0xA0><0x80>'],
    ['ôĲĢĢ', '<0xF4><0x90><0x80><0x80>'],
    ['Ċ', '\n'],
    ['ï¿½', '\ufffd'],
    // Added tokens are text already.
    ['<mask>', '<mask>'],
    ['東京', '東京'],
  ])('%s is %s', (token, text) => {
    expect(textOfBytes(token)).toBe(text);
  });
});
