import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectRows } from '../../src/data/row-sets.js';
import { identityOf } from '../../src/experiment/identity.js';
import { readResult } from '../../src/experiment/results.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { verifyRun } from '../../src/experiment/verify.js';
import { samplePaths } from '../../src/hub/sample.js';
import { runDirectory } from '../../src/run/directory.js';
import { readEvents } from '../../src/run/events.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { mulberry32 } from '../mulberry32.js';
import { contentsOf } from './contents.js';
import { requestFor, resultsOf } from './short-run.js';
import { stopAfter } from './stop-after.js';

const { dataDir, modelDir } = samplePaths();
const maxLength = 24;

interface Row {
  tokens: string[];
  tags: string[];
}

/** Rows of 1 to 60 words, some of which alone are longer than a row may be, and some of which give no subword. */
function makeRows(seed: number, count: number): Row[] {
  const random = mulberry32(seed);
  const of = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)]!;
  const words = ['the', 'Ankara', 'Lovelace', "Türkiye'nin", 'in', '\u3000', 'Донау', 'x'.repeat(60), '.', 'of'];
  return Array.from({ length: count }, () => {
    const tokens = Array.from({ length: of([1, 4, 9, 25, 60]) }, () => of(words));
    return { tokens, tags: tokens.map(() => of(['O', 'O', 'B-PER', 'B-LOC', 'I-LOC'])) };
  });
}

