import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PanxError } from '../../../src/errors.js';
import { convertTokenizer, sourcesOf } from '../../../src/tokenization/converters/convert.js';
import { loadTokenizer, openTokenizer } from '../../../src/tokenization/tokenizer.js';
import { tokenizerFolder } from '../fixtures.js';
import { cases, goldenOf, layOut, rows, setJson, words } from './fixtures.js';

const scratch = mkdtempSync(join(tmpdir(), 'panx-converters-'));

describe.each(cases)('the folder %s without tokenizer.json', name => {
  const golden = goldenOf(name);

  it('gives the ids of transformers 4.57.6', async () => {
    const tokenizer = await loadTokenizer(layOut(name, join(scratch, name)));
    const { unkId, padId, vocabularySize } = golden;
    expect(tokenizer).toMatchObject({ unkId, padId, vocabularySize });
    const alone = await tokenizer.encodeWords(
      words.map(word => [word]),
      200_000,
    );
    const ids = alone.map(({ inputIds, wordIds }) => [...inputIds].filter((_, i) => wordIds[i] === 0));
    const different = ids.flatMap((of, i) => {
      const expected = golden.words[i]!;
      const same = Array.isArray(expected)
        ? of.join() === expected.join()
        : of.length === expected.count && createHash('sha256').update(of.join(' ')).digest('hex') === expected.sha256;
      return same ? [] : [{ word: words[i]!.slice(0, 40), ids: of.slice(0, 20), expected }];
    });
    expect(different).toEqual([]);
    const encoded = await tokenizer.encodeWords(rows, 512);
    expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(golden.rows.map(({ inputIds }) => inputIds));
    expect(encoded.map(({ wordIds }) => [...wordIds])).toEqual(golden.rows.map(({ wordIds }) => wordIds));
    tokenizer.close();
  });

  it('gives the same once its tokenizer.json is written, and is known by its SHA-256', async () => {
    const folder = layOut(name, join(scratch, name));
    const { sha256 } = await openTokenizer(folder);
    const made = await convertTokenizer(folder, null);
    writeFileSync(join(folder, 'tokenizer.json'), made!.text);
    expect((await openTokenizer(folder)).sha256).toBe(sha256);
    expect(await convertTokenizer(folder, null)).toBeNull();
    expect(await sourcesOf(folder)).toEqual([]);
  });

  it('gives the same where its files of text begin with the mark of UTF-8', async () => {
    const made = await convertTokenizer(layOut(name, join(scratch, name)), null);
    const folder = layOut(name, join(scratch, 'marked'));
    for (const file of readdirSync(folder).filter(file => !file.endsWith('.model'))) {
      const path = join(folder, file);
      writeFileSync(path, `\ufeff${readFileSync(path, 'utf8')}`);
    }
    expect((await convertTokenizer(folder, null))!.text).toBe(made!.text);
  });
});

it('a lone surrogate, which no text in UTF-8 has, is U+FFFD', async () => {
  for (const name of ['bert-cased', 'roberta', 'xlm-roberta', 'deberta-v3']) {
    const tokenizer = await loadTokenizer(layOut(name, join(scratch, 'lone')));
    const lone = await tokenizer.encodeWords([['a\ud800b', '\udc00']], 99);
    expect(lone).toEqual(await tokenizer.encodeWords([['a\ufffdb', '\ufffd']], 99));
    tokenizer.close();
  }
});

