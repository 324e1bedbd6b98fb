import { describe, expect, it } from 'vitest';
import { addressOf, viewOfAddress } from '../../../src/reporting/page/address.js';
import { everything } from '../../../src/reporting/page/filter.js';

describe('an address', () => {
  it('holds a view and gives it back', () => {
    const views = [
      { lang: 'tr', stage: null, at: null, filter: { ...everything, kind: 'missed', gold: 'ORG' } },
      { lang: null, stage: 'a b&c=d', at: 12, filter: { ...everything, search: '#x=1&y "\u202E' } },
      { lang: 'conll=de', stage: 's', at: 0, filter: { ...everything, length: '4+', seen: 'another-type' } },
    ] as const;
    for (const view of views) expect(viewOfAddress(`#${addressOf(view)}`)).toEqual(view);
  });

  it('says what is shown in words that can be read', () => {
    const filter = { ...everything, kind: 'missed', gold: 'ORG' } as const;
    expect(addressOf({ lang: 'tr', stage: null, at: null, filter })).toBe('lang=tr&kind=missed&gold=ORG');
  });

  it('is none of a view where it names a place of the page', () => {
    expect(viewOfAddress('')).toBeNull();
    expect(viewOfAddress('#lang-tr')).toBeNull();
  });

  it('leaves out what no filter has', () => {
    expect(viewOfAddress('#lang=tr&kind=evil&length=9&seen=no&at=x&other=1')).toEqual({
      ...{ lang: 'tr', stage: null, at: null },
      filter: everything,
    });
  });
});
