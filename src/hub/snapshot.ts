import { dirname, join } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { notice, printable } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import { answerFetch } from './answers.js';
import {
  blobPath,
  cachedCommit,
  linkBlob,
  makeOwnFolder,
  type Repo,
  rememberCommit,
  repoFolder,
  sizeOf,
  snapshotFolder,
} from './cache.js';
import { type CachedFolder, cachedFolder, type Damage } from './cached.js';
import { downloadBlob } from './download.js';
import { type Attempt, explain, notCached } from './explain.js';
import { clearLeftovers } from './leftovers.js';
import { type HubFile, type Listing, listFolder } from './listing.js';
import { placeIn } from './names.js';
import type { OnProgress } from './progress.js';
import { HttpFailure, isTransient, withRetries } from './requests.js';
import { type HubSettings, hubSettings, hubToken } from './settings.js';
import { isWhole } from './verified.js';

/** A repository's wanted files at one commit, all in the cache. */
export interface Snapshot {
  repo: Repo;
  commit: string;
  /** The folder with the files under their own names. */
  folder: string;
  files: BroughtFile[];
  /** False where the hub was asked for a newer commit and could not be reached. */
  current: boolean;
}

export interface BroughtFile {
  path: string;
  bytes: number;
  /** Whether this call brought its bytes; false where they were there already. */
  fetched: boolean;
}

/** Which files of a repository are wanted, known in two ways: by what a folder holds and by what the hub lists. */
export interface Wanted {
  /** Names of all the wanted files if the folder holds them; else the first one missing, as the user would look for it. */
  inFolder(folder: CachedFolder): Promise<{ files: string[] } | { missing: string }>;
  /** Bring them with `remote`. @throws PanxError where the repository lacks one. */
  onHub(remote: Remote): Promise<void>;
}

/** A repository at one commit, as `Wanted.onHub` sees it. */
export interface Remote {
  /** What lies directly in a folder of the repository ('' for its root). */
  list(folder: string): Promise<Listing>;
  /** Bring files; returns where the first one lies. */
  bring(files: HubFile[]): Promise<string>;
}

export interface BringOptions {
  onProgress?: OnProgress | undefined;
  /** Ask the hub whether the revision has moved even where all files are there; for `panx fetch`. */
  refresh?: boolean;
  settings?: HubSettings;
  /** The option that names the repository, for errors, where it is neither --model nor --data. */
  option?: string;
}

/**
 * The wanted files of a repository: from the cache without asking the hub where it holds them all, else from the hub.
 *
 * @throws PanxError naming the missing or damaged file and the remedies.
 */
