import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TagScheme } from '../../src/config/corpora.js';
import { flawOfTag, parseTag, schemeOf, schemeSigns, toIob2 } from '../../src/data/tag-schemes.js';

interface Case {
  scheme: TagScheme;
  tags: string[];
  entities: [type: string, first: number, last: number][];
}

const golden = JSON.parse(readFileSync(new URL('../fixtures/corpora/schemes.json', import.meta.url), 'utf8')) as Case[];

const columnsOf = (rows: readonly (readonly string[])[]) => {
  const names = [...new Set(rows.flat())];
  const offsets = Int32Array.from([0, ...rows].map((_, i) => rows.slice(0, i).flat().length));
  const tagIds = Int32Array.from(rows.flat(), tag => names.indexOf(tag));
  const columns = { rows: rows.length, offsets, tagIds, textOffsets: new Int32Array(0), text: new Uint8Array(0) };
  return { columns, tags: names.map(name => parseTag(name)!) };
};

function convert(tags: readonly string[], scheme: TagScheme): { tags: string[]; changed: number } {
  const { columns, tags: parsed } = columnsOf([tags]);
  const names: string[] = [];
  const idOf = (prefix: string, type: string) => names.push(prefix === 'O' ? 'O' : `${prefix}-${type}`) - 1;
  const { tagIds, changed } = toIob2(columns, parsed, scheme, idOf);
  return { tags: Array.from(tagIds, id => names[id]!), changed };
}

/** The entities of IOB2: B- begins one, I- goes on. */
function entitiesOf(tags: readonly string[]): Case['entities'] {
  const entities: Case['entities'] = [];
  tags.forEach((tag, i) => {
    if (tag.startsWith('B-')) entities.push([tag.slice(2), i, i]);
    else if (tag.startsWith('I-')) entities.at(-1)![2] = i;
  });
  return entities;
}

const detect = (...rows: string[]) => {
  const { columns, tags } = columnsOf(rows.map(row => row.split(' ')));
  return schemeOf(new Set(tags.map(({ prefix }) => prefix)), schemeSigns(columns, tags));
};

describe('tags in other schemes', () => {
  it('become IOB2 with the entities that seqeval reads in them, mistakes and all', () => {
    expect(golden).toHaveLength(180);
    for (const { scheme, tags, entities } of golden) {
      const converted = convert(tags, scheme);
      expect(entitiesOf(converted.tags), tags.join(' ')).toEqual(entities);
      expect(converted.changed).toBe(converted.tags.filter((tag, i) => tag !== tags[i]).length);
    }
  });

  it.each([
    ['IOB1', 'I-PER I-PER B-PER O I-LOC', 'B-PER I-PER B-PER O B-LOC', 2],
    ['BIOES', 'S-PER B-LOC I-LOC E-LOC O', 'B-PER B-LOC I-LOC I-LOC O', 2],
    ['BILOU', 'U-PER B-LOC I-LOC L-LOC O', 'B-PER B-LOC I-LOC I-LOC O', 2],
    ['IOB2', 'I-PER O B-LOC B-LOC I-ORG', 'I-PER O B-LOC B-LOC I-ORG', 0],
  ] as const)('%s: %s becomes %s', (scheme, tags, iob2, changed) => {
    expect(convert(tags.split(' '), scheme)).toEqual({ tags: iob2.split(' '), changed });
  });

  it('are known by what occurs', () => {
    expect(detect('B-PER I-PER O', 'B-PER B-PER')).toBe('IOB2');
    expect(detect('I-PER I-PER O', 'I-PER B-PER')).toBe('IOB1');
    expect(detect('I-PER I-PER O I-LOC')).toBe('IOB1');
    expect(detect('O', 'O O')).toBe('IOB2');
    expect(detect('B-PER', 'I-PER')).toBe('IOB2'); // As some rows of PAN-X: IOB2 with mistakes.
    expect(detect('I-PER B-LOC')).toBe('IOB2');
    expect(detect('I-PER O B-LOC O I-ORG')).toBe('IOB1'); // IOB1 with a mistake.
    expect(detect('B-PER', 'S-PER')).toBe('BIOES');
    expect(detect('B-PER E-PER')).toBe('BIOES');
    expect(detect('B-PER L-PER')).toBe('BILOU');
    expect(detect('U-PER')).toBe('BILOU');
    expect(detect('U-PER', 'B-PER E-PER')).toBeNull();
  });

  it('have a type after the first hyphen', () => {
    expect(parseTag('B-geo-loc')).toEqual({ prefix: 'B', type: 'geo-loc' });
    expect(parseTag('O')).toEqual({ prefix: 'O', type: '' });
    for (const name of ['', 'B', 'B-', 'PER', 'X-PER', 'b-PER', 'O-PER', '-PER', 'BI-PER'])
      expect(parseTag(name)).toBeNull();
    expect(flawOfTag('B- ')).toBe('has a type that is blank; expected a name');
  });
});
