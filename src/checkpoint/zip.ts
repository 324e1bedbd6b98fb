import type { PanxError } from '../errors.js';
import { type ReadableFile, readBytesNow } from './file-bytes.js';

/** A file inside a zip archive: its bytes lie in the archive as they are. */
export interface ZipEntry {
  name: string;
  /** Where its local header begins. */
  headerAt: number;
  /** Where the next file begins, or the directory. */
  endsBy: number;
  bytes: number;
  /** CRC-32 of its bytes, as the directory says. */
  crc32: number;
}

/** Bytes of a directory, of which an entry takes some 80: 16,000 storages take 1.3 MB. */
const longestDirectory = 4 << 20;
/** The record at the end, and the longest comment behind it. */
const endBytes = 22;
const longestComment = 65_535;

const full16 = 0xffff;
const full32 = 0xffffffff;

/**
 * The directory of a zip archive, as torch.save writes it: files stored as they are, in zip64 where the archive is large.
 *
 * Source: PKWARE's APPNOTE.TXT, 4.3.6 to 4.5.3.
 * @param size bytes of the archive
 * @param corrupt makes the error of a clause that says what is wrong
 * @throws what `corrupt` makes, among others where an entry is compressed, encrypted, or there twice
 */
export function readZipDirectory(
  file: ReadableFile,
  size: number,
  corrupt: (how: string) => PanxError,
): Map<string, ZipEntry> {
  const { count, bytes, begin, endsAt } = findDirectory(file, size, corrupt);
  if (bytes > longestDirectory)
    throw corrupt(`its directory takes ${bytes} bytes, expected at most ${longestDirectory}`);
  if (!(begin + bytes <= endsAt)) throw corrupt('its directory does not lie inside it');
  const directory = readAt(file, begin, bytes);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes || directory.readUInt32LE(at) !== 0x02014b50) {
      throw corrupt(`its directory names ${count} files, and holds ${i}`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map(field => directory.readUInt16LE(at + field));
    const next = at + 46 + nameBytes! + extraBytes! + commentBytes!;
    if (next > bytes) throw corrupt('its directory ends in the middle of an entry');
    const name = directory.toString('utf8', at + 46, at + 46 + nameBytes!);
    const extra = directory.subarray(at + 46 + nameBytes!, at + 46 + nameBytes! + extraBytes!);
    const [stored, length, headerAt] = sizesOf(directory, at, extra, corrupt);
    // torch.jit.save compresses its code, and nothing else; whoever reads the archive tells it by its other files.
    if (/^[^/]+\/code\//.test(name)) {
      at = next;
      continue;
    }
    refuseOther(name, directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10), corrupt);
    if (stored !== length) throw corrupt(`${named(name)} has ${length} bytes and is stored in ${stored}`);
    if (entries.has(name)) throw corrupt(`it holds ${named(name)} twice`);
    const crc32 = directory.readUInt32LE(at + 16);
    entries.set(name, { name, headerAt: headerAt!, endsBy: begin, bytes: length!, crc32 });
    at = next;
  }
  if (at !== bytes) throw corrupt(`its directory names ${count} files, and holds more`);
  const inOrder = [...entries.values()].sort((a, b) => a.headerAt - b.headerAt);
  for (const [i, entry] of inOrder.entries()) entry.endsBy = inOrder[i + 1]?.headerAt ?? begin;
  return entries;
}

/**
 * Where the bytes of a file of the archive begin, by its local header.
 *
 * @throws what `corrupt` makes where that does not say what the directory says, or the bytes do not end where the next file begins
 */
export function beginOf(
  file: ReadableFile,
  { name, headerAt, endsBy, bytes }: ZipEntry,
  corrupt: (how: string) => PanxError,
): number {
  const nameBytes = Buffer.byteLength(name);
  if (!(headerAt + 30 + nameBytes <= endsBy)) throw corrupt(`${named(name)} has no room before the next file`);
  const header = readAt(file, headerAt, 30 + nameBytes);
  const isHeader = header.readUInt32LE(0) === 0x04034b50 && header.readUInt16LE(26) === nameBytes;
  if (!isHeader || header.toString('utf8', 30) !== name)
    throw corrupt(`${named(name)} is not where its directory says`);
  const flags = header.readUInt16LE(6);
  refuseOther(name, flags, header.readUInt16LE(8), corrupt);
  // Where bit 3 is set, the sizes follow the bytes; where they are full, they are in the zip64 field.
  const sizes = [header.readUInt32LE(18), header.readUInt32LE(22)];
  if ((flags & 8) === 0 && sizes.some(one => one !== bytes && one !== full32)) {
    throw corrupt(`${named(name)} has ${sizes[1]} bytes by its header, and ${bytes} by the directory`);
  }
  const begin = headerAt + 30 + nameBytes + header.readUInt16LE(28);
  const end = begin + bytes;
  // Where bit 3 is set, what torch writes behind the bytes begins with this signature; else the next file follows.
  const behind = endsBy - end;
  const isFollowed =
    (flags & 8) === 0
      ? behind === 0
      : (behind === 16 || behind === 24) && readAt(file, end, 4).readUInt32LE(0) === 0x08074b50;
  if (!isFollowed) throw corrupt(`the bytes of ${named(name)} do not end where the next file begins`);
  return begin;
}

