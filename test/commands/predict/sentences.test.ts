import { expect, it } from 'vitest';
import { longestLine, windowsOf } from '../../../src/commands/predict/sentences.js';

async function* chunksOf(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function windows(text: string | Buffer, length = 65_536): Promise<string[][]> {
  const read: string[][] = [];
  for await (const window of windowsOf(chunksOf(Buffer.from(text as string), length), 'it')) read.push(window);
  return read;
}

it.each([1, 2, 3, 7, 65_536])('splits into lines wherever chunks of %s bytes end', async length => {
  const text = '\ufeffAda é\r\n\n \t\r\n  東京 \n\u00a0\u2003\n🎉\r\rx\n\r\nlast';
  const expected = text
    .slice(1)
    .split(/\r?\n/)
    .filter(line => line.trim() !== '');
  expect(expected).toEqual(['Ada é', '  東京 ', '🎉\r\rx', 'last']);
  expect(await windows(text, length)).toEqual([expected]);
});

it('gives nothing for nothing', async () => {
  for (const nothing of ['', '\n', '\r\n \n\t', '\u00a0']) expect(await windows(nothing)).toEqual([]);
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
  expect(await windows(`a\n\n${most}\nb`, length)).toEqual([['a', most, 'b']]);
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

it('names the line that is not UTF-8', async () => {
  for (const [bytes, line] of [
    [Buffer.from('Ada\n\nMünchen', 'latin1'), 3],
    [Buffer.from('\ufeffAda', 'utf16le'), 1],
    [Buffer.from([0x41, 0x0a, 0xe6, 0x9d]), 2],
    [Buffer.from([0xed, 0xa0, 0x80]), 1],
  ] as const) {
    await expect(windows(bytes, 2)).rejects.toThrow(`it, line ${line}: found bytes that are not UTF-8; expected text.`);
  }
});
