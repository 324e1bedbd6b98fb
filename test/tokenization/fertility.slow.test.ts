import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSplit } from '../../src/data/corpus.js';
import { readWordRows, type WordRows } from '../../src/data/distinct-words.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { python } from '../checkpoint/python.js';
import { sharedFolder } from '../data/formats/parquet-fixture.js';
import { type CountedTokenizers, countsOf } from './fertility-golden.js';

const isThere = existsSync(join(sharedFolder, 'panx')) && python !== undefined;
const langs = ['en', 'tr', 'de', 'fr'];
const script = fileURLToPath(new URL('../../scripts/make-golden/fertility.py', import.meta.url));

// Needs the real PAN-X and a Python with transformers. PANX_TEST_TOKENIZERS may name further folders, with colons between.
describe.skipIf(!isThere)('fertilityOf on the real PAN-X', () => {
  it('counts as transformers does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
    const rows = new Map<string, WordRows>();
    for (const lang of langs) {
      rows.set(lang, await readWordRows(await openSplit(join(sharedFolder, 'panx'), lang, 'train'), 5000));
    }
    const rowsFile = join(folder, 'rows.json');
    writeFileSync(rowsFile, JSON.stringify(Object.fromEntries([...rows].map(([lang, one]) => [lang, textsOf(one)]))));
    const folders = [
      withConfig(folder, 'xlm-roberta-base', { tokenizer_class: 'XLMRobertaTokenizer' }),
      withConfig(folder, 'bert-base-multilingual-cased', { tokenizer_class: 'BertTokenizer', do_lower_case: false }),
      ...(process.env.PANX_TEST_TOKENIZERS ?? '').split(':').filter(one => one !== ''),
    ];
    const output = execFileSync(python!, [script, rowsFile, ...folders], { encoding: 'utf8', maxBuffer: 1e8 });
    const expected = JSON.parse(output.trim().split('\n').at(-1)!) as CountedTokenizers;
    for (const folder of folders) {
      const tokenizer = await loadTokenizer(folder);
      const { vocabularySize, counts } = expected[basename(folder)]!;
      expect(tokenizer.vocabularySize).toBe(vocabularySize);
      for (const [lang, wordRows] of rows) {
        const found = await countsOf(wordRows, tokenizer, 64);
        expect({ folder, lang, ...found }).toEqual({ folder, lang, ...counts[lang] });
      }
      tokenizer.close();
    }
  });
});

function textsOf({ distinct, offsets, wordOf }: WordRows): string[][] {
  return Array.from({ length: offsets.length - 1 }, (_, row) =>
    [...wordOf.subarray(offsets[row]!, offsets[row + 1]!)].map(word => distinct[word]!),
  );
}

/** A copy of a tokenizer's folder that says what it is, as those of the hub do. */
function withConfig(folder: string, name: string, config: Record<string, unknown>): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  cpSync(join(sharedFolder, 'tokenizers', name), copy, { recursive: true });
  const specials = name.startsWith('xlm')
    ? {
        bos_token: '<s>',
        eos_token: '</s>',
        unk_token: '<unk>',
        pad_token: '<pad>',
        cls_token: '<s>',
        sep_token: '</s>',
      }
    : {};
  writeFileSync(join(copy, 'tokenizer_config.json'), JSON.stringify({ ...config, ...specials }));
  return copy;
}
