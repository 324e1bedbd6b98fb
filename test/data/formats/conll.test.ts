import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CorpusColumns } from '../../../src/config/corpora.js';
import { readWords } from '../../../src/data/corpus.js';
import { readConll } from '../../../src/data/formats/conll.js';
import { conllText } from '../../../src/data/formats/write-conll.js';
import { temporaryFolder } from './parquet-fixture.js';

const folder = temporaryFolder();
let files = 0;

function write(content: string | Uint8Array): string {
  const path = join(folder, `${++files}.conll`);
  writeFileSync(path, content);
  return path;
}

/** Rows as "word/tag word/tag", and what was left out. */
async function read(content: string | Uint8Array, columns: CorpusColumns = {}) {
  const file = await readConll(write(content), { words: 1, tags: -1, ...columns });
  const rows = readWords(file.columns, 0, file.columns.rows).map((words, row) => {
    const first = file.columns.offsets[row]!;
    return words.map((word, i) => `${word}/${file.tags[file.columns.tagIds[first + i]!]!.name}`).join(' ');
  });
  return { rows, tags: file.tags, documentMarks: file.documentMarks, otherLines: file.otherLines };
}

const rowsOf = async (content: string | Uint8Array, columns?: CorpusColumns) => (await read(content, columns)).rows;

