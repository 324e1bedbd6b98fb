import { codeOf, PanxError } from '../errors.js';
import { formatSeconds, printable } from '../system/console.js';
import { cannotWrite, reasonOf } from '../system/files.js';
import type { Repo } from './cache.js';
import type { Damage } from './cached.js';
import { TooSlow } from './patience.js';
import { CutShort, certificateCode, HttpFailure, isTransient, networkReason } from './requests.js';
import type { HubSettings } from './settings.js';

/** What was being done when something failed. */
export interface Attempt {
  settings: HubSettings;
  repo: Repo;
  /** The option that names the repository, where it is neither --model nor --data. */
  option?: string | undefined;
  /** The file that is missing, as the user would look for it. */
  file: string;
  /** Where the access token is from; undefined where there is none. */
  tokenFrom: string | undefined;
  /** The file that the cache has, damaged, if any. */
  damage?: Damage;
}

/** Whatever the client, the network or the disk threw, as the one error that the user sees. */
export function explain(error: unknown, attempt: Attempt): PanxError {
  if (error instanceof PanxError) return error;
  if (error instanceof HttpFailure) return explainStatus(error, attempt);
  const certificate = certificateCode(error);
  if (certificate !== undefined) {
    return new PanxError(`${attempt.settings.endpoint} shows a certificate that is not trusted (${certificate}).`, {
      hint: 'Behind a proxy that opens TLS, set NODE_EXTRA_CA_CERTS to the file with its certificate.',
      cause: error,
    });
  }
  if (isDiskFull(error)) return diskFull(attempt.file, attempt.settings, reasonOf(error), error);
  if (error instanceof CutShort) {
    return new PanxError(`${nameOf(attempt)} was cut short again and again: ${error.message}.`, {
      hint: 'Type the command again: it goes on from where it stopped.',
      cause: error,
    });
  }
  if (error instanceof TooSlow) {
    return new PanxError(
      `${nameOf(attempt)} is given up: ${attempt.settings.endpoint} is too slow, ${error.message}.`,
      {
        hint: `Type the command again: it goes on from where it stopped. HF_HUB_DOWNLOAD_TIMEOUT above ${attempt.settings.timeoutMs / 1000} (seconds) waits longer.`,
        cause: error,
      },
    );
  }
  if (isTransient(error))
    return notCached(attempt, `${attempt.settings.endpoint} cannot be reached: ${networkReason(error)}`, error);
  // Of the disk: the network's come as the cause of an error of fetch, and are in the cases above. A failed write has no path.
  const { path, syscall } = (error ?? {}) as { path?: unknown; syscall?: unknown };
  if (codeOf(error) !== undefined && (typeof path === 'string' || typeof syscall === 'string')) {
    return new PanxError(cannotWrite(typeof path === 'string' ? path : attempt.settings.cacheDir, error).message, {
      hint: 'Set HF_HOME to a folder that you can write to and that has room.',
      cause: error,
    });
  }
  // What fetch throws says why in its cause only.
  const reason = reasonOf(error instanceof TypeError && error.cause !== undefined ? error.cause : error);
  // Of HTTP 407, and of nothing else, fetch gives neither the answer nor a reason.
  if (reason === '') {
    return new PanxError(
      `${attempt.settings.endpoint} cannot be asked: a proxy wants a user name and a password (HTTP 407).`,
      {
        hint: 'Set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT and NODE_USE_ENV_PROXY to 1 (Node.js heeds them from 22.21 and 24 on), or use a network without it.',
        cause: error,
      },
    );
  }
  return new PanxError(
    `${attempt.settings.endpoint} does not answer as the Hugging Face hub does: ${printable(reason.replace(/\.$/, ''), 300)}.`,
    {
      hint: 'Check HF_ENDPOINT and, behind a proxy or a login page of the network, whether it lets the hub through.',
      cause: error,
    },
  );
}