describe('lower case of a vocab.txt', () => {
  const folder = join(scratch, 'lower');
  const idsOf = async (lowerCase: boolean | null) => {
    const tokenizer = await loadTokenizer(folder, { lowerCase });
    const [encoded] = await tokenizer.encodeWords([['Été', 'HE']], 99);
    tokenizer.close();
    return [...encoded!.inputIds];
  };

  it('is asked for where no file says it, and is what the option says', async () => {
    for (const config of [undefined, {}, { do_lower_case: null, model_max_length: 512 }]) {
      layOut('bert-uncased', folder);
      const said = await idsOf(null);
      setJson(folder, 'tokenizer_config.json', config);
      await expect(idsOf(null)).rejects.toMatchObject({
        message: `${folder}/vocab.txt does not say whether text is put in lower case, and ${folder}/tokenizer_config.json has no do_lower_case that does; expected true or false.`,
        hint: expect.stringContaining('Set tokenization.lowerCase (--lower-case) to true for a model'),
        exitCode: 2,
      });
      expect(await idsOf(true)).toEqual(said);
      expect(await idsOf(false)).not.toEqual(said);
      const keys = await Promise.all([true, false].map(lowerCase => openTokenizer(folder, { lowerCase })));
      expect(keys[0]!.sha256).not.toBe(keys[1]!.sha256);
    }
    // Even of a folder with nothing else in it, as no other tokenizer has a vocab.txt.
    setJson(folder, 'config.json', undefined);
    expect(await idsOf(true)).toHaveLength(5);
  });

  it('is what the folder says, and no option says otherwise', async () => {
    layOut('bert-uncased', folder);
    expect(await idsOf(true)).toEqual(await idsOf(null));
    await expect(idsOf(false)).rejects.toThrow(
      `${folder}/tokenizer_config.json has do_lower_case true, and tokenization.lowerCase is false.`,
    );
    setJson(folder, 'tokenizer_config.json', { do_lower_case: 'yes' });
    await expect(idsOf(null)).rejects.toThrow(
      `${folder}/tokenizer_config.json has "yes" as do_lower_case; expected true or false.`,
    );
  });

  it('is said by other tokenizers themselves, and what they do not do is refused', async () => {
    for (const name of ['roberta', 'xlm-roberta-added', 'deberta-v3']) {
      layOut(name, folder);
      expect((await openTokenizer(folder, { lowerCase: false })).sha256).toBe((await openTokenizer(folder)).sha256);
      await expect(openTokenizer(folder, { lowerCase: true })).rejects.toThrow(
        / does not put text in lower case, and tokenization\.lowerCase is true; expected false, or that nothing is said\.$/,
      );
    }
    setJson(folder, 'tokenizer_config.json', { tokenizer_class: 'DebertaV2Tokenizer', do_lower_case: true });
    expect((await openTokenizer(folder, { lowerCase: true })).sha256).toBe((await openTokenizer(folder)).sha256);
    await expect(openTokenizer(folder, { lowerCase: false })).rejects.toThrow(' puts text in lower case, and ');
    const unigram = tokenizerFolder('unigram');
    await expect(loadTokenizer(unigram, { lowerCase: true })).rejects.toMatchObject({
      message: `${unigram}/tokenizer.json does not put text in lower case, and tokenization.lowerCase is true; expected false, or that nothing is said.`,
      hint: expect.stringContaining('Leave tokenization.lowerCase (--lower-case) out: the tokenizer says it itself.'),
      exitCode: 2,
    });
  });
});

