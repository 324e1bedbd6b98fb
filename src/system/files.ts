import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf, messageOf, PanxError } from '../errors.js';
import { readBounded } from './bounded-file.js';
import { formatJson } from './json.js';
import { expectFile } from './plain-file.js';
import { temporaryNeighbour } from './temporary.js';

/**
 * Write a file so that a reader, or a crash at any moment, sees the old content or the new one and never a part:
 * the bytes go to a neighbour `<path>.<random>.tmp`, are flushed to the disk, and the neighbour is renamed.
 *
 * @throws PanxError naming the path where the folder cannot be made or written to.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = temporaryNeighbour(path);
  try {
    makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await writeFile(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    // Who makes the content may have found a fault in it.
    throw error instanceof PanxError ? error : cannotWrite(path, error);
  }
}

/** Write a value as indented JSON, atomically, with a final newline. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, toJson(value));
}

/** A value as the text that `writeJson` writes. @throws PanxError where a number is not finite */
export function toJson(value: unknown): string {
  return `${formatJson(value, 2)}\n`;
}

/**
 * Make a folder and those above it that are missing. Node.js's own `recursive` option never returns where a file system answers
 * "no such file" for a new folder whose parent is there, as /proc does (seen in Node.js 20).
 *
 * @throws the system's error where one of them cannot be made, or is a file.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have made it just now.
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
  if (!statSync(path).isDirectory()) mkdirSync(path); // says EEXIST
}

/** Whether nothing has that name. A folder that may not be looked into is another matter, which reading tells. */
export async function isAbsent(path: string): Promise<boolean> {
  return await stat(path).then(
    () => false,
    (error: unknown) => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR',
  );
}

/**
 * A small file's text, or undefined where there is none.
 *
 * @throws Error where it is large, or no file, or cannot be read
 */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return (await readBounded(path, largestText)).toString('utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const largestText = 20_000_000;

/**
 * SHA-256 of a file's bytes, in hexadecimal; the file is streamed.
 *
 * @throws the system's error where it cannot be read, or is no file
 */
export async function sha256OfFile(path: string): Promise<string> {
  await expectFile(path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Give a folder another name, unless a folder with something in it has that name. @returns whether it has the name */
export async function renameUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    // EPERM is what Windows says.
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(error) ?? '') && existsSync(to)) return false;
    throw error;
  }
}

/** Flush a folder's list of names to the disk, so that a rename survives a power cut. Windows has no such call. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Put the folder `fresh` in the place of `folder`, if there is one, which is set aside by a rename before it is removed: where it belongs to
 * someone else it stays whole.
 */
export async function replaceFolder(fresh: string, folder: string): Promise<void> {
  const old = temporaryNeighbour(folder);
  const replaced = await rename(folder, old).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
  await rename(fresh, folder);
  if (replaced) await rm(old, { recursive: true, force: true });
}

/** The error for a path that could not be written, with the system's reason in words. */
export function cannotWrite(path: string, error: unknown): PanxError {
  return new PanxError(`${path} cannot be written: ${reasonOf(error)}.`, {
    hint: 'Choose a folder that you can write to and that has room.',
    cause: error,
  });
}

/** A system error's reason in words, without the call and path that Node.js puts into its message. */
export function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'no space left on the disk';
    case 'EEXIST':
      return 'a file of that name is there';
    case 'EISDIR':
      return 'it is a folder, not a file';
    case 'ENOTDIR':
      return 'a part of the path is a file, not a folder';
    case 'ENOTEMPTY':
      return 'the folder is not empty';
    case 'ELOOP':
      return 'its links lead in a circle';
    case 'ENAMETOOLONG':
      return 'the name is too long';
    case 'EMFILE':
      return 'this process has as many files open as it may';
    case 'ENFILE':
      return 'the system has as many files open as it may';
    case 'ENOMEM':
      return 'memory ran out';
    case 'EFBIG':
      return 'the file would be larger than it may be';
    case 'EDQUOT':
      return "no space left in the user's share of the disk";
    case 'EIO':
      return 'the device reports an error';
    case 'EBUSY':
    case 'ETXTBSY':
      return 'it is in use';
    case 'EXDEV':
      return 'it lies on another disk';
    case 'EAGAIN':
      return 'the system has no room for it now';
    default:
      return messageOf(error);
  }
}
