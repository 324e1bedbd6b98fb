import { describe, expect, it } from 'vitest';
import { visible, visibleLines } from '../../src/system/visible.js';

describe('visible', () => {
  it.each([
    ['clears the screen', '\u001b[2J', '<U+001B>[2J'],
    ['the same in one character', '\u009b2J', '<U+009B>2J'],
    ['names the window', '\u001b]0;x\u0007', '<U+001B>]0;x<U+0007>'],
    ['goes back to the start of the line', 'right\rwrong', 'right<U+000D>wrong'],
    ['deletes', 'a\b\u007f', 'a<U+0008><U+007F>'],
    ['ends the line', 'a\nb\u2028c\u0085d', 'a<U+000A>b<U+2028>c<U+0085>d'],
    ['turns the writing around', '\u202egnp.exe\u2066', '<U+202E>gnp.exe<U+2066>'],
    ['gives a direction', 'a\u200fb\u200ec\u061cd', 'a<U+200F>b<U+200E>c<U+061C>d'],
    ['takes no width', 'a\u200bb\u2060c\ufeffd\u180ee', 'a<U+200B>b<U+2060>c<U+FEFF>d<U+180E>e'],
    ['is half a character', '\ud800x\udc00', '<U+D800>x<U+DC00>'],
    ['takes a text out of the line', 'a\ufff9b\ufffac\ufffb', 'a<U+FFF9>b<U+FFFA>c<U+FFFB>'],
    ['hides a text', 'a\u{e0001}\u{e0062}\u{e007f}', 'a<U+E0001><U+E0062><U+E007F>'],
    ['hides one behind a black flag', '🏴\u{e0068}\u{e0069}\u{e007f}', '🏴<U+E0068><U+E0069><U+E007F>'],
    ['is none', '\uffff\u0000', '<U+FFFF><U+0000>'],
  ])('shows what %s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(visible(shown)).toBe(shown);
  });

  it.each([
    'Ada Lovelace',
    'Türkçe İı',
    'العربية',
    'Do\u00adnau',
    'می\u200cخواهم',
    'क्\u200dष',
    'हिन्दी',
    '日本語',
    '👩‍🚀🇹🇷🏳️‍🌈👍🏽1️⃣',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴󠁧󠁢󠁳󠁣󠁴󠁿🏴󠁧󠁢󠁷󠁬󠁳󠁿',
    'a  b',
    '<U+001B>',
    '\\x1b',
  ])('leaves %s as it is', text => expect(visible(text)).toBe(text));

  it('keeps the ends of lines where there may be several', () => {
    expect(visibleLines('a\nb\r\n\u001b[0mc\n')).toBe('a\nb<U+000D>\n<U+001B>[0mc\n');
  });
});