describe('CoNLL columns', () => {
  it('are split at tabs, or at runs of spaces where the first line has no tab', async () => {
    expect(await rowsOf('Ada\tB-PER\nis here\tO\n\nOslo\tB-LOC\n')).toEqual(['Ada/B-PER is here/O', 'Oslo/B-LOC']);
    expect(await rowsOf('Ada NNP  I-NP B-PER\nsleeps VB\tI-VP O \n')).toEqual(['Ada/B-PER sleeps/O']);
    expect(await rowsOf(' Ada B-PER\n   sleeps   O\n')).toEqual(['Ada/B-PER sleeps/O']);
  });

  it.each([
    ['no line end at the end', 'Ada B-PER\n\nOslo B-LOC'],
    ['CRLF', 'Ada B-PER\r\n\r\nOslo B-LOC\r\n'],
    ['several empty lines, at the start too', '\n\nAda B-PER\n\n\n\nOslo B-LOC\n\n\n'],
    ['lines of nothing but spaces and tabs', 'Ada B-PER\n \t \nOslo B-LOC\n'],
    ['the mark that some editors put first', '\ufeffAda B-PER\n\nOslo B-LOC\n'],
  ])('are read with %s', async (_, content) => {
    expect(await rowsOf(content)).toEqual(['Ada/B-PER', 'Oslo/B-LOC']);
  });

  it('keep what is no ASCII space inside a word: no-break spaces, line separators', async () => {
    expect(await rowsOf('a\u00a0b B-PER\nc\u2028d\u0085 O\n')).toEqual(['a\u00a0b/B-PER c\u2028d\u0085/O']);
  });

  it('drop lines -DOCSTART-, which end a sentence, and count them', async () => {
    const content = '-DOCSTART- -X- -X- O\n\nAda NNP x B-PER\n-DOCSTART- -DOCSTART- O\nOslo NNP x B-LOC\n';
    expect(await read(content)).toMatchObject({ rows: ['Ada/B-PER', 'Oslo/B-LOC'], documentMarks: 2 });
    const mixed = '-DOCSTART- -X- O O\n\nAda\tB-PER\n';
    expect(await read(mixed)).toMatchObject({ rows: ['Ada/B-PER'], documentMarks: 1 });
    const inOrder = '1\t-DOCSTART-\tO\n\n1\tAda\tB-PER\n';
    expect(await read(inOrder, { words: 2, tags: 3 })).toMatchObject({ rows: ['Ada/B-PER'], documentMarks: 1 });
  });

  it('take a line that begins with # before a sentence for a comment, but a word # for a word', async () => {
    const germeval = '#\thttp://de.example.org/a [2009-10-17]\n1\tAda\tB-PER\tO\n2\t#\tO\tO\n\n';
    expect(await rowsOf(germeval, { words: 2, tags: 3 })).toEqual(['Ada/B-PER #/O']);
    const conllu = '# sent_id = 1\n# text = Ada O\nAda\tB-PER\n\n# newpar\n#\tO\n1\tO\n';
    expect(await rowsOf(conllu)).toEqual(['Ada/B-PER', '#/O 1/O']);
    expect(await rowsOf('# a comment\n# NN I-NP O\n1 CD I-NP O\n')).toEqual(['#/O 1/O']);
    expect(await rowsOf('#tag\tO\n#other\tB-PER\n')).toEqual(['#tag/O #other/B-PER']);
  });

  it('may be any, counted from the left or from the right', async () => {
    const content = '1\tAda\tB-PER\tO\textra\n2\tLovelace\tI-PER\tO\textra\n';
    expect(await rowsOf(content, { words: 2, tags: 3 })).toEqual(['Ada/B-PER Lovelace/I-PER']);
    expect(await rowsOf(content, { words: -4, tags: -3 })).toEqual(['Ada/B-PER Lovelace/I-PER']);
    expect(await rowsOf('B-PER Ada\nO sleeps\n', { words: -1, tags: 1 })).toEqual(['Ada/B-PER sleeps/O']);
  });

  it('may be more in some lines where both are counted from the left, as in CoNLL-2012', async () => {
    const content = 'd 0 Ada B-PER (A0*) *\nd 1 sleeps O\n';
    expect(await rowsOf(content, { words: 3, tags: 4 })).toEqual(['Ada/B-PER sleeps/O']);
  });

  it('hold a tag among features, as in DaNE; lines of several words and of none are left out of CoNLL-U', async () => {
    const line = (id: string, word: string, misc: string) => [id, word, ...'_______'.split(''), misc].join('\t');
    const content = [
      '# sent_id = 1',
      line('1-2', 'Adas', '_'),
      line('1', 'Ada', 'name=B-PER|SpaceAfter=No'),
      line('2', 's', 'SpaceAfter=No|name=O'),
      line('2.1', 'gone', '_'),
      '',
    ].join('\n');
    expect(await read(content, { words: 2, tags: 10, feature: 'name' })).toMatchObject({
      rows: ['Ada/B-PER s/O'],
      otherLines: 2,
    });
    const without = write(line('1', 'Ada', 'SpaceAfter=No'));
    await expect(readConll(without, { words: 2, tags: 10, feature: 'name' })).rejects.toThrow(
      `${without}, line 1: the tag "SpaceAfter=No" has no name= in that column.`,
    );
  });

  it('say where each tag first stands', async () => {
    const { tags } = await read('# c\nAda B-PER\nis O\n\nEva B-PER\n');
    expect(tags).toEqual([
      { name: 'B-PER', place: 'line 2' },
      { name: 'O', place: 'line 3' },
    ]);
  });

  it('may have types with any letters: part of a name, several hyphens', async () => {
    expect(await rowsOf('a B-LOCderiv\nb B-geo-loc\nc I-PER.NAM\n')).toEqual(['a/B-LOCderiv b/B-geo-loc c/I-PER.NAM']);
  });

  it.each([
    [
      'a line without its tag',
      'Ada NNP I-NP B-PER\nLovelace NNP I-NP\n',
      'line 2: found 3 columns between spaces; expected 4, as in line 1.',
    ],
    [
      'a word with a space',
      'Ada B-PER\nNew York B-LOC\n',
      'line 2: found 3 columns between spaces; expected 2, as in line 1.',
    ],
    [
      'a word alone',
      'Ada\nis\n',
      'line 1: found 1 column between spaces; expected more, with the word in column 1 and the tag in column -1.',
    ],
    [
      'a comment within a sentence',
      'Ada\tB-PER\n# text\nis\tO\n',
      'line 2: found 1 column between tabs; expected more',
    ],
    [
      'a type alone',
      'Ada PER\n',
      'line 1: the tag "PER" has no place in IOB1, IOB2, BIOES or BILOU; expected O, or B-, I-, E-, S-, L- or U- before a type, such as B-PER.',
    ],
    ['another prefix', 'Ada X-PER\n', 'line 1: the tag "X-PER" has no place'],
    ['a prefix alone', 'Ada B-\n', 'line 1: the tag "B-" has no place'],
    ['lower case', 'is o\n', 'line 1: the tag "o" has no place'],
    ['O with a type', 'is O-PER\n', 'line 1: the tag "O-PER" has no place'],
    ['an underscore', 'Ada B_PER\n', 'line 1: the tag "B_PER" has no place'],
    ['brackets', 'Ada (PER*\n', 'line 1: the tag "(PER*" has no place'],
    ['a tag that is not seen', 'Ada B-P\u200eER\n', 'line 1: the tag "B-P\u200eER" has a type that holds <U+200E>'],
    [
      'carriage returns alone',
      'Ada B-PER\ris O\r',
      'line 1: it holds a carriage return; expected lines that end in LF or CRLF.',
    ],
  ])('are refused with %s, by file and line', async (_, content, sentence) => {
    const path = write(content);
    await expect(readConll(path, { words: 1, tags: -1 })).rejects.toThrow(`${path}, ${sentence}`);
  });

  it('are refused where word and tag are one column', async () => {
    const path = write('Ada B-PER\n');
    await expect(readConll(path, { words: 2, tags: -1 })).rejects.toThrow(`${path}, line 1: found 2 columns`);
  });

  it('are refused where they are not UTF-8: Latin-1, UTF-16, zero bytes', async () => {
    const latin = write(Buffer.from('Ada B-PER\nMünchen B-LOC\n', 'latin1'));
    await expect(readConll(latin, { words: 1, tags: -1 })).rejects.toThrow(
      `${latin}, line 2: byte 2 of the line, 0xFC, is not UTF-8: the text may be Latin-1; expected text in UTF-8.`,
    );
    const cut = write(Buffer.from('Ada B-PER\nK\u00f6').subarray(0, -1));
    await expect(readConll(cut, { words: 1, tags: -1 })).rejects.toThrow(`${cut}, line 2: byte 2 of the line`);
    const wide = write(Buffer.from('\ufeffAda B-PER\n', 'utf16le'));
    await expect(readConll(wide, { words: 1, tags: -1 })).rejects.toThrow(
      `${wide} begins with the mark of UTF-16; expected text in UTF-8.`,
    );
    const zero = write('Ada B-PER\nis\0 O\n');
    await expect(readConll(zero, { words: 1, tags: -1 })).rejects.toThrow(`${zero}, line 2: byte 3 of the line is 0;`);
  });

  it('have no more tags than a corpus', async () => {
    const path = write(Array.from({ length: 10_001 }, (_, i) => `a B-x${i}`).join('\n'));
    await expect(readConll(path, { words: 1, tags: -1 })).rejects.toThrow(
      `${path} holds more than 10000 different tags`,
    );
  });

  it('have no row without end', async () => {
    const path = write('a O\n\n'.concat('a O\n'.repeat(100_001)));
    await expect(readConll(path, { words: 1, tags: -1 })).rejects.toThrow(
      `${path}, row 1: found more than 100,000 words; expected at most so many.`,
    );
    expect(await rowsOf('a O\n'.repeat(100_000))).toHaveLength(1);
  });

  it('have no word without end', async () => {
    const path = write(`${'a'.repeat(65_537)} O\n`);
    await expect(readConll(path, { words: 1, tags: -1 })).rejects.toThrow(
      `${path}, row 0: word 0 takes 65,537 bytes; expected at most 65,536.`,
    );
  });
});

