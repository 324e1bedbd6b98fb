import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { messageOf, PanxError } from '../../../src/errors.js';
import { convertTokenizer } from '../../../src/tokenization/converters/convert.js';
import { readSentencePieceModel } from '../../../src/tokenization/converters/sentencepiece-model.js';
import { describeTokenizer } from '../../../src/tokenization/description.js';
import { loadTokenizer } from '../../../src/tokenization/tokenizer.js';
import { mulberry32 } from '../../mulberry32.js';
import { layOut } from './fixtures.js';

/** How many copies, and which: PANX_MUTANTS=5000 PANX_SEED=2 npx vitest run test/tokenization/converters/damaged. */
const count = Number(process.env.PANX_MUTANTS ?? 300);
const seed = Number(process.env.PANX_SEED ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'panx-converters-'));
const kinds = ['bert-uncased', 'roberta-added', 'xlm-roberta-added', 'deberta-v3', 'distilbert-added', 'camembert'];

it(`makes a tokenizer of ${count} damaged copies, or refuses them in one sentence`, { timeout: 600_000 }, async () => {
  const random = mulberry32(seed);
  const outcomes = { refused: 0, 'refused by the engine': 0, accepted: 0 };
  for (let i = 0; i < count; i++) {
    layOut(kinds[i % kinds.length]!, folder);
    const files = readdirSync(folder).filter(name => name !== 'config.json');
    const name = files[Math.floor(random() * files.length)]!;
    writeFileSync(join(folder, name), damaged(readFileSync(join(folder, name)), random));
    try {
      // All are converted and checked; the engine, which takes a process for each, gets some.
      outcomes[await outcomeOf(i % 15 === 0)]++;
    } catch (error) {
      throw new Error(`Copy ${i} of seed ${seed}, ${name} of ${kinds[i % kinds.length]}: ${messageOf(error)}`);
    }
  }
  expect(outcomes.refused).toBeGreaterThan(count / 10);
  expect(outcomes.accepted).toBeGreaterThan(count / 10);
});

async function outcomeOf(withEngine: boolean): Promise<'refused' | 'refused by the engine' | 'accepted'> {
  let made: Awaited<ReturnType<typeof convertTokenizer>>;
  try {
    made = await convertTokenizer(folder, null);
    describeTokenizer(made!.text, made!.path);
  } catch (error) {
    sentenceOf(error);
    return 'refused';
  }
  if (!withEngine) return 'accepted';
  const tokenizer = await loadTokenizer(folder);
  try {
    const words = ['Oslo', "l'été", '東京', 'ﬁn\u200e', '🎉', '<new>', 'a\u0000b', 'x'.repeat(300)];
    const [encoded] = await tokenizer.encodeWords([words], 100_000);
    for (const id of encoded!.inputIds) expect(id).toBeLessThan(tokenizer.vocabularySize);
    return 'accepted';
  } catch (error) {
    sentenceOf(error);
    return 'refused by the engine';
  } finally {
    tokenizer.close();
  }
}

function sentenceOf(error: unknown): void {
  expect(error).toBeInstanceOf(PanxError);
  const { message } = error as PanxError;
  expect(message).not.toMatch(/\n|\bat .*:\d+:\d+|undefined|NaN|\[object/);
  expect(message).toMatch(/\.$/);
  expect(message.length).toBeLessThan(1000);
}

/** Bits flipped, bytes taken out, put in or said twice, or the end cut off. */
function damaged(bytes: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * bytes.length);
  const length = 1 + Math.floor(random() * [1, 8, 100, 2000][Math.floor(random() * 4)]!);
  const garbage = Buffer.from(Array.from({ length: Math.min(length, 40) }, () => Math.floor(random() * 256)));
  const text = Buffer.from(Array.from({ length: Math.min(length, 40) }, () => 32 + Math.floor(random() * 90)));
  switch (Math.floor(random() * 7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), garbage, bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), text, bytes.subarray(at + text.length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from('\n'), bytes.subarray(at)]);
    default: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at]! ^= 1 << Math.floor(random() * 8);
      return copy;
    }
  }
}

