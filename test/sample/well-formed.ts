import { expect, it } from 'vitest';
import type { ModelConfig } from '../../src/checkpoint/config.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { readExample, type Split } from '../../src/data/corpus.js';
import { panxLabels } from '../../src/data/formats/panx.js';
import type { SplitName } from '../../src/data/splits.js';
import { checkTensors } from '../../src/model/parameter-specs.js';
import type { SubwordTokenizer } from '../../src/tokenization/tokenizer.js';

/** What both samples must be. */

export function rowsOf(split: Split): { tokens: string[]; tags: string[] }[] {
  return Array.from({ length: split.rows }, (_, i) => {
    const { tokens, tagIds } = readExample(split, i);
    return { tokens, tags: tagIds.map(id => split.labelNames[id]!) };
  });
}

/** Declares the tests of a split. */
export function itIsWellFormed(split: Split, expectedRows: Record<SplitName, number>): void {
  it('has its rows, and PAN-X’s tag names in the file', () => {
    expect(split.rows).toBe(expectedRows[split.split]);
    expect(split.labelNames).toEqual(panxLabels);
  });

  it('is well-formed IOB2: an I- tag only goes on from a tag of its own type', () => {
    for (const { tokens, tags } of rowsOf(split)) {
      tags.forEach((tag, i) => {
        const before = tags[i - 1]?.slice(2);
        if (tag.startsWith('I-')) expect({ tokens, tag, before }).toEqual({ tokens, tag, before: tag.slice(2) });
      });
    }
  });

  it('has words without spaces and without leftovers of its templates', () => {
    const odd = rowsOf(split).flatMap(({ tokens }) => tokens.filter(token => !/^[^\s{}<>~+]+$/u.test(token)));
    expect(odd).toEqual([]);
  });

  it('has every type often', () => {
    const rows = rowsOf(split);
    for (const type of ['B-PER', 'B-ORG', 'B-LOC']) {
      expect(rows.filter(({ tags }) => tags.includes(type)).length).toBeGreaterThan(0.2 * rows.length);
    }
  });
}

/** Declares the test that no two rows are the same. */
export function itHasNoRowTwice(splits: readonly Split[]): void {
  it('has no row twice, neither in one split nor in two', () => {
    const rows = splits.flatMap(split => rowsOf(split).map(({ tokens }) => tokens.join(' ')));
    expect(new Set(rows).size).toBe(rows.length);
  });
}

/** Declares the tests of a sample's tokenizer and encoder. */
export function itIsAnEncoder(
  { config, tokenizer, modelDir }: { config: ModelConfig; tokenizer: SubwordTokenizer; modelDir: string },
  hiddenSize: number,
): void {
  it('has XLM-R’s special tokens: <s> 0, <pad> 1, </s> 2, <unk> 3, <mask> last', async () => {
    const last = tokenizer.vocabularySize - 1;
    expect(await tokenizer.tokens([0, 1, 2, 3, last])).toEqual(['<s>', '<pad>', '</s>', '<unk>', '<mask>']);
    expect(tokenizer).toMatchObject({ padId: 1, unkId: 3 });
  });

  it('is a whole encoder with dropout, of the tokenizer’s vocabulary, and no classifier', async () => {
    expect(config).toMatchObject({
      architecture: 'xlm-roberta',
      vocabularySize: tokenizer.vocabularySize,
      hiddenSize,
      layers: 2,
      hiddenDropout: 0.1,
      attentionDropout: 0.1,
      padId: 1,
      labels: panxLabels,
    });
    const source = await openTensors(modelDir);
    try {
      expect(checkTensors(config, source, modelDir)).toMatchObject({ headMissing: true });
    } finally {
      await source.close();
    }
  });
}
