import { open, readlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PanxError } from '../errors.js';
import { readBounded } from './bounded-file.js';
import { formatBytes, printable } from './console.js';
import { isAbsent, reasonOf } from './files.js';
import { visible } from './visible.js';

/** Something else lies in the place of a file; its hint says how to get the file. */
export class NotTheFile extends PanxError {
  constructor(
    message: string,
    override readonly hint: string,
  ) {
    super(message, { hint });
  }
}

/** Bytes at the begin of a file that show what it is. */
export const telling = 512;

/** The first bytes of a file, as many as tell what it is. @throws PanxError where it cannot be read */
export async function startOf(path: string): Promise<Buffer> {
  const start = Buffer.alloc(telling);
  try {
    const file = await open(path, 'r');
    const { bytesRead } = await file.read(start, 0, telling, 0).finally(() => file.close());
    return start.subarray(0, bytesRead);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/**
 * The bytes of a file that somebody else wrote.
 *
 * @param most bytes of it; no more are read
 * @throws PanxError naming the file where it cannot be read, is larger, or something else lies in its place (`refuseStandIn`)
 */
export async function readGiven(path: string, most: number): Promise<Buffer> {
  const bytes = await readBounded(path, most).catch(async (error: unknown) => {
    throw (await deadLink(path)) ?? cannotRead(path, error);
  });
  refuseStandIn(path, bytes);
  // Weights of torch are an archive of this kind; what is read whole is none.
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0x04034b50) {
    throw new NotTheFile(`${path} is a zip archive; expected the file itself.`, `Unpack it: unzip ${visible(path)}`);
  }
  return bytes;
}

/**
 * Look whether something else lies in the place of a file that was to be brought: what the checker of its format would say of that, helps nobody.
 *
 * @param start its first bytes, some hundred (`telling`)
 * @throws NotTheFile naming what it is and how to get the file
 */
export function refuseStandIn(path: string, start: Uint8Array): void {
  const found = standInOf(path, start);
  if (found !== null) throw new NotTheFile(`${path} is ${found.what}.`, found.hint);
}

/** The error for a link that leads nowhere, as git-annex and the cache of the hub have them in place of a file that was not brought; null for all else. */
export async function deadLink(path: string): Promise<NotTheFile | null> {
  if (!(await isAbsent(path))) return null;
  const target = await readlink(path).catch(() => null);
  if (target === null) return null;
  return new NotTheFile(
    `${path} is a link to ${printable(target)}, which is not there.`,
    /(^|\/)\.git\/annex\/objects\//.test(target)
      ? `Run git annex get in ${dirname(path)}.`
      : 'Bring what it leads to, or copy or download the file.',
  );
}

/** @throws PanxError where a file has no byte */
export function refuseEmpty(path: string, bytes: Uint8Array): void {
  if (bytes.length === 0) throw new PanxError(`${path} is empty: it has no byte.`, { hint: again });
}

/** Text at the begin of a file that is to hold no text, as it stands in a sentence: what a server said instead, mostly. Null where it is none. */
export function textAtBegin(start: Uint8Array): string | null {
  const text = Buffer.from(start.subarray(0, 60)).toString('latin1');
  if (!/^[\t\n\r -~]{8,}$/.test(text)) return null;
  return JSON.stringify(text.length < 60 ? text.trim() : `${text}…`);
}

function cannotRead(path: string, error: unknown): PanxError {
  return new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
}

interface StandIn {
  /** Behind "is". */
  what: string;
  hint: string;
}

/** What lies in the place of a file; null where it may be the file. */
export function standInOf(path: string, bytes: Uint8Array): StandIn | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, telling));
  const text = start.toString('latin1');
  // Its first release was called Hawser; its specification names that address as well.
  if (/^version https:\/\/(git-lfs|hawser)/.test(text)) {
    const size = /^size (\d{1,15})$/m.exec(text)?.[1];
    const whole = size === undefined ? '' : ` of ${formatBytes(Number(size))}`;
    return {
      what: `a Git LFS pointer, and not the file${whole} that it stands for`,
      hint: `Run git lfs pull in ${dirname(path)}, or download the file.`,
    };
  }
  if (/^(\.\.\/|\/)*(\.git\/)?annex\/objects\//.test(text)) {
    return {
      what: 'a git-annex pointer, and not the file that it stands for',
      hint: `Run git annex get in ${dirname(path)}, or download the file.`,
    };
  }
  // A file of words and tags may begin with "<" too.
  if (/^(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml)\b/i.test(text)) {
    return {
      what: 'a web page (HTML or XML), and not the file: a download has failed, or asked for a log-in',
      hint: again,
    };
  }
  const packer = packers.find(({ begin }) => start.subarray(0, begin.length).equals(begin));
  if (packer === undefined) return null;
  return {
    what: `packed by ${packer.name}; expected the file itself`,
    hint: `Unpack it: ${packer.command} < ${visible(path)} > NEW`,
  };
}

const packers = [
  { name: 'gzip', begin: Buffer.from([0x1f, 0x8b, 0x08]), command: 'gunzip' },
  { name: 'zstd', begin: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), command: 'unzstd' },
  { name: 'xz', begin: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), command: 'unxz' },
  { name: 'bzip2', begin: Buffer.from('BZh91AY&SY'), command: 'bunzip2' },
];

const again = 'Copy or download the file again.';
