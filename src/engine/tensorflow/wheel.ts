import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { pipeline, Readable, Transform } from 'node:stream';
import { pipeline as pipelineDone } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { codeOf, messageOf, PanxError } from '../../errors.js';
import { cannotWrite, makeFolder } from '../../system/files.js';

/** A file that was unpacked: its path inside the wheel, its size in bytes and its SHA-256 in hexadecimal. */
export interface UnpackedFile {
  path: string;
  size: number;
  sha256: string;
}

/**
 * Unpack those files of a Python wheel that `keep` wants into `folder`, and check each against the SHA-256 and the size
 * that the wheel's own RECORD gives (PEP 427). Files are streamed, so a library of 800 MB takes little memory.
 *
 * @throws PanxError naming the wheel, and the file where one differs, where the archive is cut short or damaged.
 */
export async function unpackWheel(
  path: string,
  folder: string,
  keep: (path: string) => boolean,
  onProgress: (doneBytes: number, ofBytes: number) => void,
): Promise<UnpackedFile[]> {
  return await withArchive(path, async (file, entries) => {
    const record = await readRecord(path, file, entries);
    const wanted = entries.filter(({ name }) => keep(name) && !name.endsWith('/'));
    const total = wanted.reduce((sum, entry) => sum + entry.size, 0);
    const unpacked: UnpackedFile[] = [];
    let done = 0;
    for (const entry of wanted) {
      const target = join(folder, safePath(path, entry.name));
      const onBytes = (bytes: number) => {
        done += bytes;
        onProgress(done, total);
      };
      const sha256 = await extract(file, entry, target, onBytes).catch(error => {
        throw /^E[A-Z]+$/.test(codeOf(error) ?? '') ? cannotWrite(target, error) : error; // ENOSPC and its like
      });
      const expected = record.get(entry.name);
      if (expected === undefined || expected !== sha256) {
        throw damaged(
          path,
          `${entry.name} has SHA-256 ${sha256}, and the wheel's RECORD says ${expected ?? 'nothing'}`,
        );
      }
      unpacked.push({ path: entry.name, size: entry.size, sha256 });
    }
    return unpacked;
  });
}

/** The text of a wheel's `*.dist-info/<name>`, such as METADATA. */
export async function readDistInfo(path: string, name: string): Promise<string> {
  return await withArchive(path, (file, entries) => distInfo(path, file, entries, name));
}

/** One file of a ZIP archive, from its central directory (PKWARE APPNOTE 4.3.12). */
interface Entry {
  name: string;
  method: number;
  compressedSize: number;
  size: number;
  headerOffset: number;
  executable: boolean;
}

async function withArchive<T>(path: string, use: (file: FileHandle, entries: Entry[]) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await use(file, await readEntries(path, file));
  } catch (error) {
    throw error instanceof PanxError ? error : damaged(path, messageOf(error));
  } finally {
    await file.close();
  }
}

async function readEntries(path: string, file: FileHandle): Promise<Entry[]> {
  const { size } = await file.stat();
  // The end record is 22 bytes and a comment of at most 65,535.
  const tail = await readBytes(file, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0) throw damaged(path, 'it has no end record, so it was cut short or is no ZIP archive');
  const count = tail.readUInt16LE(end + 10);
  const directory = await readBytes(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw damaged(path, 'its list of files is broken');
    const nameLength = directory.readUInt16LE(at + 28);
    const entry = {
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
      executable: ((directory.readUInt32LE(at + 38) >>> 16) & 0o111) !== 0,
    };
    if ([entry.compressedSize, entry.size, entry.headerOffset].includes(0xffff_ffff)) {
      throw damaged(path, 'it uses the 64-bit form of ZIP, which wheels below 4 GB do not');
    }
    entries.push(entry);
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Write one file of the archive to `target`; returns the SHA-256 of what was written. */
async function extract(file: FileHandle, entry: Entry, target: string, onBytes: (n: number) => void): Promise<string> {
  makeFolder(dirname(target));
  const hash = createHash('sha256');
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  // Libraries reach the disk before anything says that they are whole: a power failure must not leave zeros in them.
  const output = createWriteStream(target, { mode: entry.executable ? 0o755 : 0o644, flush: entry.size > 1e6 });
  await pipelineDone(Readable.from(contents(file, entry)), meter, output);
  return hash.digest('hex');
}

/** The uncompressed bytes of a file of the archive, in chunks. */
async function* contents(file: FileHandle, entry: Entry): AsyncGenerator<Buffer> {
  const header = await readBytes(file, entry.headerOffset, 30);
  const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const raw = Readable.from(chunks(file, start, entry.compressedSize));
  if (entry.method === 0) yield* raw;
  else if (entry.method === 8) {
    const inflated = createInflateRaw({ chunkSize: 1 << 20 });
    pipeline(raw, inflated, () => {}); // An error of `raw` reaches `inflated`, whose reader below throws it.
    yield* inflated;
  } else throw new Error(`${entry.name} is compressed with method ${entry.method}, not stored (0) or deflated (8)`);
}

async function* chunks(file: FileHandle, start: number, length: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < length; ) {
    const chunk = await readBytes(file, start + done, Math.min(1 << 20, length - done));
    done += chunk.length;
    yield chunk;
  }
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead < length) throw new Error(`it ends ${length - bytesRead} bytes too early`);
  return buffer;
}

/** RECORD: `path,sha256=<base64url without padding>,size` a line; paths -> SHA-256 in hexadecimal. */
async function readRecord(path: string, file: FileHandle, entries: Entry[]): Promise<Map<string, string>> {
  const text = await distInfo(path, file, entries, 'RECORD');
  const record = new Map<string, string>();
  for (const [, quoted, plain, digest] of text.matchAll(/^(?:"((?:[^"]|"")*)"|([^",\n]*)),sha256=([\w-]+)=*,/gm)) {
    record.set(quoted?.replaceAll('""', '"') ?? plain!, Buffer.from(digest!, 'base64url').toString('hex'));
  }
  return record;
}

async function distInfo(path: string, file: FileHandle, entries: Entry[], name: string): Promise<string> {
  const entry = entries.find(entry => /^[^/]+\.dist-info\/[^/]+$/.test(entry.name) && basename(entry.name) === name);
  if (entry === undefined) throw damaged(path, `it has no ${name}`);
  const parts: Buffer[] = [];
  for await (const chunk of contents(file, entry)) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

/** A path that stays inside the folder it is unpacked into. */
function safePath(wheel: string, name: string): string {
  const path = normalize(name);
  if (path.startsWith('..') || path.startsWith('/')) throw damaged(wheel, `it holds the path ${name}`);
  return path;
}

function damaged(path: string, what: string): PanxError {
  return new PanxError(`The wheel ${basename(path)} is damaged: ${what}.`, {
    hint: 'Run `panx setup` again: it brings the wheel anew.',
  });
}
