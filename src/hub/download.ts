import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { formatBytes, printable } from '../system/console.js';
import { withLock } from '../system/waiting-lock.js';
import { headersFetch } from './answers.js';
import { blobPath, locksFolder, makeOwnFolder, moveOver, type Repo, repoFolder } from './cache.js';
import { diskFull } from './explain.js';
import type { HubFile } from './listing.js';
import { patienceWithFile, TooSlow } from './patience.js';
import { attemptsAfter, CutShort, HttpFailure, hubFetch, isTransient, networkReason, pauseAfter } from './requests.js';
import type { HubSettings } from './settings.js';
import { hashesOf, isWhole, noteWhole } from './verified.js';

/** What the names of the parts of files, and of their locks, end in. */
export const partialEnding = '.panx.incomplete';
export const lockEnding = '.panx.lock';

export interface Download {
  settings: HubSettings;
  repo: Repo;
  commit: string;
  file: HubFile;
  token: string | undefined;
  /** Called as bytes arrive, except the last ones, with how many of the file are there. */
  onBytes: (received: number) => void;
  /** Called while another process transfers the same file. */
  onWaiting: () => void;
}

/**
 * Bring a file's bytes into the cache as `blobs/<checksum>`, unless they are there, whole.
 *
 * They are collected in `blobs/<checksum>.panx.incomplete`, which survives a break and from whose end the next try goes
 * on; only when whole and of the right checksum are they renamed, over a damaged blob too. (Python's partial files have
 * another name: its releases differ in whether they append to them.)
 *
 * @returns whether this process brought them; false where they were there or another process brought them meanwhile.
 * @throws PanxError for a full disk and wrong bytes, else what `explain` turns into one.
 */
export async function downloadBlob(download: Download): Promise<boolean> {
  const { settings, repo, file } = download;
  const blob = blobPath(settings, repo, file.checksum);
  const isThere = () => isWhole(blob, file.checksum, { bytes: file.bytes });
  if (await isThere()) return false;
  await makeOwnFolder(repoFolder(settings, repo), dirname(blob));
  const lockPath = join(locksFolder(settings, repo), `${file.checksum.hex}${lockEnding}`);
  return await withLock(lockPath, download.onWaiting, async () => {
    if (await isThere()) return false;
    const partialPath = `${blob}${partialEnding}`;
    try {
      await transferAll(download, partialPath);
      await moveOver(partialPath, blob);
      await noteWhole(blob, file.checksum);
      return true;
    } catch (error) {
      // Where the lock did not hold, another process may have finished the same partial file and taken it away.
      if (await isThere()) return false;
      throw error;
    }
  });
}

/**
 * Transfer until `partialPath` holds the whole file, checked. A break after some progress starts the count of tries anew; a
 * byte is no progress, or a server could give a byte each time and be asked for ever. So a file of N MB is asked for
 * 5 N times at most, and one below 100 MB 500 times.
 */
async function transferAll(download: Download, partialPath: string): Promise<void> {
  const { file, settings } = download;
  const progress = Math.min(1e6, file.bytes / 100);
  let isInherited = (await partialSize(partialPath)) > 0;
  for (let failures = 0; ; ) {
    const had = await partialSize(partialPath);
    try {
      await checkRoom(partialPath, file, had, settings);
      if (had < file.bytes) await transfer(download, partialPath, had);
      else if (file.bytes === 0) await (await openPartial(partialPath)).close();
      const [found] = await hashesOf(partialPath, file.checksum.kind);
      if (found === file.checksum.hex) return;
      await rm(partialPath, { force: true });
      // What an earlier command left may have been the wrong part; bytes that all came just now are the hub's own.
      if (!isInherited) throw wrongBytes(download, found!);
      isInherited = false;
    } catch (error) {
      const brought = (await partialSize(partialPath)) - had;
      failures = brought >= progress && !(error instanceof TooSlow) ? 1 : failures + 1;
      if (!isTransient(error) || failures >= attemptsAfter(error)) throw error;
      await pauseAfter(settings, error, failures);
    }
  }
}

/** The size of the part that is there. What is no plain file, or has a second name, is none of panx's: it is not written to. */
async function partialSize(path: string): Promise<number> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return 0;
  if (found.isFile() && found.nlink === 1) return found.size;
  if (found.isDirectory()) {
    throw new PanxError(`${path} is a folder, expected the part of a file or nothing.`, {
      hint: 'Move it away, and type the command again.',
    });
  }
  await rm(path);
  return 0;
}

