import { join } from 'node:path';
import { PanxError } from '../errors.js';
import { homeFolder } from '../system/cache.js';
import { printable } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import { readSmallFile } from '../system/small-file.js';

/** The environment that the hub room reads; `process.env` has this type. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the hub is, where its files are kept, and how patient to be with it. */
export interface HubSettings {
  /** Address of the hub without a final slash. */
  endpoint: string;
  /** The folder that holds `models--org--name` and `datasets--org--name`. */
  cacheDir: string;
  /** True where the environment forbids asking the hub. */
  offline: boolean;
  /** How long a request or a transfer may stay silent; what else is waited for follows from it (patience.ts). */
  timeoutMs: number;
  /** Pause before the first repetition of a failed request; each further one waits twice as long. */
  retryDelayMs: number;
}

/**
 * The settings that the environment asks for, with the names and defaults of Hugging Face's Python library
 * (huggingface_hub/constants.py), so that both programs use the same cache, token and mirror.
 *
 * @throws PanxError where HF_ENDPOINT is not an http(s) address, or HF_HUB_DOWNLOAD_TIMEOUT no number of seconds.
 */
export function hubSettings(env: Environment = process.env): HubSettings {
  return {
    endpoint: endpointOf(set(env.HF_ENDPOINT?.trim()) ?? 'https://huggingface.co'),
    cacheDir: expand(set(env.HF_HUB_CACHE) ?? set(env.HUGGINGFACE_HUB_CACHE) ?? join(hubHome(env), 'hub'), env),
    offline: isTrue(set(env.HF_HUB_OFFLINE) ?? set(env.TRANSFORMERS_OFFLINE)),
    timeoutMs: timeoutMsOf(set(env.HF_HUB_DOWNLOAD_TIMEOUT) ?? '30'),
    retryDelayMs: 500,
  };
}

/** Paths are appended to it as text, and it is shown in messages: so no "?", no "#", no password. */
function endpointOf(text: string): string {
  const endpoint = text.replace(/\/+$/, '');
  const hint = 'Unset it, or set it to the address of a mirror of the Hugging Face hub.';
  if (!/^https?:\/\/[^/]/i.test(endpoint) || /[\s\p{Cc}\\]/u.test(endpoint) || !URL.canParse(endpoint)) {
    throw new PanxError(
      `HF_ENDPOINT is "${printable(endpoint)}", not an address that starts with https:// or http://.`,
      { hint },
    );
  }
  const { username, password, search, hash } = new URL(endpoint);
  if (username !== '' || password !== '') {
    throw new PanxError('HF_ENDPOINT holds a user name or a password, which panx does not send.', {
      hint: 'Take them out of the address, and set HF_TOKEN to an access token of that hub.',
    });
  }
  if (search !== '' || hash !== '' || /[?#]$/.test(endpoint)) {
    throw new PanxError(`HF_ENDPOINT is "${printable(endpoint)}", expected an address without "?" and "#".`, { hint });
  }
  return endpoint;
}

/** A day at most: Node.js's timers end at 25 days and then fire at once. Who sets more means to wait. */
function timeoutMsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) {
    throw new PanxError(`HF_HUB_DOWNLOAD_TIMEOUT is "${printable(text)}", expected a number of seconds above 0.`, {
      hint: 'Unset it for 30 seconds.',
    });
  }
  return Math.ceil(Math.min(seconds, 86_400) * 1000);
}

/**
 * The access token of the environment and where it is from: HF_TOKEN, else the file that `hf auth login` writes.
 * Undefined where there is none: public repositories need none.
 *
 * @param settings with the hub that it is for: that of a company has tokens of its own form
 * @throws PanxError where it is no token of that hub or no header, or its file cannot be read.
 */
export async function hubToken(
  settings: Pick<HubSettings, 'endpoint'>,
  env: Environment = process.env,
): Promise<{ token: string; from: string } | undefined> {
  const found =
    tokenOfVariable('HF_TOKEN', env) ?? tokenOfVariable('HUGGING_FACE_HUB_TOKEN', env) ?? (await tokenOfFile(env));
  if (found === undefined) return undefined;
  const { token, from } = found;
  const flaw = flawOfToken(token);
  if (flaw !== undefined) {
    throw new PanxError(`The access token in ${from} ${flaw}.`, {
      hint: `Set HF_TOKEN to a token of ${settings.endpoint} as it was given, or unset it: public repositories need none.`,
    });
  }
  if (new URL(settings.endpoint).hostname === 'huggingface.co' && !token.startsWith('hf_')) {
    throw new PanxError(
      `The access token in ${from} does not start with "hf_", as those of huggingface.co do; it is not sent there.`,
      {
        hint: "For another hub, such as a company's, set HF_ENDPOINT to its address. For huggingface.co, set HF_TOKEN to a token from https://huggingface.co/settings/tokens, or unset it: public repositories need none.",
      },
    );
  }
  return found;
}

/** Without the token itself, which no message shows: fetch would put one that is no header into its own. */
function flawOfToken(token: string): string | undefined {
  if (token.length > mostTokenCharacters) {
    return `is longer than ${mostTokenCharacters} characters, which no server takes in a header`;
  }
  if (/\s/.test(token)) return 'holds a space or a line break';
  if (/^(["']).*\1$/.test(token)) return 'stands in quotation marks';
  return /^[\x21-\x7e]+$/.test(token) ? undefined : 'holds a character that no access token has';
}

/** Servers take headers of 8 kB and more. A signed token (JWT) of a company's hub has some thousand characters. */
const mostTokenCharacters = 8000;

function tokenOfVariable(name: string, env: Environment): { token: string; from: string } | undefined {
  const token = set(env[name]?.trim());
  return token === undefined ? undefined : { token, from: name };
}

async function tokenOfFile(env: Environment): Promise<{ token: string; from: string } | undefined> {
  const path = tokenPath(env);
  if (path === undefined) return undefined;
  try {
    const token = set((await readSmallFile(path, mostTokenCharacters + 100))?.trim());
    return token === undefined ? undefined : { token, from: path };
  } catch (error) {
    throw new PanxError(`The access token in ${path} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Make the file readable, or set HF_TOKEN.',
      cause: error,
    });
  }
}

/** Undefined where none is named and the user has no home folder. */
function tokenPath(env: Environment): string | undefined {
  const asked = set(env.HF_TOKEN_PATH);
  if (asked !== undefined) return expand(asked, env);
  try {
    return join(hubHome(env), 'token');
  } catch (error) {
    if (error instanceof PanxError) return undefined;
    throw error;
  }
}

/** HF_HOME, else `huggingface` in the user's cache folder. */
function hubHome(env: Environment): string {
  const asked = set(env.HF_HOME);
  // The home folder is looked for last: a user of a container may have none.
  return expand(asked ?? join(set(env.XDG_CACHE_HOME) ?? join(homeFolder(), '.cache'), 'huggingface'), env);
}

/** `~` and `$NAME` in a path of the environment: a value that no shell has seen may hold them, and Python expands both. */
function expand(path: string, env: Environment): string {
  const home = path === '~' || path.startsWith('~/') ? homeFolder() + path.slice(1) : path;
  return home.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (whole, braced?: string, plain?: string) => env[braced ?? plain!] ?? whole,
  );
}

/** An empty variable counts as one that is not set. */
function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase());
}