describe('which tokenizer a folder has', () => {
  const folder = join(scratch, 'kind');
  const said = async () => {
    const error: unknown = await convertTokenizer(folder, null).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(PanxError);
    return (error as PanxError).message.replaceAll(`${folder}/`, '').replace(folder, 'FOLDER');
  };
  const classes =
    'BertTokenizer, ElectraTokenizer, DistilBertTokenizer, RobertaTokenizer, DebertaTokenizer, DebertaV2Tokenizer, XLMRobertaTokenizer, CamembertTokenizer';

  it('follows from tokenizer_class, of tokenizer_config.json before config.json, and then from model_type', async () => {
    layOut('camembert', folder);
    const camembert = (await convertTokenizer(folder, null))!;
    setJson(folder, 'config.json', { model_type: 'bert', tokenizer_class: 'CamembertTokenizer' });
    expect((await convertTokenizer(folder, null))!.text).toBe(camembert.text);
    setJson(folder, 'tokenizer_config.json', { tokenizer_class: 'XLMRobertaTokenizerFast' });
    expect((await convertTokenizer(folder, null))!.text).not.toBe(camembert.text);
  });

  it('is refused by name where it is none that panx converts', async () => {
    layOut('bert-cased', folder);
    setJson(folder, 'tokenizer_config.json', { tokenizer_class: 'BertJapaneseTokenizer' });
    expect(await said()).toBe(
      `FOLDER has no tokenizer.json, and tokenizer_config.json names the tokenizer class "BertJapaneseTokenizer"; expected one of ${classes}, which panx converts.`,
    );
    for (const tokenizer_class of ['PreTrainedTokenizerFast', 'TokenizersBackend']) {
      setJson(folder, 'tokenizer_config.json', { tokenizer_class });
      await expect(convertTokenizer(folder, null)).rejects.toMatchObject({
        hint: 'Copy or download tokenizer.json too: this class is made of nothing else.',
      });
    }
    setJson(folder, 'tokenizer_config.json', { tokenizer_class: 5 });
    expect(await said()).toContain('tokenizer_config.json names the tokenizer class 5; expected one of');
    setJson(folder, 'tokenizer_config.json', {});
    setJson(folder, 'config.json', { model_type: 'canine' });
    expect(await said()).toContain('and config.json has model_type "canine"; expected one of');
    layOut('roberta', folder);
    setJson(folder, 'config.json', {});
    expect(await said()).toContain('and nothing in it says of which kind its tokenizer is; expected one of');
  });

  it('needs the files of its kind', async () => {
    layOut('roberta', folder);
    rmSync(join(folder, 'merges.txt'));
    expect(await said()).toBe(
      'FOLDER has neither tokenizer.json nor merges.txt; expected vocab.json and merges.txt, which a RobertaTokenizer is made of.',
    );
    layOut('camembert', folder);
    setJson(folder, 'config.json', { model_type: 'deberta-v2' });
    expect(await said()).toContain(
      'has neither tokenizer.json nor spm.model; expected spm.model, which a DebertaV2Tokenizer is made of.',
    );
  });

  it('counts by the files that it is made of, and no others', async () => {
    layOut('electra-accents', folder);
    writeFileSync(join(folder, 'spm.model'), 'not read');
    writeFileSync(join(folder, 'vocab.json'), 'not read');
    const read = ['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'vocab.txt'];
    expect(await sourcesOf(folder)).toEqual(read);
    layOut('distilbert-added', folder);
    setJson(folder, 'special_tokens_map.json', 'not read: tokenizer_config.json has added_tokens_decoder');
    expect(await sourcesOf(folder)).toEqual(['tokenizer_config.json', 'vocab.txt']);
    await convertTokenizer(folder, null);
    expect(await sourcesOf(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('special tokens', () => {
  const folder = join(scratch, 'special');

  it('around sentences are those that the folder names, and so is the one for padding', async () => {
    layOut('bert-cased', folder);
    const lines = readFileSync(join(folder, 'vocab.txt'), 'utf8').replace('[unused0]', '<pad>').split('\n');
    lines[3] = '<begin>';
    writeFileSync(join(folder, 'vocab.txt'), lines.join('\n'));
    setJson(folder, 'special_tokens_map.json', undefined);
    setJson(folder, 'tokenizer_config.json', { do_lower_case: false, cls_token: '<begin>', unk_token: '<unknown>' });
    // Of the two usual names for padding, the folder's counts.
    const text = lines.join('\n').replace('[UNK]', '<unknown>');
    writeFileSync(join(folder, 'vocab.txt'), text);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer).toMatchObject({ unkId: 2, padId: 0 });
    const [encoded] = await tokenizer.encodeWords([['\u4e00', 'a']], 99);
    expect([encoded!.inputIds[0], encoded!.inputIds[1], encoded!.inputIds.at(-1)]).toEqual([3, 2, 4]);
    tokenizer.close();
  });

  it('have the flags that transformers 4.57.6 leaves them when files name one of them twice', async () => {
    const tokens = async () => {
      const { added_tokens } = JSON.parse((await convertTokenizer(folder, null))!.text) as {
        added_tokens: Record<string, unknown>[];
      };
      const set = (token: Record<string, unknown>) => Object.keys(token).filter(key => token[key] === true);
      return Object.fromEntries(added_tokens.map(token => [`${token.id} ${token.content}`, set(token).join()]));
    };
    layOut('xlm-roberta-added', folder);
    setJson(folder, 'tokenizer_config.json', {});
    setJson(folder, 'special_tokens_map.json', undefined);
    setJson(folder, 'added_tokens.json', { '<mask>': 7000, '<ent>': 7002 });
    expect(await tokens()).toMatchObject({ '5 <ent>': 'normalized', '801 <mask>': 'lstrip,special' });
    // What the file leaves open follows from whether a token is special.
    const added = { 901: { content: '<pad>', single_word: true }, 902: { content: '[X]', lstrip: true } };
    setJson(folder, 'tokenizer_config.json', { added_tokens_decoder: added });
    expect(await tokens()).toMatchObject({ '1 <pad>': 'single_word,special', '802 [X]': 'lstrip,normalized' });
  });

  it('around sentences are refused where a file gives them other ids than the vocabulary', async () => {
    layOut('bert-cased', folder);
    setJson(folder, 'added_tokens.json', { '[CLS]': 7001 });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      `${folder}/vocab.txt gives "[CLS]" the id 7001 in its post_processor, but 3 in its vocabulary.`,
    );
  });

  it('are refused where they are none', async () => {
    layOut('bert-cased', folder);
    setJson(folder, 'special_tokens_map.json', undefined);
    for (const [config, found] of [
      [{ cls_token: null }, 'has no cls_token; expected a text.'],
      [{ cls_token: 5 }, 'has 5 in cls_token; expected tokens, each a text or an object with its content.'],
      [{ additional_special_tokens: 'x' }, 'has "x" in additional_special_tokens; expected tokens'],
      [{ added_tokens_decoder: { a: { content: 'x' } } }, 'has "a" in added_tokens_decoder; expected ids.'],
      [{ added_tokens_decoder: { 5: 'x' } }, 'has "x" in added_tokens_decoder; expected tokens'],
      [
        { mask_token: { content: 'x', lstrip: 1 } },
        'has 1 as lstrip of a token in mask_token; expected true or false.',
      ],
    ] as const) {
      setJson(folder, 'tokenizer_config.json', { do_lower_case: false, ...config });
      await expect(convertTokenizer(folder, null)).rejects.toThrow(found);
    }
    setJson(folder, 'tokenizer_config.json', { do_lower_case: false });
    setJson(folder, 'added_tokens.json', { '<new>': -1 });
    await expect(convertTokenizer(folder, null)).rejects.toThrow('gives "<new>" the id -1; expected a whole number.');
    setJson(folder, 'added_tokens.json', []);
    await expect(convertTokenizer(folder, null)).rejects.toThrow('added_tokens.json holds []; expected a JSON object.');
  });
});
