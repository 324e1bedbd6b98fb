import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { writeCheckpointFolder } from '../../src/checkpoint/folder.js';
import { samplePaths } from '../../src/hub/sample.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';
import { cases, goldenOf, layOut, rows, setJson, words } from '../tokenization/converters/fixtures.js';
import { python, runPython } from './python.js';

const scratch = mkdtempSync(join(tmpdir(), 'panx-tokenizers-'));
const config = await readModelConfig(samplePaths().modelDir);

async function written(from: string, name: string, lowerCase: boolean | null = null): Promise<string> {
  const folder = join(scratch, `${name}-checkpoint`);
  await writeCheckpointFolder(folder, { config, tensors: [], tokenizerFrom: from, lowerCase }, { replace: true });
  return folder;
}

describe.each(cases)('a checkpoint with the tokenizer %s, which has no tokenizer.json', name => {
  it('has one with the same SHA-256, beside all files of the tokenizer', async () => {
    const from = layOut(name, join(scratch, name));
    const folder = await written(from, name);
    const sources = readdirSync(from).filter(file => file !== 'config.json');
    const made = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];
    const own = ['config.json', 'model.safetensors', 'panx.json'];
    expect(readdirSync(folder).sort()).toEqual([...new Set([...sources, ...made, ...own])].sort());
    expect((await openTokenizer(folder)).sha256).toBe((await openTokenizer(from)).sha256);
    // Written from a copy of a copy it is the same again.
    const again = await written(folder, `${name}-again`);
    for (const file of [...sources, ...made]) {
      expect(readFileSync(join(again, file)).equals(readFileSync(join(folder, file))), file).toBe(true);
    }
  });

  it.skipIf(python === undefined)("gives transformers' AutoTokenizer the same ids", async () => {
    const golden = goldenOf(name);
    const folder = await written(layOut(name, join(scratch, name)), name);
    writeFileSync(join(scratch, 'words.json'), JSON.stringify({ words, rows }));
    const ids = runPython(program, folder, join(scratch, 'words.json')) as { words: unknown[]; rows: number[][] };
    expect(ids.words).toEqual(golden.words);
    expect(ids.rows).toEqual(golden.rows.map(({ inputIds }) => inputIds));
  });

  it.skipIf(python === undefined)(
    'and so it does when only its tokenizer.json is left, beside a model of another kind',
    async () => {
      const golden = goldenOf(name);
      const whole = await written(layOut(name, join(scratch, name)), name);
      const alone = join(scratch, `${name}-alone`);
      mkdirSync(alone, { recursive: true });
      copyFileSync(join(whole, 'tokenizer.json'), join(alone, 'tokenizer.json'));
      writeFileSync(join(scratch, 'words.json'), JSON.stringify({ words, rows }));
      // The model beside it is an XLM-R, as the configuration above says.
      const ids = runPython(program, await written(alone, `${name}-alone`), join(scratch, 'words.json'));
      expect((ids as { rows: number[][] }).rows).toEqual(golden.rows.map(({ inputIds }) => inputIds));
    },
  );
});

describe('beside a tokenizer.json', () => {
  const { modelDir } = samplePaths();
  const ofSample = {
    model_input_names: ['input_ids', 'attention_mask'],
    unk_token: '<unk>',
    pad_token: '<pad>',
    cls_token: '<s>',
    sep_token: '</s>',
    mask_token: '<mask>',
    bos_token: '<s>',
    eos_token: '</s>',
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
  const configOf = async (name: string, beside: unknown): Promise<unknown> => {
    const from = mkdtempSync(join(scratch, 'from-'));
    copyFileSync(join(modelDir, 'tokenizer.json'), join(from, 'tokenizer.json'));
    if (beside !== undefined) writeFileSync(join(from, 'tokenizer_config.json'), JSON.stringify(beside));
    const folder = await written(from, name);
    return JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'));
  };

  it('that names no class, transformers is told to take it as it is, with its special tokens', async () => {
    expect(await configOf('none', undefined)).toEqual(ofSample);
    const own = { model_max_length: 512, pad_token: '<unk>' };
    expect(await configOf('without', own)).toEqual({ ...ofSample, ...own });
  });

  it('one of a class that transformers 5 would make anew is taken as it is too, and others are copied', async () => {
    for (const name of ['DebertaV2Tokenizer', 'XLMRobertaTokenizerFast', 'CamembertTokenizer']) {
      expect(await configOf(name, { tokenizer_class: name, sep_token: '<s>' })).toEqual({
        ...ofSample,
        sep_token: '<s>',
      });
    }
    const bert = { tokenizer_class: 'BertTokenizer', do_lower_case: true };
    expect(await configOf('bert', bert)).toEqual(bert);
  });
});

const program = `
import hashlib, json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
text = json.load(open(sys.argv[2]))
def ids_of(word):
    ids = tokenizer([word], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    if len(ids) <= 200:
        return ids
    return {"count": len(ids), "sha256": hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()}
rows = [tokenizer(row, is_split_into_words=True)["input_ids"] for row in text["rows"]]
print(json.dumps({"words": [ids_of(word) for word in text["words"]], "rows": rows}))
`;

it('a checkpoint says what was asked for of lower case, so that nobody need ask again', async () => {
  const from = layOut('bert-uncased', join(scratch, 'lower'));
  setJson(from, 'tokenizer_config.json', undefined);
  const folder = await written(from, 'lower', true);
  const { do_lower_case, tokenizer_class } = JSON.parse(
    readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'),
  ) as Record<string, unknown>;
  expect({ do_lower_case, tokenizer_class }).toEqual({ do_lower_case: true, tokenizer_class: 'BertTokenizer' });
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, 'tokenizer.json')))
    .digest('hex');
  for (const lowerCase of [null, true]) expect((await openTokenizer(folder, { lowerCase })).sha256).toBe(sha256);
});
