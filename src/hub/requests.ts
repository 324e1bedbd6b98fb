import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, messageOf } from '../errors.js';
import { formatSeconds, notice, printable } from '../system/console.js';
import { longestPauseMs, TooSlow } from './patience.js';
import { askedPauseMs } from './retry-after.js';
import type { HubSettings } from './settings.js';

/**
 * The `fetch` under all others: it throws an `HttpFailure` for every status that is no success, because the client's own
 * error drops the hub's X-Error-Code and Retry-After. The caller gives a signal that ends it (patience.ts).
 *
 * It shows the access token to the scheme, host and port of HF_ENDPOINT alone: the address of a CDN or of a listing's next page may be any,
 * and fetch drops the token where it is redirected elsewhere. The client is not given the token: it refuses those that do not begin with
 * `hf_`, and a company's hub gives others.
 */
export function hubFetch(settings: HubSettings, token: string | undefined): typeof fetch {
  return async (input, init) => {
    // The link to a listing's next page may name no host (RFC 8288, section 3.1).
    const address = new URL(input instanceof Request ? input.url : String(input), settings.endpoint);
    const headers = new Headers(init?.headers);
    const isHub = address.origin === new URL(settings.endpoint).origin;
    if (isHub && token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    const response = await fetch(address, { ...init, headers });
    if (!response.ok) throw await httpFailure(response, settings, token);
    return response;
  };
}

/** The text of a response up to `most` bytes; what comes after them is not waited for. */
export async function readStart(
  response: Response,
  most: number,
  onBytes: (bytes: number) => void = () => {},
): Promise<{ text: string; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    onBytes(chunk.byteLength);
    bytes += chunk.byteLength;
    if (bytes > most) break;
    chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), whole: bytes <= most };
}

/** An answer of the hub that is no success. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly status: number;
  /** The hub's own word for what is wrong: RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo; or undefined. */
  readonly code: string | undefined;
  /** How long the server asks to be left alone, if it says so. */
  readonly retryAfterMs: number | undefined;
  /** Scheme, host and port of the server that answered, where the hub's address leads to another one. */
  readonly elsewhere: string | undefined;

  constructor(message: string, status: number, code?: string, retryAfterMs?: number, elsewhere?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.elsewhere = elsewhere;
  }
}

/** A transfer that ended before its last byte. */
export class CutShort extends Error {
  override readonly name = 'CutShort';
}

/** Run `action` until it succeeds, pausing longer each time, while its failures are ones that pass (`isTransient`). */
export async function withRetries<T>(settings: HubSettings, action: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await action();
    } catch (error) {
      if (!isTransient(error) || failures >= attemptsAfter(error)) throw error;
      await pauseAfter(settings, error, failures);
    }
  }
}

/**
 * How often a request is tried before its failure counts: five times; a hub that cannot be reached at all twice, so that a machine
 * without network hears so at once; a server that is too slow twice, since that takes a minute each time; and once where the server
 * asks for more time than it is given: asked sooner, it would refuse again.
 */
export function attemptsAfter(error: unknown): number {
  if (askedMs(error) > longestPauseMs) return 1;
  return isUnreachable(error) || error instanceof TooSlow ? 2 : 5;
}

/** Wait before the next try: twice as long each time, or what the server asks for where that is more, and say so. */
export async function pauseAfter(
  settings: HubSettings,
  error: unknown,
  failures: number,
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<void> {
  const ownMs = settings.retryDelayMs * 2 ** (failures - 1);
  const ms = Math.max(askedMs(error), ownMs);
  if (ms > ownMs && error instanceof HttpFailure) {
    const next = `the next try comes in ${formatSeconds(ms / 1000)}`;
    notice(`${settings.endpoint} asks to be left alone for a while (HTTP ${error.status}); ${next}.`);
  }
  await wait(ms);
}

function askedMs(error: unknown): number {
  return error instanceof HttpFailure ? (error.retryAfterMs ?? 0) : 0;
}

/** True for failures that may be gone at the next try: busy or broken servers, lost connections, silence. */
export function isTransient(error: unknown): boolean {
  if (error instanceof HttpFailure) return [408, 429, 500, 502, 503, 504].includes(error.status);
  return error instanceof CutShort || error instanceof TooSlow || isTimeout(error) || networkCode(error) !== undefined;
}

/** True where no connection to the hub came about: no network, no such host, nobody listening. */
function isUnreachable(error: unknown): boolean {
  return unreachableCodes.has(networkCode(error) ?? '');
}

/** What happened on the way to the hub, in words. */
export function networkReason(error: unknown): string {
  const code = networkCode(error) ?? certificateCode(error);
  if (isTimeout(error)) return 'no answer in time';
  switch (code) {
    case undefined:
      return messageOf(error);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name cannot be resolved';
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'EPIPE':
      return 'the connection was lost';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'no answer in time';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return 'no route to it';
    default:
      return code;
  }
}

/** The code of a certificate that Node.js does not trust, as a proxy that opens TLS presents; undefined for other errors. */
export function certificateCode(error: unknown): string | undefined {
  const code = causeCode(error);
  return code !== undefined && /CERT|VERIFY|ISSUER/.test(code) ? code : undefined;
}

const unreachableCodes = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const lostCodes = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);

function networkCode(error: unknown): string | undefined {
  const code = causeCode(error);
  return code !== undefined && (unreachableCodes.has(code) || lostCodes.has(code)) ? code : undefined;
}

/** Node.js hides the system's error in the `cause` of fetch's "fetch failed" or "terminated". */
function causeCode(error: unknown): string | undefined {
  return codeOf((error as { cause?: unknown } | null)?.cause) ?? codeOf(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/**
 * What a server said, to be shown: some repeat the access token that they refuse, which belongs into no log. What is shorter than any secret, as
 * `test` for a mirror that looks at none, stands in words and names of files, and stays.
 */
export function withoutToken(said: string, token: string | undefined): string {
  return token === undefined || token.length < 8 ? said : said.replaceAll(token, '(the access token)');
}

async function httpFailure(response: Response, settings: HubSettings, token: string | undefined): Promise<HttpFailure> {
  const { text } = await readStart(response, 64_000).catch(() => ({ text: '' }));
  const said = messageIn(text) ?? response.headers.get('x-error-message') ?? (response.statusText || 'no reason');
  const { origin } = new URL(response.url);
  return new HttpFailure(
    printable(withoutToken(said, token), 200),
    response.status,
    response.headers.get('x-error-code') ?? undefined,
    askedPauseMs(response.headers, Date.now()),
    response.redirected && origin !== new URL(settings.endpoint).origin ? origin : undefined,
  );
}

/** The `error` of a JSON answer; an HTML page of a proxy says nothing that fits in a sentence. */
function messageIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error.replaceAll(/\s+/g, ' ') : undefined;
  } catch {
    return undefined;
  }
}
