import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSplit, readWords } from '../../../src/data/corpus.js';
import { loadTokenizer } from '../../../src/tokenization/tokenizer.js';
import { python, runPython } from '../../checkpoint/python.js';
import { sharedFolder } from '../../data/formats/parquet-fixture.js';

const tokenizers = join(sharedFolder, 'tokenizers');
const rowsOfLanguage = 10_000;

/** Prints the number of rows whose ids or words differ, and the first of them. The class is that of the folder's own files. */
const program = `
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
found = json.load(open(sys.argv[2]))
different = []
for row in found:
    encoded = tokenizer(row["words"], is_split_into_words=True, truncation=True, max_length=512)
    words = [-1 if word is None else word for word in encoded.word_ids()]
    if encoded["input_ids"] != row["inputIds"] or words != row["wordIds"]:
        different.append(row["words"])
print(json.dumps({"rows": len(found), "different": different[:5]}))
`;

/** What the tokenizer is made of, as a model's folder has it. */
const folders = [
  ['bert-base-multilingual-cased', 'vocab.txt', { model_type: 'bert' }, { do_lower_case: false }],
  ['bert-base-multilingual-cased', 'vocab.txt', { model_type: 'bert' }, { do_lower_case: true, strip_accents: false }],
  ['xlm-roberta-base', 'tokenizer.json', { model_type: 'xlm-roberta' }, { tokenizer_class: 'PreTrainedTokenizerFast' }],
] as const;

describe.skipIf(!existsSync(tokenizers) || python === undefined)('real vocabularies on real rows', () => {
  it.each(folders)('%s from %s gives the ids of transformers', async (name, file, config, tokenizerConfig) => {
    const folder = mkdtempSync(join(tmpdir(), 'panx-real-'));
    const model = join(folder, 'model');
    mkdirSync(model);
    copyFileSync(join(tokenizers, name, file), join(model, file));
    writeFileSync(join(model, 'config.json'), JSON.stringify(config));
    writeFileSync(join(model, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
    const tokenizer = await loadTokenizer(model);
    for (const lang of ['de', 'en', 'fr', 'tr']) {
      const { shards } = await openSplit(join(sharedFolder, 'panx'), lang, 'train');
      for await (const { columns } of shards()) {
        const sentences = readWords(columns, 0, Math.min(rowsOfLanguage, columns.rows));
        const encoded = await tokenizer.encodeWords(sentences, 512);
        const rows = encoded.map(({ inputIds, wordIds }, row) => ({
          words: sentences[row],
          inputIds: [...inputIds],
          wordIds: [...wordIds],
        }));
        writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows));
        expect(runPython(program, model, join(folder, 'rows.json')), lang).toEqual({
          rows: rows.length,
          different: [],
        });
      }
    }
    tokenizer.close();
  });
});
