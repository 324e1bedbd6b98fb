import { isUtf8 } from 'node:buffer';
import { PanxError } from '../errors.js';

/**
 * The text of bytes, without the mark that some editors put first.
 *
 * @param subject what the sentence of an error begins with: a path
 * @param exitCode of that error
 * @throws PanxError where they are not text in UTF-8: the line, the byte and the encoding that they seem to be in
 */
export function textOf(bytes: Buffer, subject: string, exitCode = 1): string {
  checkText(bytes, subject, exitCode);
  return bytes.toString('utf8', markLength(bytes));
}

/** @throws PanxError where bytes are not text in UTF-8, as `textOf` */
export function checkText(bytes: Buffer, subject: string, exitCode = 1): void {
  if (isTextAsItStands(bytes)) return;
  const { sentence, hint } = textFault(bytes);
  throw new PanxError(`${subject}${sentence}`, { hint, exitCode });
}

/** The lines of a text in UTF-8, from 1, without their ends (LF or CRLF) and without the mark that may stand first. */
export function* linesOf(path: string, bytes: Buffer): Generator<{ line: string; number: number; end: number }> {
  let start = markLength(bytes);
  for (let number = 1; start < bytes.length; number++) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found < 0 ? bytes.length : found;
    if (end - start > longestLine) {
      throw new PanxError(`${path}, line ${number}: it is longer than ${longestLine} bytes; expected shorter lines.`, {
        hint: 'Is it a file of text with a word, or a sentence, in each line?',
      });
    }
    const withoutReturn = end > start && bytes[end - 1] === 0x0d ? end - 1 : end;
    const line = bytes.toString('utf8', start, withoutReturn);
    if (line.includes('\r')) {
      throw new PanxError(
        `${path}, line ${number}: it holds a carriage return; expected lines that end in LF or CRLF.`,
        {
          hint: 'Write the file again with other line ends.',
        },
      );
    }
    yield { line, number, end };
    start = end + 1;
  }
}

/** A row of 100,000 words takes 4 MB. */
const longestLine = 16 << 20;

/** Whether bytes are text in UTF-8. A zero byte is UTF-8 too, and stands in no text: it comes from UTF-16, or from a file that is none. */
export function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

/** Whether they are, and mean the letters that they seem to: in ISO-2022, of Japanese mail, an escape says what the ASCII behind it stands for. */
export function isTextAsItStands(bytes: Buffer): boolean {
  return isText(bytes) && escapeAt(bytes) < 0;
}

/** Where an escape of ISO-2022 stands, for JP, KR or CN; -1 where there is none. */
function escapeAt(bytes: Buffer): number {
  let at = bytes.indexOf('\u001b$');
  while (at >= 0 && !/^..(?:[@AB]|[()*+][@-I])/s.test(bytes.toString('latin1', at, at + 4))) {
    at = bytes.indexOf('\u001b$', at + 1);
  }
  return at;
}

/** The bytes that the mark of UTF-8 takes, where it stands first. */
export function markLength(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** The text of bytes, without that mark; undefined where they are not UTF-8. For what panx itself wrote, which has no other encoding. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

interface TextFault {
  /** Follows the name of the file. */
  sentence: string;
  hint: string;
}

/**
 * Why bytes are not text in UTF-8.
 *
 * @param bytes of which `isTextAsItStands` does not hold: a file, or one of its lines
 * @param line of a file of which no more is at hand: its number, and what the file begins with
 */
export function textFault(bytes: Buffer, line?: { number: number; head: Buffer }): TextFault {
  const head = (line?.head ?? bytes).subarray(0, longestHead);
  const marked = markedEncoding(head);
  if (marked !== null) {
    return fault(` begins with the mark of ${marked.name}`, convertHint(marked.iconv));
  }
  const wide = wideEncoding(head);
  if (wide !== null) return fault(` looks like ${wide.name} without a mark`, convertHint(wide.iconv));
  const shift = isText(bytes) ? escapeAt(bytes) : -1;
  const at = shift < 0 ? wrongByte(bytes) : shift;
  const before = bytes.subarray(0, at);
  const number = (line?.number ?? 1) + lineFeedsIn(before);
  const place = `, line ${number.toLocaleString('en-US')}: byte ${at - before.lastIndexOf(lineFeed)} of the line`;
  if (shift >= 0)
    return fault(`${place} begins an escape of ISO-2022-JP, or another ISO-2022`, convertHint('ISO-2022-JP'));
  if (bytes[at] === 0) return fault(`${place} is 0`, 'Is it a file of text? None has a zero byte.');
  if (isUnfinished(bytes, at)) {
    return fault(
      `${place} begins a character that does not end`,
      'Was the file cut off? Copy it again, or take that byte out.',
    );
  }
  const notUtf8 = `${place}, 0x${bytes[at]!.toString(16).toUpperCase()}, is not UTF-8`;
  if ([before, textBefore(head)].some(hasLetters)) {
    return fault(
      `${notUtf8}, though what stands before it is`,
      'A part of it is in another encoding, or damaged: write that part again, or copy it again.',
    );
  }
  if (isBinary(head)) {
    return fault(
      `${notUtf8}, and control characters stand around it`,
      'Is it a file of text? Text has letters, spaces and line ends alone.',
    );
  }
  const guess = narrowEncoding(bytes);
  return fault(
    `${notUtf8}: the text may be ${guess.name}`,
    `${convertHint(guess.iconv)}; or copy it again, where it is damaged.`,
  );
}

const lineFeed = 0x0a;

/** Bytes by which an encoding is guessed. */
export const longestHead = 4096;

function fault(found: string, hint: string): TextFault {
  return { sentence: `${found}; expected text in UTF-8.`, hint };
}

/** As much of what a file begins with as is text. */
function textBefore(head: Buffer): Buffer {
  return isText(head) ? head : head.subarray(0, wrongByte(head));
}

/** Whether text in UTF-8 has several characters beyond ASCII: one may be two bytes of another encoding, GB18030 say, by chance. */
function hasLetters(text: Buffer): boolean {
  return text.filter(byte => byte >= 0xc0).length >= 3;
}

interface Encoding {
  name: string;
  /** As iconv calls it. */
  iconv: string;
}

function convertHint(encoding: string): string {
  return `Convert it: iconv -f ${encoding} -t UTF-8 OLD > NEW`;
}

/** Whether control characters are as many as no text has them in any encoding: pictures, parquet and archives have one in eight bytes. */
function isBinary(head: Buffer): boolean {
  const controls = head.filter(byte => byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b);
  return controls.length > 1 && 50 * controls.length >= head.length;
}

/** Of UTF-32's marks, one begins with UTF-16's. */
function markedEncoding(head: Buffer): Encoding | null {
  const begins = (...mark: number[]) => mark.every((byte, i) => head[i] === byte);
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) return named('UTF-32');
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return named('UTF-16');
  return null;
}

