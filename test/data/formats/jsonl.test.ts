import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CorpusColumns } from '../../../src/config/corpora.js';
import { readWords } from '../../../src/data/corpus.js';
import { readJsonl } from '../../../src/data/formats/jsonl.js';
import { jsonlText } from '../../../src/data/formats/write-jsonl.js';
import { temporaryFolder } from './parquet-fixture.js';

const folder = temporaryFolder();
let files = 0;

function write(...lines: (string | object)[]): string {
  const path = join(folder, `${++files}.jsonl`);
  writeFileSync(path, lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

async function rowsOf(path: string, columns: CorpusColumns = {}, labels: string[] | null = null): Promise<string[]> {
  const file = await readJsonl(path, columns, labels);
  return readWords(file.columns, 0, file.columns.rows).map((words, row) => {
    const first = file.columns.offsets[row]!;
    return words.map((word, i) => `${word}/${file.tags[file.columns.tagIds[first + i]!]!.name}`).join(' ');
  });
}

describe('JSON lines of words and tags', () => {
  it.each([
    [{ tokens: ['Ada', 'is'], ner_tags: ['B-PER', 'O'] }],
    [{ tokens: ['Ada', 'is'], tags: ['B-PER', 'O'] }],
    [{ id: 7, words: ['Ada', 'is'], tags: ['B-PER', 'O'], text: 'Ada is', spans: [] }],
  ])('are found under their usual names: %j', async line => {
    expect(await rowsOf(write(line, '', line, ' '))).toEqual(['Ada/B-PER is/O', 'Ada/B-PER is/O']);
  });

  it('are found under other names that are told, and have numbers where the labels are told', async () => {
    const path = write({ form: ['Ada', 'is'], ids: [1, 0], tags: ['x'] });
    expect(await rowsOf(path, { words: 'form', tags: 'ids' }, ['O', 'B-PER'])).toEqual(['Ada/B-PER is/O']);
  });

  it('keep words as they are: empty ones, spaces, line ends, a row without words', async () => {
    const path = write(
      { tokens: ['', 'a b', 'c\n', '\ud835\udd38'], tags: ['O', 'O', 'O', 'O'] },
      { tokens: [], tags: [] },
    );
    expect(await rowsOf(path)).toEqual(['/O a b/O c\n/O \ud835\udd38/O', '']);
  });

  it.each([
    ['what is no JSON', ['{"tokens": ["a"], "tags": ["O"]', 'is not valid JSON']],
    [
      'what is no object',
      ['["a"]', 'found ["a"]; expected a JSON object such as {"tokens": ["Ada"], "tags": ["B-PER"]}.'],
    ],
    [
      'other keys',
      [
        { a: 1, b: 2 },
        'found the keys "a", "b"; expected words and tags (tokens or words, ner_tags or tags), or text and spans (text, spans or entities).',
      ],
    ],
    [
      'more words than tags',
      [{ tokens: ['a', 'b'], tags: ['O'] }, 'found 2 words and 1 tags; expected one tag a word.'],
    ],
    [
      'a word that is a number',
      [{ tokens: [1], tags: ['O'] }, 'word 0 of "tokens" is 1; expected a string of whole characters.'],
    ],
    [
      'half of a character',
      [
        '{"tokens": ["\\ud835"], "tags": ["O"]}',
        'word 0 of "tokens" is "\\ud835"; expected a string of whole characters.',
      ],
    ],
    [
      'a zero byte',
      [
        '{"tokens": ["\\u0000", "a\\u0000b"], "tags": ["O", "O"]}',
        'word 1 of "tokens", "a\\u0000b", holds U+0000, as UTF-16 does that was read as something else; expected text.',
      ],
    ],
    ['a zero byte in a text', ['{"text": "a\\u0000b", "spans": []}', '"text", "a\\u0000b", holds U+0000, as UTF-16']],
    ['a tag that is none', [{ tokens: ['a'], tags: ['PER'] }, 'the tag of word 0, "PER", has no place in IOB1']],
    [
      'a number for a tag',
      [
        { tokens: ['a'], tags: [0] },
        'the tag of word 0, 0, is no name; expected names of tags, or numbers and the setting labels.',
      ],
    ],
    ['null for a tag', [{ tokens: ['a'], tags: [null] }, 'the tag of word 0, null, is no name']],
    ['a text for a list', [{ tokens: 'a', tags: ['O'] }, '"tokens" is "a"; expected a list.']],
  ] as [string, [string | object, string]][])('refuse %s, by file and line', async (_, [line, sentence]) => {
    const path = write('', line);
    await expect(readJsonl(path, {}, null)).rejects.toThrow(
      `${path}, line 2${sentence.startsWith('is') ? '' : ':'} ${sentence}`,
    );
  });

  it('refuse a line that has not what the first one has, and a number beyond the labels', async () => {
    const path = write({ tokens: ['a'], tags: ['O'] }, { tokens: ['a'], ner_tags: ['O'] });
    await expect(readJsonl(path, {}, null)).rejects.toThrow(`${path}, line 2: "tags" is missing; expected a list.`);
    const ids = write({ tokens: ['a'], tags: [2] });
    await expect(readJsonl(ids, {}, ['O', 'B-PER'])).rejects.toThrow(
      `${ids}, line 1: the tag of word 0, 2, is no tag; expected a name, or a number from 0 to 1.`,
    );
  });
});

describe('JSON lines of text and spans', () => {
  const spans = (text: string, ...of: unknown[]) => write({ text, spans: of });

  it('are split into words as panx predict splits them', async () => {
    const path = spans(
      'Ada Lovelace lived in London, they say.',
      { start: 0, end: 12, label: 'PER' },
      { start: 22, end: 28, label: 'LOC' },
    );
    expect(await rowsOf(path)).toEqual(['Ada/B-PER Lovelace/I-PER lived/O in/O London/B-LOC ,/O they/O say/O ./O']);
  });

  it('are lists too, in any order, under other names', async () => {
    const path = write({
      text: 'Oslo Paris',
      entities: [
        [5, 10, 'LOC'],
        [0, 4, 'LOC'],
      ],
    });
    expect(await rowsOf(path)).toEqual(['Oslo/B-LOC Paris/B-LOC']);
    const named = write({ doc: 'Oslo', label: [[0, 4, 'LOC']], tokens: [], tags: [] });
    expect(await rowsOf(named, { text: 'doc', spans: 'label' })).toEqual(['Oslo/B-LOC']);
  });

  it('count code points, as Python does', async () => {
    const text = '\ud835\udd38\ud835\udd39 in K\u00f6ln';
    expect(await rowsOf(spans(text, [0, 2, 'PER'], [6, 10, 'LOC']))).toEqual([
      '\ud835\udd38\ud835\udd39/B-PER in/O K\u00f6ln/B-LOC',
    ]);
    const path = spans(text, [0, 2, 'PER'], [8, 12, 'LOC']);
    await expect(readJsonl(path, {}, null)).rejects.toThrow(
      'found the span [8,12,"LOC"]; expected start and end inside the text',
    );
  });

  it('takes a span inside text without spaces, and refuses one inside a range of years', async () => {
    expect(await rowsOf(spans('東京は', [0, 2, 'LOC']))).toEqual(['東/B-LOC 京/I-LOC は/O']);
    await expect(rowsOf(spans('(1805–1876)', [1, 5, 'DATE']))).rejects.toThrow('cuts the word "1805–1876"');
  });

  it('may hold no entity, and no word', async () => {
    expect(await rowsOf(write({ text: 'a b', spans: [] }, { text: '', spans: [] }))).toEqual(['a/O b/O', '']);
  });

  it.each([
    [
      'cuts a word at its end',
      ['Berlin', [0, 5, 'LOC']],
      'the span 0 to 5 ("Berli") cuts the word "Berlin"; expected whole words.',
    ],
    [
      'cuts a word at its start',
      ['in Berlin', [4, 9, 'LOC']],
      'the span 4 to 9 ("erlin") cuts the word "Berlin"; expected whole words.',
    ],
    [
      'overlaps another',
      ['a b c', [0, 3, 'LOC'], [2, 5, 'LOC']],
      'the span 2 to 5 ("b c") overlaps 0 to 3; expected spans beside each other.',
    ],
    ['lies in another', ['a b c', [0, 5, 'LOC'], [2, 3, 'LOC']], 'the span 2 to 3 ("b") overlaps 0 to 5'],
    ['is another again', ['a b', [0, 1, 'LOC'], [0, 1, 'PER']], 'overlaps 0 to 1'],
    ['holds no word', ['a  b', [1, 2, 'LOC']], 'the span 1 to 2 (" ") holds no word; expected one or more.'],
    [
      'is empty',
      ['a b', [1, 1, 'LOC']],
      'found the span [1,1,"LOC"]; expected start and end inside the text, in code points, and a label.',
    ],
    ['begins before the text', ['a b', [-1, 1, 'LOC']], 'found the span [-1,1,"LOC"]'],
    ['ends behind the text', ['a b', [2, 4, 'LOC']], 'found the span [2,4,"LOC"]'],
    ['has no whole numbers', ['a b', [0.5, 1, 'LOC']], 'found the span [0.5,1,"LOC"]'],
    ['has no label', ['a b', { start: 0, end: 1 }], 'has no label; expected a type, such as "PER".'],
    ['has a blank label', ['a b', [0, 1, ' ']], 'has the label " ", which is blank; expected a name.'],
    ['is a text', ['a b', 'LOC'], 'found the span "LOC"'],
  ] as [string, [string, ...unknown[]], string][])('refuse a span that %s', async (_, [text, ...of], sentence) => {
    const path = spans(text, ...of);
    await expect(readJsonl(path, {}, null)).rejects.toThrow(new RegExp(`^${path}, line 1: .*`.replaceAll('/', '\\/')));
    await expect(readJsonl(path, {}, null)).rejects.toThrow(sentence);
  });
});

it('what is written as JSON lines reads back the same', async () => {
  const path = write(
    { tokens: ['', 'a b', '\u2028\u007f"\\', '\ud835\udd38'], tags: ['O', 'B-PER', 'I-PER', 'O'] },
    { tokens: [], tags: [] },
  );
  const file = await readJsonl(path, {}, null);
  const written = write(
    [
      ...jsonlText(
        file.columns,
        file.tags.map(({ name }) => name),
      ),
    ].join(''),
  );
  const again = await readJsonl(written, {}, null);
  expect(again.columns).toEqual(file.columns);
});