describe('what is written as CoNLL columns', () => {
  const columnsOf = async (content: string) => await readConll(write(content), { words: 1, tags: -1 });

  it('reads back the same: words of #, marks, no-break spaces', async () => {
    const content = '\ufeff\ufeffa\tO\n#\tO\n\n#x\tB-PER\na\u00a0b\tI-PER\n\n';
    const file = await columnsOf(content);
    const names = file.tags.map(({ name }) => name);
    expect([...conllText(file.columns, names, 'It')].join('')).toBe(content);
    expect(await rowsOf(content)).toEqual(['\ufeffa/O #/O', '#x/B-PER a\u00a0b/I-PER']);
  });

  const text = (words: string[]) => ({
    ...{ rows: 1, offsets: Int32Array.of(0, words.length), tagIds: new Int32Array(words.length) },
    textOffsets: Int32Array.from([0, ...words].map((_, i) => Buffer.byteLength(words.slice(0, i).join('')))),
    text: new Uint8Array(Buffer.from(words.join(''))),
  });

  it.each([
    [['a b'], 'The test split of en, row 7: word 0, "a b", holds a space, which separates columns or lines in CoNLL.'],
    [['x', 'a\tb'], 'row 7: word 1, "a\\tb", holds a tab'],
    [['a\n'], 'holds a line end'],
    [['a\r'], 'holds a line end'],
    [['a\0'], 'holds a zero byte, which no file of text has'],
    [['\u001b$BEl5~'], 'holds an escape of ISO-2022, with which a file of text is refused'],
    [[''], 'row 7: word 0, "", is empty; CoNLL columns hold no such word.'],
    [['-DOCSTART-'], 'marks a document in CoNLL columns.'],
    [[], 'The test split of en, row 7 has no words, and CoNLL columns have no place for such a row.'],
  ])('refuses %j', (words, sentence) => {
    expect(() => [...conllText(text(words), ['O'], 'The test split of en', 7)]).toThrow(sentence);
  });
});
