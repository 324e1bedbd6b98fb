import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { samplePaths } from '../../src/hub/sample.js';
import { checkText, isText, linesOf, textFault, textOf } from '../../src/system/text.js';

const latin = (text: string) => Buffer.from(text, 'latin1');
const little = (text: string) => Buffer.from(text, 'utf16le');
const big = (text: string) => little(text).swap16();
const wide = (text: string, swap: boolean) =>
  Buffer.concat(
    Array.from(text, character => {
      const four = Buffer.alloc(4);
      if (swap) four.writeUInt32BE(character.codePointAt(0)!);
      else four.writeUInt32LE(character.codePointAt(0)!);
      return four;
    }),
  );

const english = 'Ada Lovelace lived in London.\n';
const texts = [
  english,
  'Ада Лавлейс жила в Лондоне.\n',
  'Η Άντα έζησε στο Λονδίνο.\n',
  'عاشت آدا في لندن.\n',
  'एडा लंदन में रहती थी।\n',
  '東京都は日本の首都です。\nある 2 行\n',
  'a',
];

it.each(texts)('UTF-16 and UTF-32 are told by their mark, and without one by their zero bytes: %j', text => {
  const said = (bytes: Buffer) => {
    try {
      checkText(bytes, 'it');
    } catch (error) {
      return (error as Error).message;
    }
    return null;
  };
  for (const marked of [little(`\ufeff${text}`), big(`\ufeff${text}`)])
    expect(said(marked)).toBe('it begins with the mark of UTF-16; expected text in UTF-8.');
  for (const marked of [wide(`\ufeff${text}`, false), wide(`\ufeff${text}`, true)])
    expect(said(marked)).toBe('it begins with the mark of UTF-32; expected text in UTF-8.');
  expect(said(little(text))).toBe('it looks like UTF-16LE without a mark; expected text in UTF-8.');
  expect(said(big(text))).toBe('it looks like UTF-16BE without a mark; expected text in UTF-8.');
  expect(said(wide(text, false))).toBe('it looks like UTF-32LE without a mark; expected text in UTF-8.');
  expect(said(wide(text, true))).toBe('it looks like UTF-32BE without a mark; expected text in UTF-8.');
  expect(said(Buffer.from(text))).toBeNull();
});

it.each([
  [latin('ab\nM\xfcnchen'), 'it, line 2: byte 2 of the line, 0xFC, is not UTF-8: the text may be Latin-1', 'LATIN1'],
  [latin('caf\xe9'), 'it, line 1: byte 4 of the line, 0xE9, is not UTF-8: the text may be Latin-1', 'LATIN1'],
  [
    latin('Do\xf0du\xf0u yer \xddstanbul, g\xfcne\xfe'),
    'it, line 1: byte 3 of the line, 0xF0, is not UTF-8: the text may be ISO-8859-9 (Turkish) or Latin-1',
    'ENCODING',
  ],
  [
    latin('\x93caf\xe9\x94 au lait'),
    'it, line 1: byte 1 of the line, 0x93, is not UTF-8: the text may be Windows-1252',
    'WINDOWS-1252',
  ],
  [
    latin('\xc0\xe4\xe0 \xe6\xe8\xeb\xe0'),
    'it, line 1: byte 1 of the line, 0xC0, is not UTF-8: the text may be in an encoding of its script, such as Windows-1251, GB18030 or Shift_JIS',
    'ENCODING',
  ],
])('text of single bytes is named by line and byte: %j', (bytes, sentence, encoding) => {
  expect(() => textOf(bytes, 'it')).toThrow(
    expect.objectContaining({
      message: `${sentence}; expected text in UTF-8.`,
      hint: `Convert it: iconv -f ${encoding} -t UTF-8 OLD > NEW; or copy it again, where it is damaged.`,
    }) as Error,
  );
});

