import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { messageOf, PanxError } from '../../src/errors.js';
import { samplePaths } from '../../src/hub/sample.js';
import { describeTokenizer } from '../../src/tokenization/description.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { tokenizerFolder } from './fixtures.js';
import { mutateTokenizer } from './mutate.js';

/** How many copies, and which: PANX_MUTANTS=1000 PANX_SEED=2 npm run test:slow -- test/tokenization/mutated. */
const count = Number(process.env.PANX_MUTANTS ?? 150);
const seed = Number(process.env.PANX_SEED ?? 1);
const folders = process.env.PANX_TOKENIZERS?.split(',') ?? [
  samplePaths().modelDir,
  tokenizerFolder('unigram'),
  tokenizerFolder('byte-level'),
];

it('loads damaged copies and splits words with them, or refuses them in one sentence', async () => {
  const random = generator(seed);
  const outcomes: Record<string, number> = {};
  const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
  for (let i = 0; i < count; i++) {
    const text = mutateTokenizer(readFileSync(join(folders[i % folders.length]!, 'tokenizer.json'), 'utf8'), random);
    writeFileSync(join(folder, 'tokenizer.json'), text);
    const outcome = await outcomeOf(folder, wordsOf(random)).catch((error: unknown) => {
      throw new Error(`Copy ${i} of seed ${seed}, ${join(folder, 'tokenizer.json')}: ${messageOf(error)}`);
    });
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  rmSync(folder, { recursive: true });
  console.log(outcomes);
  // Copies of each kind, or the damage was not what it should be.
  for (const kind of [/^accepted/, /^refused when checked/, /^in a process, can be loaded/]) {
    expect(Object.keys(outcomes).some(outcome => kind.test(outcome))).toBe(true);
  }
});

async function outcomeOf(folder: string, words: string[]): Promise<string> {
  try {
    const tokenizer = await loadTokenizer(folder);
    const { plain } = describeTokenizer(readFileSync(join(folder, 'tokenizer.json'), 'utf8'), 'x');
    try {
      const [encoded] = await tokenizer.encodeWords([words], 100_000);
      for (const id of encoded!.inputIds) expect(id).toBeLessThan(tokenizer.vocabularySize);
      expect(encoded!.inputIds.every(id => id >= 0)).toBe(true);
      return plain ? 'accepted, plain' : 'accepted, in a process';
    } catch (error) {
      const sentence = sentenceOf(error);
      const stopped = /the tokenizers engine (ended|took|gave no|failed)[a-z ]+[A-Z]*/.exec(sentence)?.[0];
      const refused = /can be loaded|cannot split|the engine gives|of the word|no subwords/.exec(sentence)?.[0];
      return `${plain ? 'here' : 'in a process'}, ${stopped ?? refused ?? sentence}`;
    } finally {
      tokenizer.close();
    }
  } catch (error) {
    sentenceOf(error);
    return 'refused when checked';
  }
}

/** One sentence, and no stack of anything. */
function sentenceOf(error: unknown): string {
  expect(error).toBeInstanceOf(PanxError);
  const { message } = error as PanxError;
  expect(message).not.toMatch(/\n|\bat .*:\d+:\d+|undefined|\[object/);
  expect(message).toMatch(/\.$/);
  expect(message.length).toBeLessThan(1000);
  return message;
}

/** Words of letters that regular expressions and maps look for, and of any other. */
function wordsOf(random: () => number): string[] {
  const alphabets = [
    'a',
    'ab',
    'aeiounrst',
    ' \u0000\u200e\ufeff▁',
    'ÄéßİıŁ\u0301',
    '中文字한국어ไทย',
    '👍🏽\u200d\ud800\udc00',
  ];
  const word = () => {
    const letters = alphabets[Math.floor(random() * alphabets.length)]!;
    const any = random() < 0.2;
    return Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
      any ? String.fromCharCode(Math.floor(random() * 0xffff)) : letters[Math.floor(random() * letters.length)],
    ).join('');
  };
  return ['', 'Oslo', `${'a'.repeat(40)}!`, ...Array.from({ length: 300 }, word)];
}

/** Mulberry32. */
function generator(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
