import { expect, it } from 'vitest';
import { frequencies, readWordRows, wordRowsOf } from '../../src/data/distinct-words.js';
import { splitOf } from '../tokenization/fixtures.js';

const rows = [['a', 'b', 'a'], [], ['c', 'a', '__proto__', 'b']];

it('holds each distinct word once', () => {
  const found = wordRowsOf(rows);
  expect(found).toEqual({
    distinct: ['a', 'b', 'c', '__proto__'],
    offsets: Int32Array.of(0, 3, 3, 7),
    wordOf: Int32Array.of(0, 1, 0, 2, 0, 3, 1),
  });
  expect(frequencies(found)).toEqual(Int32Array.of(3, 2, 1, 1));
});

it('reads the rows of a split, or the first of them', async () => {
  expect(await readWordRows(splitOf(rows))).toEqual(wordRowsOf(rows));
  expect(await readWordRows(splitOf(rows), 1)).toEqual(wordRowsOf(rows.slice(0, 1)));
  expect(await readWordRows(splitOf(rows), 100)).toEqual(wordRowsOf(rows));
});

it('reads no file behind the one in which the limit lies', async () => {
  const one = splitOf(rows);
  const shards = async function* () {
    yield* one.shards();
    throw new Error('read too far');
  };
  expect((await readWordRows({ ...one, shards }, 3)).offsets).toHaveLength(4);
  await expect(readWordRows({ ...one, shards }, 4)).rejects.toThrow('read too far');
});
