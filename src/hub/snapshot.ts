import { join } from 'node:path';
import { cachedCommit, linkBlob, type Repo, rememberCommit, repoFolder, sizeOf, snapshotFolder } from './cache.js';
import { downloadBlob, type HubFile } from './download.js';
import { type Attempt, explain, notCached } from './explain.js';
import type { OnProgress } from './progress.js';
import { hubFetch, isTransient, withRetries } from './requests.js';
import { type HubSettings, hubSettings, hubToken } from './settings.js';

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
  inFolder(folder: string): Promise<{ files: string[] } | { missing: string }>;
  /** Bring them with `remote`. @throws PanxError where the repository lacks one. */
  onHub(remote: Remote): Promise<void>;
}

/** A repository at one commit, as `Wanted.onHub` sees it. */
export interface Remote {
  /** What lies directly in a folder of the repository ('' for its root). */
  list(folder: string): Promise<{ files: HubFile[]; folders: string[] }>;
  /** Bring files; returns where the first one lies. */
  bring(files: HubFile[]): Promise<string>;
}

export interface BringOptions {
  onProgress?: OnProgress | undefined;
  /** Ask the hub whether the revision has moved even where all files are there; for `panx fetch`. */
  refresh?: boolean;
  settings?: HubSettings;
}

/**
 * The wanted files of a repository: from the cache without asking the hub where it holds them all, else from the hub.
 *
 * @throws PanxError naming the missing file and the remedies.
 */
export async function bring(repo: Repo, wanted: Wanted, options: BringOptions = {}): Promise<Snapshot> {
  const settings = options.settings ?? hubSettings();
  const cached = await findCached(settings, repo, wanted);
  if ('folder' in cached && (settings.offline || options.refresh !== true)) return cached;
  const attempt: Attempt = {
    settings,
    repo,
    file: 'missing' in cached ? cached.missing : 'its commit',
    tokenFrom: undefined,
  };
  if (settings.offline) throw notCached(attempt, 'HF_HUB_OFFLINE forbids asking the hub');
  try {
    return await bringFromHub(attempt, wanted, options.onProgress);
  } catch (error) {
    if ('folder' in cached && isTransient(error)) return { ...cached, current: false };
    throw explain(error, attempt);
  }
}

async function findCached(settings: HubSettings, repo: Repo, wanted: Wanted): Promise<Snapshot | { missing: string }> {
  const commit = await cachedCommit(settings, repo);
  const folder = snapshotFolder(settings, repo, commit ?? 'none');
  const found = await wanted.inFolder(folder);
  if ('missing' in found || commit === undefined) return 'missing' in found ? found : { missing: found.files[0]! };
  const files: BroughtFile[] = [];
  for (const path of found.files) {
    files.push({ path, bytes: (await sizeOf(join(folder, path))) ?? 0, fetched: false });
  }
  return { repo, commit, folder, files, current: true };
}

async function bringFromHub(attempt: Attempt, wanted: Wanted, onProgress: OnProgress | undefined): Promise<Snapshot> {
  const { settings, repo } = attempt;
  const found = await hubToken();
  attempt.tokenFrom = found?.from;
  const token = found?.token;
  const commit = await withRetries(settings, () => commitOf(settings, repo, token));
  const folder = snapshotFolder(settings, repo, commit);
  const files: BroughtFile[] = [];
  await wanted.onHub({
    list: path => withRetries(settings, () => listFolder(settings, repo, commit, path, token)),
    bring: async wantedFiles => {
      for (const file of wantedFiles) {
        attempt.file = file.path;
        const report = { repo: repo.name, path: file.path, bytes: file.bytes };
        const fetched = await downloadBlob({
          settings,
          repo,
          commit,
          file,
          token,
          onBytes: received => onProgress?.({ ...report, received, state: 'transferring' }),
          onWaiting: () => onProgress?.({ ...report, received: 0, state: 'waiting' }),
        });
        const pointerPath = join(folder, file.path);
        if (fetched) onProgress?.({ ...report, received: file.bytes, state: 'done' });
        if (fetched || (await sizeOf(pointerPath)) !== file.bytes) {
          await linkBlob(join(repoFolder(settings, repo), 'blobs', file.checksum.hex), pointerPath);
        }
        files.push({ path: file.path, bytes: file.bytes, fetched });
      }
      return join(folder, wantedFiles[0]?.path ?? '');
    },
  });
  // Only now: a revision in refs/ whose files were not all brought would hide an older one that is whole.
  await rememberCommit(settings, repo, commit);
  return { repo, commit, folder, files, current: true };
}

/** The commit that a revision is now. */
async function commitOf(settings: HubSettings, repo: Repo, token: string | undefined): Promise<string> {
  const { modelInfo, datasetInfo } = await import('@huggingface/hub');
  const request = { name: repo.name, revision: repo.revision, ...clientOptions(settings, token) };
  const { sha } =
    repo.type === 'model'
      ? await modelInfo({ ...request, additionalFields: ['sha'] })
      : await datasetInfo({ ...request, additionalFields: ['sha'] });
  // The commit becomes the name of a folder, so it is not taken on trust.
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new Error(`it gives "${sha}" for the commit of ${repo.name}`);
  return sha;
}

async function listFolder(settings: HubSettings, repo: Repo, commit: string, path: string, token: string | undefined) {
  const { listFiles } = await import('@huggingface/hub');
  const files: HubFile[] = [];
  const folders: string[] = [];
  const entries = listFiles({
    repo: { type: repo.type, name: repo.name },
    path,
    revision: commit,
    ...clientOptions(settings, token),
  });
  for await (const entry of entries) {
    if (entry.type === 'directory') folders.push(entry.path);
    else if (entry.type === 'file') {
      const sha256 = entry.lfs?.oid;
      const hex = sha256 ?? entry.oid;
      if (hex === undefined || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
        throw new Error(`it gives no checksum for ${repo.name}: ${entry.path}`);
      }
      files.push({
        path: entry.path,
        bytes: entry.size,
        checksum: { kind: sha256 === undefined ? 'git' : 'sha256', hex },
      });
    }
  }
  return { files, folders };
}

function clientOptions(settings: HubSettings, token: string | undefined) {
  return {
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings),
    ...(token === undefined ? {} : { accessToken: token }),
  };
}