/** @returns how many entries the directory has, where it lies, and where what follows it begins */
function findDirectory(
  file: ReadableFile,
  size: number,
  corrupt: (how: string) => PanxError,
): { count: number; bytes: number; begin: number; endsAt: number } {
  const tailBytes = Math.min(size, endBytes + longestComment);
  const tail = readAt(file, size - tailBytes, tailBytes);
  let at = tailBytes - endBytes;
  while (at >= 0 && !(tail.readUInt32LE(at) === 0x06054b50 && at + endBytes + tail.readUInt16LE(at + 20) === tailBytes))
    at--;
  if (at < 0) throw corrupt('it has no directory at its end, as a file that was not brought whole');
  const endsAt = size - tailBytes + at;
  const [disk, first, onDisk, count] = [4, 6, 8, 10].map(field => tail.readUInt16LE(at + field));
  const [bytes, begin] = [12, 16].map(field => tail.readUInt32LE(at + field));
  const isZip64 = endsAt >= 20 && readAt(file, endsAt - 20, 4).readUInt32LE(0) === 0x07064b50;
  if (!isZip64) {
    if (disk !== 0 || first !== 0 || onDisk !== count) throw corrupt('it is one part of an archive in several files');
    return { count: count!, bytes: bytes!, begin: begin!, endsAt };
  }
  const recordAt = safe(readAt(file, endsAt - 12, 8).readBigUInt64LE(0));
  if (!(recordAt + 56 <= endsAt - 20)) throw corrupt('its zip64 record does not lie before its end');
  const record = readAt(file, recordAt, 56);
  if (record.readUInt32LE(0) !== 0x06064b50) throw corrupt('its zip64 record is not where its end says');
  if (record.readUInt32LE(16) !== 0 || record.readUInt32LE(20) !== 0) {
    throw corrupt('it is one part of an archive in several files');
  }
  const [here, all, long, from] = [24, 32, 40, 48].map(field => safe(record.readBigUInt64LE(field)));
  const agrees = (one: number, other: number, full: number) => one === other || one === full;
  if (
    here !== all ||
    !agrees(count!, all!, full16) ||
    !agrees(bytes!, long!, full32) ||
    !agrees(begin!, from!, full32)
  ) {
    throw corrupt('its zip64 record and its end do not say the same');
  }
  return { count: all!, bytes: long!, begin: from!, endsAt: recordAt };
}

/** Stored bytes, bytes and the place of the header of the entry at `at`: those that are full stand in the zip64 field. */
function sizesOf(directory: Buffer, at: number, extra: Buffer, corrupt: (how: string) => PanxError): number[] {
  const short = [directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 42)];
  const field = zip64Field(extra);
  // In this order they stand there: bytes, stored bytes, place.
  let from = 0;
  for (const which of [1, 0, 2]) {
    if (short[which] !== full32) continue;
    if (from + 8 > field.length) throw corrupt('an entry of its directory lacks its zip64 sizes');
    short[which] = safe(field.readBigUInt64LE(from));
    from += 8;
  }
  return short;
}

function zip64Field(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return extra.subarray(0, 0);
}

function refuseOther(name: string, flags: number, method: number, corrupt: (how: string) => PanxError): void {
  if ((flags & 0x2041) !== 0) throw corrupt(`${named(name)} is encrypted`);
  if (method !== 0) throw corrupt(`${named(name)} is compressed, and torch.save stores its files as they are`);
}

/** Infinity for what no file is as large as. */
function safe(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
}

function named(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

function readAt(file: ReadableFile, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readBytesNow(file, bytes, position);
  return bytes;
}

/**
 * CRC-32 as zip has it: of the polynomial 0x04c11db7, bits reversed. Goes to a thread as text (sealed.ts), so it names nothing from outside.
 *
 * @param before the sum of the bytes before these
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