/**
 * Characters of two or four bytes, by where small bytes stand. In UTF-16 every other byte of a text in an alphabet is the number of its block:
 * 0 for Latin letters, spaces and line ends, 4 for Cyrillic. Of Chinese and Japanese the spaces and line ends alone have it, and the rest is
 * no UTF-8. One zero byte in a text of single bytes is no sign.
 */
function wideEncoding(head: Buffer): Encoding | null {
  const zeros = [0, 0, 0, 0];
  const small = [0, 0];
  // Of a few bytes, line ends say nothing: in longer ones they may be the number of a block (Devanagari, Gurmukhi).
  const mayBeEnds = head.length < 32;
  for (const [at, byte] of head.entries()) {
    if (byte === 0) zeros[at % 4]!++;
    if (byte < 0x10 && !(mayBeEnds && (byte === 9 || byte === 10 || byte === 13))) small[at % 2]!++;
  }
  const [first, second, third, fourth] = zeros as [number, number, number, number];
  const units = head.length >> 2;
  if (units > 0 && fourth >= units && 10 * third >= 9 * units && 2 * first < units) return named('UTF-32LE');
  if (units > 0 && first >= units && 10 * second >= 9 * units && 2 * fourth < units) return named('UTF-32BE');
  const all = first + second + third + fourth;
  if (all === 0) return null;
  const pairs = head.length >> 1;
  const [even, odd] = small as [number, number];
  if (10 * odd >= 8 * pairs && 2 * even < pairs) return named('UTF-16LE');
  if (10 * even >= 8 * pairs && 2 * odd < pairs) return named('UTF-16BE');
  if (isUtf8(head) || 100 * all < head.length) return null;
  if (10 * (second + fourth) >= 9 * all) return named('UTF-16LE');
  return 10 * (first + third) >= 9 * all ? named('UTF-16BE') : null;
}

function named(name: string): Encoding {
  return { name, iconv: name };
}

/**
 * Single bytes for letters. Few of them among ASCII are the accents of a text of western Europe: 0x80 to 0x9F hold quotes and dashes in
 * Windows-1252, and nothing in Latin-1. Where most letters are such bytes, the script is another.
 */
function narrowEncoding(bytes: Buffer): Encoding {
  let [high, letters, quotes, turkish] = [0, 0, 0, 0];
  for (const byte of bytes) {
    if (byte >= 0x80) high++;
    if ([0xd0, 0xdd, 0xde, 0xf0, 0xfd, 0xfe].includes(byte)) turkish++;
    if (byte >= 0x80 && byte < 0xa0) quotes++;
    if (byte >= 0x80 || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)) letters++;
  }
  if (2 * high > letters && high > 2) {
    return { name: 'in an encoding of its script, such as Windows-1251, GB18030 or Shift_JIS', iconv: 'ENCODING' };
  }
  // Ğ İ Ş ğ ı ş: the letters that Latin-1 has for Icelandic in their places.
  if (4 * turkish > high) return { name: 'ISO-8859-9 (Turkish) or Latin-1', iconv: 'ENCODING' };
  return quotes > 0 ? { name: 'Windows-1252', iconv: 'WINDOWS-1252' } : { name: 'Latin-1', iconv: 'LATIN1' };
}

/** Where the first byte lies that no longer continues UTF-8, or is 0: every character before it is whole. */
export function wrongByte(bytes: Buffer): number {
  let at = 0;
  // Many at a time: megabytes may stand before it.
  for (let whole = -1; whole !== at; ) {
    at = Math.max(0, whole);
    const end = Math.min(bytes.length, at + 4096);
    const last = end - unfinishedLength(bytes.subarray(at, end));
    whole = isText(bytes.subarray(at, last)) ? last : at;
  }
  while (at < bytes.length) {
    const length = lengthOfCharacter(bytes[at]!);
    if (!isText(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return 0;
}

function lengthOfCharacter(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** How many bytes at the end begin a character that is not whole there. */
function unfinishedLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc2 && byte <= 0xf4) return lengthOfCharacter(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Whether all that is wrong is a last character without its last bytes. */
function isUnfinished(bytes: Buffer, at: number): boolean {
  const end = bytes.subarray(at);
  return (
    end.length > 1 && end.length === unfinishedLength(end) && end.subarray(1).every(byte => byte >= 0x80 && byte < 0xc0)
  );
}

function lineFeedsIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count++;
  return count;
}