describe('a SentencePiece model', () => {
  const whole = () => readFileSync(join(layOut('deberta-v3', folder), 'spm.model'));
  const said = (bytes: Uint8Array) => {
    try {
      return readSentencePieceModel(bytes, 'spm.model').pieces.length;
    } catch (error) {
      sentenceOf(error);
      return (error as PanxError).message.replace('spm.model is not a SentencePiece model that can be read: ', '');
    }
  };
  /** A field of bytes. */
  const field = (number: number, ...bytes: number[]) => [(number << 3) | 2, bytes.length, ...bytes];
  const piece = (text: string, ...more: number[]) => field(1, ...field(1, ...Buffer.from(text)), ...more);
  const unknown = piece('<unk>', 0x18, 2);
  const specs = [...field(2), ...field(3)];

  it('is read whole, whatever fields it has that panx does not know', () => {
    expect(said(whole())).toBe(800);
    const more = [
      0x38,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x01,
      0x41,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      ...field(9, 1),
    ];
    expect(said(Uint8Array.of(...unknown, ...piece('a'), ...specs, ...more))).toBe(2);
  });

  it('is refused wherever it is cut off', () => {
    const bytes = whole();
    for (let end = 0; end < bytes.length; end += 1 + Math.floor(bytes.length / 500)) {
      expect(said(bytes.subarray(0, end)), `of ${end} bytes`).toEqual(expect.stringMatching(/\.$/));
    }
  });

  it.each([
    ['nothing', [], 'it has no pieces.'],
    ['a length beyond its end', [0x0a, 0x7f, 1], 'it ends within a field of 127 bytes.'],
    ['a length of 64 bits', [0x0a, ...Array(9).fill(0xff), 1], 'it ends within a field of 18446744073709552000 bytes.'],
    ['a number without end', [0x08, ...Array(11).fill(0xff)], 'it has a number of more than 10 bytes.'],
    ['half a number', [0x08, 0x80], 'it ends within a number.'],
    ['a field of number 0', [0x02, 0], 'it has a field number 0.'],
    ['a group', [0x0b], 'it has a field of the form 3, which no such model has.'],
    ['an empty piece', [...unknown, ...piece('')], 'piece 1 is empty.'],
    ['a piece twice', [...unknown, ...piece('a'), ...piece('a')], 'it has "a" twice, again as piece 2.'],
    ['a piece that is no text', [...field(1, ...field(1, 0xff))], 'piece 0 is not UTF-8 text.'],
    ['no score', [...unknown, ...piece('a', 0x15, 0, 0, 0xc0, 0x7f)], 'piece 1 has a score that is no finite number.'],
    ['nothing for the unknown', piece('a'), 'it has 0 pieces for what is unknown, expected 1.'],
    ['no specs', unknown, 'it ends before it says how it was trained and normalises text.'],
  ])('is refused with %s', (_, bytes, sentence) => {
    expect(said(Uint8Array.of(...bytes))).toBe(sentence);
  });

  it('of another type than Unigram is refused', async () => {
    layOut('deberta-v3', folder);
    const bpe = Uint8Array.of(...unknown, ...field(2, 0x18, 2), ...field(3));
    writeFileSync(join(folder, 'spm.model'), bpe);
    await expect(convertTokenizer(folder, null)).rejects.toThrow(
      `${folder}/spm.model is a SentencePiece model of the type BPE; expected UNIGRAM, which panx converts.`,
    );
  });
});

describe('byte-level BPE', () => {
  const said = async (name: string, change: (text: string) => string) => {
    layOut('roberta', folder);
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
    const error: unknown = await convertTokenizer(folder, null).catch((one: unknown) => one);
    sentenceOf(error);
    return (error as PanxError).message.replaceAll(`${folder}/`, '');
  };

  it('is refused where a line of merges.txt is no pair of tokens', async () => {
    const line = (text: string) => (file: string) => file.replace(/\n.*/, `\n${text}`);
    expect(await said('merges.txt', line('a'))).toBe(
      'merges.txt has "a" as line 2; expected two tokens with a space between them.',
    );
    expect(await said('merges.txt', line(''))).toContain('has "" as line 2; expected two tokens');
    expect(await said('merges.txt', line('a b c'))).toContain('has "a b c" as line 2; expected two tokens');
    expect(await said('merges.txt', line('q q'))).toBe(
      'merges.txt has "q q" as line 2, and vocab.json has no "qq"; expected tokens of the vocabulary.',
    );
  });

  it('is refused where vocab.json is no vocabulary', async () => {
    expect(await said('vocab.json', () => '[]')).toBe('vocab.json holds []; expected tokens with their ids.');
    expect(await said('vocab.json', () => '{"a": 1.5}')).toBe(
      'vocab.json gives "a" the id 1.5; expected a whole number.',
    );
    expect(await said('vocab.json', text => text.slice(0, 500))).toContain('vocab.json is not valid JSON: ');
  });
});

it('a vocabulary that is not UTF-8 is refused', async () => {
  layOut('bert-uncased', folder);
  writeFileSync(join(folder, 'vocab.txt'), Buffer.from([0x61, 0x0a, 0xff]));
  await expect(convertTokenizer(folder, null)).rejects.toThrow(
    `${folder}/vocab.txt, line 2: byte 1 of the line, 0xFF,`,
  );
  rmSync(join(folder, 'vocab.txt'));
});
