import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository that the stand-in hub serves. Files that end in .safetensors, .parquet or .bin are LFS files, as on the hub. */
export interface ServedRepo {
  type: 'model' | 'dataset';
  name: string;
  commit: string;
  files: Record<string, Buffer>;
  /** public; private = invisible without the good token; gated = visible, but its files are refused. */
  access?: 'public' | 'private' | 'gated';
  /** LFS files are in Xet storage: a client that asks for it gets Xet's description of the file, not the file. */
  xet?: boolean;
}

/** Something that goes wrong with requests whose `METHOD url` matches, the given number of times. */
export interface Fault {
  match: RegExp;
  times: number;
  /** `status`: answer with it. `cut`: drop the connection after so many bytes of the body. `silent`: stop there, but stay connected. */
  status?: number;
  headers?: Record<string, string>;
  cut?: number;
  silent?: number;
  /** Answer a Range with the whole file. */
  ignoreRange?: boolean;
  /** Serve these bytes. */
  body?: Buffer;
  /** Answer with this text, with `headers`. */
  reply?: string | Buffer;
  /** One byte of the body every so many milliseconds, for ever. */
  trickleMs?: number;
  /** The same of the headers. */
  trickleHeadersMs?: number;
  /** Send the client to the same address again. */
  redirect?: boolean;
  /** Answer with what is no HTTP. */
  garbage?: boolean;
  /** Serve a kilobyte every so many milliseconds. */
  paceMs?: number;
}

export interface StandInHub {
  endpoint: string;
  /** `METHOD url [range]` of every request to the hub and to its CDN, in order. */
  requests: string[];
  faults: Fault[];
  repos: ServedRepo[];
  close(): Promise<void>;
}

/** Of a form that huggingface.co has not, as a company's hub gives them. */
export const goodToken = 'company.good+/=';

/**
 * A local server that answers as the Hugging Face hub does, and a second one that answers as its CDN: information and
 * paginated trees under /api, 307 to /api/resolve-cache for ordinary files, 302 to the CDN for LFS files, ETag,
 * X-Linked-Etag, X-Linked-Size, X-Repo-Commit, X-Error-Code, Range. Observed of huggingface.co; a wrong header of the
 * real hub is not found by these tests, a wrong use of it is.
 */
