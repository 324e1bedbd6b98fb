import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { filesOfSplit, type WrittenFormat, writtenFormats } from '../../src/data/convert.js';
import { loadSplit, openSplit, readExample, type Split, splitColumns } from '../../src/data/corpus.js';
import { digestRows, indexed } from '../../src/data/row-index.js';
import type { SplitName } from '../../src/data/splits.js';
import { samplePaths } from '../../src/hub/sample.js';
import { tokenCachePath } from '../../src/tokenization/cache.js';
import { panx, temporaryFolder, words, writeParquet } from './formats/parquet-fixture.js';

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A corpus named x of these settings. */
async function corporaOf(settings: object) {
  return (await loadConfig({ assignments: [`corpora.x=${JSON.stringify(settings)}`] })).config.corpora;
}

async function load(settings: object, split: SplitName = 'train', lang = 'und'): Promise<Split> {
  return await loadSplit('', `x=${lang}`, split, await corporaOf(settings));
}

function rowsOf(split: Split): string[] {
  return Array.from({ length: split.rows }, (_, row) => {
    const { tokens, tagIds } = readExample(split, row);
    return tokens.map((word, i) => `${word}/${split.labelNames[tagIds[i]!]}`).join(' ');
  });
}

const digestsOf = (split: Split) => Buffer.from(digestRows(splitColumns(split), split.labelNames)).toString('hex');

/** What was said on the terminal. */
const said = () =>
  vi
    .mocked(process.stderr.write)
    .mock.calls.map(([text]) => String(text))
    .join('');

