import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { keptFolder } from '../system/cache.js';
import { sha256 } from '../system/checksums.js';
import { makeFolder } from '../system/files.js';
import { readSmallFile } from '../system/small-file.js';
import { type Checksum, isChecksum, sizeOf } from './cache.js';

/**
 * Whether a file is whole: of this checksum and, where it is known, this size. A gigabyte is hashed in about a second, which is
 * too long for every start: what was found is noted in panx's own cache, with all that changes when a file does (size, times, inode),
 * and as long as that is the same the file is taken for the same. The time of the last change of the inode is among them, which no
 * program can set, so that a file that was damaged and given its old time is noticed.
 *
 * @param onHashing called before a file is hashed, with its size
 */
export async function isWhole(
  path: string,
  checksum: Checksum,
  options: { bytes?: number; onHashing?: (bytes: number) => void } = {},
): Promise<boolean> {
  const bytes = await sizeOf(path);
  if (bytes === undefined || bytes !== (options.bytes ?? bytes)) return false;
  const place = await realpath(path);
  const named = await expectedChecksum(path);
  // A link to a blob of another name: it would hash to that.
  if (named !== undefined && named.hex !== checksum.hex) return false;
  const before = await stateOf(place);
  const noted = notePath(place, checksum);
  if (noted !== null && (await readSmallFile(noted).catch(() => undefined)) === before) return true;
  options.onHashing?.(bytes);
  if (!(await hashesOf(place, checksum.kind)).includes(checksum.hex)) return false;
  // What changed while it was read is not what was read.
  if ((await stateOf(place)) === before) await note(place, checksum, before);
  return true;
}

/** Note that a file that has just been checked is whole. */
export async function noteWhole(path: string, checksum: Checksum): Promise<void> {
  const place = await realpath(path);
  await note(place, checksum, await stateOf(place));
}

/**
 * What the bytes that `path` leads to must hash to, by the name of the blob; undefined where it leads to none. A file in a
 * snapshot that is no link to a blob was put there where links are not possible (Windows), or by hand. Nothing says what it
 * should hash to, so it is trusted like a folder that is given with --model. The same goes for the blobs of mirrors
 * whose names are no such checksums. A blob may itself be a link to a file of any name, on a larger disk or in a store that caches share.
 */
export async function expectedChecksum(path: string): Promise<Checksum | undefined> {
  let place = path;
  for (let links = 0; links < 40; links++) {
    place = join(await realpath(dirname(place)), basename(place));
    const named = basename(dirname(place)) === 'blobs' ? checksumInName(place) : undefined;
    if (named !== undefined) return named;
    const target = await readlink(place).catch(() => undefined);
    if (target === undefined) return undefined;
    place = resolve(dirname(place), target);
  }
  return undefined;
}

/**
 * The checksums that a file may be known by, in hexadecimal. The SHA-1 of the bytes alone stands beside git's (git-hash-object(1)):
 * some mirrors give that for an ETag, after which Python names the blob.
 */
export async function hashesOf(path: string, kind: Checksum['kind']): Promise<string[]> {
  const bytes = (await stat(path)).size;
  const hashes =
    kind === 'sha256' ? [createHash('sha256')] : [createHash('sha1').update(`blob ${bytes}\0`), createHash('sha1')];
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    for (const hash of hashes) hash.update(chunk as Buffer);
  }
  return hashes.map(hash => hash.digest('hex'));
}

function checksumInName(path: string): Checksum | undefined {
  const hex = basename(path);
  const checksum = { kind: hex.length === 64 ? 'sha256' : 'git', hex };
  return isChecksum(checksum) ? checksum : undefined;
}

async function stateOf(path: string): Promise<string> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  return `${size} ${mtimeNs} ${ctimeNs} ${ino}\n`;
}

/** A file for each, so that processes that note something at once are not in each other's way; null where nothing is kept. */
function notePath(place: string, checksum: Checksum): string | null {
  const folder = keptFolder('verified');
  return folder === null ? null : join(folder, `${checksum.hex}-${sha256(place).slice(0, 16)}`);
}

/** Where it cannot be kept, the file is hashed the next time too. Half a note is none: it is equal to no state. */
async function note(place: string, checksum: Checksum, state: string): Promise<void> {
  const path = notePath(place, checksum);
  if (path === null) return;
  try {
    makeFolder(dirname(path));
    // Neither through a link nor into a pipe, should one lie there.
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
    await writeFile(path, state, { flag: O_WRONLY | O_CREAT | O_TRUNC | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0) });
  } catch {}
}
