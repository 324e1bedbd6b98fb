import { describe, expect, it } from 'vitest';
import { encodeSentences } from '../../src/tokenization/rows.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { tokenizerFolder } from './fixtures.js';

const options = { maxLength: 512, emptyWords: 'drop' } as const;
const load = () => loadTokenizer(tokenizerFolder('unigram'));

describe('encodeSentences', () => {
  it('marks the first subword of every word with 0', async () => {
    const encoded = await encodeSentences([['Luxembourg', '\u200e', 'in'], []], await load(), options);
    const first = encoded.labelIds
      .map((label, i) => (label === 0 ? encoded.wordIds[i]! : -2))
      .filter(word => word !== -2);
    expect([...first]).toEqual([0, 2]);
    expect(encoded.labelIds.filter(label => label === 0 || label === -100)).toHaveLength(encoded.labelIds.length);
    expect(encoded).toMatchObject({ rows: 2, emptyWords: 1 });
  });
});