describe('the tags of a corpus', () => {
  it('are those of all its files: I-MISC of the train split alone, in one order whatever comes first', async () => {
    const files = {
      train: write('train', 'a I-MISC\nb O\n\nc B-MISC\nd I-MISC\n'),
      test: write('test', 'a B-Zoo\nb B-LOC\nc O\nd B-PER\n'),
    };
    const order = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC', 'B-MISC', 'I-MISC', 'B-Zoo', 'I-Zoo'];
    for (const split of ['train', 'test'] as const) {
      expect((await load({ format: 'conll', files }, split)).labelNames).toEqual(order);
    }
    expect((await load({ format: 'conll', files: { test: files.test } }, 'test')).labelNames).toHaveLength(7);
  });

  it('are of one scheme for all files, found out, converted, and counted', async () => {
    const files = {
      train: write('train', 'a I-PER\nb I-PER\nc B-PER\nd O\n'),
      test: write('test', 'a O\nb I-LOC\n'),
    };
    const split = await load({ format: 'conll', files });
    expect(rowsOf(split)).toEqual(['a/B-PER b/I-PER c/B-PER d/O']);
    expect(split.reading).toEqual({ scheme: 'IOB1', changedTags: 1, documentMarks: 0, otherLines: 0 });
    expect(said()).toContain('x=und train: 1 of 4 tags converted from IOB1 to IOB2\n');
    expect(rowsOf(await load({ format: 'conll', files }, 'test'))).toEqual(['a/O b/B-LOC']);
    // A train split that is IOB2 makes a test split of nothing but I- one with mistakes.
    write('train', 'a B-PER\nb O\n');
    const plain = await load({ format: 'conll', files }, 'test');
    expect(rowsOf(plain)).toEqual(['a/O b/I-LOC']);
    expect(plain.reading).toMatchObject({ scheme: 'IOB2', changedTags: 0 });
    expect(rowsOf(await load({ format: 'conll', files, scheme: 'IOB1' }, 'test'))).toEqual(['a/O b/B-LOC']);
  });

  it.each([
    ['BIOES', 'a S-PER\nb B-LOC\nc E-LOC\n\n-DOCSTART- O\n\nd O\n'],
    ['BILOU', 'a U-PER\nb B-LOC\nc L-LOC\n\n-DOCSTART- O\n\nd O\n'],
  ])('of %s are converted, and lines that mark documents counted', async (scheme, content) => {
    const split = await load({ format: 'conll', files: { train: write('t', content) } });
    expect(rowsOf(split)).toEqual(['a/B-PER b/B-LOC c/I-LOC', 'd/O']);
    expect(split.labelNames).toEqual(['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC']);
    expect(split.reading).toEqual({ scheme, changedTags: 2, documentMarks: 1, otherLines: 0 });
  });

  it('of two schemes are refused, each with its place', async () => {
    const files = { train: write('train', 'a S-PER\n'), test: write('test', 'a O\nb L-PER\n') };
    await expect(load({ format: 'conll', files })).rejects.toThrow(
      `The files of x=und have tags of BIOES, S-PER (${files.train}, line 1), and of BILOU, L-PER (${files.test}, line 2); expected one scheme.`,
    );
  });

  it('that the scheme has no place for are refused by file and place, in every format', async () => {
    const conll = write('c', 'a O\nb E-PER\n');
    await expect(load({ format: 'conll', files: { train: conll }, scheme: 'IOB2' })).rejects.toThrow(
      `${conll}, line 2: the tag E-PER has no place in IOB2.`,
    );
    const jsonl = write('j', '\n{"tokens": ["a"], "tags": ["U-PER"]}\n');
    await expect(load({ format: 'jsonl', files: { train: jsonl }, scheme: 'BIOES' })).rejects.toThrow(
      `${jsonl}, line 2: the tag U-PER has no place in BIOES.`,
    );
    const parquet = writeParquet(join(folder, 'p.parquet'), {
      words: words([[], ['a', 'b']]),
      tags: words([[], ['O', 'L-X']]),
    });
    await expect(load({ format: 'parquet', files: { train: parquet }, scheme: 'IOB1' })).rejects.toThrow(
      `${parquet}, row 1, word 1: the tag L-X has no place in IOB1.`,
    );
  });

  it('may be told, in the order of their ids; another is refused', async () => {
    const train = write('t', 'a B-PER\nb O\n');
    const labels = ['B-PER', 'O', 'I-PER', 'B-LOC'];
    const told = { format: 'conll', files: { train }, scheme: 'IOB2', labels };
    expect((await load(told)).labelNames).toEqual(labels);
    write('t', 'a B-PER\nb I-LOC\n');
    await expect(load(told)).rejects.toThrow(
      `${train}, line 2: the tag I-LOC is none of the tags of its corpus, B-PER O I-PER B-LOC.`,
    );
    write('t', 'a B-PER\nb S-LOC\n');
    expect(await load({ ...told, scheme: 'auto', labels: ['O', 'B-PER', 'S-LOC'] })).toMatchObject({
      labelNames: ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'],
    });
  });

  const declaring = (name: string, names: string[], ids: bigint[]) =>
    writeParquet(
      join(folder, name),
      { tokens: words([ids.map(String)]), ner_tags: { ...panx([]).ner_tags!, rows: [ids] } },
      { huggingface: JSON.stringify({ info: { features: { ner_tags: { feature: { names } } } } }) },
    );

  it('that files declare are matched by name, the order of the first leading', async () => {
    const train = declaring('a.parquet', ['O', 'B-PER', 'I-PER'], [0n, 1n]);
    const test = declaring('b.parquet', ['I-PER', 'B-PER', 'O'], [0n, 1n, 2n]);
    const split = await load({ format: 'parquet', files: { train, test } }, 'test');
    expect(split.labelNames).toEqual(['O', 'B-PER', 'I-PER']);
    expect(rowsOf(split)).toEqual(['0/I-PER 1/B-PER 2/O']);
    const other = declaring('c.parquet', ['O', 'B-LOC', 'I-LOC'], [0n]);
    await expect(load({ format: 'parquet', files: { train, test: other } })).rejects.toThrow(
      `${other} names its tags O B-LOC I-LOC; expected O B-PER I-PER, as in ${train}: the files of x=und are to have one set of tags.`,
    );
    await expect(load({ format: 'parquet', files: { train }, labels: ['O', 'B-LOC'] })).rejects.toThrow(
      `${train} names its tags O B-PER I-PER; expected O B-LOC, as the setting labels of its corpus says.`,
    );
  });
});