export async function startHub(repos: ServedRepo[]): Promise<StandInHub> {
  const requests: string[] = [];
  const faults: Fault[] = [];
  const hub: StandInHub = { endpoint: '', requests, faults, repos, close: async () => {} };

  // Another host name than the hub's: both clients decide by it whether an address is the hub itself.
  const cdn = await listen('localhost', (request, response) => {
    const fault = note(hub, 'cdn ', request);
    if (fault !== undefined && isHostile(request, response, fault)) return;
    // As S3 does where a signed address comes with an Authorization.
    if (request.headers.authorization !== undefined) return refuse(response, 400, undefined, 'two ways to authorise');
    const sha256 = new URL(request.url ?? '', 'http://x').pathname.slice('/lfs/'.length);
    const bytes = hub.repos.flatMap(repo => Object.values(repo.files)).find(file => sha256Of(file) === sha256);
    if (bytes === undefined) return refuse(response, 403, undefined, 'no such object');
    sendBytes(request, response, bytes, { ETag: '"md5-of-parts-2"' }, fault);
  });

  const main = await listen('127.0.0.1', (request, response) => {
    const fault = note(hub, '', request);
    if (fault !== undefined && isHostile(request, response, fault)) return;
    const url = new URL(request.url ?? '', hub.endpoint);
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (token !== undefined && token !== goodToken) {
      return refuse(response, 401, undefined, 'Invalid credentials in Authorization header');
    }
    const parsed = parsePath(decodeURIComponent(url.pathname));
    const repo = hub.repos.find(({ type, name }) => type === parsed?.type && name === parsed.name);
    if (parsed === undefined || repo === undefined || (repo.access === 'private' && token === undefined)) {
      return token === undefined
        ? refuse(response, 401, 'RepoNotFound', 'Invalid username or password.')
        : refuse(response, 404, 'RepoNotFound', 'Repository not found');
    }
    if (!['main', repo.commit].includes(parsed.revision)) {
      return refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${parsed.revision}`);
    }
    switch (parsed.kind) {
      case 'revision':
        return sendJson(response, { _id: '1', id: repo.name, sha: repo.commit, lastModified: '2024-01-01T00:00:00Z' });
      case 'tree':
        return sendTree(response, repo, parsed.path, url, hub.endpoint);
      case 'resolve':
      case 'resolve-cache':
        return sendFile(request, response, repo, parsed, { hub: hub.endpoint, cdn: cdn.address }, fault);
    }
  });
  hub.endpoint = main.address;
  hub.close = async () => {
    for (const { server } of [main, cdn]) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  };
  return hub;
}

/** SHA-256 in hexadecimal: the LFS object id. */
export function sha256Of(bytes: Buffer): string {
  const known = sha256s.get(bytes) ?? createHash('sha256').update(bytes).digest('hex');
  sha256s.set(bytes, known);
  return known;
}

const sha256s = new WeakMap<Buffer, string>();

/** What `git hash-object` prints for the bytes. */
export function gitOidOf(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

interface Parsed {
  kind: 'revision' | 'tree' | 'resolve' | 'resolve-cache';
  type: ServedRepo['type'];
  name: string;
  revision: string;
  path: string;
}

function parsePath(path: string): Parsed | undefined {
  const patterns: [RegExp, Parsed['kind']][] = [
    [/^\/api\/resolve-cache\/(models|datasets)\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/, 'resolve-cache'],
    [/^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/revision\/(.+?)()$/, 'revision'],
    [/^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/tree\/([^/]+)\/?(.*)$/, 'tree'],
    [/^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/, 'resolve'],
  ];
  for (const [pattern, kind] of patterns) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const type = match[1]?.startsWith('datasets') ? 'dataset' : 'model';
    return { kind, type, name: match[2]!, revision: match[3]!, path: match[4]! };
  }
  return undefined;
}

function sendTree(response: ServerResponse, repo: ServedRepo, folder: string, url: URL, endpoint: string): void {
  const prefix = folder === '' ? '' : `${folder}/`;
  const entries = new Map<string, unknown>();
  for (const [path, bytes] of Object.entries(repo.files)) {
    if (!path.startsWith(prefix)) continue;
    const slash = path.indexOf('/', prefix.length);
    if (slash !== -1) {
      const name = path.slice(0, slash);
      entries.set(name, { type: 'directory', oid: gitOidOf(Buffer.from(name)), size: 0, path: name });
    } else {
      entries.set(path, treeEntry(repo, path, bytes));
    }
  }
  if (entries.size === 0) {
    refuse(response, 404, 'EntryNotFound', 'Entry not found');
    return;
  }
  // Pages of three, so that every listing of the tests needs several.
  const start = Number(url.searchParams.get('cursor') ?? 0);
  const page = [...entries.values()].slice(start, start + 3);
  if (start + 3 < entries.size) {
    url.searchParams.set('cursor', String(start + 3));
    response.setHeader('Link', `<${endpoint}${url.pathname}${url.search}>; rel="next"`);
  }
  sendJson(response, page);
}

function treeEntry(repo: ServedRepo, path: string, bytes: Buffer): unknown {
  if (!isLfs(path)) return { type: 'file', oid: gitOidOf(bytes), size: bytes.length, path };
  const lfs = { oid: sha256Of(bytes), size: bytes.length, pointerSize: 134 };
  const pointer = gitOidOf(Buffer.from(`pointer to ${lfs.oid}`));
  return {
    type: 'file',
    oid: pointer,
    size: bytes.length,
    path,
    lfs,
    ...(repo.xet ? { xetHash: sha256Of(Buffer.from(path)) } : {}),
  };
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  repo: ServedRepo,
  { kind, path }: Parsed,
  addresses: { hub: string; cdn: string },
  fault: Fault | undefined,
): void {
  const bytes = repo.files[path];
  response.setHeader('X-Repo-Commit', repo.commit);
  if (repo.access === 'gated' && request.headers.authorization === undefined) {
    refuse(response, 401, 'GatedRepo', `Access to model ${repo.name} is restricted.`);
  } else if (bytes === undefined) {
    refuse(response, 404, 'EntryNotFound', 'Entry not found');
  } else if (kind === 'resolve-cache') {
    sendBytes(request, response, bytes, { ETag: `"${gitOidOf(bytes)}"` }, fault);
  } else if (!isLfs(path)) {
    response.setHeader('ETag', `"${gitOidOf(bytes)}"`);
    redirect(response, 307, `/api/resolve-cache/${repo.type}s/${repo.name}/${repo.commit}/${path}`);
  } else {
    response.setHeader('X-Linked-Etag', `"${sha256Of(bytes)}"`);
    response.setHeader('X-Linked-Size', String(bytes.length));
    const hash = sha256Of(Buffer.from(path));
    if (repo.xet) {
      response.setHeader('X-Xet-Hash', hash);
      response.setHeader(
        'Link',
        `<${addresses.hub}/xet-token>; rel="xet-auth", <${addresses.hub}/xet/${hash}>; rel="xet-reconstruction-info"`,
      );
    }
    if (repo.xet && request.headers.accept?.includes('application/vnd.xet-fileinfo+json')) {
      response.setHeader('Content-Type', 'application/vnd.xet-fileinfo+json');
      response.end(JSON.stringify({ hash }));
    } else {
      redirect(response, 302, `${addresses.cdn}/lfs/${sha256Of(bytes)}?signature=x`);
    }
  }
}

function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  original: Buffer,
  headers: Record<string, string>,
  fault: Fault | undefined,
): void {
  const bytes = fault?.body ?? original;
  const range = fault?.ignoreRange ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Number(range[2]) : bytes.length - 1;
  if (start >= bytes.length) {
    refuse(response, 416, undefined, 'range not satisfiable');
    return;
  }
  const part = bytes.subarray(start, end + 1);
  response.writeHead(range === null ? 200 : 206, {
    ...headers,
    'Content-Length': part.length,
    'Accept-Ranges': 'bytes',
    ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${start + part.length - 1}/${bytes.length}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (fault?.paceMs !== undefined) {
    let sent = 0;
    every(response, fault.paceMs, () => {
      if (sent >= part.length) response.end();
      else response.write(part.subarray(sent, sent + 1000));
      sent += 1000;
    });
    return;
  }
  const stop = fault?.cut ?? fault?.silent;
  if (stop === undefined) {
    response.end(part);
    return;
  }
  response.write(part.subarray(0, stop), () => {
    // A pause lets what was written arrive before the connection breaks.
    if (fault?.cut !== undefined) setTimeout(() => response.destroy(), 20);
  });
}

/** Note a request and find the fault that applies to it. */
function note(hub: StandInHub, prefix: string, request: IncomingMessage): Fault | undefined {
  const range = request.headers.range === undefined ? '' : ` ${request.headers.range}`;
  const line = `${prefix}${request.method} ${request.url}${range}`;
  hub.requests.push(line);
  const fault = hub.faults.find(({ match, times }) => times > 0 && match.test(line));
  if (fault !== undefined) fault.times--;
  return fault;
}

/** Whether a fault has answered the request by itself. */
function isHostile(request: IncomingMessage, response: ServerResponse, fault: Fault): boolean {
  const { status, headers, reply, trickleMs, trickleHeadersMs } = fault;
  if (status !== undefined) refuse(response, status, undefined, 'fault', headers);
  else if (fault.garbage) request.socket.end('\0\x1b[2J no HTTP\r\n\r\n');
  else if (fault.redirect) redirect(response, 302, request.url ?? '/');
  else if (trickleHeadersMs !== undefined) {
    const { socket } = request;
    socket.write('HTTP/1.1 200 OK\r\nX-A: ');
    every(response, trickleHeadersMs, () => socket.write('a'));
  } else if (trickleMs !== undefined) {
    response.writeHead(200, { 'Content-Type': 'application/json', ETag: '"e"', ...headers });
    response.write('[');
    every(response, trickleMs, () => response.write(' '));
  } else if (reply !== undefined) {
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
    response.end(reply);
  } else return false;
  return true;
}

function every(response: ServerResponse, ms: number, action: () => void): void {
  const timer = setInterval(action, ms);
  response.on('close', () => clearInterval(timer));
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string | undefined,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    ...(code === undefined ? {} : { 'X-Error-Code': code, 'X-Error-Message': message }),
    ...headers,
  });
  response.end(JSON.stringify({ error: message }));
}

function redirect(response: ServerResponse, status: number, location: string): void {
  response.writeHead(status, { Location: location });
  response.end();
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

function isLfs(path: string): boolean {
  return /\.(safetensors|parquet|bin)$/.test(path);
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(host: string, handler: Handler): Promise<Listener> {
  const server = createServer(handler);
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  return { server, address: `http://${host}:${(server.address() as AddressInfo).port}` };
}

interface Listener {
  server: Server;
  address: string;
}