it('a picture, an archive or parquet is no text in another encoding', () => {
  const picture = Buffer.from('89504e470d0a1a0a0000000d494844520000028000000168080600000031d3a5a9', 'hex');
  const parquet = readFileSync(`${samplePaths().dataDir}/PAN-X.en/test-00000-of-00001.parquet`).subarray(0, 4096);
  for (const [bytes, place] of [
    [picture, 'line 1: byte 1 of the line, 0x89'],
    [parquet, 'line 1: byte 8 of the line, 0x90'],
  ] as const) {
    expect(textFault(bytes)).toEqual({
      sentence: `, ${place}, is not UTF-8, and control characters stand around it; expected text in UTF-8.`,
      hint: 'Is it a file of text? Text has letters, spaces and line ends alone.',
    });
  }
  // One that has come into a text says nothing.
  expect(() => checkText(latin('Z\x01\xfcrich, K\xf6ln'), 'it')).toThrow('the text may be Latin-1');
});

it('a wrong byte is found behind megabytes of text, on one line or many', () => {
  for (const [before, sentence] of [
    ['é'.repeat(1_000_000), 'line 1: byte 2000001 of the line'],
    ['東京 🎉\n'.repeat(300_000), 'line 300,001: byte 1 of the line'],
  ] as const) {
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0x41])]);
    expect(() => checkText(bytes, 'it')).toThrow(`it, ${sentence}, 0xFF, is not UTF-8`);
  }
});

it('a zero byte, and a last character that is not whole, are what is said of them', () => {
  expect(() => checkText(Buffer.from('abcd\nef\0gh'), 'it')).toThrow('it, line 2: byte 3 of the line is 0;');
  expect(() => checkText(Buffer.from('a\nb\0c\n'), 'it')).toThrow('it, line 2: byte 2 of the line is 0;');
  expect(() => checkText(Buffer.alloc(40), 'it')).toThrow('it, line 1: byte 1 of the line is 0;');
  for (const cut of [1, 2, 3]) {
    const bytes = Buffer.from('ab\n🎉');
    const end = bytes.length - cut;
    expect(() => checkText(bytes.subarray(0, end), 'it')).toThrow(
      cut === 3 ? 'it, line 2: byte 1 of the line, 0xF0, is not' : 'it, line 2: byte 1 of the line begins a character',
    );
  }
});

it('a line in another encoding, in a file that is UTF-8 else, is no reason to convert the file', () => {
  const head = Buffer.from('Zürich, Köln, Bülach\n');
  const line = latin('M\xfcnchen');
  const expected = {
    sentence:
      ', line 2: byte 2 of the line, 0xFC, is not UTF-8, though what stands before it is; expected text in UTF-8.',
    hint: 'A part of it is in another encoding, or damaged: write that part again, or copy it again.',
  };
  expect(textFault(Buffer.concat([head, line]))).toEqual(expected);
  expect(textFault(line, { number: 2, head: Buffer.concat([head, line]) })).toEqual(expected);
  // Two bytes of GB18030 that are UTF-8 by chance.
  expect(textFault(Buffer.from([0xc1, 0xac, 0xcd, 0xa8, 0xb5, 0xc4])).sentence).toContain(
    'such as Windows-1251, GB18030',
  );
});

it('an escape of ISO-2022 is told, and none that steers a terminal', () => {
  // 東京 in ISO-2022-JP, 서울 in ISO-2022-KR.
  for (const line of ['\u001b$BEl5~\u001b(B', '\u001b$)C\u000e<-?o\u000f']) {
    expect(() => checkText(Buffer.from(`ab\n\u001b[1m $5\nx ${line}\n`), 'it')).toThrow(
      expect.objectContaining({
        message:
          'it, line 3: byte 3 of the line begins an escape of ISO-2022-JP, or another ISO-2022; expected text in UTF-8.',
        hint: 'Convert it: iconv -f ISO-2022-JP -t UTF-8 OLD > NEW',
      }) as Error,
    );
  }
  expect(() => checkText(Buffer.from('\u001b[31m \u001b$x \u001b'), 'it')).not.toThrow();
});

it('the mark of UTF-8 is no part of the text', () => {
  expect(textOf(Buffer.from('\ufeffa\ufeff'), 'it')).toBe('a\ufeff');
  expect([...linesOf('it', Buffer.from('\ufeffa\r\nb'))].map(({ line }) => line)).toEqual(['a', 'b']);
  expect(isText(Buffer.from('\ufeff'))).toBe(true);
});
