import { expect, it } from 'vitest';
import { longestLine, sentenceWindows, windowsOf } from '../../../src/commands/predict/sentences.js';

async function* chunksOf(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function windows(text: string | Buffer, length = 65_536): Promise<string[][]> {
  const read: string[][] = [];
  for await (const window of windowsOf(chunksOf(Buffer.from(text as string), length), 'it')) read.push(window);
  return read;
}

it.each([1, 2, 3, 7, 65_536])(
  'splits into lines wherever chunks of %s bytes end, those without a word too',
  async length => {
    const text = '\ufeffAda é\r\n\n \t\r\n  東京 \n\u00a0\u2003\n\u200b\n\ufeff\n🎉\r\rx\n\r\nlast';
    const expected = ['Ada é', '', ' \t', '  東京 ', '\u00a0\u2003', '\u200b', '\ufeff', '🎉\r\rx', '', 'last'];
    expect(await windows(text, length)).toEqual([expected]);
  },
);

it('gives nothing for nothing, and a sentence for each line', async () => {
  for (const nothing of ['', '\ufeff']) expect(await windows(nothing, 1)).toEqual([]);
  expect(await windows('\n')).toEqual([['']]);
  expect(await windows('\ufeff\n', 2)).toEqual([['']]);
  expect(await windows('\n\n')).toEqual([['', '']]);
  expect(await windows('\r\n \n\t')).toEqual([['', ' ', '\t']]);
  expect(await windows('a\n')).toEqual([['a']]);
});

it('says how a sentence is given that was typed for a file', async () => {
  await expect(sentenceWindows('Ada lives in London.').next()).rejects.toMatchObject({
    message: 'Ada lives in London. cannot be read: no such file or folder.',
    hint: 'Give a file with a sentence a line; a sentence itself is given by --text.',
  });
});

it('refuses a text that has carriage returns alone for line ends', async () => {
  await expect(windows('\ufeffa b\rc\r', 3)).rejects.toMatchObject({
    message: 'it has carriage returns alone for line ends; expected lines that end in LF or CRLF.',
    hint: "Write it with other line ends: tr '\\r' '\\n' < OLD > NEW",
  });
  expect(await windows('a\rb\n')).toEqual([['a\rb']]);
  expect(await windows('a\r')).toEqual([['a']]);
});

it('holds 2,048 sentences at a time, or half a megabyte', async () => {
  const many = Array.from({ length: 5000 }, (_, i) => `sentence ${i}`);
  const read = await windows(many.join('\n'));
  expect(read.map(window => window.length)).toEqual([2048, 2048, 904]);
  expect(read.flat()).toEqual(many);
  const long = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(200_000));
  expect((await windows(long.join('\n'))).map(window => window.length)).toEqual([3, 2]);
});

it.each([1000, 1 << 20])('names a line that is too long, in chunks of %s bytes', async length => {
  const most = 'x'.repeat(longestLine);
  expect(await windows(`a\n\n${most}\nb`, length)).toEqual([['a', '', most, 'b']]);
  await expect(windows(`a\n\n${most}x\nb`, length)).rejects.toMatchObject({
    message: 'it, line 3: found more than 262,144 bytes; expected a sentence.',
    hint: 'Write one sentence a line.',
  });
});

it('ends an endless line where it is too long', async () => {
  let given = 0;
  async function* zeros(): AsyncGenerator<Buffer> {
    for (;;) {
      given++;
      yield Buffer.alloc(65_536);
    }
  }
  await expect(windowsOf(zeros(), '/dev/zero').next()).rejects.toThrow(
    '/dev/zero, line 1: found more than 262,144 bytes',
  );
  expect(given).toBe(5);
});

it.each([1, 2, 3, 65_536])(
  'names the line that is not UTF-8, and its encoding, in chunks of %s bytes',
  async length => {
    const wide = 'Ada wrote.\n東京\n';
    for (const [bytes, sentence] of [
      [
        Buffer.from('Ada\n\nin München', 'latin1'),
        ', line 3: byte 5 of the line, 0xFC, is not UTF-8: the text may be Latin-1',
      ],
      [
        Buffer.from('Ada\n\n“é”'.replace('“', '\x93').replace('”', '\x94'), 'latin1'),
        ', line 3: byte 1 of the line, 0x93, is not UTF-8',
      ],
      [Buffer.from(`\ufeff${wide}`, 'utf16le'), ' begins with the mark of UTF-16'],
      [Buffer.from(`\ufeff${wide}`, 'utf16le').swap16(), ' begins with the mark of UTF-16'],
      [Buffer.from(wide, 'utf16le'), ' looks like UTF-16LE without a mark'],
      [Buffer.from(wide, 'utf16le').swap16(), ' looks like UTF-16BE without a mark'],
      [Buffer.from('Ada\nA\0b'), ', line 2: byte 2 of the line is 0'],
      [Buffer.from([0x41, 0x0a, 0xe6, 0x9d]), ', line 2: byte 1 of the line begins a character that does not end'],
      [Buffer.from([0xed, 0xa0, 0x80]), ', line 1: byte 1 of the line, 0xED, is not UTF-8'],
    ] as const) {
      await expect(windows(bytes, length)).rejects.toThrow(`it${sentence}`);
    }
  },
);
