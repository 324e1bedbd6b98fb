import { PanxError } from '../errors.js';
import { formatCount, formatSeconds, printable } from '../system/console.js';
import { isObject } from '../system/json.js';
import { answerFetch } from './answers.js';
import { type Checksum, isChecksum, type Repo } from './cache.js';
import { flawOfPath } from './names.js';
import { listingMs } from './patience.js';
import type { HubSettings } from './settings.js';

/** A file of a repository as the hub lists it. */
export interface HubFile {
  path: string;
  bytes: number;
  /** What the bytes must hash to; also the name of the blob in the cache. */
  checksum: Checksum;
}

/** What lies directly in a folder of a repository. */
export interface Listing {
  files: HubFile[];
  folders: string[];
}

/** Entries and pages of a listing, at most. The hub puts 1,000 entries on a page. */
const mostEntries = 100_000;
const mostPages = 200;

/**
 * What lies directly in a folder of a repository ('' for its root) at a commit. This is where names, sizes and checksums of a server
 * come in, and the only place: each entry is checked here, and one that is not as the hub's are fails the whole listing.
 *
 * @throws Error whose message ends the sentence "... does not answer as the Hugging Face hub does"; PanxError beyond the limits
 */
export async function listFolder(
  settings: HubSettings,
  repo: Repo,
  commit: string,
  folder: string,
  token: string | undefined,
): Promise<Listing> {
  const { listFiles } = await import('@huggingface/hub');
  const entries = listFiles({
    repo: { type: repo.type, name: repo.name },
    path: folder,
    revision: commit,
    hubUrl: settings.endpoint,
    fetch: limitedPages(settings, repo, folder, token),
  });
  const listing: Listing = { files: [], folders: [] };
  const paths = new Set<string>();
  for await (const entry of entries as AsyncIterable<unknown>) {
    const { path, type, file } = checkedEntry(entry, repo, folder);
    if (paths.has(path)) throw new Error(`it lists ${quoted(path)} in ${repo.name} twice`);
    paths.add(path);
    if (paths.size > mostEntries) throw beyond(repo, folder, `more than ${formatCount(mostEntries)} entries`);
    if (file !== undefined) listing.files.push(file);
    else if (type === 'directory') listing.folders.push(path);
  }
  return listing;
}

/** An entry of a listing, whatever it was. Types other than file and directory are none that panx could want. */
function checkedEntry(entry: unknown, repo: Repo, folder: string): { path: string; type: string; file?: HubFile } {
  if (!isObject(entry)) throw new Error(`it lists ${quoted(entry)} in ${repo.name}, which is no entry`);
  const { path, type } = entry;
  if (typeof path !== 'string') throw new Error(`it lists an entry in ${repo.name} whose path is ${quoted(path)}`);
  const flaw = flawOfPath(path);
  if (flaw !== undefined) throw new Error(`it lists ${quoted(path)} in ${repo.name}, a path that ${flaw}`);
  if (path.slice(0, Math.max(0, path.lastIndexOf('/'))) !== folder) {
    throw new Error(`it lists ${quoted(path)} in the folder ${quoted(folder)} of ${repo.name}`);
  }
  const of = `${repo.name}: ${printable(path)}`;
  if (typeof type !== 'string') throw new Error(`it gives ${quoted(type)} for the type of ${of}`);
  if (type !== 'file') return { path, type };
  const { size, oid, lfs } = entry;
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw new Error(`it gives ${quoted(size)} for the size of ${of}`);
  }
  const checksum = isObject(lfs) ? { kind: 'sha256', hex: lfs.oid } : { kind: 'git', hex: oid };
  if (!isChecksum(checksum)) throw new Error(`it gives ${quoted(checksum.hex)} for the checksum of ${of}`);
  return { path, type, file: { path, bytes: size as number, checksum } };
}

/** The fetch for the pages of one listing: a server can link each to a next one, for ever. */
function limitedPages(settings: HubSettings, repo: Repo, folder: string, token: string | undefined): typeof fetch {
  const page = answerFetch(settings, 'list', token);
  const startMs = Date.now();
  let pages = 0;
  return (input, init) => {
    if (++pages > mostPages) throw beyond(repo, folder, `more than ${mostPages} pages`);
    if (Date.now() - startMs > listingMs(settings)) {
      throw beyond(repo, folder, `not whole after ${formatSeconds(listingMs(settings) / 1000)}`);
    }
    return page(input, init);
  };
}

function beyond(repo: Repo, folder: string, found: string): PanxError {
  const place = folder === '' ? repo.name : `${repo.name}: ${folder}`;
  return new PanxError(`The listing of ${place} is ${found}, which is where panx stops reading it.`, {
    hint: 'Choose another repository, or check HF_ENDPOINT: no hub lists a repository like that.',
  });
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value);
  return text === undefined ? 'nothing' : printable(text);
}
