import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSplit, openSplit, readExample, readWords, splitColumns } from '../../src/data/corpus.js';
import { availableLangs, shardPaths } from '../../src/data/shards.js';
import { panx, temporaryFolder, writeParquet } from './formats/parquet-fixture.js';

const one = panx([
  [['Karl', 1]],
  [
    ['Ove', 2],
    ['.', 0],
  ],
]);
const other = panx([[], [['Ålesund', 5]]]);

function dataFolder(files: Record<string, ReturnType<typeof panx>>, huggingface?: string): string {
  const folder = temporaryFolder();
  for (const [name, columns] of Object.entries(files)) {
    writeParquet(join(folder, name), columns, huggingface === undefined ? {} : { huggingface });
  }
  return folder;
}

describe('loadSplit', () => {
  it('reads one split as a table of one batch', async () => {
    const folder = dataFolder({
      'PAN-X.en/train-00000-of-00001.parquet': one,
      'PAN-X.en/test-00000-of-00001.parquet': other,
    });
    const split = await loadSplit(folder, 'en', 'train');
    expect(split).toMatchObject({ lang: 'en', split: 'train', rows: 2 });
    expect(split.labelNames).toHaveLength(7);
    expect(split.files.map(({ path }) => path)).toEqual([join(folder, 'PAN-X.en/train-00000-of-00001.parquet')]);
    expect(split.files[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(split.table.schema.toString()).toBe('Schema<{ 0: tokens: List<Utf8>, 1: ner_tags: List<Int64> }>');
    expect(split.table.numRows).toBe(2);
    expect(split.table.batches).toHaveLength(1);
    expect(split.table.get(1)?.toString()).toBe('{"tokens": ["Ove","."], "ner_tags": ["2","0"]}');
    expect((await loadSplit(folder, 'en', 'test')).rows).toBe(2);
  });

  it('joins shards by name, whatever order they were written in, and hashes each', async () => {
    const folder = dataFolder({
      'PAN-X.en/train-00002-of-00003.parquet': one,
      'PAN-X.en/train-00000-of-00003.parquet': other,
      'PAN-X.en/train-00001-of-00003.parquet': panx([
        [
          ['Paris', 5],
          ['.', 0],
        ],
      ]),
    });
    const split = await loadSplit(folder, 'en', 'train');
    expect(readWords(splitColumns(split), 0, split.rows)).toEqual([
      [],
      ['Ålesund'],
      ['Paris', '.'],
      ['Karl'],
      ['Ove', '.'],
    ]);
    expect([...splitColumns(split).tagIds]).toEqual([5, 5, 0, 1, 2, 0]);
    expect([...splitColumns(split).offsets]).toEqual([0, 0, 1, 3, 4, 6]);
    expect(split.files.map(({ path }) => path.slice(-19))).toEqual(
      ['00000-of-00003.parquet', '00001-of-00003.parquet', '00002-of-00003.parquet'].map(name => name.slice(-19)),
    );
    expect(new Set(split.files.map(({ sha256 }) => sha256)).size).toBe(3);
  });

  it('takes files that are not numbered, and shards named with a hash', async () => {
    const folder = dataFolder({
      'PAN-X.en/train-b.parquet': one,
      'PAN-X.en/train-a.parquet': other,
      'PAN-X.en/test-00000-of-00001-0a1b2c3d.parquet': one,
    });
    expect(readExample(await loadSplit(folder, 'en', 'train'), 1)).toEqual({ tokens: ['Ålesund'], tagIds: [5] });
    expect((await loadSplit(folder, 'en', 'test')).rows).toBe(2);
  });

  it('refuses an incomplete or doubled set of shards', async () => {
    const first = 'PAN-X.en/train-00000-of-00003.parquet';
    const missing = dataFolder({ [first]: one, 'PAN-X.en/train-00002-of-00003.parquet': one });
    await expect(loadSplit(missing, 'en', 'train')).rejects.toThrow(
      `${join(missing, 'PAN-X.en')}: the train files train-00000-of-00003.parquet, train-00002-of-00003.parquet are 2, number 1 missing; expected 3, numbered 0 to 2.`,
    );
    const doubled = dataFolder({
      'PAN-X.en/train-00000-of-00001.parquet': one,
      'PAN-X.en/train-00000-of-00001-ab.parquet': one,
    });
    await expect(loadSplit(doubled, 'en', 'train')).rejects.toThrow(
      'are 2, a number twice; expected 1, numbered 0 to 0.',
    );
    const mixed = dataFolder({
      'PAN-X.en/train-00000-of-00001.parquet': one,
      'PAN-X.en/train-00000-of-00002.parquet': one,
    });
    await expect(loadSplit(mixed, 'en', 'train')).rejects.toThrow('are not one set; expected one number after "-of-".');
    // A name that no record of a run could hold.
    const odd = dataFolder({ 'PAN-X.en/train-\n.parquet': one });
    await expect(loadSplit(odd, 'en', 'train')).rejects.toThrow(
      'whose name has an unprintable character; expected train-*.parquet.',
    );
    const old = dataFolder({ 'PAN-X.en/train-00000-of-00001.parquet': one, 'PAN-X.en/train-old.parquet': one });
    await expect(loadSplit(old, 'en', 'train')).rejects.toThrow('are not one set; expected one number after "-of-".');
  });

  it.each([
    [
      'train-00000-of-99999999',
      'are 1, number 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 missing and maybe more; expected 99999999, numbered',
    ],
    [
      'train-00000-of-99999999999999999999',
      'missing and maybe more; expected 99999999999999999999, numbered 0 to 99999999999999999998.',
    ],
    ['train-99999999999999999999-of-00002', 'are 1, number 0, 1 missing; expected 2, numbered 0 to 1.'],
    ['train-00003-of-00000', 'are 1, one of them 3; expected 0, numbered 0 to -1.'],
  ])('says at once what is missing of %s', async (name, sentence) => {
    const folder = dataFolder({ [`PAN-X.en/${name}.parquet`]: one });
    await expect(loadSplit(folder, 'en', 'train')).rejects.toThrow(sentence);
  });

  it('names some of very many files and languages', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'PAN-X.en'));
    for (let i = 0; i < 10_001; i++) writeFileSync(join(folder, `PAN-X.en/train-${i}.parquet`), '');
    const error = (await loadSplit(folder, 'en', 'train').catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain('and 9,991 more are 10,001; expected at most 10,000.');
    expect(error.message.length).toBeLessThan(1000);
    for (let i = 0; i < 200; i++) mkdirSync(join(folder, `PAN-X.l${i}`));
    await expect(loadSplit(folder, 'xx', 'train')).rejects.toThrow('and 191 more.');
    await expect(loadSplit(folder, 'x'.repeat(100_000), 'train')).rejects.toThrow(/^.{0,500}$/s);
  });

  it('refuses what a footer says to be too much before anything is read, and leaves damage to the reader', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-a.parquet': one });
    const place = join(folder, 'PAN-X.en/test-a.parquet');
    copyFileSync(new URL('../fixtures/parquet/30-million-words.parquet', import.meta.url), place);
    await expect(shardPaths(folder, 'en', 'test')).rejects.toThrow('says that it holds 30,000,000 words');
    for (const bytes of ['PAR1', 'hello', 'x'.repeat(20), `${'x'.repeat(20)}\xff\0\0\0PAR1`]) {
      writeFileSync(place, bytes, 'latin1');
      expect(await shardPaths(folder, 'en', 'test')).toEqual([place]);
      await expect(loadSplit(folder, 'en', 'test')).rejects.toThrow('is not a whole parquet file');
    }
    writeFileSync(place, '');
    await expect(loadSplit(folder, 'en', 'test')).rejects.toThrow(`${place} is empty: it has no byte.`);
  });

  it('refuses what is no file, or too large for one, before it is read', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-a.parquet': one });
    const path = join(folder, 'PAN-X.en/test-a.parquet');
    const refused = async (sentence: string) => {
      await expect(openSplit(folder, 'en', 'test')).rejects.toThrow(sentence);
      rmSync(path, { recursive: true });
    };
    symlinkSync('/dev/zero', path);
    await refused(`${path} cannot be read: it is no file.`);
    execFileSync('mkfifo', [path]);
    await refused(`${path} cannot be read: it is no file.`);
    mkdirSync(path);
    await refused(`${path} cannot be read: it is a folder, not a file.`);
    symlinkSync('nothing', path);
    await refused(`${path} cannot be read: no such file or folder.`);
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40);
    await refused(`${path} takes 1,099,511,627,776 bytes; expected at most 268,435,456 a file.`);
  });

  it('refuses shards that name their tags differently', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-a.parquet': panx([[['x', 0]]]) });
    const huggingface = JSON.stringify({ info: { features: { ner_tags: { feature: { names: ['O', 'B-X'] } } } } });
    writeParquet(join(folder, 'PAN-X.en/train-b.parquet'), panx([[['x', 0]]]), { huggingface });
    await expect(loadSplit(folder, 'en', 'train')).rejects.toThrow(
      `train-b.parquet names its tags O B-X; expected O B-PER I-PER B-ORG I-ORG B-LOC I-LOC, as in ${join(folder, 'PAN-X.en/train-a.parquet')}.`,
    );
  });

  it('reads the files of a split one by one, and refuses one that is not what was hashed', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-a.parquet': one, 'PAN-X.en/train-b.parquet': other });
    const source = await openSplit(folder, 'en', 'train');
    expect(source.files.map(({ path }) => path)).toEqual(
      ['a', 'b'].map(n => join(folder, `PAN-X.en/train-${n}.parquet`)),
    );
    const rows: number[] = [];
    const read = async () => {
      for await (const { columns } of source.shards()) {
        rows.push(columns.rows);
        writeParquet(join(folder, 'PAN-X.en/train-b.parquet'), one);
      }
    };
    await expect(read()).rejects.toThrow(`${join(folder, 'PAN-X.en/train-b.parquet')} was changed while it was read.`);
    expect(rows).toEqual([2]);
  });

  it('refuses an empty split', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-00000-of-00001.parquet': panx([]) });
    await expect(loadSplit(folder, 'en', 'train')).rejects.toThrow(
      `${join(folder, 'PAN-X.en/train-00000-of-00001.parquet')}: the train split of en has no rows; expected at least one.`,
    );
  });

  it('refuses a missing language, listing those that are there', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-a.parquet': one, 'PAN-X.tr/train-a.parquet': one });
    await expect(loadSplit(folder, 'xx', 'train')).rejects.toMatchObject({
      message: `${folder} has no language "xx"; found en, tr.`,
      hint: 'Choose one of those: a language is the part of its folder\'s name after "PAN-X.".',
    });
  });

  it('refuses a folder without languages, and recognises the folder of one', async () => {
    const folder = dataFolder({ 'PAN-X.en/train-a.parquet': one });
    await expect(loadSplit(join(folder, 'PAN-X.en'), 'en', 'train')).rejects.toMatchObject({
      message: `${join(folder, 'PAN-X.en')} holds no language: found no folder PAN-X.*; expected PAN-X.en.`,
      hint: 'It is the folder of one language: give the one above it.',
    });
    const empty = temporaryFolder();
    await expect(loadSplit(empty, 'en', 'train')).rejects.toMatchObject({
      message: `${empty} holds no language: found no folder PAN-X.*; expected PAN-X.en.`,
      hint: 'The data folder is the one that holds PAN-X.en, PAN-X.tr, ...: give it with --data, or use --sample for the embedded sample.',
    });
    await expect(loadSplit(join(empty, 'none'), 'en', 'train')).rejects.toThrow(
      `The data folder ${join(empty, 'none')} cannot be read: no such file or folder.`,
    );
  });

  it('refuses a missing split, listing the files that are there', async () => {
    const folder = dataFolder({ 'PAN-X.en/test-a.parquet': one, 'PAN-X.en/validation-a.parquet': one });
    await expect(loadSplit(folder, 'en', 'train')).rejects.toMatchObject({
      message: `${join(folder, 'PAN-X.en')} has no train split: found test-a.parquet, validation-a.parquet; expected train-*.parquet.`,
      hint: 'Fetch it with panx fetch --langs en, or choose another split.',
    });
    mkdirSync(join(folder, 'PAN-X.de'));
    await expect(loadSplit(folder, 'de', 'train')).rejects.toThrow('has no train split: found no parquet files;');
  });
});

describe('availableLangs', () => {
  it('lists the subfolders, sorted, and no files', async () => {
    const folder = temporaryFolder();
    for (const name of ['PAN-X.tr', 'PAN-X.de', 'other']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'PAN-X.fr'), '');
    expect(readdirSync(folder)).toHaveLength(4);
    expect(await availableLangs(folder)).toEqual(['de', 'tr']);
  });
});

describe('readExample', () => {
  it('gives tokens and tag ids of a row, the last one too', async () => {
    const split = await loadSplit(dataFolder({ 'PAN-X.en/train-a.parquet': one }), 'en', 'train');
    expect(readExample(split, 0)).toEqual({ tokens: ['Karl'], tagIds: [1] });
    expect(readExample(split, 1)).toEqual({ tokens: ['Ove', '.'], tagIds: [2, 0] });
    for (const row of [2, -1, 0.5]) {
      expect(() => readExample(split, row)).toThrow(
        `The train split of en has no row ${row}; its 2 rows are numbered 0 to 1.`,
      );
    }
  });
});
