import { expect, it } from 'vitest';
import { refuseOtherCase } from '../../src/tokenization/lower-case.js';

const sequence = (...normalizers: object[]) => ({ type: 'Sequence', normalizers });
const bert = (lowercase: boolean) => ({ type: 'BertNormalizer', clean_text: true, lowercase });

/** A map of characters in which A becomes a text, with the units of the trie that sentencepiece 0.2.1 makes of the rule `41<tab>61`. */
function charsMap(text: string, { unitOfA = 0xd41 } = {}): object {
  const units = new Uint32Array(256);
  units.set([0x10000, unitOfA, 0x80000000]);
  const map = Buffer.concat([
    Buffer.from(Uint32Array.of(units.byteLength).buffer),
    Buffer.from(units.buffer),
    Buffer.from(`${text}\0`),
  ]);
  return { type: 'Precompiled', precompiled_charsmap: map.toString('base64') };
}

it.each([
  [{ type: 'Lowercase' }, true],
  [bert(true), true],
  [bert(false), false],
  [sequence({ type: 'NFD' }, sequence({ type: 'Lowercase' })), true],
  [sequence({ type: 'NFKC' }, { type: 'Strip' }), false],
  [sequence(charsMap('a')), true],
  [charsMap('b'), false],
  // No text is for A alone, as where a rule is for A and a mark behind it.
  [charsMap('a', { unitOfA: 0xc41 }), false],
  [charsMap('a', { unitOfA: 0xd42 }), false],
  [{ type: 'Precompiled', precompiled_charsmap: 'AAAA' }, false],
  [{ type: 'Precompiled', precompiled_charsmap: '////////' }, false],
  [{ type: 'Precompiled' }, false],
  [null, false],
])('of the normalizer %j a file says whether it puts text in lower case: %s', (normalizer, does) => {
  const say = (lowerCase: boolean) => () =>
    refuseOtherCase(JSON.stringify({ normalizer }), 'model/tokenizer.json', lowerCase);
  expect(say(does)).not.toThrow();
  expect(say(!does)).toThrow(
    `model/tokenizer.json ${does ? 'puts text' : 'does not put text'} in lower case, and tokenization.lowerCase is ${!does}; expected ${does}, or that nothing is said.`,
  );
});
