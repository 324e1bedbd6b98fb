import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flawOfPath, isPlainName, placeIn, someOf } from '../../src/hub/names.js';

describe('a path from elsewhere', () => {
  it.each([
    'config.json',
    'PAN-X.zh-classical/train-00000-of-00001.parquet',
    '.gitattributes',
    'a b/Ünï 漢字.bin',
    'x'.repeat(200),
    'what: a name.txt',
    '...',
    '..a',
  ])('may be %s', path => {
    expect(flawOfPath(path)).toBeUndefined();
  });

  it.each([
    ['', 'is empty'],
    ['/etc/passwd', 'is absolute'],
    ['//host/share', 'is absolute'],
    ['C:/x', 'is absolute'],
    ['c:x', 'is absolute'],
    ['..', 'has the part ".."'],
    ['a/../b', 'has the part ".."'],
    ['a/..', 'has the part ".."'],
    ['./a', 'has the part "."'],
    ['a//b', 'has an empty part'],
    ['a/', 'has an empty part'],
    ['a\\b', 'holds a backslash'],
    ['..\\..\\b', 'holds a backslash'],
    ['a\0b', 'holds a control character'],
    ['a\nb', 'holds a control character'],
    ['a\u001b[2Jb', 'holds a control character'],
    ['a\u0085b', 'holds a control character'],
    ['a\u2028b', 'holds a control character'],
    ['a\ud800b', 'is not valid Unicode'],
    ['é'.repeat(101), 'has a part of more than 200 bytes'],
    ['a/'.repeat(501), 'is longer than 1000 bytes'],
  ])('is not %j', (path, flaw) => {
    expect(flawOfPath(path)).toBe(flaw);
  });
});

describe('a name on the disk', () => {
  it.each(['-rf', '.hidden', 'a b', 'a;b', '$HOME', 'é', '漢', 'a:b', 'a\u202eb', '~', '*', 'NUL ', ''])(
    'is not %j',
    name => {
      expect(isPlainName(name)).toBe(false);
      expect(() => placeIn('/folder', name)).toThrow(/^The name ".*" .+; panx makes no such file\.$/);
    },
  );

  it('lies in its folder, whatever the path', () => {
    const parts = [
      '..',
      '.',
      '',
      '/',
      '\\',
      'C:',
      'a',
      'b.parquet',
      '\0',
      '\n',
      '~',
      ' ',
      '-',
      '+',
      '%2e%2e',
      '\u202e',
      '\ud800',
    ];
    let state = 20_251_129;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let places = 0;
    for (let n = 0; n < 20_000; n++) {
      const path = Array.from({ length: 1 + random(6) }, () => parts[random(parts.length)]).join(random(2) ? '/' : '');
      let place: string;
      try {
        place = placeIn('/folder/inside', path);
      } catch {
        continue;
      }
      places++;
      expect(relative('/folder/inside', place)).toBe(path);
      expect(place).toBe(join('/folder/inside', ...path.split('/')));
      expect(place.startsWith(`/folder/inside${sep}`)).toBe(true);
      expect(path).toMatch(/^[\w.+/-]+$/);
    }
    expect(places).toBeGreaterThan(100);
  });
});

describe('someOf', () => {
  it('names a few of many, so that a terminal shows them', () => {
    expect(someOf(['a', 'b'])).toBe('a, b');
    expect(someOf(['a\u202eb', 'c', 'd'], 2)).toBe('a<U+202E>b, c, ...');
    expect(someOf([])).toBe('');
  });
});
