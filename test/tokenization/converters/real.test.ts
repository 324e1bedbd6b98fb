import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSplit } from '../../../src/data/corpus.js';
import { encodeSplit } from '../../../src/tokenization/encode.js';
import { concatRows } from '../../../src/tokenization/rows.js';
import { openTokenizer } from '../../../src/tokenization/tokenizer.js';
import { sharedFolder } from '../../data/formats/parquet-fixture.js';

const vocabulary = join(sharedFolder, 'tokenizers/bert-base-multilingual-cased/vocab.txt');

describe.skipIf(!existsSync(vocabulary))("the real PAN-X with multilingual BERT's real vocabulary", () => {
  // transformers 4.57.6, BertTokenizerFast with do_lower_case as named, max_length 512: the beginnings of SHA-256 of the int32 ids and word ids.
  const expected = [
    [false, 'en', 20000, 258965, '48958f47e4ce4b50', '5b63b2307b66237b'],
    [false, 'de', 20000, 330885, '04f933410454dc23', '16950c93a8a6a91b'],
    [true, 'tr', 20000, 342998, '495be6c7127d1c06', '877fa3fd03c37b7b'],
    [true, 'de', 20000, 369599, '120736a79ddbba3e', '2f8b2781a997304f'],
  ] as const;

  it.each([false, true])(
    'gives the ids of transformers for all 20,000 training rows of two languages, lower case %s',
    async lowerCase => {
      const folder = mkdtempSync(join(tmpdir(), 'panx-mbert-'));
      copyFileSync(vocabulary, join(folder, 'vocab.txt'));
      const hash = (values: Int32Array) => createHash('sha256').update(values).digest('hex').slice(0, 16);
      const tokenizer = await openTokenizer(folder, { lowerCase });
      const options = { maxLength: 512, emptyWords: 'drop', cacheDir: null } as const;
      for (const [lower, lang, rows, length, ids, words] of expected) {
        if (lower !== lowerCase) continue;
        const split = await openSplit(join(sharedFolder, 'panx'), lang, 'train');
        const encoded = concatRows((await encodeSplit(split, tokenizer, options)).parts);
        expect([encoded.rows, encoded.inputIds.length], lang).toEqual([rows, length]);
        expect([encoded.inputIds, encoded.wordIds].map(hash), lang).toEqual([ids, words]);
      }
      await tokenizer.release();
    },
  );
});
