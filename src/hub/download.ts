import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PanxError } from '../errors.js';
import { formatBytes } from '../run/console.js';
import { makeFolder, sha256OfFile } from '../run/files.js';
import { withLock } from '../run/waiting-lock.js';
import { type Repo, repoFolder, repoFolderName, sizeOf } from './cache.js';
import { diskFull } from './explain.js';
import { CutShort, HttpFailure, hubFetch, isTransient, maxAttempts, pauseAfter } from './requests.js';
import type { HubSettings } from './settings.js';

/** A file of a repository as the hub lists it. */
export interface HubFile {
  path: string;
  bytes: number;
  /** What the bytes must hash to; also the name of the blob in the cache. */
  checksum: { kind: 'sha256' | 'git'; hex: string };
}

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
 * Bring a file's bytes into the cache as `blobs/<checksum>`, unless they are there.
 *
 * They are collected in `blobs/<checksum>.panx.incomplete`, which survives a break and from whose end the next try goes
 * on; only when whole and of the right checksum are they renamed. (Python's partial files have another name: its
 * releases differ in whether they append to them.)
 *
 * @returns whether this process brought them; false where they were there or another process brought them meanwhile.
 * @throws PanxError for a full disk and wrong bytes, else what `explain` turns into one.
 */
export async function downloadBlob(download: Download): Promise<boolean> {
  const { settings, repo, file } = download;
  const blobPath = join(repoFolder(settings, repo), 'blobs', file.checksum.hex);
  if ((await sizeOf(blobPath)) === file.bytes) return false;
  makeFolder(dirname(blobPath));
  const lockPath = join(settings.cacheDir, '.locks', repoFolderName(repo), `${file.checksum.hex}.panx.lock`);
  return await withLock(lockPath, download.onWaiting, async () => {
    if ((await sizeOf(blobPath)) === file.bytes) return false;
    const partialPath = `${blobPath}.panx.incomplete`;
    try {
      await transferAll(download, partialPath);
      await rename(partialPath, blobPath);
      return true;
    } catch (error) {
      // Where the lock did not hold, another process may have finished the same partial file and taken it away.
      if ((await sizeOf(blobPath)) === file.bytes) return false;
      throw error;
    }
  });
}

/** Transfer until `partialPath` holds the whole file, checked. Every break after some progress starts the count of tries anew. */
async function transferAll(download: Download, partialPath: string): Promise<void> {
  const { file, settings } = download;
  for (let failures = 0; ; ) {
    const had = (await sizeOf(partialPath)) ?? 0;
    try {
      await checkRoom(partialPath, file, had, settings);
      if (had < file.bytes) await transfer(download, partialPath, had);
      const found = await checksumOf(partialPath, file);
      if (found === file.checksum.hex) return;
      await rm(partialPath, { force: true });
      // What an earlier try left may have been the wrong part; bytes that all came just now are the hub's own.
      if (had === 0) throw wrongBytes(download, found);
    } catch (error) {
      const progressed = ((await sizeOf(partialPath)) ?? 0) > had;
      failures = progressed ? 1 : failures + 1;
      if (!isTransient(error) || failures >= maxAttempts) throw error;
      await pauseAfter(settings, error, failures);
    }
  }
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
  const request = hubFetch(settings);
  const info = await fileDownloadInfo({
    repo: { type: repo.type, name: repo.name },
    path: file.path,
    revision: commit,
    hubUrl: settings.endpoint,
    fetch: request,
    ...(token === undefined ? {} : { accessToken: token }),
  });
  if (info === null) throw new HttpFailure('Entry not found', 404, 'EntryNotFound');

  const silence = new AbortController();
  const onSilence = () => silence.abort(new DOMException('The transfer went silent', 'TimeoutError'));
  let timer = setTimeout(onSilence, settings.timeoutMs);
  try {
    const response = await request(info.url, {
      signal: silence.signal,
      headers: {
        'Accept-Encoding': 'identity',
        ...(have > 0 ? { Range: `bytes=${have}-` } : {}),
        // A CDN's signed address needs no token and must not be shown one.
        ...(token !== undefined && new URL(info.url).origin === new URL(settings.endpoint).origin
          ? { Authorization: `Bearer ${token}` }
          : {}),
      },
    });
    // A server may ignore the Range and send everything (status 200): then the bytes start at 0 again.
    const start = response.status === 206 ? startOfRange(response) : 0;
    if (start > have) throw new CutShort(`bytes from ${have} on were asked for, those from ${start} on came`);
    let position = start;
    const partial = await open(partialPath, have === 0 ? 'w' : 'r+');
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(onSilence, settings.timeoutMs);
        await writeAt(partial, chunk, position);
        position += chunk.byteLength;
        if (position > file.bytes) break;
        if (position < file.bytes) download.onBytes(position);
      }
      if (position > file.bytes) await partial.truncate(0);
      await partial.sync();
    } finally {
      await partial.close();
    }
    if (position > file.bytes) throw new CutShort(`more than the expected ${file.bytes} bytes came`);
    if (position < file.bytes) throw new CutShort(`the transfer ended after ${position} of ${file.bytes} bytes`);
  } finally {
    clearTimeout(timer);
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
  if (start === undefined) throw new CutShort(`a part of the file came with the Content-Range "${header}"`);
  return Number(start);
}

/** @throws PanxError where the disk has no room for what is still to come. */
async function checkRoom(path: string, file: HubFile, had: number, settings: HubSettings): Promise<void> {
  const { blocks, bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (blocks === 0 || free >= file.bytes - had) return; // Some network file systems count nothing.
  throw diskFull(file.path, settings, `${formatBytes(file.bytes - had)} are needed and ${formatBytes(free)} are free`);
}

/** SHA-256 of the bytes, or git's SHA-1 of them as a blob (git-hash-object(1)), in hexadecimal. Read back from the disk. */
async function checksumOf(path: string, file: HubFile): Promise<string> {
  if (file.checksum.kind === 'sha256') return await sha256OfFile(path);
  const hash = createHash('sha1').update(`blob ${file.bytes}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
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
