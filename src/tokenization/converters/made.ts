import type { AddedTokens, Specials } from './added-tokens.js';

/** What a converter makes of a folder. */
export interface Made {
  /** The content of tokenizer.json. */
  tokenizer: { added_tokens: AddedTokens; [part: string]: unknown };
  specials: Specials;
  /** Settings of tokenizer_config.json without which transformers would make another tokenizer. */
  forPython: Record<string, unknown>;
}
