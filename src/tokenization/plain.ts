import { isObject } from '../system/json.js';

/**
 * Whether a file, whose vocabulary and ids have been checked, consists of nothing but parts of which the tokenizers engine is sure not to
 * abort, for any word, and takes time and memory in proportion to a word's length: the parts of XLM-R's tokenizer but for its
 * precompiled map, as the sample's has them. They have no parameter that could be damaged but the vocabulary's texts and scores.
 *
 * Such a file needs no process of its own, which would take a third of the time of `panx predict` on a small model.
 * Beside the keys here no other may be, for the engine might read it.
 */
export function isPlain(file: Record<string, unknown>): boolean {
  const { model, added_tokens, normalizer, pre_tokenizer, post_processor, decoder, ...others } = file;
  return (
    isObject(model) &&
    Array.isArray(model.vocab) &&
    same({ ...model, vocab: [] }, { type: 'Unigram', unk_id: model.unk_id, vocab: [], byte_fallback: false }) &&
    Number.isInteger(model.unk_id) &&
    Array.isArray(added_tokens) &&
    added_tokens.length <= 100 &&
    added_tokens.every(isPlainToken) &&
    (same(normalizer, { type: 'NFKC' }) || normalizer === null) &&
    same(pre_tokenizer, { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] }) &&
    isPlainTemplate(post_processor) &&
    (same(decoder, metaspace) || decoder === null) &&
    same(others, { version: '1.0', truncation: null, padding: null })
  );
}

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };

/** One that is found before the text is normalised, as are special tokens. */
function isPlainToken(token: Record<string, unknown>): boolean {
  const { id: _, content: __, lstrip, rstrip, single_word, special, ...others } = token;
  const flags = [lstrip, rstrip, single_word, special];
  return flags.every(flag => typeof flag === 'boolean') && same(others, { normalized: false });
}

/** `<s> A </s>`, and for pairs, which panx has none of, `<s> A </s> </s> B </s>`, whose ids have been checked. */
function isPlainTemplate(processor: unknown): boolean {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const single = [special('<s>'), sequence('A'), special('</s>')];
  const pair = [...single, special('</s>'), sequence('B'), special('</s>')];
  const { special_tokens, ...others } = isObject(processor) ? processor : {};
  if (!same(others, { type: 'TemplateProcessing', single, pair }) || !isObject(special_tokens)) return false;
  return ['<s>', '</s>'].every(token => {
    const { ids, ...named } = (special_tokens[token] ?? {}) as Record<string, unknown>;
    return same(named, { id: token, tokens: [token] }) && Array.isArray(ids) && ids.length === 1;
  });
}

/** Whether two values of JSON are equal, the order of keys aside. */
function same(value: unknown, expected: unknown): boolean {
  if (isObject(value) && isObject(expected)) {
    const keys = Object.keys(value);
    return (
      keys.length === Object.keys(expected).length &&
      keys.every(key => Object.hasOwn(expected, key) && same(value[key], expected[key]))
    );
  }
  if (Array.isArray(value) && Array.isArray(expected)) {
    return value.length === expected.length && value.every((item, i) => same(item, expected[i]));
  }
  return value === expected;
}
