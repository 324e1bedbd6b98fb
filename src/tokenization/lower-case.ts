import { PanxError } from '../errors.js';
import { isObject, parseJson } from '../system/json.js';

/**
 * Refuse a tokenizer that does not do what `tokenization.lowerCase` says of it. Only a vocab.txt may leave open whether text is put in lower
 * case; a tokenizer.json says it.
 *
 * @param text of tokenizer.json, as it lies there or was made
 * @param path of what it is read from or made of, for the sentence
 * @throws PanxError where one puts text in lower case and the other says that it does not
 */
export function refuseOtherCase(text: string, path: string, lowerCase: boolean): void {
  const file = parseJson(text, path);
  const does = putsInLowerCase(isObject(file) ? file.normalizer : null);
  if (does === lowerCase) return;
  throw new PanxError(
    `${path} ${does ? 'puts text' : 'does not put text'} in lower case, and tokenization.lowerCase is ${lowerCase}; expected ${does}, or that nothing is said.`,
    {
      hint: 'Leave tokenization.lowerCase (--lower-case) out: the tokenizer says it itself. A vocab.txt that does not say it takes do_lower_case in a tokenizer_config.json too.',
      exitCode: 2,
    },
  );
}

/** Whether a normalizer of a tokenizer.json makes of A an a. */
function putsInLowerCase(normalizer: unknown): boolean {
  if (!isObject(normalizer)) return false;
  switch (normalizer.type) {
    case 'Lowercase':
      return true;
    case 'BertNormalizer':
      return normalizer.lowercase === true;
    case 'Sequence':
      return Array.isArray(normalizer.normalizers) && normalizer.normalizers.some(putsInLowerCase);
    case 'Precompiled':
      return typeof normalizer.precompiled_charsmap === 'string' && mapsToLowerCase(normalizer.precompiled_charsmap);
    default:
      return false;
  }
}

/**
 * Whether a map of characters of SentencePiece (those with `_cf` fold case) makes of A an a: a trie in darts-clone's units of 4 bytes, behind their
 * number of bytes, and then the texts, each ended by a NUL.
 */
function mapsToLowerCase(base64: string): boolean {
  const map = Buffer.from(base64, 'base64');
  const trieBytes = map.length < 4 ? 0 : map.readUInt32LE(0);
  const unitAt = (at: number) =>
    4 * at + 4 <= trieBytes && 4 * at + 8 <= map.length ? map.readUInt32LE(4 * at + 4) : 0;
  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  const letter = 'A'.charCodeAt(0);
  const at = offsetOf(unitAt(0)) ^ letter;
  const unit = unitAt(at);
  const isLeafBelow = ((unit >>> 8) & 1) === 1;
  if ((unit & 0x800000ff) >>> 0 !== letter || !isLeafBelow) return false;
  const from = 4 + trieBytes + (unitAt(at ^ offsetOf(unit)) & 0x7fffffff);
  return map[from] === 'a'.charCodeAt(0);
}