/** The error for a file that is not in the cache and that cannot be fetched, `why`. */
export function notCached(attempt: Attempt, why: string, cause?: unknown): PanxError {
  const { repo, settings } = attempt;
  const option = attempt.option ?? `--${repo.type === 'model' ? 'model' : 'data'}`;
  const proxy = process.env.HTTPS_PROXY ?? process.env.https_proxy;
  const damage = attempt.damage?.path === attempt.file ? attempt.damage : undefined;
  const remedies = [
    ...(damage === undefined ? [] : ['Type the command again where the hub can be asked: it brings the file anew.']),
    `Give a local folder (${option} DIR),`,
    `or run "panx fetch" beforehand on a machine with network and set HF_HOME to the folder it filled,`,
    'or take the embedded sample (--sample).',
    ...(proxy !== undefined && process.env.NODE_USE_ENV_PROXY === undefined
      ? ['HTTPS_PROXY is set: Node.js heeds it only with NODE_USE_ENV_PROXY=1 (from 22.21 and 24 on).']
      : []),
  ];
  const state =
    damage === undefined ? `is not in the cache ${settings.cacheDir}` : `is damaged in the cache (${damage.found})`;
  return new PanxError(`${nameOf(attempt)} ${state}, and ${why}.`, {
    hint: remedies.join(' '),
    cause,
  });
}

/** The error for a disk that has no room for a file. */
export function diskFull(file: string, settings: HubSettings, found: string, cause?: unknown): PanxError {
  return new PanxError(`No room for ${file} in ${settings.cacheDir}: ${found}.`, {
    hint: 'Make room, or set HF_HOME to a folder on a larger disk; what is there already is kept.',
    cause,
  });
}

/** True for the system's ways of saying that the disk, or the user's share of it, is full. */
function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
}

function explainStatus(failure: HttpFailure, attempt: Attempt): PanxError {
  const { repo, settings, tokenFrom } = attempt;
  const page = `${settings.endpoint}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.name}`;
  const status = `HTTP ${failure.status}`;
  const withToken = tokenFrom === undefined ? 'without a token' : `with the token from ${tokenFrom}`;
  const error = (message: string, hint: string) => new PanxError(message, { hint, cause: failure });
  const later = (unasked: string) =>
    (failure.retryAfterMs ?? 0) < 1000 ? unasked : `after ${formatSeconds(failure.retryAfterMs! / 1000)}, as it asks`;
  if (failure.code === 'GatedRepo') {
    return error(
      `The ${repo.type} ${repo.name} is gated, and the hub refuses it ${withToken} (${status}).`,
      `Ask for access at ${page}, then set HF_TOKEN to a token of that account.`,
    );
  }
  if (failure.code === 'RevisionNotFound') {
    return error(
      `The ${repo.type} ${repo.name} has no revision "${repo.revision}".`,
      `Give a branch, tag or commit of ${page}/tree/main, or leave "@${repo.revision}" out.`,
    );
  }
  if (failure.code === 'EntryNotFound') {
    return error(
      `The ${repo.type} ${repo.name} has no ${attempt.file} (${status}).`,
      `Its files are listed at ${page}/tree/main.`,
    );
  }
  switch (failure.status) {
    case 401:
    case 403:
      if (failure.elsewhere !== undefined && tokenFrom !== undefined) {
        return error(
          `${settings.endpoint} leads to ${failure.elsewhere}, which does not get the token from ${tokenFrom} and refuses ${nameOf(attempt)} (${status}: ${failure.message}).`,
          `If that is the hub's own address, set HF_ENDPOINT to it.`,
        );
      }
      // The hub answers 401, not 404, for a repository that does not exist, so as not to tell who has private ones.
      return error(
        `The hub shows no ${repo.type} ${repo.name} ${withToken} (${status}: ${failure.message}): it is misspelt, private or gated.`,
        `Check the spelling at ${page}; for a private or gated one set HF_TOKEN to a token that may read it.`,
      );
    case 404:
      return error(`The hub has no ${repo.type} ${repo.name} (${status}).`, `Check the spelling at ${page}.`);
    case 429:
      return error(
        `${settings.endpoint} says that it was asked too often (${status}).`,
        `Try again ${later('in some minutes')}, or set HF_TOKEN: known users may ask more often. What is there already is kept.`,
      );
    default:
      return error(
        `${settings.endpoint} fails to give ${nameOf(attempt)} (${status}: ${failure.message}).`,
        `Try again ${later('later')}; what is there already is kept.`,
      );
  }
}

/** `google/xtreme: PAN-X.en/train-*.parquet`, say. */
function nameOf({ repo, file }: Attempt): string {
  return `${repo.name}: ${file}`;
}