/** Open a part for writing, as it is: another process may be at it where the lock did not hold. */
async function openPartial(path: string): Promise<FileHandle> {
  return await open(path, constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o666);
}

/**
 * One try: ask for the bytes from `have` on and write them to their places in the partial file.
 *
 * The official client says where the bytes are (`fileDownloadInfo`), but they are read here: its `downloadFile` gives
 * a Blob whose slice does send a Range, yet it takes a server's whole answer for the part it asked for, gives no status
 * with a failure (so busy and forbidden look alike), and waits without limit on a connection that has gone silent.
 * Files in Xet storage are read from the same address, which the hub serves for every client: Xet's own protocol needs
 * further hosts, which mirrors and firewalls do not offer.
 */
async function transfer(download: Download, partialPath: string, have: number): Promise<void> {
  const { settings, repo, commit, file, token } = download;
  const { fileDownloadInfo } = await import('@huggingface/hub');
  const info = await fileDownloadInfo({
    repo: { type: repo.type, name: repo.name },
    path: file.path,
    revision: commit,
    hubUrl: settings.endpoint,
    fetch: headersFetch(settings, token),
  });
  if (info === null) throw new HttpFailure('Entry not found', 404, 'EntryNotFound');

  const patience = patienceWithFile(settings);
  try {
    const response = await hubFetch(settings, token)(info.url, {
      signal: patience.signal,
      headers: {
        'Accept-Encoding': 'identity',
        ...(have > 0 ? { Range: `bytes=${have}-` } : {}),
      },
    });
    // A server may ignore the Range and send everything (status 200): then the bytes start at 0 again.
    const start = response.status === 206 ? startOfRange(response) : 0;
    if (start > have) throw new CutShort(`bytes from ${have} on were asked for, those from ${start} on came`);
    let position = start;
    const partial = await openPartial(partialPath);
    try {
      for await (const chunk of response.body ?? []) {
        patience.heard(chunk.byteLength);
        // What is there already stays: a server that ignores the Range need not be right about it.
        const known = Math.min(chunk.byteLength, Math.max(0, have - position));
        await writeAt(partial, chunk.subarray(known), position + known);
        position += chunk.byteLength;
        if (position > file.bytes) break;
        if (position < file.bytes) download.onBytes(position);
      }
    } catch (error) {
      if (!isTransient(error) || error instanceof TooSlow) throw error;
      throw new CutShort(`${networkReason(error)} after ${position} of ${file.bytes} bytes`, { cause: error });
    } finally {
      try {
        if (position > file.bytes) await partial.truncate(0);
        await partial.sync();
      } finally {
        await partial.close();
      }
    }
    if (position > file.bytes) throw new CutShort(`more than the expected ${file.bytes} bytes came`);
    if (position < file.bytes) throw new CutShort(`the transfer ended after ${position} of ${file.bytes} bytes`);
  } finally {
    patience.end();
  }
}

/** Write all of `chunk`: a nearly full disk takes a part first and refuses only the next call. */
async function writeAt(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    const rest = chunk.byteLength - written;
    written += (await file.write(chunk, written, rest, position + written)).bytesWritten;
  }
}

/** The first byte's place in the file by `Content-Range: bytes 100-199/200`. */
function startOfRange(response: Response): number {
  const header = response.headers.get('content-range') ?? '';
  const start = /^bytes (\d+)-/.exec(header)?.[1];
  if (start === undefined) {
    throw new CutShort(`a part of the file came with the Content-Range "${printable(header, 40)}"`);
  }
  return Number(start);
}

/** @throws PanxError where the disk has no room for what is still to come. */
async function checkRoom(path: string, file: HubFile, had: number, settings: HubSettings): Promise<void> {
  const { blocks, bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (blocks === 0 || free >= file.bytes - had) return; // Some network file systems count nothing.
  throw diskFull(file.path, settings, `${formatBytes(file.bytes - had)} are needed and ${formatBytes(free)} are free`);
}

function wrongBytes({ file, repo, settings }: Download, found: string): PanxError {
  const kind = file.checksum.kind === 'sha256' ? 'SHA-256' : 'git SHA-1';
  return new PanxError(
    `${repo.name}: ${file.path} came with the ${kind} ${found}, expected ${file.checksum.hex}; it has been deleted.`,
    {
      hint: `Try again; if it stays so, something between here and ${settings.endpoint} changes files (a proxy, a mirror).`,
    },
  );
}