describe('the files of a corpus', () => {
  const content = 'a B-PER\n';

  it('may depend on the language, be several, and have names of one form', async () => {
    for (const part of ['de/1.conll', 'de/2.conll', 'de/x.txt', 'fr/1.conll']) write(part, `${part} B-PER\n`);
    const files = {
      train: join(folder, '{lang}/*.conll'),
      test: [join(folder, 'de/2.conll'), join(folder, '{lang}/1.conll')],
    };
    const source = await openSplit('', 'x=de', 'train', await corporaOf({ format: 'conll', files }));
    expect(source.files.map(({ name }) => name)).toEqual(['x=de/train/1.conll', 'x=de/train/2.conll']);
    expect(rowsOf(await load({ format: 'conll', files }, 'test', 'de'))).toEqual([
      'de/2.conll/B-PER',
      'de/1.conll/B-PER',
    ]);
  });

  it('have names of their own in records where they are called the same', async () => {
    const files = { train: [write('a/t', content), write('b/t', content)] };
    const source = await openSplit('', 'x=und', 'train', await corporaOf({ format: 'conll', files }));
    expect(source.files.map(({ name }) => name)).toEqual(['x=und/train/0-t', 'x=und/train/1-t']);
  });

  it('are refused where one is not there, or there is none for a split', async () => {
    const train = write('t', content);
    const refused = async (settings: object, split: SplitName, sentence: string) =>
      await expect(load(settings, split)).rejects.toThrow(sentence);
    const conll = (files: object) => ({ format: 'conll', files });
    await refused(
      conll({ train: join(folder, 'none') }),
      'train',
      `${join(folder, 'none')} cannot be read: no such file`,
    );
    await refused(conll({ train: folder }), 'train', `${folder} cannot be read: it is a folder, not a file.`);
    await refused(conll({ train }), 'validation', 'corpora.x has no files of the validation split; found train.');
    await refused(
      conll({ train: join(folder, '*.txt') }),
      'train',
      `corpora.x.files.train is ${join(folder, '*.txt')}, and ${folder} has no such file.`,
    );
    await refused(
      conll({ train: join(folder, 'no/*.txt') }),
      'train',
      `The folder ${join(folder, 'no')}, of corpora.x.files.train, cannot be read`,
    );
    await refused(
      conll({ train: [train, train] }),
      'train',
      `corpora.x.files.train names ${train} twice; expected each file once.`,
    );
    const empty = write('e', '\n-DOCSTART- O\n\n# nothing\n');
    await refused(
      conll({ train: empty }),
      'train',
      `${empty}: the train split of x=und has no rows; expected at least one.`,
    );
    write('p-00000-of-00002.conll', content);
    await refused(
      conll({ train: join(folder, 'p-*.conll') }),
      'train',
      'are 1, number 1 missing; expected 2, numbered 0 to 1.',
    );
  });

  it('are not looked at twice under one key: what describes the reading is in the keys of the caches', async () => {
    const train = write('t', 'a O I-PER\nb O O\n');
    const source = async (settings: object) =>
      await openSplit('', 'x=und', 'train', await corporaOf({ format: 'conll', files: { train }, ...settings }));
    const cache = temporaryFolder();
    const settings = [
      {},
      { scheme: 'IOB2' },
      { scheme: 'IOB1' },
      { columns: { tags: 2 } },
      { labels: ['O', 'B-PER', 'I-PER'] },
    ];
    const keys = new Set<string>();
    const rows = new Set<string>();
    for (const one of settings) {
      const split = await source(one);
      keys.add(tokenCachePath(cache, split, { sha256: 'x' }, { maxLength: 9, emptyWords: 'drop' }));
      rows.add(Buffer.from((await indexed(split, cache).index()).digests).toString('hex'));
    }
    expect(keys.size).toBe(settings.length);
    expect(rows.size).toBe(3); // IOB1 as it is found and as it is told; IOB2; all O.
    const before = await source({});
    write('u', 'c B-LOC\n');
    const more = await source({ files: { train, test: join(folder, 'u') } });
    expect(before.reading).not.toBe(more.reading); // Another file may bring other tags.
  });
});

describe('folders of PAN-X', () => {
  const one = panx([[['Ada', 1]]]);

  it.each([
    'PAN-X.en/train-00000-of-00001.parquet',
    'en/train-00000-of-00001.parquet',
    'en/train/0000.parquet',
    'data/en/train-00000-of-00001.parquet',
    'data/PAN-X.en/train-00000-of-00001.parquet',
    'data/en/train/0000.parquet',
    'data/train-00000-of-00001.parquet',
    'train-00000-of-00001-0a1b2c3d.parquet',
    'train/0000.parquet',
  ])('are known by their layout: %s', async name => {
    writeParquet(join(folder, name), { ...one, langs: words([['en']]), spans: words([['PER: Ada']]) });
    writeParquet(join(folder, name.replaceAll('train', 'test')), panx([[['Oslo', 5]]]));
    const split = await load({ format: 'panx', files: folder }, 'train', 'en');
    expect(rowsOf(split)).toEqual(['Ada/B-PER']);
    expect(rowsOf(await load({ format: 'panx', files: folder }, 'test', 'en'))).toEqual(['Oslo/B-LOC']);
    expect(split.files[0]!.name).toBe(`x=en/train/${name.split('/').at(-1)}`);
  });

  it('have all the files of a split, in order', async () => {
    for (const [i, word] of ['a', 'b'].entries()) {
      writeParquet(join(folder, `en/train/${i}000.parquet`), panx([[[word, 0]]]));
    }
    expect(rowsOf(await load({ format: 'panx', files: folder }, 'train', 'en'))).toEqual(['a/O', 'b/O']);
    writeParquet(join(folder, 'tr/train-00001-of-00002.parquet'), one);
    await expect(load({ format: 'panx', files: folder }, 'train', 'tr')).rejects.toThrow('number 0 missing');
  });

  it('are refused where the language is not there, or the folder', async () => {
    writeParquet(join(folder, 'en/train-00000-of-00001.parquet'), one);
    const settings = { format: 'panx', files: folder };
    await expect(load(settings, 'train', 'de')).rejects.toThrow(
      `${folder} has no train split of de; expected PAN-X.de/train-*.parquet, de/train-*.parquet or de/train/*.parquet.`,
    );
    await expect(load(settings, 'test', 'en')).rejects.toThrow(`${folder} has no test split of en`);
    const none = join(folder, 'none');
    await expect(load({ format: 'panx', files: none }, 'train', 'en')).rejects.toThrow(
      `The folder ${none}, of corpora.x.files, cannot be read`,
    );
  });
});

