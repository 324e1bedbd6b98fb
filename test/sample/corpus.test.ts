import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadSplit, readExample, type Split } from '../../src/data/corpus.js';
import { splitNames } from '../../src/data/splits.js';
import { samplePaths } from '../../src/hub/sample.js';
import { pythonVersion } from './python.js';
import { itHasNoRowTwice, itIsWellFormed, rowsOf } from './well-formed.js';

const { dataDir } = samplePaths();
const expectedRows = { train: 1200, validation: 300, test: 300 };
const splits = await Promise.all(['en', 'tr'].flatMap(lang => splitNames.map(name => loadSplit(dataDir, lang, name))));
const named = splits.map(split => [`${split.lang}/${split.split}`, split] as const);

describe.each(named)('%s of the sample', (_, split) => {
  itIsWellFormed(split, expectedRows);

  it('has rows of many shapes', () => {
    const rows = rowsOf(split);
    expect(new Set(rows.map(({ tags }) => tags.join(' '))).size).toBeGreaterThan(0.15 * rows.length);
  });
});

itHasNoRowTwice(splits);

it('scores names that the training rows of no language hold', () => {
  const known = new Set(namesOf(splits.filter(({ split }) => split === 'train')));
  for (const lang of ['en', 'tr']) {
    const scored = namesOf(splits.filter(split => split.lang === lang && split.split === 'test'));
    const unseen = scored.filter(name => !known.has(name)).length / scored.length;
    expect(unseen).toBeGreaterThan(0.1);
    expect(unseen).toBeLessThan(0.5);
  }
});

it('puts Turkish endings behind an apostrophe, with vowel harmony', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const split of splits.filter(({ lang }) => lang === 'tr')) {
    for (const { tokens } of rowsOf(split)) {
      for (const token of tokens) {
        const [, stem, locative] = /^([a-zçğıöşü]+)'([dt][ae])n?$/.exec(token.toLocaleLowerCase('tr')) ?? [];
        const vowel = stem?.match(/[aıoueiöü](?=[^aıoueiöü]*$)/)?.[0];
        if (vowel === undefined || !turkishTowns.test(stem!)) continue;
        seen++;
        const harmony = 'aıou'.includes(vowel) ? 'a' : 'e';
        const voicing = /[fstkçşhp]$/.test(stem!) ? 't' : 'd';
        if (locative !== voicing + harmony) wrong.push(token);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(30);
});

/** Endings of the invented Turkish towns and of the common ones: names spelt as they are spoken. */
const turkishTowns = /(köy|tepe|su|pınar|hisar|dere|ova|kaya|bağ|yurt|saray|sun|mit|kara|bul|mir|sa|ya|ana|var|sin)$/;

const python = pythonVersion();
describe.skipIf(python === undefined || python < 310)('make-sample.py', () => {
  it.each(named)('writes the rows of %s again, to the word', (name, split) => {
    const script = fileURLToPath(new URL('../../scripts/make-sample/make-sample.py', import.meta.url));
    const printed = execFileSync('python3', ['-B', script, '--print', name], { encoding: 'utf8' });
    const made = printed
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { tokens: string[]; ner_tags: number[] });
    const committed = Array.from({ length: split.rows }, (_, i) => readExample(split, i));
    expect(made).toEqual(committed.map(({ tokens, tagIds }) => ({ tokens, ner_tags: tagIds })));
  });
});

/** The capitalised words inside mentions, without their endings. */
function namesOf(some: Split[]): string[] {
  return some.flatMap(rowsOf).flatMap(({ tokens, tags }) =>
    tokens.flatMap((token, i) => {
      const stem = token.split("'")[0]!;
      return tags[i] !== 'O' && /^\p{Lu}\p{Ll}{2,}/u.test(stem) ? [stem] : [];
    }),
  );
}
