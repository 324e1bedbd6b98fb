import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  counted,
  formatBytes,
  formatSeconds,
  notice,
  paintedText,
  printable,
  progress,
  terminalWidth,
} from '../../src/system/console.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [28.4912, '28.5 B'],
    [0.04, '0.0 B'],
    [999, '999 B'],
    [999.99, '1.0 kB'],
    [1000, '1.0 kB'],
    [1536, '1.5 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [270e6, '270.0 MB'],
    [999_999_999_999, '1.0 TB'],
    [1e18, '1000000.0 TB'],
    [-2500, '-2.5 kB'],
    [Number.NaN, 'an unknown size'],
    [Number.POSITIVE_INFINITY, 'an unknown size'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatSeconds', () => {
  it.each([
    [0, '0.0 s'],
    [3.21, '3.2 s'],
    [9.96, '10 s'],
    [59.6, '1 min 0 s'],
    [75, '1 min 15 s'],
    [7300, '2 h 1 min'],
    [71 * 3600, '71 h 0 min'],
    [3 * 86_400, '3 d 0 h'],
    [1e9, '11,574 d 1 h'],
    [-3, '0.0 s'],
    [Number.NaN, 'an unknown time'],
    [Number.POSITIVE_INFINITY, 'an unknown time'],
  ])('writes %d as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});

describe('printable', () => {
  it('leaves words as they are, of whatever script', () => {
    expect(printable('PAN-X.zh-classical/Ünï 漢字.parquet')).toBe('PAN-X.zh-classical/Ünï 漢字.parquet');
  });

  it('shows what would move the cursor or turn the line around', () => {
    expect(printable('a\u001b[2Jb\nc\u202Ed\ud800\u2028')).toBe('a<U+001B>[2Jb<U+000A>c<U+202E>d<U+D800><U+2028>');
  });

  it('cuts what is long', () => {
    expect(printable('x'.repeat(1000), 5)).toBe('xxxxx…');
  });
});

it('a count of things has commas, and one of them no s', () => {
  expect([0, 1, 2000].map(count => counted(count, 'word'))).toEqual(['0 words', '1 word', '2,000 words']);
});

describe('terminalWidth', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['a terminal', { isTTY: true, columns: 120 }, '80', 120],
    ['a very narrow one', { isTTY: true, columns: 1 }, '', 1],
    ['a terminal of no size', { isTTY: true, columns: 0 }, '', undefined],
    ['the same where COLUMNS says it', { isTTY: true, columns: 0 }, '132', 132],
    ['COLUMNS of 0', { isTTY: true, columns: 0 }, '0', undefined],
    ['COLUMNS that is no number', { isTTY: true, columns: 0 }, 'abc', undefined],
    ['COLUMNS below 0', { isTTY: true, columns: 0 }, '-5', undefined],
    ['a pipe, whatever COLUMNS says', { isTTY: false, columns: undefined as never }, '132', undefined],
  ])('of %s', (_, stream, columns, width) => {
    vi.stubEnv('COLUMNS', columns);
    expect(terminalWidth(stream)).toBe(width);
  });
});

it('progress elsewhere than on a terminal ends with one line, also where it is that of a moment ago', () => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { isTTY } = process.stderr;
  process.stderr.isTTY = false;
  try {
    progress('1 of 2', { everyMs: 0 });
    progress('2 of 2', { everyMs: 0 });
    progress('2 of 2', { done: true });
    notice('scored');
    progress('2 of 2', { done: true });
    expect(written.mock.calls.map(([text]) => text)).toEqual(['1 of 2\n', '2 of 2\n', 'scored\n', '2 of 2\n']);
  } finally {
    process.stderr.isTTY = isTTY;
    written.mockRestore();
  }
});

it('paintedText lets colours of panx through, and nothing else', () => {
  const parts = ['\u001b[31m', { text: '\u001b[2Jred', code: 31 }, '\n'];
  expect(paintedText(parts, true)).toBe('<U+001B>[31m\x1b[31m<U+001B>[2Jred\x1b[0m\n');
  expect(paintedText(parts, false)).toBe('<U+001B>[31m<U+001B>[2Jred\n');
});
