import { describe, expect, it } from 'vitest';
import { askedPauseMs } from '../../src/hub/retry-after.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const asked = (headers: Record<string, string>) => askedPauseMs(new Headers(headers), now);

describe('Retry-After', () => {
  it.each([
    ['12', 12_000],
    [' 12 ', 12_000],
    ['1.5', 1500],
    ['0', 0],
    ['-5', 0],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
    ['Sun Mar  1 12:00:30 2026', 30_000],
    ['Sun, 01 Mar 2026 11:59:00 GMT', 0],
    ['Thu, 01 Mar 2126 12:00:00 GMT', Date.parse('2126-03-01T12:00:00Z') - now],
    ['soon', undefined],
    ['', undefined],
    ['12 s', undefined],
    ['0x10', undefined],
    ['5, 5', undefined],
    ['Infinity', undefined],
    ['Sun, 41 Foo 2026 12:00:30 GMT', undefined],
    ['2026-03-01T12:00:30Z', undefined],
  ])('%j is %s ms', (value, ms) => {
    expect(asked({ 'Retry-After': value })).toBe(ms);
  });

  it('counts a date from the clock of the server', () => {
    const headers = { Date: 'Fri, 27 Feb 2026 08:00:00 GMT', 'Retry-After': 'Fri, 27 Feb 2026 08:00:09 GMT' };
    expect(asked(headers)).toBe(9000);
  });

  it('comes before the other headers, unless it says nothing', () => {
    expect(asked({ 'Retry-After': '3', RateLimit: '"api";r=0;t=12' })).toBe(3000);
    expect(asked({ 'Retry-After': 'soon', RateLimit: '"api";r=0;t=12' })).toBe(12_000);
  });
});

describe('a rate limit', () => {
  it.each<[Record<string, string>, number | undefined]>([
    [{ RateLimit: '"api";r=0;t=12' }, 12_000],
    [{ RateLimit: '"api"; r=0; t=12' }, 12_000],
    [{ RateLimit: '"pages";r=9;t=400, "api";r=0;t=12, "day";r=0;t=30' }, 30_000],
    [{ RateLimit: 'limit=100, remaining=0, reset=7' }, 7000],
    [{ RateLimit: '"api";r=5;t=12' }, undefined],
    [{ RateLimit: 'limit=100, remaining=5, reset=7' }, undefined],
    [{ RateLimit: '"api";r=0' }, undefined],
    [{ RateLimit: 'nonsense' }, undefined],
    [{ 'RateLimit-Reset': '20' }, 20_000],
    [{ 'RateLimit-Reset': '20', 'RateLimit-Remaining': '0' }, 20_000],
    [{ 'RateLimit-Reset': '20', 'RateLimit-Remaining': '4' }, undefined],
    [{ 'X-RateLimit-Reset': '20' }, 20_000],
    [{ 'X-RateLimit-Reset': `${now / 1000 + 15}` }, 15_000],
    [{ 'X-RateLimit-Reset': `${now + 15_000}` }, 15_000],
    [{ 'X-RateLimit-Reset': `${now / 1000 - 15}` }, 0],
    [{ 'X-Rate-Limit-Reset': '2' }, 2000],
    [{ 'X-RateLimit-Reset': 'soon' }, undefined],
    [{}, undefined],
  ])('%j', (headers, ms) => {
    expect(asked(headers)).toBe(ms);
  });
});