describe('a training whose long rows are split', () => {
  let folder: string;
  const languages = { one: makeRows(1, 50), two: makeRows(2, 20), unk: makeRows(3, 30) };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panx-split-'));
    for (const [name, rows] of Object.entries(languages)) {
      for (const split of ['train', 'validation', 'test']) {
        const some = split === 'train' ? rows : rows.slice(0, 12);
        await writeRows(name, split, some);
        await writeRows(
          `${name}-before`,
          split,
          split === 'train' ? (await splitBefore(some, name === 'unk' ? 'unk' : 'drop')).flat() : some,
        );
      }
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const path = (name: string, split: string) => join(folder, `${name}-${split}.jsonl`);
  const writeRows = (name: string, split: string, rows: readonly Row[]) =>
    writeFile(path(name, split), rows.map(row => `${JSON.stringify(row)}\n`).join(''));

  /** The rows that XTREME's preprocessing makes of each: words are put into one until the next does not fit. */
  async function splitBefore(rows: readonly Row[], emptyWords: 'drop' | 'unk' = 'drop'): Promise<Row[][]> {
    const tokenizer = await loadTokenizer(modelDir);
    const lengthOf = async (word: string) =>
      (await tokenizer.encodeWords([[word]], 1000, emptyWords))[0]!.inputIds.length - 2;
    const made: Row[][] = [];
    for (const { tokens, tags } of rows) {
      const parts: Row[] = [{ tokens: [], tags: [] }];
      let left = maxLength - 2;
      for (const [i, token] of tokens.entries()) {
        const length = Math.min(await lengthOf(token), maxLength - 2);
        if (length > left) {
          parts.push({ tokens: [], tags: [] });
          left = maxLength - 2;
        }
        left -= length;
        parts.at(-1)!.tokens.push(token);
        parts.at(-1)!.tags.push(tags[i]!);
      }
      made.push(parts);
    }
    tokenizer.close();
    return made;
  }

  async function request(out: string, corpora: readonly string[], more: string[] = []): Promise<StageRequest> {
    const files = (name: string) =>
      `{train: ${path(name, 'train')}, validation: ${path(name, 'validation')}, test: ${path(name, 'test')}}`;
    const langs = `[${corpora.join(', ')}]`;
    return await requestFor(join(folder, out), [
      ...corpora.flatMap(name => [
        ...[`corpora.${name}.format=jsonl`, `corpora.${name}.files=${files(name)}`],
        `corpora.${name}.labels=[O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC]`,
      ]),
      ...[`training.langs=${langs}`, `evaluation.langs=${langs}`, 'training.size=null', 'evaluation.limit=null'],
      ...[`tokenization.maxLength=${maxLength}`, 'training.dropout=0.1', 'training.subset=head', 'precision=fp32'],
      ...more,
    ]);
  }
  const split = 'tokenization.longRows=split';
  const trained = async (asked: StageRequest) => {
    const { metrics } = await runStage(asked);
    const events = await readEvents(runDirectory(asked.out).events);
    const weights = await readFile(join(asked.out, 'checkpoint', 'model.safetensors'), 'base64');
    return { metrics, steps: events.filter(({ event }) => event === 'step'), weights };
  };

  it.each([
    ['one language', ['one'], []],
    ['two languages, by length', ['one', 'two'], ['training.groupByLength=true']],
    ['a mixture', ['one', 'two'], ['training.temperature=3', 'training.gradientAccumulationSteps=2']],
    ['words that give no subword', ['unk'], ['tokenization.emptyWords=unk']],
  ])('is that on a corpus that was split before, to the byte: %s', async (name, corpora, more) => {
    const here = await trained(await request(`${name}-here`, corpora, [split, ...more]));
    const before = corpora.map(corpus => `${corpus}-before`);
    const other = await trained(await request(`${name}-before`, before, more));
    expect(here.steps).toEqual(other.steps);
    expect(here.weights === other.weights).toBe(true);
    const rows = corpora.reduce((sum, corpus) => sum + languages[corpus as 'one'].length, 0);
    expect(here.metrics).toMatchObject({ rows, segments: other.metrics.rows, steps: other.metrics.steps });
    expect(other.metrics.rows).toBeGreaterThan(2 * rows);
    expect(other.metrics.segments).toBeUndefined();
    // Whole rows were scored here; there, their beginnings.
    const scores = here.metrics.test[`${corpora[0]}=und`]!;
    expect(scores.rows).toBe(12);
    expect(scores.unseen?.truncatedWords).toBe(0);
    expect(other.metrics.test[`${before[0]}=und`]!.unseen?.truncatedWords).toBeGreaterThan(50);
  });

  it('takes sizes, held rows and limits as rows of the corpus, before they are split', async () => {
    const sized = await request('sized', ['one'], [split, 'training.size=9', 'training.subset=shuffled']);
    const { metrics, steps } = await trained(sized);
    const order = selectRows(50, [{ shuffle: 0 }, { shuffle: 42 }, { first: 9 }]);
    const parts = await splitBefore(Array.from(order, row => languages.one[row]!));
    expect(metrics).toMatchObject({ rows: 9, segments: parts.flat().length });
    expect(steps.filter(({ epoch }) => epoch === 0).reduce((sum, { rows }) => sum + rows, 0)).toBe(parts.flat().length);
    await writeRows('sized-before', 'train', parts.flat());
    for (const of of ['validation', 'test']) await writeRows('sized-before', of, languages.one.slice(0, 12));
    const other = await trained(await request('sized-before', ['sized-before']));
    expect(steps).toEqual(other.steps);
    const resplit = await trained(
      await request('resplit', ['one'], [split, 'training.resplit=true', 'evaluation.limit=5']),
    );
    expect(resplit.metrics).toMatchObject({ rows: 40, resplit: { fit: 40, held: 10 } });
    expect(resplit.metrics.test['one=und']!.rows).toBe(5);
  });

  it('stopped anywhere and resumed ends with the same bytes, and what it leaves holds', async () => {
    const whole = await request('whole', ['one'], [split]);
    await runStage(whole);
    const run = runDirectory(whole.out);
    const lines = (await readEvents(run.events)).length;
    for (const stop of [1, Math.floor(lines / 2), lines - 1]) {
      const out = join(folder, `stopped-${stop}`);
      await stopAfter({ ...whole, out }, stop);
      await runStage({ ...whole, out, resume: true });
      expect(await resultsOf(out)).toEqual(await resultsOf(whole.out));
    }
    expect((await verifyRun(run, {})).filter(({ holds }) => !holds)).toEqual([]);
    const { metrics } = await readResult(run);
    await writeFile(run.metrics, JSON.stringify({ ...metrics, segments: metrics.segments! + 60 }));
    const results = (await verifyRun(run, {})).find(({ subject }) => subject === 'results')!;
    expect(results.holds).toBe(false);
  });

  it('is another training than one whose rows are cut, which keeps its key', async () => {
    const { config } = await request('none', ['one']);
    const contents = await contentsOf(config, dataDir, modelDir);
    const identity = (longRows: 'cut' | 'split') =>
      identityOf('train', { ...config, tokenization: { ...config.tokenization, longRows } }, contents);
    expect(identity('split').key).not.toBe(identity('cut').key);
    expect(identity('cut').settings).not.toHaveProperty(['tokenization.longRows']);
    expect(identity('split').settings['tokenization.longRows']).toBe('split');
  });
});