describe('a corpus that is written in another format', () => {
  async function written(split: Split, to: WrittenFormat): Promise<Split> {
    const paths: string[] = [];
    for await (const { name, content } of filesOfSplit(split, to)) {
      const chunks: Uint8Array[] = [];
      if (content instanceof Uint8Array) chunks.push(content);
      else for await (const chunk of content) chunks.push(chunk);
      paths.push(write(join(to, name), Buffer.concat(chunks)));
    }
    const files = { [split.split]: paths };
    return await load({ format: to, files, scheme: 'IOB2', labels: split.labelNames }, split.split);
  }

  it.each(writtenFormats)('has the same rows, whose digests are the same: %s', async to => {
    const split = await loadSplit(samplePaths().dataDir, 'tr', 'test');
    const again = await written(split, to);
    expect(digestsOf(again)).toBe(digestsOf(split));
    expect(again.labelNames).toEqual(split.labelNames);
  });

  it('has the tags in the order of PAN-X where nothing tells it', async () => {
    const split = await loadSplit(samplePaths().dataDir, 'tr', 'test');
    await written(split, 'conll');
    const again = await load({ format: 'conll', files: { test: join(folder, 'conll/tr/test.conll') } }, 'test');
    expect(again.labelNames).toEqual(split.labelNames);
    expect(digestsOf(again)).toBe(digestsOf(split));
  });

  it('keeps mistakes of IOB2, rows without words, and any word, where the format has a place for it', async () => {
    const train = writeParquet(
      join(folder, 'PAN-X.en/train-0.parquet'),
      panx([
        [
          ['a b', 2],
          ['', 0],
        ],
        [],
        [
          ['\n', 6],
          ['\u0000', 5],
        ],
      ]),
    );
    const split = await loadSplit(folder, 'en', 'train');
    for (const to of ['parquet', 'jsonl'] as const) expect(digestsOf(await written(split, to))).toBe(digestsOf(split));
    await expect(written(split, 'conll')).rejects.toThrow('The train split of en, row 0: word 0, "a b", holds a space');
    expect(train).toContain('PAN-X.en');
  });

  it('is several files where it is large', async () => {
    const many = Array.from({ length: 300_000 }, () => [['a', 0]] as [string, number][]);
    writeParquet(join(folder, 'PAN-X.en/train-0.parquet'), panx(many));
    const split = await loadSplit(folder, 'en', 'train');
    const names: string[] = [];
    for await (const { name } of filesOfSplit(split, 'conll')) names.push(name);
    expect(names).toEqual(['en/train-00000-of-00002.conll', 'en/train-00001-of-00002.conll']);
    const again = await written(split, 'parquet');
    expect(again.files).toHaveLength(2);
    expect(digestsOf(again)).toBe(digestsOf(split));
  });

  it('has tags that say what they are, in text', async () => {
    const huggingface = JSON.stringify({ info: { features: { ner_tags: { feature: { names: ['O', 'PER'] } } } } });
    writeParquet(join(folder, 'PAN-X.en/train-0.parquet'), panx([[['a', 1]]]), { huggingface });
    const split = await loadSplit(folder, 'en', 'train');
    await expect(written(split, 'jsonl')).rejects.toThrow(
      'The train split of en has the tag "PER", which has no place in IOB1',
    );
    const names = [];
    for await (const { name } of filesOfSplit(split, 'parquet')) names.push(name);
    expect(names).toEqual(['PAN-X.en/train-00000-of-00001.parquet']);
  });
});

it('a file that changes while it is read is refused', async () => {
  const train = write('t', 'a B-PER\n');
  const source = await openSplit('', 'x=und', 'train', await corporaOf({ format: 'conll', files: { train } }));
  renameSync(write('other', 'a B-LOC\n'), train);
  await expect(async () => {
    for await (const _ of source.shards());
  }).rejects.toThrow(`${train} was changed while it was read.`);
});