export async function bring(repo: Repo, wanted: Wanted, options: BringOptions = {}): Promise<Snapshot> {
  const settings = options.settings ?? hubSettings();
  const attempt: Attempt = { settings, repo, option: options.option, file: 'its commit', tokenFrom: undefined };
  let cached: Cached;
  try {
    cached = await findCached(settings, repo, wanted, options.onProgress);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new PanxError(`The cache ${settings.cacheDir} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Make it readable, or set HF_HOME to a folder of your own.',
      cause: error,
    });
  }
  if ('folder' in cached && (settings.offline || options.refresh !== true)) return cached;
  if ('missing' in cached) attempt.file = cached.missing;
  if ('damage' in cached) attempt.damage = cached.damage;
  if (settings.offline) throw notCached(attempt, 'HF_HUB_OFFLINE forbids asking the hub');
  if ('damage' in cached) notice(`${repo.name}: ${cached.missing} is damaged in the cache and is brought again.`);
  // A damaged file is brought again from the commit that it is of: damage is no wish for a newer one.
  const wish = 'damage' in cached && options.refresh !== true ? cached.commit : undefined;
  try {
    return await bringFromHub(attempt, wanted, options.onProgress, wish);
  } catch (error) {
    if ('folder' in cached && isTransient(error)) return { ...cached, current: false };
    throw explain(error, attempt);
  }
}

type Cached = Snapshot | { missing: string } | { missing: string; damage: Damage; commit: string };

async function findCached(
  settings: HubSettings,
  repo: Repo,
  wanted: Wanted,
  onProgress: OnProgress | undefined,
): Promise<Cached> {
  const commit = await cachedCommit(settings, repo);
  const folder = snapshotFolder(settings, repo, commit ?? 'none');
  const damaged: Damage[] = [];
  const onHashing = hashingReport(repo, onProgress);
  const found = await wanted.inFolder(cachedFolder(folder, damaged, onHashing));
  if (commit === undefined) return { missing: 'missing' in found ? found.missing : found.files[0]! };
  const [first] = damaged;
  if (first !== undefined) return { missing: first.path, damage: first, commit };
  if ('missing' in found) return found;
  const files: BroughtFile[] = [];
  for (const path of found.files) {
    files.push({ path, bytes: (await sizeOf(join(folder, path))) ?? 0, fetched: false });
  }
  return { repo, commit, folder, files, current: true };
}

/** Tells of checks that may be noticed: those that take a tenth of a second or more. */
function hashingReport(repo: Repo, onProgress: OnProgress | undefined): (path: string, bytes: number) => void {
  return (path, bytes) => {
    if (bytes >= 100e6) onProgress?.({ repo: repo.name, path, bytes, received: bytes, state: 'checking' });
  };
}

/** @param wish the commit to bring the files of, if the hub has it; else the one that the revision is now */
async function bringFromHub(
  attempt: Attempt,
  wanted: Wanted,
  onProgress: OnProgress | undefined,
  wish: string | undefined,
): Promise<Snapshot> {
  const { settings, repo } = attempt;
  const found = await hubToken(settings);
  attempt.tokenFrom = found?.from;
  const token = found?.token;
  const ask = (revision: string) => withRetries(settings, () => commitOf(settings, repo, revision, token));
  const commit = await ask(wish ?? repo.revision).catch((error: unknown) => {
    if (wish === undefined || !(error instanceof HttpFailure && error.code === 'RevisionNotFound')) throw error;
    return ask(repo.revision);
  });
  const folder = snapshotFolder(settings, repo, commit);
  const files: BroughtFile[] = [];
  const bringOne = async (file: HubFile) => {
    attempt.file = file.path;
    const { path, bytes, checksum } = file;
    const report = { repo: repo.name, path, bytes };
    const pointerPath = placeIn(folder, path);
    const onHashing = () => hashingReport(repo, onProgress)(path, bytes);
    if (await isWhole(pointerPath, checksum, { bytes, onHashing })) return false;
    const fetched = await downloadBlob({
      settings,
      repo,
      commit,
      file,
      token,
      onBytes: received => onProgress?.({ ...report, received, state: 'transferring' }),
      onWaiting: () => onProgress?.({ ...report, received: 0, state: 'waiting' }),
    });
    if (fetched) onProgress?.({ ...report, received: bytes, state: 'done' });
    await makeOwnFolder(repoFolder(settings, repo), dirname(pointerPath));
    await linkBlob(blobPath(settings, repo, checksum), pointerPath);
    return fetched;
  };
  await wanted.onHub({
    list: path => withRetries(settings, () => listFolder(settings, repo, commit, path, token)),
    bring: async wantedFiles => {
      for (const file of wantedFiles) {
        files.push({ path: file.path, bytes: file.bytes, fetched: await bringOne(file) });
      }
      return join(folder, wantedFiles[0]?.path ?? '');
    },
  });
  // Only now: a revision in refs/ whose files were not all brought would hide an older one that is whole.
  if (wish !== commit) await rememberCommit(settings, repo, commit);
  await clearLeftovers(
    settings,
    repo,
    commit,
    files.map(({ path }) => path),
  );
  return { repo, commit, folder, files, current: true };
}

/** The commit that a revision is now. */
async function commitOf(
  settings: HubSettings,
  repo: Repo,
  revision: string,
  token: string | undefined,
): Promise<string> {
  const { modelInfo, datasetInfo } = await import('@huggingface/hub');
  const request = {
    name: repo.name,
    revision,
    hubUrl: settings.endpoint,
    fetch: answerFetch(settings, 'object', token),
  };
  const { sha } =
    repo.type === 'model'
      ? await modelInfo({ ...request, additionalFields: ['sha'] })
      : await datasetInfo({ ...request, additionalFields: ['sha'] });
  // The commit becomes the name of a folder, so it is not taken on trust.
  if (typeof sha !== 'string' || !/^[0-9a-f]{40}$/.test(sha)) {
    throw new Error(`it gives ${printable(JSON.stringify(sha) ?? 'nothing')} for the commit of ${repo.name}`);
  }
  if (/^[0-9a-f]{40}$/.test(revision) && sha !== revision) {
    throw new Error(`it gives ${sha} for the commit ${revision} of ${repo.name}`);
  }
  return sha;
}
